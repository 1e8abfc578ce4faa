"""What the reader of cells does not say about a workbook: its size unpacked, and what is hidden.

Every part is unpacked once within the size that it declares, and its checksum is compared, before anything else
reads it. Hidden rows and columns are those of ECMA-376 (part 1, 18.3.1.73 and 18.3.1.13) and of OpenDocument 1.3
(part 3, 19.749).
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Final
from xml.parsers import expat

from accountmap.errors import InputError

MOST_BYTES: Final = 1 << 30
"""The largest size of an unpacked workbook: about a million rows of twenty columns."""

MOST_CELLS: Final = 40_000_000
"""Most cells between the first and the last of a sheet; the reader allocates them all, some 32 bytes each."""

AS_CSV: Final = "Open the workbook in the program it came from and save the sheet with the accounts as CSV UTF-8."

_CHUNK_BYTES: Final = 1 << 20
_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_OTHERS: Final = {
    "xl/workbook.bin": "The workbook is in Excel's binary format (.xlsb).",
    "word/document.xml": "The file is a Word document, not a list.",
    "ppt/presentation.xml": "The file is a presentation, not a list.",
    "Index/Document.iwa": "The file is a document of Apple Numbers, Pages or Keynote.",
    "Index.zip": "The file is a document of Apple Numbers, Pages or Keynote.",
}
"""Other kinds of files that are ZIP archives, by a member that they have."""


@dataclass
class Hidden:
    """The hidden rows and columns of a sheet, both counted from 1."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)


def examine(path: Path) -> dict[str, Hidden]:
    """Refuse a file that is not a workbook, damaged or too large, and find what is hidden in it.

    Returns:
        For each sheet, by name, what is hidden.

    Raises:
        InputError: it is not a workbook, is damaged, protected, or unpacks to more than can be read (a zip bomb).
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            is_xlsx = "xl/workbook.xml" in names
            if not is_xlsx and not _is_ods(archive, names):
                raise _not_a_workbook(names)
            if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
                raise InputError(f"The workbook unpacks to more than {MOST_BYTES >> 20} MiB.", AS_CSV)
            if archive.testzip() is not None:
                raise zipfile.BadZipFile
            return _examine_xlsx(archive) if is_xlsx else _examine_ods(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        expat.ExpatError,
        EOFError,
        KeyError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        OSError,
    ) as error:
        raise InputError(f"The workbook is damaged or cut off ({type(error).__name__}).", AS_CSV) from None


def _is_ods(archive: zipfile.ZipFile, names: set[str]) -> bool:
    if not {"mimetype", "content.xml"} <= names or not archive.read("mimetype").startswith(_ODS):
        return False
    if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise InputError("The workbook is protected by a password.", "Save a copy without a password.")
    return True


def _not_a_workbook(names: set[str]) -> InputError:
    known = next((message for member, message in _OTHERS.items() if member in names), None)
    if known is not None:
        return InputError(known, "Save the list as XLSX or as CSV UTF-8.")
    return InputError("The file is a ZIP archive, but not a workbook (XLSX, ODS).", "Unpack it first.")


def _check_extent(rows: int, columns: int) -> None:
    """Refuse a sheet whose few cells are so far apart that the area between them does not fit into memory."""
    if rows * columns > MOST_CELLS:
        raise InputError(
            f"A sheet spans {rows} rows and {columns} columns, more than can be read.",
            "Delete the empty rows and columns beyond the list, or save the sheet as CSV.",
        )


_CELL: Final = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_COLUMN: Final = re.compile(rb"<(?:\w+:)?col\b([^>]*)>")
_NUMBER: Final = re.compile(rb'\b(r|min|max)="([0-9]{1,7})"')
_IS_HIDDEN: Final = re.compile(rb'\bhidden="(?:1|true)"|\bht="0(?:\.0*)?"|\bwidth="0(?:\.0*)?"')


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _tags(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield XML in parts, each of which ends before a tag."""
    rest = b""
    while chunk := stream.read(_CHUNK_BYTES):
        whole, bracket, begun = (rest + chunk).rpartition(b"<")
        yield whole
        rest = bracket + begun
    yield rest


