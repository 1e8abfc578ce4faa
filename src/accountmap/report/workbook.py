"""The account map as a workbook, for those who work in a spreadsheet."""

import io
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from accountmap.account_map import DOUBTS, PLAYS, SESSION_SCHEMA, AccountMap, History
from accountmap.accounts.schema import SEGMENTS
from accountmap.report.columns import LABELS, TERMS, TIER_MEANINGS
from accountmap.report.safe_text import visible, visible_column
from accountmap.report.wording import (
    disclosure_sentences,
    headline,
    plural,
    receipt_sentence,
    score_sentences,
    shown_sentences,
    summary_sentences,
    what_they_learned,
)
from accountmap.report.xlsx_rows import with_rows

_WIDE: Final = {
    "reason": 26,
    "settle": 60,
    "name": 36,
    "their_name": 30,
    "play": 22,
    "evidence": 24,
    "match_id": 34,
}
_NARROW: Final = 12
_USUAL: Final = 16


@dataclass(frozen=True)
class Formats:
    """How cells look, by what they hold."""

    title: Format
    heading: Format
    words: Format
    number: Format
    points: Format
    day: Format


def write_table(sheet: Worksheet, table: pa.Table, formats: Formats, first_row: int = 0) -> None:
    """Write a small table: a heading row with filters, and one row a row of it; null is an empty cell.

    Text goes in as text whatever it looks like, so that no name is ever a formula, a link or a number.

    Args:
        first_row: of the headings; rows must be written from the top down.
    """
    for at, name in enumerate(table.column_names):
        sheet.write_string(first_row, at, LABELS[name], formats.heading)
    columns = [_values(column) for column in table.columns]
    for row, values in enumerate(zip(*columns, strict=True), first_row + 1):
        for at, value in enumerate(values):
            if isinstance(value, str):
                sheet.write_string(row, at, value)
            elif value is not None:
                sheet.write_number(row, at, value, formats.number)
    _filter(sheet, table, first_row)


def head_of_rows(sheet: Worksheet, table: pa.Table, formats: Formats, printed: int) -> None:
    """Prepare a sheet for a table that has it to itself; `large_sheets.with_rows` puts in the rows.

    The headings stay in view and are printed on every page.

    Args:
        printed: how many columns, from the left, fit on paper.
    """
    for at, column in enumerate(table.schema):
        sheet.write_string(0, at, LABELS[column.name], formats.heading)
        usual = _USUAL if pa.types.is_string(column.type) else _NARROW
        sheet.set_column(at, at, _WIDE.get(column.name, usual), _look(column, formats))
    sheet.freeze_panes(1, table.column_names.index("name") + 1 if "name" in table.column_names else 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, table.num_rows, printed - 1)
    _filter(sheet, table, 0)


def _look(column: pa.Field, formats: Formats) -> Format | None:
    if pa.types.is_date(column.type):
        return formats.day
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return formats.points if column.name.startswith("score") else formats.number
    return None


