"""Local de-duplication: which accounts of one list are the same company.

Rules join accounts, strongest evidence first; each merge names its rule. The outcome does not depend on the order
of the rows. Accounts are compared only within blocks (one number, one name, one domain), and pair by pair only in
small blocks, so that the work grows with the list and not with its square.

What the user decided about pairs is kept in a CSV file beside the list. It may contain pairs that are still open,
with an empty answer, and more columns that help people to decide.
"""

import csv
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.errors import InputError
from accountmap.linkage.blocking import LARGEST_BLOCK, blocks
from accountmap.linkage.compare import (
    Traits,
    contradiction,
    corroboration,
    other_number,
    related,
    same_but_for_typing,
)

_COLUMNS: Final = ("account_id", "other_account_id", "same")
_ANSWERS: Final = {"yes": True, "no": False}


@dataclass(frozen=True, order=True)
class Decision:
    """Two accounts by id, the smaller id first, and whether they are the same company."""

    one: str
    other: str
    same: bool

    @classmethod
    def of(cls, one: str, other: str, *, same: bool) -> "Decision":
        """Decide about two accounts in either order."""
        return cls(min(one, other), max(one, other), same)


def read_decisions(path: Path) -> tuple[Decision, ...]:
    """Read decisions, sorted and each once; open pairs are left out.

    Raises:
        InputError: the file is missing or not of this form, or it says both yes and no about one pair.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("The file of decisions cannot be read.", "Give a CSV file in UTF-8.") from error
    if not rows or tuple(rows[0][:3]) != _COLUMNS:
        raise InputError(
            "The file of decisions does not have the right columns.", f"Begin it with: {','.join(_COLUMNS)}"
        )
    found = (_decision(number, row) for number, row in enumerate(rows[1:], start=2))
    decisions = {decision for decision in found if decision}
    if len({(d.one, d.other) for d in decisions}) < len(decisions):
        raise InputError("The decisions say both yes and no about one pair.", "Keep one row for each pair.")
    return tuple(sorted(decisions))


def _decision(number: int, row: list[str]) -> Decision | None:
    one, other, answer = (*row, "", "", "")[:3]
    if not one or not other or one == other or answer not in ("", *_ANSWERS):
        raise InputError(
            f"Row {number} of the file of decisions is not a decision.",
            "Give two different account ids, and yes or no.",
        )
    return Decision.of(one, other, same=_ANSWERS[answer]) if answer else None


class Clusters:
    """Disjoint sets of the numbers 0 to size - 1. Each set is known by its smallest member."""

    def __init__(self, size: int) -> None:
        self._parent: Final = list(range(size))
        self._apart: Final[dict[int, set[int]]] = {}

    def root(self, member: int) -> int:
        """Find the smallest member of the set that `member` is in."""
        parent = self._parent
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    def keep_apart(self, one: int, other: int) -> None:
        """Forbid all joins that would put two members, which are now in different sets, into one set."""
        a, b = self.root(one), self.root(other)
        self._apart.setdefault(a, set()).add(b)
        self._apart.setdefault(b, set()).add(a)

    def kept_apart(self, one: int, other: int) -> bool:
        """Return whether two members must not be put into one set."""
        return self.root(other) in self._apart.get(self.root(one), ())

    def join(self, one: int, other: int) -> bool:
        """Unite two sets; return whether they were different and may be united."""
        a, b = sorted((self.root(one), self.root(other)))
        if a == b or self.kept_apart(a, b):
            return False
        self._parent[b] = a
        for enemy in self._apart.pop(b, set()):
            self._apart[enemy].discard(b)
            self._apart[enemy].add(a)
            self._apart.setdefault(a, set()).add(enemy)
        return True

    def roots(self, members: Iterable[int]) -> list[int]:
        """List the sets that `members` are in, each once, in ascending order."""
        return sorted({self.root(member) for member in members})


@dataclass(frozen=True)
class Pair:
    """Two accounts by id, the smaller id first, and the rule that speaks for or against them."""

    one: str
    other: str
    rule: str


@dataclass(frozen=True)
class Conflict:
    """Accounts that share what one company should have, under unrelated names.

    Attributes:
        kind: "domain", "vat" or "duns".
        account_ids: one account of each entity, in ascending order.
    """

    kind: str
    account_ids: tuple[str, ...]


@dataclass(frozen=True)
class Resolution:
    """Which accounts are one entity, and what the user should look at.

    Attributes:
        entity_of: for each account the number of its entity; entities are numbered in the order of their
            smallest account ids.
        merges: the pairs that were joined; they connect all accounts of each entity.
        review: likely pairs that were not joined, with what keeps them apart.
        conflicts: values shared by accounts that do not look like one company.
    """

    entity_of: npt.NDArray[np.int64]
    merges: tuple[Pair, ...]
    review: tuple[Pair, ...]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True)
class OversizedBlocks:
    """Names and domains that more than LARGEST_BLOCK companies of the whole list share: nothing compares them.

    Attributes:
        names: without spaces.
        domains: registrable.
    """

    names: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()


def resolve(
    traits: Traits, decisions: Iterable[Decision] = (), oversized: OversizedBlocks = OversizedBlocks()
) -> Resolution:
    """Join the accounts of a list that are the same company.

    Args:
        traits: the accounts in any order; if the list is in parts, all accounts that share a number, a name or a
            domain that is not oversized, directly or through others.
        decisions: what the user decided about pairs; those of accounts that are no longer listed have no effect.
        oversized: what more than LARGEST_BLOCK companies are known to share, some of them in other parts.
    """
    order = sorted(range(len(traits)), key=traits.account_ids.__getitem__)
    work = _Resolver(traits.take(order), oversized)
    work.decide(decisions)
    work.by_number("lei", certain=True)
    work.by_name()
    work.by_domain()
    work.by_number("vat", certain=False)
    work.by_number("duns", certain=False)
    return work.result(order)


class _Resolver:
    """Accounts in the order of their ids, so that the smallest member of an entity has its smallest id."""

    def __init__(self, traits: Traits, oversized: OversizedBlocks) -> None:
        self.traits = traits
        self.oversized = oversized
        self.clusters = Clusters(len(traits))
        self.merges: list[Pair] = []
        self.review: dict[tuple[int, int], str] = {}
        self.conflicts: list[Conflict] = []

    def _join(self, one: int, other: int, rule: str) -> None:
        if self.clusters.join(one, other):
            ids = self.traits.account_ids
            self.merges.append(Pair(ids[min(one, other)], ids[max(one, other)], rule))

    def _ask(self, one: int, other: int, reason: str) -> None:
        self.review.setdefault((min(one, other), max(one, other)), reason)

    def _report(self, kind: str, rows: Sequence[int]) -> None:
        self.conflicts.append(Conflict(kind, tuple(self.traits.account_ids[row] for row in rows)))

    def decide(self, decisions: Iterable[Decision]) -> None:
        """Follow the user's decisions: first what stays apart, then what is joined."""
        at = {account_id: row for row, account_id in enumerate(self.traits.account_ids)}
        known = sorted({(d.same, at[d.one], at[d.other]) for d in decisions if d.one in at and d.other in at})
        for same, one, other in known:
            if not same:
                self.clusters.keep_apart(one, other)
            else:
                self._join(one, other, "your decision")

    def by_number(self, kind: str, *, certain: bool) -> None:
        """Join accounts with one registry number; if it may be that of a group, only if the names agree."""
        for block in blocks(self.traits.ids.get(kind, ())):
            rule = f"same {kind.upper()}"
            roots = self.clusters.roots(block)
            alike = [row for row in roots[1:] if certain or self._alike(roots[0], row)]
            for row in alike:
                self._join(roots[0], row, rule)
            if unlike := sorted({*roots[1:]} - {*alike}):
                self._report(kind, [roots[0], *unlike])

    def _alike(self, one: int, other: int) -> bool:
        left, right = self.traits.names[one], self.traits.names[other]
        return left is None or right is None or same_but_for_typing(left, right) or related(left, right)

    def by_name(self) -> None:
        """Join accounts of one name if something else agrees too and nothing speaks against it; else ask."""
        traits = self.traits
        letters = [name and name.replace(" ", "") for name in traits.names]
        for block in blocks(letters):
            kinds: dict[Hashable, int] = {}
            for row in block:
                first = kinds.setdefault(traits.evidence(row), row)
                if rule := corroboration(traits, first, row):
                    self._join(first, row, rule)
            roots = self.clusters.roots(block)
            if len(roots) <= LARGEST_BLOCK and letters[block[0]] not in self.oversized.names:
                self._compare_namesakes(roots)

    def _compare_namesakes(self, rows: Sequence[int]) -> None:
        for one, other in combinations(rows, 2):
            against = contradiction(self.traits, one, other)
            rule = corroboration(self.traits, one, other)
            if against is None and rule:
                self._join(one, other, rule)
            elif against in (None, "other domain") or (
                against == "other legal form" and self._one_place(one, other)
            ):
                self._ask(one, other, f"same name, {against or 'but nothing else in common'}")

    def _one_place(self, one: int, other: int) -> bool:
        """Return whether two accounts are known to be in one country or at one domain."""
        known = (self.traits.countries, self.traits.domains)
        return any(values[one] is not None and values[one] == values[other] for values in known)

    def by_domain(self) -> None:
        """Join accounts of one domain whose names differ in typing only; ask about similar names."""
        names = self.traits.names
        for block in blocks([None if of in self.oversized.domains else of for of in self.traits.domains]):
            roots = self.clusters.roots(block)
            named = [row for row in roots if names[row] is not None]
            nameless = [row for row in roots if names[row] is None]
            self._join_regions(named)
            named = self.clusters.roots(named)
            if len(named) <= LARGEST_BLOCK:
                self._compare_names(named)
            left = self.clusters.roots(named)
            for row in nameless if len(left) <= 1 else ():
                self._join((left or nameless)[0], row, "same domain, no name")
            unlike = [row for row in left[1:] if not self._alike(left[0], row)]
            if unlike:
                self._report("domain", [left[0], *unlike])

    def _join_regions(self, rows: Sequence[int]) -> None:
        """Join a company's records for countries or sites: one domain, and names that differ in places only.

        If they stayed apart, none of them would keep the domain, which is the best key that they have.
        """
        first: dict[Hashable, int] = {}
        for row in rows:
            other = first.setdefault(self.traits.name_without_places(row), row)
            if other != row and not other_number(self.traits, other, row):
                self._join(other, row, "same domain, name differs in places only")

    def _compare_names(self, rows: Sequence[int]) -> None:
        names = self.traits.names
        for one, other in combinations(rows, 2):
            left, right = names[one] or "", names[other] or ""
            same = same_but_for_typing(left, right)
            if not same and not related(left, right):
                continue
            against = contradiction(self.traits, one, other)
            if same and against is None:
                self._join(one, other, "same domain, name differs in typing only")
            elif against in (None, "other legal form"):
                self._ask(one, other, "same domain, similar name")

    def result(self, order: Sequence[int]) -> Resolution:
        """Number the entities and return what was found, for rows in their original order."""
        roots = [self.clusters.root(row) for row in range(len(order))]
        number = {root: at for at, root in enumerate(sorted(set(roots)))}
        entity_of = np.empty(len(order), np.int64)
        entity_of[np.array(order, np.int64)] = [number[root] for root in roots]
        ids = self.traits.account_ids
        review = tuple(
            Pair(ids[one], ids[other], reason)
            for (one, other), reason in sorted(self.review.items())
            if roots[one] != roots[other] and not self.clusters.kept_apart(one, other)
        )
        return Resolution(entity_of, tuple(self.merges), review, tuple(self.conflicts))
