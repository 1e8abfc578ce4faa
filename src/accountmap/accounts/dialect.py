"""Which delimiter a CSV file uses."""

import contextlib
import csv
import io
from itertools import islice
from typing import Final

from accountmap.accounts.raw import HEADER_SEARCH_ROWS, CountKnown, find_header

DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_RECORDS: Final = 100


def declared_delimiter(sample: str) -> str | None:
    """Read the first line `sep=;` by which some programs tell Excel the delimiter."""
    line = sample.split("\n", 1)[0].strip("\r")
    if len(line) == 5 and line.lower().startswith("sep=") and line[4] in DELIMITERS:
        return line[4]
    return None


def _first_records(sample: str, delimiter: str) -> list[list[str]]:
    """Split the sample; it may end within a cell, and what came before is enough to judge by."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True)
    records: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        records.extend(islice(reader, _SAMPLE_RECORDS))
    return records


def find_delimiter(sample: str, count_known: CountKnown) -> str:
    """Choose the delimiter that yields most known headings, then most rows as wide as these, then most columns.

    Args:
        sample: the beginning of the file; it may end anywhere.
        count_known: tells how many cells of a row are known headings.
    """

    def merit(delimiter: str) -> tuple[int, float, int]:
        records = _first_records(sample, delimiter)
        header = find_header(records[:HEADER_SEARCH_ROWS], count_known)
        if header is None:
            return 0, 1.0, 0  # Nothing but delimiters.
        width = len(records[header])
        below = [len(record) == width for record in records[header + 1 :] if any(record)]
        return count_known(records[header]), sum(below) / len(below) if below else 0.0, width

    return max(DELIMITERS, key=merit)
