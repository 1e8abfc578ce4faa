"""Blocking: accounts are compared with each other only if they have a value in common.

Texts are first compared by marks of 32 bits. Equal texts have equal marks, so a text whose mark is unique is
unique itself. If a mark occurs twice, the texts are compared, since different texts may share a mark.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

LARGEST_BLOCK: Final = 60
"""Most members of a block that are compared pair by pair. A value that more accounts share says too little."""


def blocks(values: Sequence[Hashable | None]) -> Iterator[list[int]]:
    """Yield the positions, ascending, of each value that occurs more than once; None is not a value."""
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


_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


def marks_of(texts: Iterable[str | None]) -> pa.Array:
    """Reduce each text to 32 bits that are never those of None; equal texts have equal marks in every process.

    A mark is a polynomial of the bytes modulo 2**64, mixed. All texts are processed at once, which takes a tenth
    of the time of a checksum for each.
    """
    column = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    none = column.is_null().to_numpy(zero_copy_only=False)
    _, offsets, values = column.buffers()
    if not len(column) or values is None:
        return pa.array(np.where(none, NO_TEXT, 1).astype(np.uint32))
    at = np.frombuffer(offsets, np.int32)[: len(column) + 1]
    sizes = np.diff(at)
    factors = np.multiply.accumulate(np.full(max(sizes.max(), 1), _FACTOR))
    terms = factors[np.arange(at[-1], dtype=np.int32) - np.repeat(at[:-1], sizes)]
    terms *= np.frombuffer(values, np.uint8)[: at[-1]] + np.uint8(1)  # no byte of UTF-8 is 255
    hashed = np.zeros(len(column), np.uint64)
    hashed[sizes > 0] = np.add.reduceat(terms, at[:-1][sizes > 0])
    mixed = ((hashed ^ (hashed >> np.uint64(32))) * _FACTOR) >> np.uint64(32)
    return pa.array(np.where(none, NO_TEXT, mixed | np.uint64(1)).astype(np.uint32))


def is_duplicated(marks: Marks) -> Mask:
    """Return for each mark whether it occurs more than once; the mark of no text does not count."""
    order = np.argsort(marks)
    ordered = marks[order]
    alike = np.flatnonzero((ordered[1:] == ordered[:-1]) & (ordered[1:] != NO_TEXT))
    twice = np.zeros(len(marks), bool)
    twice[order[alike]] = True
    twice[order[alike + 1]] = True
    return twice


def is_listed(marks: Marks, listed: Marks) -> Mask:
    """Return for each mark whether it is in a list, which is in ascending order."""
    if not len(listed):
        return np.zeros(len(marks), bool)
    at = np.minimum(np.searchsorted(listed, marks), len(listed) - 1)
    found: Mask = listed[at] == marks
    return found
