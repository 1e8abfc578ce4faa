"""Pairs of accounts whose names differ in typing only: too doubtful to join, worth a look."""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.canonical.blocks import LARGEST_BLOCK, blocks
from accountmap.canonical.decisions import Decision
from accountmap.canonical.entities import Pair, Resolution
from accountmap.canonical.entity_rules import contradiction, same_but_for_typing
from accountmap.canonical.marks import NO_TEXT, Marks, marks_of
from accountmap.canonical.sharing import Gathered, Rows
from accountmap.canonical.traits import Traits

_SAME_LETTERS: Final = 6
"""Letters at one end of two names that must be equal for a slip elsewhere to be looked for."""

_BATCH_ROWS: Final = 1 << 16
"""Accounts that are objects at once."""


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
    """Mark what names are compared by when `misspellings` looks for slips."""
    return pa.table({kind: marks_of(_parts(traits, kind)) for kind in _PARTS})


def misspellings(gathered: Gathered, resolution: Resolution, decisions: Iterable[Decision] = ()) -> list[Pair]:
    """Find accounts of one country that differ in the typing of their names and agree in what else is known.

    Args:
        gathered: the accounts, with `typing_marks`.
        resolution: what was made of them; pairs that it joined or shows are left out.
        decisions: what the user said of pairs; they are not asked again.
    """
    known = {(pair.one, pair.other) for pair in resolution.review} | {(d.one, d.other) for d in decisions}
    _, first = np.unique(resolution.entity_of, return_index=True)
    found: set[tuple[str, str]] = set()
    gathered.combine()
    for kind in _PARTS:
        for rows in _batches(first, gathered.marks(kind)[first]):
            found.update(_alike(gathered.take(rows), kind))
    return [Pair(one, other, "name differs in typing only") for one, other in sorted(found - known)]


def _batches(rows: Rows, marks: Marks) -> Iterator[Rows]:
    """Yield the rows that share their mark with one to LARGEST_BLOCK - 1 others, with them, some at a time."""
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
    """Yield the pairs of ids of accounts that have one part of their names in common and are alike."""
    names, ids = traits.names, traits.account_ids
    for block in blocks(_parts(traits, kind)):
        for one, other in combinations(block, 2):
            alike = same_but_for_typing(names[one] or "", names[other] or "")
            if alike and contradiction(traits, one, other) is None:
                yield ids[one], ids[other]
