"""Checking an XLSX workbook before it is read: damage, zip bombs, and sheets that would fill the memory."""

import re
import zipfile
import zlib
from pathlib import Path
from typing import Final

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