def _filter(sheet: Worksheet, table: pa.Table, first_row: int) -> None:
    sheet.autofilter(first_row, 0, first_row + max(table.num_rows, 1), table.num_columns - 1)


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Take a column as text that shows what it holds, or as numbers."""
    if pa.types.is_boolean(column.type):
        return ["yes" if value else "no" for value in column.to_pylist()]
    shown = visible_column(column) if pa.types.is_string(column.type) else column
    values: list[Any] = shown.to_pylist()
    return values


SHEET_ROWS: Final = 50_000
"""The most rows of a sheet, so that it opens at once; the CSV and Parquet files hold all."""

_LINE_POINTS: Final = 15.5
_TITLE_POINTS: Final = 24

_FIRST: Final = (
    "name",
    "their_name",
    "reason",
    "settle",
    "doubt",
    "change",
    "why",
    "segment",
    "their_segment",
    "play",
    "lead",
    "score",
    "owner_name",
    "their_owner_name",
    "amount",
)
"""What a person reads first, and on paper. The other columns follow in their own order, the ids among them."""


def render_workbook(account_map: AccountMap, sheet_rows: int = SHEET_ROWS) -> bytes:
    """Render report.xlsx (ECMA-376, "Office Open XML"): one sheet a view.

    Args:
        sheet_rows: the most rows of a sheet.
    """
    to = io.BytesIO()
    rows: dict[int, pa.Table] = {}
    with Workbook(to, {"in_memory": True}) as book:
        formats = Formats(
            title=book.add_format({"bold": True, "font_size": 15}),
            heading=book.add_format({"bold": True, "bg_color": "#DCE9EE", "bottom": 1}),
            words=book.add_format({"text_wrap": True, "valign": "top"}),
            number=book.add_format({"num_format": "#,##0_)"}),
            points=book.add_format({"num_format": "0.0_)"}),
            day=book.add_format({"num_format": "yyyy-mm-dd"}),
        )
        _summary(book.add_worksheet("Summary"), account_map, sheet_rows, formats)
        _matrix(book, account_map, formats)
        for name, table in _tables(account_map).items():
            rows |= _accounts(book, name, table.slice(0, sheet_rows), formats)
        if account_map.history.sessions.num_rows > 1:
            _sessions(book, account_map.history, formats)
            rows |= _accounts(book, "Changes", account_map.history.changes.slice(0, sheet_rows), formats)
        _revealed(book.add_worksheet("What was revealed"), account_map, formats)
        _reading(book.add_worksheet("How to read"), account_map, formats)
    return with_rows(to.getvalue(), rows)


def _tables(account_map: AccountMap) -> dict[str, pa.Table]:
    """Give the tables that have a sheet to themselves, in their order."""
    tables = {
        "Overlap": account_map.overlap,
        "Conflicts": account_map.conflicts,
        "Their customers I only prospect": account_map.their_customers,
        "Joint marketing": account_map.campaign,
        "Marketing budget": account_map.budget,
        "Whitespace": account_map.whitespace,
        "Coverage": account_map.coverage,
        "Matches in doubt": account_map.to_review,
    }
    if account_map.rest is not None:
        tables["Theirs without me"] = account_map.rest
    return tables


def _accounts(book: Workbook, name: str, table: pa.Table, formats: Formats) -> dict[int, pa.Table]:
    """Add a sheet for a table, and give the rows that are to be put into it, by the sheet's number."""
    shown = _for_people(table)
    head_of_rows(book.add_worksheet(name), shown, formats, _printed(shown))
    return {len(book.worksheets()): shown}


def _for_people(table: pa.Table) -> pa.Table:
    """Order the columns: first what a person reads first; those that have no value are left out."""
    names = table.column_names
    held = [name for name in names if name == "name" or table[name].null_count < table.num_rows] or names
    first = [name for name in _FIRST if name in held]
    return table.select(first + [name for name in held if name not in first])


def _printed(table: pa.Table) -> int:
    """Say how many columns go on paper: of accounts, those that a person reads first."""
    return (
        sum(name in _FIRST for name in table.column_names) if "name" in table.column_names else table.num_columns
    )


def _lines(sheet: Worksheet, lines: list[tuple[str, ...]], formats: Formats) -> None:
    """Write a title and, below it, lines of text: one cell each, or a term and its meaning."""
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


def _summary(sheet: Worksheet, account_map: AccountMap, sheet_rows: int, formats: Formats) -> None:
    tables = (("overlap", account_map.overlap), ("whitespace", account_map.whitespace))
    shortened = [
        f"The sheet {file.capitalize()} holds the first {sheet_rows:,} of {table.num_rows:,} accounts; {file}.csv "
        "holds them all."
        for file, table in tables
        if table.num_rows > sheet_rows
    ]
    sentences = [
        f"{account_map.finished:%Y-%m-%d %H:%M} UTC, session {account_map.session_id[:8]}",
        headline(account_map),
        *summary_sentences(account_map),
        *account_map.notes,
        *shortened,
    ]
    title = f"Account map: {account_map.own_name} and {account_map.partner_name}"
    _lines(sheet, [(title,), *((sentence,) for sentence in sentences)], formats)


