"""The account map as a workbook, for those who work in a spreadsheet: one sheet a view."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from accountmap.account_map import DOUBTS, PLAYS, SESSION_SCHEMA, AccountMap
from accountmap.account_map.schema import NAMES
from accountmap.accounts.schema import SEGMENTS
from accountmap.report.columns import COLUMNS
from accountmap.report.safe_text import visible, visible_column
from accountmap.report.views import VIEW, VIEWS, Source, View
from accountmap.report.wording import (
    HOW_TO_TREAT,
    STATUS_MEANINGS,
    TERMS,
    TIER_MEANINGS,
    cell_text,
    estimate_sentences,
    headline,
    plural,
    receipt_sentence,
    score_sentences,
    shown_sentences,
    summary_sentences,
    what_they_learned,
)
from accountmap.report.xlsx_rows import with_rows

_NARROW: Final = 12


@dataclass(frozen=True)
class Formats:
    """How cells look, by what they hold."""

    title: Format
    heading: Format
    words: Format
    unknown: Format
    number: Format
    points: Format
    share: Format
    day: Format


def write_table(sheet: Worksheet, table: pa.Table, formats: Formats, first_row: int = 0) -> None:
    """Write a small table: a heading row with filters, and one row a row of it; null is an empty cell.

    Text goes in as text whatever it looks like, so that no name is ever a formula, a link or a number.

    Args:
        first_row: of the headings; rows must be written from the top down.
    """
    for at, name in enumerate(table.column_names):
        sheet.write_string(first_row, at, COLUMNS[name].label, formats.heading)
    columns = [_values(column) for column in table.columns]
    for row, values in enumerate(zip(*columns, strict=True), first_row + 1):
        for at, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, at, value)
            elif value is not None:
                sheet.write_number(row, at, value, formats.number)
    _filter(sheet, table, first_row)


def write_headings(sheet: Worksheet, table: pa.Table, formats: Formats, printed: int) -> None:
    """Prepare a sheet for a table that has it to itself; `xlsx_rows.with_rows` puts in the rows.

    The headings stay in view and are printed on every page.

    Args:
        printed: how many columns, from the left, fit on paper.
    """
    for at, column in enumerate(table.schema):
        sheet.write_string(0, at, COLUMNS[column.name].label, formats.heading)
        width = COLUMNS[column.name].width if pa.types.is_string(column.type) else _NARROW
        sheet.set_column(at, at, width, _look(column, formats))
    sheet.freeze_panes(1, table.column_names.index("name") + 1 if "name" in table.column_names else 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, table.num_rows, printed - 1)
    _filter(sheet, table, 0)


def _look(column: pa.Field, formats: Formats) -> Format | None:
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        return formats.day
    if column.name == "probability":
        return formats.share
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return formats.points if column.name.startswith("score") else formats.number
    return None


def _filter(sheet: Worksheet, table: pa.Table, first_row: int) -> None:
    sheet.autofilter(first_row, 0, first_row + max(table.num_rows, 1), table.num_columns - 1)


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Take a column as text that shows what it holds, or as numbers."""
    if pa.types.is_timestamp(column.type):
        column = pc.strftime(column, "%Y-%m-%d")
    shown = visible_column(column) if pa.types.is_string(column.type) else column
    values: list[Any] = shown.to_pylist()
    return values


SHEET_ROWS: Final = 50_000
"""The most rows of a sheet, so that it opens at once; the CSV and Parquet files hold all."""

_LINE_POINTS: Final = 15.5
_TITLE_POINTS: Final = 24


Draw = Callable[[Workbook, Source, Formats], None]
"""Adds a sheet with a chart."""

Lines = Sequence[tuple[str, ...]]
"""A title and, below it, lines of text: one cell each, or a term and its meaning."""


def render_workbook(account_map: AccountMap, sheet_rows: int = SHEET_ROWS) -> bytes:
    """Render report.xlsx: a summary, one sheet a view, and what was revealed.

    Args:
        sheet_rows: the most rows of a sheet.
    """
    last = {"What was revealed": _revealed(account_map), "How to read": _reading(account_map)}
    return write_book(VIEWS, account_map, _summary(account_map), last, _DRAWN, sheet_rows)


