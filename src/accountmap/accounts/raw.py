"""A list as a file or table holds it, before its columns are understood: what every reader hands on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

HEADER_SEARCH_ROWS: Final = 20
"""How far down a file the row of headings may stand, below titles and blank rows."""

CountKnown = Callable[[Sequence[str]], int]
"""Tells how many of a row's cells are headings that the program knows."""


@dataclass(frozen=True)
class RawList:
    """A list with its own headings.

    Attributes:
        table: one column a heading, in the source's order, names distinct; each of strings or of numbers.
        rows: for each row of the table its number in the source, counted from 1 as a spreadsheet does.
        notes: what the reader decided, one sentence each.
    """

    table: pa.Table
    rows: npt.NDArray[np.int64]
    notes: tuple[str, ...] = ()

    @property
    def blank_headings(self) -> list[str]:
        """Headings of the columns without any value."""

        def is_blank(column: pa.ChunkedArray) -> bool:
            return column.null_count == len(column) or (
                pa.types.is_string(column.type) and not pc.any(pc.not_equal(column, "")).as_py()
            )

        return [name for name in self.table.column_names if is_blank(self.table[name])]


def find_header(rows: Sequence[Sequence[str]], count_known: CountKnown) -> int | None:
    """Find the row of headings: of the first rows the one with most known headings, or else the first not blank.

    Returns:
        The position in `rows`, or None if all are blank.
    """
    filled = [at for at, cells in enumerate(rows) if any(cells)]
    return max(filled, key=lambda at: count_known(rows[at]), default=None)


def distinct_headings(headings: Iterable[str]) -> tuple[list[str], list[str]]:
    """Name every column, and each differently: blanks become "column 3", a second "Name" becomes "Name (2)".

    Returns:
        The names, and the headings that stood more than once.
    """
    names: list[str] = []
    repeated: dict[str, None] = {}
    for number, heading in enumerate(headings, start=1):
        stem = " ".join(heading.split()) or f"column {number}"
        name, copy = stem, 1
        while name in names:
            repeated[stem] = None
            copy += 1
            name = f"{stem} ({copy})"
        names.append(name)
    return names, list(repeated)


def heading_notes(repeated: Sequence[str]) -> tuple[str, ...]:
    """Say which headings stand more than once."""
    if not repeated:
        return ()
    quoted = ", ".join(f"'{heading}'" for heading in repeated)
    return (f"Headings that stand more than once were numbered: {quoted}.",)
