"""Judge a list: coverage, yield and findings."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.cells import count_true
from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.linkage.candidates import ListTraits, misspellings, shared_marks, typing_marks
from accountmap.linkage.compare import folded_cities, registry_numbers, traits_of
from accountmap.linkage.dedupe import Decision
from accountmap.linkage.facts import Facts, read_facts
from accountmap.linkage.prepare import PartsOf, by_id
from accountmap.linkage.prepared import Prepared
from accountmap.model import Says, Strength
from accountmap.preflight.findings import (
    CELL_COLUMNS,
    CELL_FINDINGS,
    EXAMPLES,
    Coverage,
    Example,
    Finding,
    Preflight,
    doubtful_websites,
    from_remark,
    judge,
    label_marks,
    other_forms,
)


@dataclass(frozen=True)
class PartFindings:
    """What was found in one part of a list.

    Attributes:
        traits: TRAIT_SCHEMA; what its accounts are compared by.
        marks: marks of the values that accounts may have in common.
        counts: the number of cells by kind of finding.
        examples: for the first findings of each kind, the account's id, the kind and the text of the cell.
    """

    traits: pa.Table
    marks: pa.Table
    counts: Mapping[str, int]
    examples: Sequence[tuple[str, str, str]]


Spread = Callable[[Callable[[pa.Table], PartFindings], Sequence[pa.Table]], Iterable[PartFindings]]
"""A function that applies another to each part and yields the results in the order of the parts, as `map` does."""


def look(table: pa.Table) -> PartFindings:
    """Judge the cells of one part and collect what its accounts are compared by.

    Args:
        table: the columns that `linkage.prepare.PartsOf` keeps.
    """
    numbers = registry_numbers(table)
    ids = table.column("account_id").to_pylist()
    counts: Counter[str] = Counter()
    examples: list[tuple[str, str, str]] = []

    def passing() -> Iterator[Facts]:
        rows = zip(*(table.column(column).to_pylist() for column in CELL_COLUMNS), strict=True)
        for row, own in zip(rows, zip(*numbers.values(), strict=True), strict=True):
            account = dict(zip(CELL_COLUMNS, row, strict=True))
            facts = read_facts(account, dict(zip(numbers, own, strict=True)))
            for kind, text in judge(account, facts):
                counts[kind] += 1
                if counts[kind] <= EXAMPLES:
                    examples.append((row[0], kind, text))
            yield facts

    traits = traits_of(ids, passing(), numbers, folded_cities(table))
    columns = [each for marks in (shared_marks, typing_marks, label_marks) for each in _columns(marks(traits))]
    return PartFindings(traits.table(), pa.table(dict(columns)), counts, examples)


def _columns(table: pa.Table) -> Iterator[tuple[str, pa.ChunkedArray]]:
    return zip(table.column_names, table.columns, strict=True)


_PAIR_FINDINGS: Final = {
    "doubtful_website": (
        "Websites that look like those of another company on the list.",
        "Correct the website; a wrong one matches the wrong company.",
    ),
    "merged": ("Accounts joined into one company.", "Look through the pairs; a decision can keep two apart."),
    "review": (
        "Pairs that may be one company and were not joined.",
        "Decide about them; duplicates cost matches.",
    ),
    "other_form": (
        "Groups of accounts with one name and different legal forms.",
        "They stay apart. If they are one company, say so in a decisions file; if not, give each one its country.",
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
        accounts: the owner's list.
        prepared: what was made of it with the same decisions.
        decisions: what the user decided about pairs of accounts.
        spread: where the parts of the list are processed: the `map` of an executor, or here, one after another.
    """
    table = accounts.table
    order = by_id(table)
    names = _Names(table["account_id"].take(order), table["name"].take(order))
    list_traits, cells = ListTraits(names.account_ids), _Collector(CELL_FINDINGS, names)
    for part in spread(look, PartsOf(table, order)):
        list_traits.add(part.traits, part.marks)
        cells.add_part(part)
    of = len(accounts)
    filled = [(column, of - table.column(column).null_count) for column in CELL_COLUMNS[1:]]
    found = [
        *map(from_remark, accounts.remarks),
        *cells.findings(),
        *_pair_findings(list_traits, names, tuple(decisions)),
    ]
    coverage = tuple(Coverage(column, count, of) for column, count in filled)
    return replace(
        _summary(prepared, coverage, tuple(found), of),
        list_columns=accounts.columns,
        segment_values=accounts.segment_values,
    )


