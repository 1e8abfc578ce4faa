"""The part of preflight that looks at one account at a time: each name is parsed once, on whatever worker."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from accountmap.canonical.keys import Facts, gather
from accountmap.canonical.traits import Traits, folded_cities, registry_numbers, traits_of
from accountmap.preflight.cells import CELL_COLUMNS, judge


@dataclass(frozen=True)
class Looked:
    """What the accounts of a part give.

    Attributes:
        traits: what they are compared by.
        cells: row in the part, kind of finding, and text of the cell, of each cell that gives no key.
    """

    traits: Traits
    cells: Sequence[tuple[int, str, str]]


Spread = Callable[[Callable[[pa.Table], Looked], Sequence[pa.Table]], Iterable[Looked]]
"""Applies a function to each part and yields the results in the order of the parts, as `map` does."""


def look(table: pa.Table) -> Looked:
    """Judge the cells of one part and collect what its accounts are compared by.

    Args:
        table: the columns that `canonical.parts.split_list` keeps.
    """
    numbers = registry_numbers(table)
    cells: list[tuple[int, str, str]] = []

    def passing() -> Iterator[Facts]:
        rows = zip(*(table.column(column).to_pylist() for column in CELL_COLUMNS), strict=True)
        for at, (row, own) in enumerate(zip(rows, zip(*numbers.values(), strict=True), strict=True)):
            account = dict(zip(CELL_COLUMNS, row, strict=True))
            facts = gather(account, dict(zip(numbers, own, strict=True)))
            cells.extend((at, kind, text) for kind, text in judge(account, facts))
            yield facts

    ids = table.column("account_id").to_pylist()
    return Looked(traits_of(ids, passing(), numbers, folded_cities(table)), cells)