def _matrix(book: Workbook, account_map: AccountMap, formats: Formats) -> None:
    """Write the entities of each cell as a square and as a chart, and below it all that is known of the cells."""
    sheet = book.add_worksheet("Matrix")
    sheet.set_column(0, 2, 22)
    sheet.set_column(3, 9, 19)
    entities = account_map.matrix["entities"].to_pylist()
    sheet.write_string(0, 0, "Shared entities", formats.heading)
    for at, theirs in enumerate(SEGMENTS, 1):
        sheet.write_string(0, at, f"Their {plural(theirs, 2)}", formats.heading)
    chart = book.add_chart({"type": "column"})
    for row, mine in enumerate(SEGMENTS, 1):
        sheet.write_string(row, 0, f"Your {plural(mine, 2)}", formats.heading)
        for at, count in enumerate(entities[3 * row - 3 : 3 * row], 1):
            if count is not None:
                sheet.write_number(row, at, count, formats.number)
    for at in range(1, len(SEGMENTS) + 1):
        chart.add_series(
            {
                "name": ["Matrix", 0, at],
                "categories": ["Matrix", 1, 0, 3, 0],
                "values": ["Matrix", 1, at, 3, at],
                "data_labels": {"value": True},
            }
        )
    write_table(sheet, account_map.matrix, formats, first_row=5)
    chart.set_title({"name": "Shared entities"})
    chart.set_y_axis({"name": "Entities", "major_gridlines": {"visible": True, "line": {"color": "#D9DFE5"}}})
    sheet.insert_chart(16, 0, chart, {"x_scale": 1.8, "y_scale": 1.3, "description": "Shared entities by segment"})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _sessions(book: Workbook, history: History, formats: Formats) -> None:
    """Write the sessions with the overlap over time as a chart."""
    sheet = book.add_worksheet("History")
    sheet.set_column(0, len(SESSION_SCHEMA) - 1, 18)
    days = pc.strftime(history.sessions["finished"], "%Y-%m-%d")
    at = SESSION_SCHEMA.names.index("finished")
    sessions = history.sessions.set_column(at, "finished", days)
    write_table(sheet, sessions, formats)
    chart = book.add_chart({"type": "line"})
    last, shared = sessions.num_rows, SESSION_SCHEMA.names.index("overlap")
    chart.add_series(
        {
            "name": ["History", 0, shared],
            "categories": ["History", 1, at, last, at],
            "values": ["History", 1, shared, last, shared],
            "marker": {"type": "circle"},
        }
    )
    chart.set_title({"name": "Shared entities over time"})
    chart.set_y_axis({"min": 0})
    chart.set_legend({"none": True})
    sheet.insert_chart(last + 2, 0, chart, {"x_scale": 1.8, "description": "Shared entities by session"})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _revealed(sheet: Worksheet, account_map: AccountMap, formats: Formats) -> None:
    sentences = [
        "They learned from this session:",
        *what_they_learned(account_map),
        *shown_sentences(account_map),
        *disclosure_sentences(account_map),
        receipt_sentence(account_map),
    ]
    _lines(sheet, [("What was revealed",), *((sentence,) for sentence in sentences)], formats)


def _reading(sheet: Worksheet, account_map: AccountMap, formats: Formats) -> None:
    tiers = {f"Evidence: {tier}": meaning for tier, meaning in TIER_MEANINGS.items()}
    plays = {
        f"Your {plural(mine, 2)}, their {plural(theirs, 2)}": f"{play.name.capitalize()}. {play.sentence}"
        for (mine, theirs), play in sorted(PLAYS.items(), key=lambda item: item[1].rank)
    }
    scores = {f"Score: {part.lower()}": meaning for part, meaning in score_sentences(account_map).items()}
    doubtful = {f"In doubt: {doubt}": meaning for doubt, meaning in DOUBTS.items()}
    _lines(sheet, [("How to read",), *(TERMS | scores | tiers | doubtful | plays).items()], formats)
