"""Which delimiter a CSV file uses."""

import csv
import io
from collections import Counter
from typing import Final

from accountmap.accounts.raw import HEADER_SEARCH_ROWS, CountKnown

DELIMITERS: Final = (",", ";", "\t", "|")
_SAMPLE_RECORDS: Final = 100


def declared_delimiter(sample: str) -> str | None:
    """Read the first line `sep=;` by which some programs tell Excel the delimiter."""
    line = sample.split("\n", 1)[0].strip("\r")
    if len(line) == 5 and line.lower().startswith("sep=") and line[4] in DELIMITERS:
        return line[4]
    return None


def find_delimiter(sample: str, count_known: CountKnown) -> str:
    """Choose the delimiter that yields most known headings, then the most even rows, then the most columns.

    Args:
        sample: the beginning of the file; it may end anywhere.
        count_known: tells how many cells of a row are known headings.
    """

    def merit(delimiter: str) -> tuple[int, float, int]:
        reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, skipinitialspace=True)
        records = []
        try:
            for record in reader:
                records.append(record)
                if len(records) == _SAMPLE_RECORDS:
                    break
        except csv.Error:
            pass  # The sample may end within a cell; what came before it is enough to judge by.
        known = max((count_known(record) for record in records[:HEADER_SEARCH_ROWS]), default=0)
        widths = Counter(len(record) for record in records if any(record))
        width, rows = max(widths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
        evenness = rows / widths.total() if width > 1 else 0.0
        return known, evenness, width

    return max(DELIMITERS, key=merit)
