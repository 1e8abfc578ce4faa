"""Reading CSV: its delimiter and its rows, strictly."""

import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final, TextIO

import numpy as np
import pyarrow as pa

from accountmap.accounts.encoding import CODE_PAGES, text_encoding
from accountmap.accounts.raw_table import (
    HEADER_SEARCH_ROWS,
    CountKnown,
    RawList,
    distinct_headings,
    find_header,
    heading_notes,
)
from accountmap.errors import InputError

DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_RECORDS: Final = 100


def declared_delimiter(sample: str) -> str | None:
    """Read the first line `sep=;` by which some programs tell Excel the delimiter."""
    line = sample.split("\n", 1)[0].strip("\r")
    if len(line) == 5 and line.lower().startswith("sep=") and line[4] in DELIMITERS:
        return line[4]
    return None


def _first_records(sample: str, delimiter: str) -> list[list[str]]:
    """Split the sample, which may end within a cell; the records before that are enough to judge by."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True)
    records: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        records.extend(islice(reader, _SAMPLE_RECORDS))
    return records


def find_delimiter(sample: str, count_known: CountKnown) -> str:
    """Choose the delimiter with the most known headings, then most rows as wide as these, then most columns.

    Args:
        sample: the beginning of the file; it may end anywhere.
        count_known: counts the cells of a row that are known headings.
    """

    def merit(delimiter: str) -> tuple[int, float, int]:
        records = _first_records(sample, delimiter)
        header = find_header(records[:HEADER_SEARCH_ROWS], count_known)
        if header is None:
            return 0, 1.0, 0  # nothing but delimiters
        width = len(records[header])
        below = [len(record) == width for record in records[header + 1 :] if any(record)]
        return count_known(records[header]), sum(below) / len(below) if below else 0.0, width

    return max(DELIMITERS, key=merit)


_SAMPLE_CHARACTERS: Final = 1 << 16
_BATCH_ROWS: Final = 1 << 11
"""How many rows are Python objects at the same time. More do not fit into the processor's cache, and reading takes
half as long again."""

_FOOTER_ROWS: Final = 20

_REASONS: Final = {
    "unexpected end of data": "a quotation mark is opened but not closed before the end of the file",
    "field larger than": "a cell is longer than 131,072 characters; probably a quotation mark is not closed",
    "expected after": "text follows a closing quotation mark",
}
"""What the messages of the csv module mean, by a part of each message."""


_Record = tuple[int, int, list[str]]
"""The row that a record is in, the line that it starts on, both from 1, and its cells."""


def _place(row: int, line: int) -> str:
    return f"Row {row} (line {line})" if line != row else f"Row {row}"


def _records(stream: TextIO, delimiter: str) -> Iterator[_Record]:
    """Yield all records with the row they are in and the line they start on, both from 1."""
    reader = csv.reader(stream, delimiter=delimiter, strict=True, skipinitialspace=True)
    row = 0
    while True:
        row, line = row + 1, reader.line_num + 1
        try:
            yield row, line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = next((text for part, text in _REASONS.items() if part in str(error)), "it is not valid CSV")
            raise InputError(
                f"{_place(row, line)} cannot be read: {reason}.",
                "Look at this row in a text editor; a quotation mark inside a cell is written twice. "
                "If the file was cut off, export it again.",
            ) from None


def _fit(record: _Record, width: int) -> list[str]:
    """Return the record's cells, exactly `width` of them; blank cells beyond the headings are harmless."""
    row, line, cells = record
    if len(cells) < width or any(cells[width:]):
        much = "few" if len(cells) < width else "many"
        raise InputError(
            f"{_place(row, line)} has too {much} cells: {len(cells)}, where the headings have {width}.",
            "Put a cell with the delimiter in it in quotation marks. If this is the last row, the file may "
            "have been cut off: export it again.",
        )
    return cells[:width]


def _is_footer(record: _Record, records: Iterator[_Record]) -> bool:
    """Return whether only lines of one cell follow, as the copyright lines below a Salesforce report do."""
    following = list(islice(records, _FOOTER_ROWS + 1))
    return len(following) <= _FOOTER_ROWS and all(
        sum(map(bool, cells)) <= 1 for _, _, cells in (record, *following)
    )


def _body(records: Iterator[_Record], width: int, notes: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield row number and cells of each account; skip blank rows, and a footer after a blank row."""
    after_blank = False
    for record in records:
        row, _, cells = record
        if not any(cells):
            after_blank = True
            continue
        if after_blank and len(cells) == 1 < width and _is_footer(record, records):
            notes.append(f"The lines from row {row} on were left out: they are a footer, not accounts.")
            return
        after_blank = False
        yield row, cells if len(cells) == width else _fit(record, width)


def _to_table(body: Iterator[tuple[int, list[str]]], names: Sequence[str]) -> RawList:
    """Gather rows into Arrow columns batch by batch, so that Python objects exist for one batch only."""
    schema = pa.schema([(name, pa.string()) for name in names])
    batches, rows = [], []
    while chunk := list(islice(body, _BATCH_ROWS)):
        columns = zip(*(cells for _, cells in chunk), strict=True)
        batches.append(pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=schema))
        rows.append(np.array([row for row, _ in chunk], np.int64))
    return RawList(pa.Table.from_batches(batches, schema), np.concatenate(rows) if rows else np.zeros(0, np.int64))


def read_csv(path: Path, count_known: CountKnown, encoding: str | None = None) -> RawList:
    """Read a delimited text file.

    Args:
        path: the file.
        count_known: counts the cells of a row that are known headings.
        encoding: the one that the user named, or None to find it.

    Raises:
        InputError: the file is empty, a row is damaged, or the encoding is unknown or does not fit.
    """
    notes = []
    if (found := text_encoding(path, encoding)) in CODE_PAGES and encoding is None:
        notes.append(
            f"The file was read as {CODE_PAGES[found]}, since it is not UTF-8. If letters are wrong, name the "
            "encoding: --encoding."
        )
    encoding = found
    with path.open(encoding=encoding, newline="") as stream:
        sample = stream.read(_SAMPLE_CHARACTERS)
        declared = declared_delimiter(sample)
        stream.seek(0)
        records = _records(stream, declared or find_delimiter(sample, count_known))
        if declared:
            next(records)
        first = list(islice(records, HEADER_SEARCH_ROWS))
        header = find_header([cells for _, _, cells in first], count_known)
        if header is None:
            raise InputError("The file is empty.", "Export the list again, with a row of headings.")
        headings = [cell.strip() for cell in first[header][2]]
        names, repeated = distinct_headings(headings)
        raw = _to_table(_body(chain(first[header + 1 :], records), len(names), notes), names)
    return RawList(raw.table, raw.rows, (*notes, *heading_notes(repeated)))
