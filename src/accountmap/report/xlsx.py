"""Writing workbooks (ECMA-376, "Office Open XML"): a sheet for each view, and sheets of text.

XlsxWriter makes the workbook; a cell costs it some seven microseconds, and 50,000 accounts have two million cells.
So it writes only the headings of large tables. The rows are put in afterwards, column by column, as XML that Arrow
joins (part 1, 18.3.1.73 "row", 18.3.1.4 "c"). Every text is an inline string: it is never a formula, a
link or a number.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from accountmap.accounts.cells import has_bytes, utf8
from accountmap.report.columns import COLUMNS
from accountmap.report.safe_text import by_value, in_utc, visible, visible_column
from accountmap.report.views import Source, View

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
    """Write a small table: a heading row with filters, then its rows; null is an empty cell.

    Text goes in as text whatever it looks like, so that no name is ever a formula, a link or a number.

    Args:
        first_row: that of the headings; rows must be written from the top down.
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
    """Prepare a sheet for a table that has it to itself; `with_rows` puts in the rows.

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
        column = pc.strftime(in_utc(column), "%Y-%m-%d")
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


def write_book(
    views: Sequence[View[Source]],
    source: Source,
    summary: Lines,
    last: Mapping[str, Lines],
    drawn: Mapping[str, Draw[Source]],
    sheet_rows: int = SHEET_ROWS,
) -> bytes:
    """Write a workbook (ECMA-376, "Office Open XML"): one sheet per view.

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
    """Add a view's sheet, and return the rows to be put into it, by the sheet's number."""
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


_BATCH_ROWS: Final = 5_000
_LONGEST: Final = 16_383
"""Characters of a cell: Excel allows 32,767 units of UTF-16, of which a character has up to two."""

_FIRST_ROW: Final = 2
"""Below the headings."""

_DAY_ZERO: Final = 25_569
"""1970-01-01 as a day number of spreadsheets."""

_ESCAPES: Final = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
_NOT_XML: Final = "[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]"
"""Characters that XML does not have (XML 1.0, 2.2)."""

_LOOKS_ESCAPED: Final = "(_x[0-9A-Fa-f]{4}_)"
"""What a spreadsheet would read as an escaped character (ECMA-376, part 1, 22.9.2.19)."""

_SPECIAL_BYTES: Final = bytes([*range(0x20), 0x7F, 0xC2, 0xE2, 0xEF]) + b"&<>_"
"""In UTF-8, every character that is hidden, escaped or not in XML is one of these bytes or begins with one."""

_COLUMN: Final = re.compile(rb'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"')


def with_rows(workbook: bytes, tables: Mapping[int, pa.Table]) -> bytes:
    """Put rows below the headings of sheets.

    Args:
        workbook: as XlsxWriter has written it.
        tables: by the number of the sheet, from 1. Numbers and days get the format of their column.
    """
    to = io.BytesIO()
    parts = {f"xl/worksheets/sheet{number}.xml": table for number, table in tables.items()}
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as source,
        zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as target,
    ):
        for part in source.infolist():
            content = source.read(part)
            with target.open(part.filename, "w") as file:
                if part.filename not in parts:
                    file.write(content)
                    continue
                head, end, tail = content.partition(b"</sheetData>")
                file.write(re.sub(rb"<dimension[^>]*>", b"", head))  # A hint, and no longer true.
                for rows in _row_xml(parts[part.filename], _styles(head)):
                    file.write(rows)
                file.write(end + tail)
    return to.getvalue()


def _styles(sheet: bytes) -> dict[int, str]:
    """Read the number of each column's format, where it has one."""
    styles: dict[int, str] = {}
    for first, last, style in _COLUMN.findall(sheet):
        styles |= dict.fromkeys(range(int(first) - 1, int(last)), style.decode())
    return styles


def _row_xml(table: pa.Table, styles: Mapping[int, str]) -> Iterator[bytes]:
    """Write the rows, batch by batch."""
    for start in range(0, table.num_rows, _BATCH_ROWS):
        batch = table.slice(start, _BATCH_ROWS).combine_chunks()
        numbers = pa.array(np.arange(batch.num_rows) + start + _FIRST_ROW).cast(pa.string())
        cells = [
            _cell_xml(column.combine_chunks(), numbers, xl_col_to_name(at), styles.get(at))
            for at, column in enumerate(batch.columns)
        ]
        rows = pc.binary_join_element_wise('<row r="', numbers, '">', *cells, "</row>", "")
        yield utf8(rows)


def _cell_xml(column: pa.Array, numbers: pa.Array, name: str, style: str | None) -> pa.Array:
    """Write the cells of a column; null has no cell."""
    place = f'<c r="{name}'
    if pa.types.is_string(column.type) or pa.types.is_boolean(column.type):
        shown = pc.if_else(column, "yes", "no") if pa.types.is_boolean(column.type) else column
        text = _escaped(pa.chunked_array([shown])).combine_chunks()
        opening = '" t="inlineStr"><is><t xml:space="preserve">'
        cells = pc.binary_join_element_wise(place, numbers, opening, text, "</t></is></c>", "")
    else:
        day = column.cast(pa.date32()) if pa.types.is_timestamp(column.type) else column
        value = pc.add(day.cast(pa.int32()), _DAY_ZERO) if pa.types.is_date(day.type) else day
        opening = f'" s="{style}"><v>' if style else '"><v>'
        cells = pc.binary_join_element_wise(place, numbers, opening, value.cast(pa.string()), "</v></c>", "")
    return cells.fill_null("")


def _escaped(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Show text for what it is, and write it so that XML and a spreadsheet read it back."""
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    if longest <= _LONGEST and not has_bytes(text, _SPECIAL_BYTES):
        return text
    return by_value(text, _escaped_where_special)


def _escaped_where_special(text: pa.ChunkedArray) -> pa.ChunkedArray:
    shown = pc.utf8_slice_codeunits(visible_column(text), 0, _LONGEST)
    shown = pc.replace_substring_regex(shown, _NOT_XML, "\ufffd")
    shown = pc.replace_substring_regex(shown, _LOOKS_ESCAPED, r"_x005F\1")
    for sign, written in _ESCAPES:
        shown = pc.replace_substring(shown, sign, written)
    return shown
