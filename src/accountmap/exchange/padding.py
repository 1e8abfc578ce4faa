"""Round sizes up, so that an agreement shows about how large a segment is and not how it changes."""

from collections.abc import Mapping
from typing import Final

SMALLEST: Final = 16
HEADROOM: Final = 1.1
"""Room to grow before a new agreement is needed."""


def padded_size(rows: int) -> int:
    """Round up to 4, 5, 6 or 7 times a power of two, with room to grow; at least 16."""
    wanted = max(SMALLEST, int(rows * HEADROOM) + 1)
    unit = 1 << (wanted.bit_length() - 3)
    return -(-wanted // unit) * unit


def padded_sizes(rows: Mapping[str, int]) -> dict[str, int]:
    """Round up the size of each segment."""
    return {segment: padded_size(count) for segment, count in rows.items()}
