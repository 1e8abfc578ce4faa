"""A table on a sheet of a workbook: frozen headings, filters, widths, and cells of the right type."""

from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from accountmap.report.columns import LABELS
from accountmap.report.safe_text import visible_column

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


def write_table(sheet: Worksheet, table: pa.Table, formats: Formats, first_row: int = 0) -> None:
    """Write a heading row with filters, and one row a row of the table; null is an empty cell.

    Text goes in as text whatever it looks like, so that no name is ever a formula, a link or a number.

    Args:
        first_row: of the headings; rows must be written from the top down.
    """
    for at, name in enumerate(table.column_names):
        sheet.write_string(first_row, at, LABELS[name], formats.heading)
    looks = [formats.points if name.startswith("score") else formats.number for name in table.column_names]
    row = first_row
    for batch in table.to_batches(max_chunksize=10_000):
        columns = [_values(column) for column in pa.Table.from_batches([batch]).columns]
        for values in zip(*columns, strict=True):
            row += 1
            for at, (value, look) in enumerate(zip(values, looks, strict=True)):
                if isinstance(value, str):
                    sheet.write_string(row, at, value)
                elif value is not None:
                    sheet.write_number(row, at, value, look)
    sheet.autofilter(first_row, 0, max(row, first_row + 1), table.num_columns - 1)


def page_of_rows(sheet: Worksheet, table: pa.Table, formats: Formats, printed: int) -> None:
    """Write a table that has its sheet to itself: the headings stay in view and are printed on every page.

    Args:
        printed: how many columns, from the left, fit on paper.
    """
    for at, column in enumerate(table.schema):
        usual = _USUAL if pa.types.is_string(column.type) else _NARROW
        sheet.set_column(at, at, _WIDE.get(column.name, usual))
    sheet.freeze_panes(1, table.column_names.index("name") + 1 if "name" in table.column_names else 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, table.num_rows, printed - 1)
    write_table(sheet, table, formats)


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Take a column as text that shows what it holds, or as numbers."""
    if pa.types.is_boolean(column.type):
        return ["yes" if value else "no" for value in column.to_pylist()]
    if pa.types.is_date(column.type):
        column = column.cast(pa.string())
    shown = visible_column(column) if pa.types.is_string(column.type) else column
    values: list[Any] = shown.to_pylist()
    return values
