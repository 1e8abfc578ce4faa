"""Bands of company size, by employees, as CRMs and ad platforms commonly cut them."""

from bisect import bisect_left
from typing import Final

_TOPS: Final = (10, 50, 200, 500, 1_000, 5_000, 10_000)
SIZE_BANDS: Final = ("1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001+")
"""From the smallest."""


def size_band(employees: int | None) -> str | None:
    """Return the band of a company with so many employees, or None if that is not known."""
    return SIZE_BANDS[bisect_left(_TOPS, employees)] if employees and employees > 0 else None
