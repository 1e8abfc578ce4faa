"""Blocking: accounts are compared with each other only if a value of theirs is equal.

Texts are first compared by marks of 32 bits. Equal texts have equal marks, so a text whose mark is unique is
unique itself. Where a mark occurs twice the texts are compared, since different texts may share a mark.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

LARGEST_BLOCK: Final = 60
"""Members of a block that are compared pair by pair. A value that more of them share says too little."""


def blocks(values: Sequence[Hashable | None]) -> Iterator[list[int]]:
    """Yield the ascending positions of each value that occurs more than once; None is no value."""
    first: dict[Hashable, int] = {}
    repeated: dict[Hashable, list[int]] = {}
    for at, value in enumerate(values):
        if value is None:
            continue
        if value in first:
            repeated.setdefault(value, [first[value]]).append(at)
        else:
            first[value] = at
    return iter(repeated.values())


Marks = npt.NDArray[np.uint32]
Mask = npt.NDArray[np.bool_]

NO_TEXT = 0
"""The mark of None."""


def mark(text: str | None) -> int:
    """Reduce a text to 32 bits: its checksum, but never that of no text."""
    return NO_TEXT if text is None else crc32(text.encode()) | 1


def marks_of(texts: Iterable[str | None]) -> pa.Array:
    """Mark each text."""
    return pa.array([mark(text) for text in texts], pa.uint32())


def is_duplicated(marks: Marks) -> Mask:
    """Return of each mark whether it occurs more than once; that of no text does not count."""
    order = np.argsort(marks)
    ordered = marks[order]
    alike = np.flatnonzero((ordered[1:] == ordered[:-1]) & (ordered[1:] != NO_TEXT))
    twice = np.zeros(len(marks), bool)
    twice[order[alike]] = True
    twice[order[alike + 1]] = True
    return twice


def is_listed(marks: Marks, listed: Marks) -> Mask:
    """Return of each mark whether it is in a list, which ascends."""
    if not len(listed):
        return np.zeros(len(marks), bool)
    at = np.minimum(np.searchsorted(listed, marks), len(listed) - 1)
    found: Mask = listed[at] == marks
    return found