def _summary(
    prepared: Prepared, columns: tuple[Coverage, ...], findings: tuple[Finding, ...], accounts: int
) -> Preflight:
    """Count entities by their keys, and put everything together."""
    entities = prepared.entities.num_rows
    slots = prepared.profile.slots
    entity, slot = (prepared.keys.column(name).to_numpy() for name in ("entity", "slot"))
    per_slot = np.bincount(slot, minlength=len(slots)).tolist()
    weak = np.array([slot.strength is Strength.WEAK for slot in slots])
    names = np.array([slot.says is Says.NAME for slot in slots])
    segments = prepared.entities.column("segment")
    keys = tuple(Coverage(slot.name, count, entities) for slot, count in zip(slots, per_slot, strict=True))
    return Preflight(
        accounts=accounts,
        entities=entities,
        segments={segment: count_true(pc.equal(segments, segment)) for segment in SEGMENTS},
        columns=columns,
        keys=keys,
        preview=Coverage("full name", len(np.unique(entity[names[slot]])), entities),
        strong=Coverage("strong", len(np.unique(entity[~weak[slot]])), entities),
        matchable=Coverage("any", len(np.unique(entity)), entities),
        findings=findings,
    )


class _Names:
    """The names of accounts by their ids, which are in ascending order."""

    def __init__(self, account_ids: pa.ChunkedArray, names: pa.ChunkedArray) -> None:
        self.account_ids: Final = account_ids
        self._names: Final = names

    def __getitem__(self, account_id: str) -> str | None:
        rows = range(len(self.account_ids))
        row = bisect_left(rows, account_id, key=lambda at: self.account_ids[at].as_py())
        name: str | None = self._names[row].as_py()
        return name


class _Collector:
    """Counts cases of each kind and keeps the first few as examples."""

    def __init__(self, kinds: dict[str, tuple[str, str]], names: _Names) -> None:
        self._kinds = kinds
        self._names = names
        self._counts = dict.fromkeys(kinds, 0)
        self._examples: dict[str, list[Example]] = {kind: [] for kind in kinds}

    def add(self, kind: str, account_ids: Sequence[str], text: str, count: int = 1) -> None:
        self._counts[kind] += count
        if len(self._examples[kind]) < EXAMPLES:
            names = tuple(self._names[account_id] for account_id in account_ids)
            self._examples[kind].append(Example(tuple(account_ids), names, text))

    def add_part(self, part: PartFindings) -> None:
        for kind, count in part.counts.items():
            self._counts[kind] += count
        for account_id, kind, text in part.examples:
            self.add(kind, [account_id], text, 0)

    def findings(self) -> Iterator[Finding]:
        for kind, (what, advice) in self._kinds.items():
            if self._counts[kind]:
                yield Finding(kind, what, advice, self._counts[kind], tuple(self._examples[kind]))


def _pair_findings(list_traits: ListTraits, names: _Names, decisions: tuple[Decision, ...]) -> Iterator[Finding]:
    resolution = list_traits.resolve(decisions)
    collector = _Collector(_PAIR_FINDINGS, names)
    for doubtful, owner, domain in doubtful_websites(list_traits):
        collector.add("doubtful_website", [doubtful, owner], domain)
    for pair in resolution.merges:
        collector.add("merged", [pair.one, pair.other], pair.rule)
    for pair in (*resolution.review, *misspellings(list_traits, resolution, decisions)):
        collector.add("review", [pair.one, pair.other], pair.rule)
    for ids, forms in other_forms(list_traits, resolution.review):
        collector.add("other_form", ids, forms)
    for conflict in resolution.conflicts:
        collector.add("conflict", conflict.account_ids, conflict.kind)
    return collector.findings()
