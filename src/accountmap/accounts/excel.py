"""Reading XLSX workbooks, after checking them for damage and zip bombs."""

import datetime as dt
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from accountmap.accounts.raw_table import (
    HEADER_SEARCH_ROWS,
    CountKnown,
    RawList,
    distinct_headings,
    find_header,
    heading_notes,
)
from accountmap.errors import InputError

MOST_BYTES: Final = 1 << 30
"""Of a workbook, unpacked: about a million rows of twenty columns."""

MOST_CELLS: Final = 40_000_000
"""Between the first and the last cell of a sheet; the reader allocates them all, some 32 bytes each."""

_CHUNK_BYTES: Final = 1 << 20
_COLUMN: Final = re.compile(rb'r="([A-Z]{1,3})[0-9]')
_ROW: Final = re.compile(rb'r="[A-Z]{0,3}([0-9]{1,7})"')
_LONGEST_REFERENCE: Final = 14
AS_CSV: Final = "Open the workbook in Excel and save the sheet with the accounts as CSV UTF-8."


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _check_extent(workbook: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse a sheet whose few cells stand so far apart that the area between them does not fit into memory."""
    columns: set[bytes] = set()
    last_row, tail = 0, b""
    with workbook.open(member) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            columns.update(_COLUMN.findall(tail + chunk))
            last_row = max(last_row, *map(int, set(_ROW.findall(tail + chunk))), 0)
            tail = chunk[-_LONGEST_REFERENCE:]
    width = max(map(_column_number, columns), default=0)
    if last_row * width > MOST_CELLS:
        raise InputError(
            f"A sheet spans {last_row} rows and {width} columns, more than can be read.",
            "Delete the empty rows and columns beyond the list, or save the sheet as CSV.",
        )


def check_workbook(path: Path) -> None:
    """Refuse what is no workbook, damaged, or unpacks to more than can be read (a zip bomb).

    Every member is unpacked once within the size it declares, and its checksum compared; so no member can be
    larger than it says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise InputError("The file is a ZIP archive, but not an XLSX workbook.", "Unpack it first.")
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise InputError(f"The workbook unpacks to more than {MOST_BYTES >> 20} MiB.", AS_CSV)
            if archive.testzip() is not None:
                raise zipfile.BadZipFile
            for member in members:
                if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
                    _check_extent(archive, member)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        raise InputError(f"The workbook is damaged or cut off ({type(error).__name__}).", AS_CSV) from None


_Cell = int | float | str | bool | dt.date | dt.time | dt.timedelta


def _cell_text(cell: _Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _to_array(cells: Sequence[_Cell]) -> pa.Array:
    """Make a column: numbers if all its cells are, else text; an empty cell is null."""
    numbers = [
        float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else None for cell in cells
    ]
    if numbers.count(None) == sum(cell == "" for cell in cells) < len(cells):
        return pa.array(numbers, pa.float64())
    return pa.array([None if cell == "" else _cell_text(cell) for cell in cells], pa.string())


def _first_rows(sheet: CalamineSheet) -> list[list[str]]:
    rows = sheet.to_python(skip_empty_area=False, nrows=HEADER_SEARCH_ROWS)
    return [[_cell_text(cell).strip() for cell in row] for row in rows]


def _choose_sheet(workbook: CalamineWorkbook, wanted: str | None, count_known: CountKnown) -> CalamineSheet:
    """Open the sheet that was asked for, or else the visible one with most known headings.

    Raises:
        InputError: no such sheet.
    """
    if wanted is not None:
        if wanted not in workbook.sheet_names:
            names = ", ".join(f"'{name}'" for name in workbook.sheet_names)
            raise InputError(f"The workbook has no sheet '{wanted}'.", f"Its sheets are: {names}.")
        return workbook.get_sheet_by_name(wanted)
    of_cells = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    visible = [each for each in of_cells if each.visible == SheetVisibleEnum.Visible]
    sheets = [workbook.get_sheet_by_name(each.name) for each in visible or of_cells]
    return max(sheets, key=lambda sheet: max(map(count_known, _first_rows(sheet)), default=-1))


def _to_raw(sheet: CalamineSheet, count_known: CountKnown) -> RawList:
    first = _first_rows(sheet)
    header = find_header(first, count_known)
    if header is None:
        raise InputError(
            f"The sheet '{sheet.name}' is empty.", "Name the sheet with the accounts: sheet=, --sheet."
        )
    body = sheet.to_python(skip_empty_area=False)[header + 1 :]
    rows = np.array([at for at, cells in enumerate(body) if any(cell != "" for cell in cells)], np.int64)
    names, repeated = distinct_headings(first[header])
    arrays = [_to_array([body[at][column] for at in rows]) for column in range(len(names))]
    kept = [at for at, array in enumerate(arrays) if first[header][at] or array.null_count < len(array)]
    table = pa.table([arrays[at] for at in kept], names=[names[at] for at in kept])
    return RawList(table, rows + header + 2, heading_notes(repeated))


def read_excel(path: Path, count_known: CountKnown, sheet: str | None = None) -> RawList:
    """Read one sheet of an XLSX workbook.

    A cell with a number loses leading zeros that only its format shows; ids such as 00123 must be stored as text.

    Raises:
        InputError: the workbook is damaged, too large or protected, or has no such sheet.
    """
    check_workbook(path)
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            chosen = _choose_sheet(workbook, sheet, count_known)
            several = len(workbook.sheet_names) > 1
    except PasswordError:
        raise InputError("The workbook is protected by a password.", "Save a copy without a password.") from None
    except CalamineError as error:
        raise InputError(f"The workbook cannot be read ({type(error).__name__}).", AS_CSV) from None
    raw = _to_raw(chosen, count_known)
    notes = (f"The accounts were read from the sheet '{chosen.name}'.",) if several else ()
    return RawList(raw.table, raw.rows, (*notes, *raw.notes))
