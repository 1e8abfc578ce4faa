"""The rows of large tables, put into a workbook that has their headings: column by column, not cell by cell.

XlsxWriter makes the workbook; a cell costs it some seven microseconds, and 50,000 accounts have two million. So it
writes the sheets down to the headings, and the rows are put in here, as XML that Arrow joins (ECMA-376, part 1,
18.3.1.73 "row", 18.3.1.4 "c"). Every text is an inline string: it is never a formula, a link or a number.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_col_to_name

from accountmap.report.safe_text import by_value, visible_column

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

_COLUMN: Final = re.compile(rb'<col min="(\d+)" max="(\d+)"[^>]*? style="(\d+)"')


def with_rows(workbook: bytes, tables: Mapping[int, pa.Table]) -> bytes:
    """Put rows below the headings of sheets.

    Args:
        workbook: as XlsxWriter has written it.
        tables: by the number of the sheet from 1. Numbers and days look as the format of their column says.
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
                for rows in _rows(parts[part.filename], _styles(head)):
                    file.write(rows)
                file.write(end + tail)
    return to.getvalue()


def _styles(sheet: bytes) -> dict[int, str]:
    """Read the number of each column's format, where it has one."""
    styles: dict[int, str] = {}
    for first, last, style in _COLUMN.findall(sheet):
        styles |= dict.fromkeys(range(int(first) - 1, int(last)), style.decode())
    return styles


def _rows(table: pa.Table, styles: Mapping[int, str]) -> Iterator[bytes]:
    """Write the rows, batch by batch."""
    for start in range(0, table.num_rows, _BATCH_ROWS):
        batch = table.slice(start, _BATCH_ROWS).combine_chunks()
        numbers = pa.array(np.arange(batch.num_rows) + start + _FIRST_ROW).cast(pa.string())
        cells = [
            _cells(column.combine_chunks(), numbers, xl_col_to_name(at), styles.get(at))
            for at, column in enumerate(batch.columns)
        ]
        rows = pc.binary_join_element_wise('<row r="', numbers, '">', *cells, "</row>", "")
        yield "".join(rows.to_pylist()).encode()


def _cells(column: pa.Array, numbers: pa.Array, name: str, style: str | None) -> pa.Array:
    """Write the cells of a column; null is no cell."""
    place = f'<c r="{name}'
    if pa.types.is_string(column.type) or pa.types.is_boolean(column.type):
        shown = pc.if_else(column, "yes", "no") if pa.types.is_boolean(column.type) else column
        text = by_value(pa.chunked_array([shown]), _escaped).combine_chunks()
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
    shown = pc.utf8_slice_codeunits(visible_column(text), 0, _LONGEST)
    shown = pc.replace_substring_regex(shown, _NOT_XML, "\ufffd")
    shown = pc.replace_substring_regex(shown, _LOOKS_ESCAPED, r"_x005F\1")
    for sign, written in _ESCAPES:
        shown = pc.replace_substring(shown, sign, written)
    return shown
