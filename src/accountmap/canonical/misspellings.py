"""Pairs of accounts whose names differ in typing only: too doubtful to join, worth a look."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import Final

from accountmap.canonical.blocks import LARGEST_BLOCK, blocks
from accountmap.canonical.decisions import Decision
from accountmap.canonical.entities import Pair, Resolution
from accountmap.canonical.entity_rules import contradiction, same_but_for_typing
from accountmap.canonical.traits import Traits

_SAME_LETTERS: Final = 6
"""Letters at one end of two names that must be equal for a slip elsewhere to be looked for."""


def _beginning(name: str) -> str:
    return name[:_SAME_LETTERS]


def _end(name: str) -> str:
    return name[-_SAME_LETTERS:]


def _words_in_order(name: str) -> str:
    return " ".join(sorted(name.split()))


def _in_country(part: Callable[[str], str], name: str | None, country: str | None) -> Hashable | None:
    return None if name is None else (part(name), country)


def misspellings(traits: Traits, resolution: Resolution, decisions: Iterable[Decision] = ()) -> list[Pair]:
    """Find accounts of one country that differ in the typing of their names and agree in what else is known.

    Args:
        traits: the accounts.
        resolution: what `resolve` made of them; pairs that it joined or shows are left out.
        decisions: what the user said of pairs; they are not asked again.
    """
    known = {(pair.one, pair.other) for pair in resolution.review} | {(d.one, d.other) for d in decisions}
    first = dict(zip(resolution.entity_of[::-1].tolist(), reversed(range(len(traits))), strict=True))
    rows = sorted(first.values(), key=traits.account_ids.__getitem__)
    found = {(traits.account_ids[one], traits.account_ids[other]) for one, other in _alike(traits, rows)}
    return [Pair(one, other, "name differs in typing only") for one, other in sorted(found - known)]


def _alike(traits: Traits, rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield pairs out of `rows`, in their order, perhaps more than once."""
    names, countries = traits.names, traits.countries
    for part in (_beginning, _end, _words_in_order):
        for block in blocks([_in_country(part, names[row], countries[row]) for row in rows]):
            if len(block) <= LARGEST_BLOCK:
                for one, other in combinations([rows[at] for at in block], 2):
                    alike = same_but_for_typing(names[one] or "", names[other] or "")
                    if alike and contradiction(traits, one, other) is None:
                        yield one, other
