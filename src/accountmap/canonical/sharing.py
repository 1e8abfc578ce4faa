"""Which accounts of a list share anything: they alone can be one company, and become objects to compare.

All others stay in Arrow columns, part by part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.decisions import Decision
from accountmap.canonical.entities import Resolution, resolve
from accountmap.canonical.marks import Marks, Mask, marks_of, standing_twice
from accountmap.canonical.traits import NUMBERS, Traits

Rows = npt.NDArray[np.int64]

_BLOCKED: Final = ("letters", "domain", *NUMBERS)
"""What `resolve` makes blocks of."""


def shared_marks(traits: Traits) -> pa.Table:
    """Mark all values by which `resolve` puts accounts into one block: names without blanks, domains, numbers."""
    letters = (name and name.replace(" ", "") for name in traits.names)
    values: Iterable[Iterable[str | None]] = (letters, traits.domains, *(traits.ids[kind] for kind in NUMBERS))
    return pa.table([marks_of(texts) for texts in values], names=_BLOCKED)


class Gathered:
    """What the accounts of a list are compared by, gathered part by part, in the order of their ids.

    Args:
        account_ids: ascending.
    """

    def __init__(self, account_ids: pa.ChunkedArray) -> None:
        self._ids: Final = account_ids
        self._traits: Final[list[pa.Table]] = []
        self._marks: Final[list[pa.Table]] = []

    def add(self, traits: pa.Table, marks: pa.Table) -> None:
        """Add the accounts of the next part.

        Args:
            traits: TRAIT_SCHEMA.
            marks: what `shared_marks` gives, and what else is asked for by `marks`.
        """
        self._traits.append(traits)
        self._marks.append(marks)

    def marks(self, kind: str) -> Marks:
        """Give one mark for each account."""
        return np.concatenate([part[kind].to_numpy() for part in self._marks])

    def combine(self) -> None:
        """Put the parts together, for those who take from them many times."""
        self._traits[:] = [pa.concat_tables(self._traits).combine_chunks()]

    def take(self, rows: Rows) -> Traits:
        """Make objects of the accounts at `rows`, which ascend."""
        ends = np.cumsum([len(part) for part in self._traits])
        cuts = np.searchsorted(rows, ends)
        starts = ends - [len(part) for part in self._traits]
        parts = zip(self._traits, starts, np.split(rows, cuts[:-1]), strict=True)
        tables = [part.take(pa.array(own - start)) for part, start, own in parts]
        return Traits.of(self._ids.take(pa.array(rows)), pa.concat_tables(tables))

    def resolve(self, decisions: Sequence[Decision]) -> Resolution:
        """Join the accounts that are the same company, as `entities.resolve` does of the whole list.

        An account that shares no number, name or domain and that nothing was decided about is in no block and in
        no pair: it is an entity by itself.
        """
        rows = np.flatnonzero(self._sharing() | self._decided(decisions))
        found = resolve(self.take(rows), decisions)
        return replace(found, entity_of=_spread(found.entity_of, rows, len(self._ids)))

    def _sharing(self) -> Mask:
        shares = np.zeros(len(self._ids), bool)
        for kind in _BLOCKED:
            shares |= standing_twice(self.marks(kind))
        return shares

    def _decided(self, decisions: Sequence[Decision]) -> Mask:
        named = pa.array(sorted({id_ for each in decisions for id_ in (each.one, each.other)}), pa.string())
        decided: Mask = pc.is_in(self._ids, value_set=named).to_numpy()
        return decided


def _spread(entity_of: Rows, rows: Rows, accounts: int) -> Rows:
    """Number the entities of all accounts, given those of the accounts at `rows`; all others are their own.

    Args:
        entity_of: entities of `rows`, numbered in the order of their first rows.
    """
    _, first = np.unique(entity_of, return_index=True)
    first_row = np.arange(accounts)
    first_row[rows] = rows[first][entity_of]
    number = np.cumsum(first_row == np.arange(accounts)) - 1
    spread: Rows = number[first_row]
    return spread