def write_book(
    views: Sequence[View[Source]],
    source: Source,
    summary: Lines,
    last: Mapping[str, Lines],
    drawn: Mapping[str, Draw[Source]],
    sheet_rows: int = SHEET_ROWS,
) -> bytes:
    """Write a workbook (ECMA-376, "Office Open XML"): one sheet a view.

    Args:
        source: what the views take their rows from.
        summary: the first sheet.
        last: the last sheets, by their names.
        drawn: what makes the sheets of views that have a chart, by the view's name.
        sheet_rows: the most rows of a sheet.
    """
    to = io.BytesIO()
    rows: dict[int, pa.Table] = {}
    with Workbook(to, {"in_memory": True}) as book:
        formats = Formats(
            title=book.add_format({"bold": True, "font_size": 15}),
            heading=book.add_format({"bold": True, "bg_color": "#DCE9EE", "bottom": 1}),
            words=book.add_format({"text_wrap": True, "valign": "top"}),
            unknown=book.add_format({"italic": True, "font_color": "#566370", "bg_color": "#F4F6F8"}),
            number=book.add_format({"num_format": "#,##0_)"}),
            points=book.add_format({"num_format": "0.0_)"}),
            share=book.add_format({"num_format": "0.0%"}),
            day=book.add_format({"num_format": "yyyy-mm-dd"}),
        )
        shortened = _shortened(views, source, sheet_rows)
        _lines(book.add_worksheet("Summary"), [*summary, *((text,) for text in shortened)], formats)
        for view in views:
            if view.shown(source):
                if view.name in drawn:
                    drawn[view.name](book, source, formats)
                else:
                    rows |= _sheet(book, view, view.rows(source).slice(0, sheet_rows), formats)
        for name, lines in last.items():
            _lines(book.add_worksheet(name), lines, formats)
    return with_rows(to.getvalue(), rows)


def _sheet(book: Workbook, view: View[Any], table: pa.Table, formats: Formats) -> dict[int, pa.Table]:
    """Add a view's sheet, and return the rows that are to be put into it, by the sheet's number."""
    first = [name for name in view.layout if name in view.schema.names]
    held = [name for name in view.schema.names if name == "name" or table[name].null_count < table.num_rows]
    shown = [name for name in first if name in held] or held or view.schema.names
    others = [name for name in held if name not in shown]
    table = table.select([*shown, *others])
    write_headings(book.add_worksheet(view.title), table, formats, len(shown))
    return {len(book.worksheets()): table}


