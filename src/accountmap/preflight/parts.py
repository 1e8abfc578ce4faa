"""The part of preflight that looks at one account at a time: each name is parsed once, on whatever worker."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from accountmap.canonical.keys import Facts, gather
from accountmap.canonical.misspellings import typing_marks
from accountmap.canonical.sharing import shared_marks
from accountmap.canonical.traits import folded_cities, registry_numbers, traits_of
from accountmap.preflight.cells import CELL_COLUMNS, judge
from accountmap.preflight.model import EXAMPLES
from accountmap.preflight.websites import label_marks


@dataclass(frozen=True)
class Looked:
    """What the accounts of a part give.

    Attributes:
        traits: TRAIT_SCHEMA; what they are compared by.
        marks: of what they may have in common.
        counts: of each kind of finding, the cells that give no key.
        examples: id of the account, kind of finding and text of the cell, of the first of each kind.
    """

    traits: pa.Table
    marks: pa.Table
    counts: Mapping[str, int]
    examples: Sequence[tuple[str, str, str]]


Spread = Callable[[Callable[[pa.Table], Looked], Sequence[pa.Table]], Iterable[Looked]]
"""Applies a function to each part and yields the results in the order of the parts, as `map` does."""


def look(table: pa.Table) -> Looked:
    """Judge the cells of one part and collect what its accounts are compared by.

    Args:
        table: the columns that `canonical.parts.PartsOf` keeps.
    """
    numbers = registry_numbers(table)
    ids = table.column("account_id").to_pylist()
    counts: Counter[str] = Counter()
    examples: list[tuple[str, str, str]] = []

    def passing() -> Iterator[Facts]:
        rows = zip(*(table.column(column).to_pylist() for column in CELL_COLUMNS), strict=True)
        for row, own in zip(rows, zip(*numbers.values(), strict=True), strict=True):
            account = dict(zip(CELL_COLUMNS, row, strict=True))
            facts = gather(account, dict(zip(numbers, own, strict=True)))
            for kind, text in judge(account, facts):
                counts[kind] += 1
                if counts[kind] <= EXAMPLES:
                    examples.append((row[0], kind, text))
            yield facts

    traits = traits_of(ids, passing(), numbers, folded_cities(table))
    columns = [each for marks in (shared_marks, typing_marks, label_marks) for each in _columns(marks(traits))]
    return Looked(traits.table(), pa.table(dict(columns)), counts, examples)


def _columns(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return zip(table.column_names, table.columns, strict=True)
