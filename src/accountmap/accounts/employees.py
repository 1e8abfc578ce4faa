"""Reading numbers of employees, which CRMs often hold as ranges."""

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.text import as_text, clean

_NUMBER: Final = r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+|\d+"
_EMPLOYEES: Final = re.compile(
    rf"(?:>=?|≥|~|ca\.?|about|over|more than|über|mehr als|plus de|más de)?\s*(?P<least>{_NUMBER})(?:[.,]0+)?"
    rf"\s*(?:\+|(?:-|–|—|to|bis|à|a)\s*(?:{_NUMBER}))?\s*(?:employees|mitarbeiter|employés|empleados)?",
    re.IGNORECASE,
)
_GREATEST: Final = 2**31 - 1


def parse_employees(cell: str) -> int | None:
    """Read a number, or the lower end of a range: "51-200" -> 51, "10,001+" -> 10001.

    The lower end is what the company is known to have at least.
    """
    match = _EMPLOYEES.fullmatch(cell)
    if match is None:
        return None
    least = int(re.sub(r"\D", "", match["least"]))
    return least if least <= _GREATEST else None


def read_employees(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of numbers or ranges.

    Returns:
        The numbers, null where a cell is blank or holds none, and notes.
    """
    cells, _ = clean(as_text(column))
    different = cells.drop_null().unique()
    parsed = pa.array([parse_employees(cell) for cell in different.to_pylist()], pa.int64())
    numbers = parsed.take(pc.index_in(cells, value_set=different))
    if unread := numbers.null_count - cells.null_count:
        return numbers, (f"'{heading}': cells that are no numbers of employees, left blank: {unread}.",)
    return numbers, ()