def _lines(sheet: Worksheet, lines: Lines, formats: Formats) -> None:
    widths = (34, 90) if len(lines[-1]) > 1 else (100,)
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width)
    sheet.hide_gridlines(2)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    for row, line in enumerate(lines):
        # LibreOffice does not grow a row to its wrapped text.
        deepest = max(-(-len(text) // width) for text, width in zip(line, widths, strict=False))
        sheet.set_row(row, deepest * (_LINE_POINTS if row else _TITLE_POINTS))
        for at, text in enumerate(line):
            sheet.write_string(row, at, visible(text), formats.words if row else formats.title)


def _shortened(views: Sequence[View[Source]], source: Source, sheet_rows: int) -> list[str]:
    return [
        f"The sheet “{view.title}” holds the first {sheet_rows:,} of {count:,} rows; {view.name}.csv has all."
        for view in views
        if (count := view.rows(source).num_rows) > sheet_rows
    ]


def _summary(account_map: AccountMap) -> Lines:
    sentences = [
        f"{account_map.finished:%Y-%m-%d %H:%M} UTC, session {account_map.session_id[:8]}",
        headline(account_map),
        *summary_sentences(account_map),
        *estimate_sentences(account_map),
        *account_map.notes,
    ]
    title = f"Account map: {account_map.own_name} and {account_map.partner_name}"
    return [(title,), *((sentence,) for sentence in sentences)]


def _matrix(book: Workbook, account_map: AccountMap, formats: Formats) -> None:
    """Write the companies of each cell as a square and as a chart, and below it all that is known of the cells.

    A cell whose accounts were not revealed says so: blank, it would read as zero.
    """
    title = VIEW["matrix"].title
    sheet = book.add_worksheet(title)
    sheet.set_column(0, 3, 26)
    sheet.set_column(4, 11, 19)
    cells = account_map.matrix.to_pylist()
    sheet.write_string(0, 0, "Shared companies", formats.heading)
    for at, theirs in enumerate(SEGMENTS, 1):
        sheet.write_string(0, at, f"Their {plural(theirs, 2)}", formats.heading)
    chart = book.add_chart({"type": "column"})
    for row, mine in enumerate(SEGMENTS, 1):
        sheet.write_string(row, 0, f"Your {plural(mine, 2)}", formats.heading)
        for at, cell in enumerate(cells[3 * row - 3 : 3 * row], 1):
            if cell["level"] == NAMES:
                sheet.write_number(row, at, cell["entities"], formats.number)
            else:
                sheet.write_string(row, at, cell_text(cell), formats.unknown)
    for at in range(1, len(SEGMENTS) + 1):
        chart.add_series(
            {
                "name": [title, 0, at],
                "categories": [title, 1, 0, 3, 0],
                "values": [title, 1, at, 3, at],
                "data_labels": {"value": True},
            }
        )
    _cells(sheet, account_map.matrix, formats, first_row=5)
    chart.set_title({"name": "Shared companies"})
    chart.set_y_axis({"name": "Companies", "major_gridlines": {"visible": True, "line": {"color": "#D9DFE5"}}})
    sheet.insert_chart(
        16, 0, chart, {"x_scale": 1.8, "y_scale": 1.3, "description": "Shared companies by segment"}
    )
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _cells(sheet: Worksheet, matrix: pa.Table, formats: Formats, first_row: int) -> None:
    """Write one row a cell of the matrix, without the columns that no cell has a value in."""
    held = [name for name in matrix.column_names if matrix[name].null_count < matrix.num_rows]
    write_table(sheet, matrix.select(held), formats, first_row)
    for row, cell in enumerate(matrix.to_pylist(), first_row + 1):
        if cell["level"] != NAMES:
            for name in ("entities", "accounts", "possible"):
                if name in held:
                    sheet.write_string(row, held.index(name), cell_text(cell), formats.unknown)


def _sessions(book: Workbook, account_map: AccountMap, formats: Formats) -> None:
    """Write the sessions with the overlap over time as a chart."""
    title = VIEW["sessions"].title
    sheet = book.add_worksheet(title)
    sheet.set_column(0, len(SESSION_SCHEMA) - 1, 18)
    sessions = account_map.history.sessions
    write_table(sheet, sessions, formats)
    chart = book.add_chart({"type": "line"})
    last = sessions.num_rows
    day, shared = (SESSION_SCHEMA.names.index(name) for name in ("finished", "overlap"))
    chart.add_series(
        {
            "name": [title, 0, shared],
            "categories": [title, 1, day, last, day],
            "values": [title, 1, shared, last, shared],
            "marker": {"type": "circle"},
        }
    )
    chart.set_title({"name": "Shared companies over time"})
    chart.set_y_axis({"min": 0})
    chart.set_legend({"none": True})
    sheet.insert_chart(last + 2, 0, chart, {"x_scale": 1.8, "description": "Shared companies by session"})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


_DRAWN: Final = {"matrix": _matrix, "sessions": _sessions}
"""The views whose sheets have a chart."""


def _revealed(account_map: AccountMap) -> Lines:
    sentences = [
        "They learned from this session:",
        *what_they_learned(account_map),
        *shown_sentences(account_map),
        HOW_TO_TREAT,
        receipt_sentence(account_map),
    ]
    return [("What was revealed",), *((sentence,) for sentence in sentences)]


def _reading(account_map: AccountMap) -> Lines:
    tiers = {f"Evidence: {tier}": meaning for tier, meaning in TIER_MEANINGS.items()}
    plays = {
        f"Your {plural(mine, 2)}, their {plural(theirs, 2)}": f"{play.name.capitalize()}. {play.sentence}"
        for (mine, theirs), play in sorted(PLAYS.items(), key=lambda item: item[1].rank)
    }
    scores = {f"Score: {part.lower()}": meaning for part, meaning in score_sentences(account_map).items()}
    doubtful = {f"In doubt: {doubt}": meaning for doubt, meaning in DOUBTS.items()}
    without = {f"Without a match: {status}": meaning for status, meaning in STATUS_MEANINGS.items()}
    return [("How to read",), *(TERMS | scores | tiers | doubtful | without | plays).items()]
