"""Pairs of accounts that may be one company: those that share a value, and likely misspellings.

All other accounts stay in Arrow columns, part by part.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.linkage.blocking import LARGEST_BLOCK, NO_TEXT, Marks, Mask, blocks, is_duplicated, marks_of
from accountmap.linkage.compare import NUMBERS, Traits, contradiction, same_but_for_typing
from accountmap.linkage.dedupe import Decision, Pair, Resolution, resolve

Rows = npt.NDArray[np.int64]

_BLOCKED: Final = ("letters", "domain", *NUMBERS)
"""The values by which `resolve` makes blocks."""


def shared_marks(traits: Traits) -> pa.Table:
    """Mark all values by which `resolve` puts accounts into one block: names without blanks, domains, numbers."""
    letters = (name and name.replace(" ", "") for name in traits.names)
    values: Iterable[Iterable[str | None]] = (letters, traits.domains, *(traits.ids[kind] for kind in NUMBERS))
    return pa.table([marks_of(texts) for texts in values], names=_BLOCKED)


class ListTraits:
    """What the accounts of a list are compared by, collected part by part, in the order of their ids.

    Args:
        account_ids: in ascending order.
    """

    def __init__(self, account_ids: pa.ChunkedArray) -> None:
        self._ids: Final = account_ids
        self._traits: Final[list[pa.Table]] = []
        self._marks: Final[list[pa.Table]] = []

    def add(self, traits: pa.Table, marks: pa.Table) -> None:
        """Add the accounts of the next part.

        Args:
            traits: TRAIT_SCHEMA.
            marks: what `shared_marks` returns, and any other marks that `marks` will be asked for.
        """
        self._traits.append(traits)
        self._marks.append(marks)

    def marks(self, kind: str) -> Marks:
        """Return one mark for each account."""
        return np.concatenate([part[kind].to_numpy() for part in self._marks])

    def combine(self) -> None:
        """Join the parts, for callers that take from them many times."""
        self._traits[:] = [pa.concat_tables(self._traits).combine_chunks()]

    def take(self, rows: Rows) -> Traits:
        """Make objects of the accounts at `rows`, which are in ascending order."""
        ends = np.cumsum([len(part) for part in self._traits])
        cuts = np.searchsorted(rows, ends)
        starts = ends - [len(part) for part in self._traits]
        parts = zip(self._traits, starts, np.split(rows, cuts[:-1]), strict=True)
        tables = [part.take(pa.array(own - start)) for part, start, own in parts]
        return Traits.of(self._ids.take(pa.array(rows)), pa.concat_tables(tables))

    def resolve(self, decisions: Sequence[Decision]) -> Resolution:
        """Join the accounts that are the same company, as `dedupe.resolve` does for the whole list.

        An account that shares no number, name or domain, and about which nothing was decided, is in no block and
        no
        pair: it is an entity by itself.
        """
        rows = np.flatnonzero(self._sharing() | self._decided(decisions))
        found = resolve(self.take(rows), decisions)
        return replace(found, entity_of=_spread(found.entity_of, rows, len(self._ids)))

    def _sharing(self) -> Mask:
        shares = np.zeros(len(self._ids), bool)
        for kind in _BLOCKED:
            shares |= is_duplicated(self.marks(kind))
        return shares

    def _decided(self, decisions: Sequence[Decision]) -> Mask:
        named = pa.array(sorted({id_ for each in decisions for id_ in (each.one, each.other)}), pa.string())
        decided: Mask = pc.is_in(self._ids, value_set=named).to_numpy()
        return decided


def _spread(entity_of: Rows, rows: Rows, accounts: int) -> Rows:
    """Number the entities of all accounts, given those of the accounts at `rows`; each other account is its own.

    Args:
        entity_of: entities of `rows`, numbered in the order of their first rows.
    """
    _, first = np.unique(entity_of, return_index=True)
    first_row = np.arange(accounts)
    first_row[rows] = rows[first][entity_of]
    number = np.cumsum(first_row == np.arange(accounts)) - 1
    spread: Rows = number[first_row]
    return spread


_SAME_LETTERS: Final = 6
"""How many letters at one end of two names must be equal for a typing error elsewhere to be looked for."""

_BATCH_ROWS: Final = 1 << 16
"""How many accounts are objects at the same time."""


def _beginning(name: str) -> str:
    return name[:_SAME_LETTERS]


def _end(name: str) -> str:
    return name[-_SAME_LETTERS:]


def _words_in_order(name: str) -> str:
    return " ".join(sorted(name.split()))


_PARTS: Final[dict[str, Callable[[str], str]]] = {
    "beginning": _beginning,
    "end": _end,
    "words": _words_in_order,
}
"""What two names of one country must have in common to be compared."""


def _in_country(part: Callable[[str], str], name: str | None, country: str | None) -> str | None:
    return None if name is None else f"{part(name)}|{country or ''}"


def _parts(traits: Traits, kind: str) -> list[str | None]:
    return [_in_country(_PARTS[kind], *known) for known in zip(traits.names, traits.countries, strict=True)]


def typing_marks(traits: Traits) -> pa.Table:
    """Mark what names are compared by when `misspellings` looks for typing errors."""
    return pa.table({kind: marks_of(_parts(traits, kind)) for kind in _PARTS})


def misspellings(
    list_traits: ListTraits, resolution: Resolution, decisions: Iterable[Decision] = ()
) -> list[Pair]:
    """Find accounts of one country whose names differ only in typing and whose other known values agree.

    Args:
        list_traits: the accounts, with `typing_marks`.
        resolution: what was made of them; pairs that it joined or shows are left out.
        decisions: what the user decided about pairs; these are not asked about again.
    """
    known = {(pair.one, pair.other) for pair in resolution.review} | {(d.one, d.other) for d in decisions}
    _, first = np.unique(resolution.entity_of, return_index=True)
    found: set[tuple[str, str]] = set()
    list_traits.combine()
    for kind in _PARTS:
        for rows in _batches(first, list_traits.marks(kind)[first]):
            found.update(_alike(list_traits.take(rows), kind))
    return [Pair(one, other, "name differs in typing only") for one, other in sorted(found - known)]


def _batches(rows: Rows, marks: Marks) -> Iterator[Rows]:
    """Yield, in batches, the rows whose mark occurs 2 to LARGEST_BLOCK times, those with one mark together."""
    order = np.argsort(marks, kind="stable")
    _, starts, counts = np.unique(marks[order], return_index=True, return_counts=True)
    fit = (counts > 1) & (counts <= LARGEST_BLOCK) & (marks[order][starts] != NO_TEXT)
    before = np.cumsum(counts[fit]) - counts[fit]
    kept: npt.NDArray[np.int64] = rows[order[np.repeat(fit, counts)]]
    cuts = np.searchsorted(before, np.arange(_BATCH_ROWS, len(kept), _BATCH_ROWS))
    for batch in np.split(kept, before[cuts[cuts < len(before)]]):
        if len(batch):
            yield np.sort(batch)


def _alike(traits: Traits, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the ids of pairs of accounts that have one part of their names in common and are alike."""
    names, ids = traits.names, traits.account_ids
    for block in blocks(_parts(traits, kind)):
        for one, other in combinations(block, 2):
            alike = same_but_for_typing(names[one] or "", names[other] or "")
            if alike and contradiction(traits, one, other) is None:
                yield ids[one], ids[other]
