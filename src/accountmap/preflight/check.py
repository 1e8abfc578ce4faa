"""Judge a list: coverage, yield and findings."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.canonical.decisions import Decision
from accountmap.canonical.entities import resolve
from accountmap.canonical.misspellings import misspellings
from accountmap.canonical.parts import split_list
from accountmap.canonical.prepared import Prepared
from accountmap.canonical.traits import Traits
from accountmap.preflight.cells import CELL_COLUMNS, CELL_FINDINGS
from accountmap.preflight.model import EXAMPLES, Coverage, Example, Finding, Preflight
from accountmap.preflight.parts import Looked, Spread, look
from accountmap.preflight.websites import doubtful_websites

_PAIR_FINDINGS: Final = {
    "doubtful_website": (
        "Websites that look like those of another company on the list.",
        "Correct the website; a wrong one matches the wrong company.",
    ),
    "merged": ("Accounts joined to one company.", "Look through the pairs; a decision can keep two apart."),
    "review": (
        "Pairs that may be one company and were not joined.",
        "Decide about them; duplicates cost matches.",
    ),
    "conflict": (
        "Domains or numbers that unrelated names share.",
        "Correct them where they are wrong; group companies may share them.",
    ),
}
"""What each kind means and what to do about it, in the order in which they are shown."""


def check(
    accounts: AccountList, prepared: Prepared, decisions: Iterable[Decision] = (), spread: Spread = map
) -> Preflight:
    """Judge a list before anything is shared.

    Args:
        accounts: the own list.
        prepared: what was made of it with the same decisions.
        decisions: what the user said of pairs of accounts.
        spread: where the parts of the list are worked on: the `map` of an executor, or here, one after another.
    """
    table = accounts.table.sort_by("account_id")
    looked = list(spread(look, split_list(table)))
    traits = Traits.joined([part.traits for part in looked])
    names = table.column("name").to_pylist()
    of = len(accounts)
    filled = [(column, of - table.column(column).null_count) for column in CELL_COLUMNS[1:]]
    found = [*_cell_findings(looked, names), *_pair_findings(traits, names, tuple(decisions))]
    return _summary(prepared, tuple(Coverage(column, count, of) for column, count in filled), tuple(found), of)


def _summary(
    prepared: Prepared, columns: tuple[Coverage, ...], findings: tuple[Finding, ...], accounts: int
) -> Preflight:
    """Count entities by their keys and put all together."""
    entities = prepared.entities.num_rows
    slots = prepared.profile.slots
    entity, slot = (prepared.keys.column(name).to_numpy() for name in ("entity", "slot"))
    per_slot = np.bincount(slot, minlength=len(slots)).tolist()
    weak = np.array([slot.tier == "weak name" for slot in slots])
    segments = prepared.entities.column("segment").to_pylist()
    keys = tuple(Coverage(slot.name, count, entities) for slot, count in zip(slots, per_slot, strict=True))
    return Preflight(
        accounts=accounts,
        entities=entities,
        segments={segment: segments.count(segment) for segment in SEGMENTS},
        columns=columns,
        keys=keys,
        preview=keys[0],
        strong=Coverage("strong", len(np.unique(entity[~weak[slot]])), entities),
        matchable=Coverage("any", len(np.unique(entity)), entities),
        findings=findings,
    )


class _Collector:
    """Counts cases of each kind and keeps the first few as examples."""

    def __init__(self, kinds: dict[str, tuple[str, str]]) -> None:
        self._kinds = kinds
        self._counts = dict.fromkeys(kinds, 0)
        self._examples: dict[str, list[Example]] = {kind: [] for kind in kinds}

    def add(self, kind: str, account_ids: Sequence[str], names: Sequence[str | None], text: str) -> None:
        self._counts[kind] += 1
        if len(self._examples[kind]) < EXAMPLES:
            self._examples[kind].append(Example(tuple(account_ids), tuple(names), text))

    def findings(self) -> Iterator[Finding]:
        for kind, (what, advice) in self._kinds.items():
            if self._counts[kind]:
                yield Finding(kind, what, advice, self._counts[kind], tuple(self._examples[kind]))


def _cell_findings(looked: Iterable[Looked], names: Sequence[str | None]) -> Iterator[Finding]:
    collector = _Collector(CELL_FINDINGS)
    first = 0
    for part in looked:
        for at, kind, text in part.cells:
            collector.add(kind, [part.traits.account_ids[at]], [names[first + at]], text)
        first += len(part.traits)
    return collector.findings()


def _pair_findings(
    traits: Traits, names: Sequence[str | None], decisions: tuple[Decision, ...]
) -> Iterator[Finding]:
    resolution = resolve(traits, decisions)
    collector = _Collector(_PAIR_FINDINGS)
    at = {account_id: row for row, account_id in enumerate(traits.account_ids)}

    def add(kind: str, account_ids: Sequence[str], text: str) -> None:
        collector.add(kind, account_ids, [names[at[account_id]] for account_id in account_ids], text)

    for row, owner in doubtful_websites(traits):
        add("doubtful_website", [traits.account_ids[row], traits.account_ids[owner]], traits.domains[row] or "")
    for pair in resolution.merges:
        add("merged", [pair.one, pair.other], pair.rule)
    for pair in (*resolution.review, *misspellings(traits, resolution, decisions)):
        add("review", [pair.one, pair.other], pair.rule)
    for conflict in resolution.conflicts:
        add("conflict", conflict.account_ids, conflict.kind)
    return collector.findings()
