"""The counts that a report opens with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.plays import PLAYS
from accountmap.account_map.schema import NOT_COMPARED, NOT_ON_THEIR_LIST, ONLY_COUNTED, SessionResult
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
class Estimate:
    """What the sketches say of own entities: about how many are on the partner's list.

    Attributes:
        entities: how many own entities it is about.
        estimate, at_least, at_most: the number, and the interval that holds the true one in 95 of 100 cases.
        made: when, in UTC: it is made once for a pair of sketches.
    """

    entities: int
    estimate: int
    at_least: int
    at_most: int
    made: datetime


@dataclass(frozen=True)
class OwnSegment:
    """One own segment: `listed` is the sum of the five counts after it.

    Attributes:
        overlap: those with a match.
        possible: those with a possible match that nobody has confirmed or denied.
        whitespace: those without a match, compared with every segment of theirs.
        only_counted: those without a match, compared with some segment of theirs for counts only.
        not_compared: those off limits, outside the joint filter, or hidden from some segment of theirs.
        estimate: from the sketches; None where there is none.
    """

    segment: str
    listed: Count
    overlap: Count
    possible: Count
    whitespace: Count
    only_counted: Count
    not_compared: Count
    estimate: Estimate | None


@dataclass(frozen=True)
class TheirSegment:
    """One segment of the partner, in entities.

    Attributes:
        at_most: its size as announced; the partner pads it, so that the true number may be smaller.
        matches: how many matches it has.
        overlap: how many of its entities are on the own list, at least: one that matches several own entities, in
            several segments, has several matches.
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
class Pipeline:
    """The own accounts of the overlap with an open amount, and its sum."""

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
        pipeline: the open amount of the shared accounts, and how many accounts have one.
        estimate: over the whole own list; None if there is none.
    """

    own: tuple[OwnSegment, ...]
    theirs: tuple[TheirSegment, ...]
    matches: int
    introductions_to_get: Count
    introductions_to_give: Count
    plays: tuple[PlayMoney, ...]
    pipeline: Pipeline
    estimate: Estimate | None

    @property
    def listed(self) -> Count:
        """The whole own list."""
        return total(row.listed for row in self.own)

    @property
    def overlap(self) -> Count:
        """What of the own list is on the partner's list too."""
        return total(row.overlap for row in self.own)

    @property
    def possible(self) -> Count:
        """What may be on the partner's list: to be asked about."""
        return total(row.possible for row in self.own)

    @property
    def whitespace(self) -> Count:
        """What is only on the own list."""
        return total(row.whitespace for row in self.own)

    @property
    def only_counted(self) -> Count:
        """What of the own list was counted, with some segment of theirs, and not named."""
        return total(row.only_counted for row in self.own)

    @property
    def not_compared(self) -> Count:
        """What of the own list was not compared, or not with every segment of theirs."""
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


def summarise(
    overlap: pa.Table, possible: pa.Table, whitespace: pa.Table, matrix: pa.Table, result: SessionResult
) -> Summary:
    """Count what the tables hold.

    Args:
        overlap: OVERLAP_SCHEMA.
        possible: the rows of POSSIBLE_SCHEMA that are in neither the overlap nor the whitespace.
        whitespace: WHITESPACE_SCHEMA.
        matrix: MATRIX_SCHEMA.
    """
    in_cell = {(row["segment"], row["their_segment"]): row["entities"] or 0 for row in matrix.to_pylist()}
    estimates = {
        row.pop("segment"): Estimate(**{name: row[name] for name in Estimate.__annotations__})
        for row in result.estimates.filter(result.estimates["their_segment"].is_null()).to_pylist()
    }
    return Summary(
        own=_own_segments(overlap, possible, whitespace, estimates),
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
        pipeline=_pipeline(overlap),
        estimate=estimates.get(None),
    )


def _own_segments(
    overlap: pa.Table, possible: pa.Table, whitespace: pa.Table, estimates: dict[str | None, Estimate]
) -> tuple[OwnSegment, ...]:
    parts = [
        _by_segment(overlap),
        _by_segment(possible),
        *(
            _by_segment(whitespace.filter(pc.equal(whitespace["status"], status)))
            for status in (NOT_ON_THEIR_LIST, ONLY_COUNTED, NOT_COMPARED)
        ),
    ]
    rows = []
    for name in SEGMENTS:
        overlapping, open_matches, without, counted, apart = (part[name] for part in parts)
        listed = total(part[name] for part in parts)
        estimate = estimates.get(name)
        rows.append(OwnSegment(name, listed, overlapping, open_matches, without, counted, apart, estimate))
    return tuple(rows)


def _counted(accounts: pa.Table) -> Count:
    return Count(
        pc.count_distinct(accounts["account_id"]).as_py(), pc.count_distinct(accounts["entity_id"]).as_py()
    )


def _by_segment(accounts: pa.Table) -> dict[str, Count]:
    return {name: _counted(accounts.filter(pc.equal(accounts["segment"], name))) for name in SEGMENTS}


def _certain(theirs: str, in_cell: dict[tuple[str, str], int], result: SessionResult) -> int:
    """Return how many of their entities of a segment are shared, at least.

    Within one rectangle of the agreement, each of their entities has at most one match. Cells that show the same
    and make up a rectangle are compared as one; of other cells, this is known only for each by itself.
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


def _pipeline(overlap: pa.Table) -> Pipeline:
    """Sum the open amounts, each account once."""
    rows = overlap.filter(pc.greater(overlap["amount"], 0.0).fill_null(False))
    amounts = rows.group_by("account_id").aggregate([("amount", "max")])["amount_max"]
    return Pipeline(_counted(rows), pc.sum(amounts).as_py() or 0.0)