def _examine_sheet(stream: IO[bytes]) -> Hidden:
    hidden = Hidden()
    columns: set[bytes] = set()
    row = last_row = 0
    for part in _tags(stream):
        for attributes in _COLUMN.findall(part):
            numbers = dict(_NUMBER.findall(attributes))
            if _IS_HIDDEN.search(attributes) and {b"min", b"max"} <= numbers.keys():
                hidden.columns.update(range(int(numbers[b"min"]), min(int(numbers[b"max"]), 1 << 14) + 1))
        for attributes in _ROW.findall(part):
            row = int(dict(_NUMBER.findall(attributes)).get(b"r", row + 1))
            last_row = max(last_row, row)
            if _IS_HIDDEN.search(attributes):
                hidden.rows.add(row)
        cells = set(_CELL.findall(part))
        columns.update(letters for letters, _ in cells)
        last_row = max(last_row, *(int(number) for _, number in cells), 0)
    _check_extent(last_row, max(map(_column_number, columns), default=0))
    return hidden


def _examine_xlsx(archive: zipfile.ZipFile) -> dict[str, Hidden]:
    """Examine every sheet, even one that the workbook does not name, because the reader may open it."""
    found = {
        name: _examine_sheet(stream)
        for name in archive.namelist()
        if name.startswith("xl/worksheets/") and name.endswith(".xml")
        for stream in [archive.open(name)]
    }
    targets = {
        attributes["Id"]: str(PurePosixPath("xl") / attributes["Target"]).removeprefix("/")
        for tag, attributes in _elements(archive, "xl/_rels/workbook.xml.rels")
        if tag == "Relationship" and {"Id", "Target"} <= attributes.keys()
    }
    named = {}
    for tag, attributes in _elements(archive, "xl/workbook.xml"):
        if tag == "sheet":
            relation = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            named[attributes.get("name", "")] = found.get(targets.get(relation, ""), Hidden())
    return named


def _parse(stream: IO[bytes], start: Callable[[str, dict[str, str]], None], end: Callable[[str], None]) -> None:
    """Read XML, calling a function at the start and at the end of each element, both without name spaces."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda tag, attributes: start(tag.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
    parser.ParseFile(stream)


def _elements(archive: zipfile.ZipFile, member: str) -> list[tuple[str, dict[str, str]]]:
    """List the elements of a short part with their attributes."""
    found: list[tuple[str, dict[str, str]]] = []
    with archive.open(member) as stream:
        _parse(stream, lambda tag, attributes: found.append((tag, attributes)), lambda _: None)
    return found


class _OdsSheets:
    """Counts the rows and columns of each sheet of an OpenDocument spreadsheet, and finds the hidden ones."""

    def __init__(self) -> None:
        self.found: dict[str, Hidden] = {}
        self._hidden = Hidden()
        self._row = self._column = self._filled_rows = self._width = 0
        self._filled = self._cell = 0
        self._of_row: tuple[int, bool] = (1, False)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take in the start of an element."""
        if tag == "table":
            self.found[attributes.get("table:name", "")] = self._hidden = Hidden()
            self._row = self._column = self._filled_rows = self._width = 0
        elif tag == "table-column":
            repeated = int(attributes.get("table:number-columns-repeated", "1"))
            if attributes.get("table:visibility", "visible") != "visible":
                self._hidden.columns.update(range(self._column + 1, min(self._column + repeated, 1 << 14) + 1))
            self._column += repeated
        elif tag == "table-row":
            is_hidden = attributes.get("table:visibility", "visible") != "visible"
            self._of_row = (int(attributes.get("table:number-rows-repeated", "1")), is_hidden)
            self._cell = self._filled = 0
        elif tag in ("table-cell", "covered-table-cell"):
            self._cell += int(attributes.get("table:number-columns-repeated", "1"))
            if "office:value-type" in attributes or "calcext:value-type" in attributes:
                self._filled = self._cell
        elif tag == "p":
            self._filled = self._cell

    def end(self, tag: str) -> None:
        """Take in the end of an element."""
        if tag != "table-row":
            return
        repeated, is_hidden = self._of_row
        if self._filled:
            self._filled_rows, self._width = self._row + repeated, max(self._width, self._filled)
            _check_extent(self._filled_rows, self._width)
            if is_hidden:
                self._hidden.rows.update(range(self._row + 1, self._row + repeated + 1))
        self._row += repeated


def _examine_ods(archive: zipfile.ZipFile) -> dict[str, Hidden]:
    sheets = _OdsSheets()
    with archive.open("content.xml") as stream:
        _parse(stream, sheets.start, sheets.end)
    return sheets.found
