"""Blocks of equal values: the only accounts that are compared with each other."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Final

LARGEST_BLOCK: Final = 60
"""Members of a block that are compared pair by pair. What more of them share tells too little."""


def blocks(values: Sequence[Hashable | None]) -> Iterator[list[int]]:
    """Yield the ascending positions of each value that stands more than once; None is no value."""
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
