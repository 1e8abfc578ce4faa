"""The counts that a report opens with."""

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.plays import PLAYS
from accountmap.account_map.schema import SessionResult
from accountmap.accounts.schema import SEGMENTS


@dataclass(frozen=True)
class Count:
    """How many accounts, and how many entities they are."""

    accounts: int = 0
    entities: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.accounts + other.accounts, self.entities + other.entities)


def total(counts: Iterable[Count]) -> Count:
    """Add counts up."""
    return sum(counts, Count())


@dataclass(frozen=True)
class OwnSegment:
    """One own segment: `listed` is the sum of the three after it.

    Attributes:
        overlap: what has a match.
        whitespace: what was compared with some segment of theirs, so that a match would have been revealed, and
            has none.
        not_compared: what was off limits, outside the joint filter, hidden, or only counted.
    """

    segment: str
    listed: Count
    overlap: Count
    whitespace: Count
    not_compared: Count


@dataclass(frozen=True)
class TheirSegment:
    """One segment of the partner, in entities.

    Attributes:
        at_most: its size as announced; the partner pads it, so that the true number may be smaller.
        matches: how many matches it has.
        overlap: how many of its entities are on the own list, at least: one that matches several of yours, in
            several segments, has as many matches.
    """

    segment: str
    at_most: int
    matches: int
    overlap: int

    @property
    def without_me_at_most(self) -> int:
        """Theirs without me, at most."""
        return self.at_most - self.overlap


@dataclass(frozen=True)
class PlayMoney:
    """A play with the own accounts that it is good for, and the sum of their amounts."""

    play: str
    count: Count
    amount: float


@dataclass(frozen=True)
class Summary:
    """The numbers of a session.

    Attributes:
        own, theirs: one element a segment, strongest first.
        matches: pairs of an own entity and one of theirs; the same in the partner's report.
        introductions_to_get: entities they serve and you do not, in cells whose matches were revealed.
        introductions_to_give: entities you serve and they do not, likewise.
        plays: by amount, largest first; only those with an amount.
    """

    own: tuple[OwnSegment, ...]
    theirs: tuple[TheirSegment, ...]
    matches: int
    introductions_to_get: Count
    introductions_to_give: Count
    plays: tuple[PlayMoney, ...]

    @property
    def listed(self) -> Count:
        """The whole own list."""
        return total(row.listed for row in self.own)

    @property
    def overlap(self) -> Count:
        """What of the own list is on the partner's list too."""
        return total(row.overlap for row in self.own)

    @property
    def whitespace(self) -> Count:
        """Mine without them."""
        return total(row.whitespace for row in self.own)

    @property
    def not_compared(self) -> Count:
        """What of the own list cannot be said to be shared or not."""
        return total(row.not_compared for row in self.own)

    @property
    def partner_at_most(self) -> int:
        """The partner's entities, padding included."""
        return sum(row.at_most for row in self.theirs)

    @property
    def share_of_own(self) -> float:
        """The part of the own entities that is shared, 0 to 1."""
        return self.overlap.entities / self.listed.entities if self.listed.entities else 0.0

    @property
    def share_of_theirs_at_least(self) -> float:
        """The part of the partner's entities that is shared, 0 to 1; more if their list is padded."""
        shared = sum(row.overlap for row in self.theirs)
        return shared / self.partner_at_most if self.partner_at_most else 0.0


def summarise(overlap: pa.Table, whitespace: pa.Table, matrix: pa.Table, result: SessionResult) -> Summary:
    """Count what the three tables hold.

    Args:
        overlap: OVERLAP_SCHEMA.
        whitespace: WHITESPACE_SCHEMA.
        matrix: MATRIX_SCHEMA.
    """
    compared = whitespace["why_not"].is_null()
    shared = _by_segment(overlap)
    missing = _by_segment(whitespace.filter(compared))
    apart = _by_segment(whitespace.filter(pc.invert(compared)))
    in_cell = {(row["segment"], row["their_segment"]): row["entities"] or 0 for row in matrix.to_pylist()}
    return Summary(
        own=tuple(
            OwnSegment(name, shared[name] + missing[name] + apart[name], shared[name], missing[name], apart[name])
            for name in SEGMENTS
        ),
        theirs=tuple(
            TheirSegment(
                name,
                at_most=result.partner_sizes.get(name, 0),
                matches=sum(in_cell[mine, name] for mine in SEGMENTS),
                overlap=_certain(name, in_cell, result),
            )
            for name in SEGMENTS
        ),
        matches=sum(in_cell.values()),
        introductions_to_get=_introductions(overlap, "you"),
        introductions_to_give=_introductions(overlap, "them"),
        plays=_plays(overlap),
    )


def _counted(accounts: pa.Table) -> Count:
    return Count(
        pc.count_distinct(accounts["account_id"]).as_py(), pc.count_distinct(accounts["entity_id"]).as_py()
    )


def _by_segment(accounts: pa.Table) -> dict[str, Count]:
    return {name: _counted(accounts.filter(pc.equal(accounts["segment"], name))) for name in SEGMENTS}


def _certain(theirs: str, in_cell: dict[tuple[str, str], int], result: SessionResult) -> int:
    """Say how many of their entities of a segment are shared at least.

    Within one session each of their entities has one match at most. Cells that show the same and make up a
    rectangle are one session (psi-v1, "rectangle"); else only each cell is known to be.
    """
    columns = [
        sum(in_cell[mine, theirs] for mine in cells)
        for cells in ([[mine] for mine in SEGMENTS] + _whole_columns(theirs, result))
    ]
    return max(columns)


def _whole_columns(theirs: str, result: SessionResult) -> list[list[str]]:
    groups: dict[object, set[tuple[str, str]]] = {}
    for cell in result.named_cells:
        groups.setdefault(result.shown_fields.get(cell), set()).add(cell)
    columns = []
    for cells in groups.values():
        mine, others = {cell[0] for cell in cells}, {cell[1] for cell in cells}
        if theirs in others and len(cells) == len(mine) * len(others):
            columns.append(sorted(mine))
    return columns


def _introductions(overlap: pa.Table, whom: str) -> Count:
    plays = {play.name for play in PLAYS.values() if play.introduces == whom}
    return _counted(overlap.filter(pc.is_in(overlap["play"], value_set=pa.array(sorted(plays)))))


def _plays(overlap: pa.Table) -> tuple[PlayMoney, ...]:
    """Sum each play's amounts, each account once."""
    found = []
    for name in dict.fromkeys(play.name for play in PLAYS.values()):
        rows = overlap.filter(pc.equal(overlap["play"], name))
        amounts = rows.group_by("account_id").aggregate([("amount", "max")])["amount_max"]
        if amount := pc.sum(amounts).as_py():
            found.append(PlayMoney(name, _counted(rows), amount))
    return tuple(sorted(found, key=lambda each: -each.amount))
