"""The numbers of a session that a person asks for first, each with what it counts."""

from collections.abc import Iterable
from dataclasses import dataclass


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
