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
