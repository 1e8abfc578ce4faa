"""What two partners have told each other about single matches, and what follows from it (conversation-v1 §6).

Each side keeps a numbered log about a match; the other gets its entries in any order. The state is a function of
both logs alone, so that both sides arrive at the same one: the entries are put into one order, and an entry that
the table of transitions does not allow at its place has no effect.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final, Protocol, TypeVar

from accountmap.model import Result, Role, Step, Topic


class By(IntEnum):
    """Who may take a step."""

    ANYBODY = 0
    WHO_BEGAN = 1
    THE_OTHER = 2
    INTRODUCER = 3
    SEEKER = 4


@dataclass(frozen=True)
class Transition:
    """One row of the table: who may take a step, and when.

    Attributes:
        before: the states in which it may be taken; None is the beginning.
        values: those that the entry may have.
    """

    topic: Topic
    step: Step
    before: frozenset[Step | None]
    by: By
    values: Collection[int] = (0,)


def _row(topic: Topic, step: Step, before: Iterable[Step | None], by: By, values: Collection[int]) -> Transition:
    return Transition(topic, step, frozenset(before), by, values)


_S, _INTRO = Step, Topic.INTRODUCTION
_ENDED: Final = (None, _S.DECLINED, _S.MADE, _S.OUTCOME)
_SIDES: Final = (1, 2, 3)

TRANSITIONS: Final = (
    _row(_INTRO, _S.ASKED, _ENDED, By.ANYBODY, (0,)),
    _row(_INTRO, _S.OFFERED, _ENDED, By.ANYBODY, (0,)),
    _row(_INTRO, _S.ACCEPTED, (_S.ASKED, _S.OFFERED), By.THE_OTHER, (0,)),
    _row(_INTRO, _S.DECLINED, (_S.ASKED, _S.OFFERED), By.THE_OTHER, (0,)),
    _row(_INTRO, _S.DECLINED, (_S.ACCEPTED,), By.INTRODUCER, (0,)),
    _row(_INTRO, _S.MADE, (_S.ACCEPTED,), By.INTRODUCER, (0,)),
    _row(_INTRO, _S.OUTCOME, (_S.MADE, _S.OUTCOME), By.SEEKER, tuple(Result)),
    _row(Topic.LEAD, _S.PROPOSED, (None, _S.AGREED, _S.DECLINED), By.ANYBODY, _SIDES),
    _row(Topic.LEAD, _S.AGREED, (_S.PROPOSED,), By.THE_OTHER, (0,)),
    _row(Topic.LEAD, _S.DECLINED, (_S.PROPOSED,), By.THE_OTHER, (0,)),
    _row(Topic.DEAL, _S.REGISTERED, (None, _S.WITHDRAWN), By.ANYBODY, (0,)),
    _row(Topic.DEAL, _S.WITHDRAWN, (_S.REGISTERED,), By.WHO_BEGAN, (0,)),
    _row(Topic.NOTE, _S.NOTED, (None, _S.NOTED), By.ANYBODY, (0,)),
)
"""All that may be said about a match. Each side has a deal of its own; an introduction and a lead belong to both.

A proposal remains open until the other side answers it. An entry with a low `seen` is ordered before an answer
that is already there, and must not change what that answer agreed to.
"""

STEPS: Final[Mapping[Topic, tuple[Step, ...]]] = {
    Topic.INTRODUCTION: (_S.ASKED, _S.OFFERED, _S.ACCEPTED, _S.DECLINED, _S.MADE, _S.OUTCOME),
    Topic.LEAD: (_S.PROPOSED, _S.AGREED, _S.DECLINED),
    Topic.DEAL: (_S.REGISTERED, _S.WITHDRAWN),
    Topic.NOTE: (_S.NOTED,),
}
"""The steps of each topic; a message has their number, from 1."""

SAME_DAY: Final = timedelta(days=1)
"""Two dates of registration no further apart than this do not decide which was first: clocks and mail differ."""


def leads_of(value: int) -> Role | None:
    """Return the side that leads by the value of a proposal; None is both."""
    return {1: Role.INITIATOR, 2: Role.RESPONDER}.get(value)


class Decided(StrEnum):
    """Why one of two registered deals counts, in the order of precedence; WITHIN_A_DAY decides nothing."""

    ALONE = "no other is registered"
    LEAD = "agreed lead"
    SEEN = "registered first"
    RULE = "rule of engagement"
    DATE = "earlier date"
    WITHIN_A_DAY = "dates within a day"


@dataclass(frozen=True)
class Entry:
    """One thing that one side said about a match.

    Attributes:
        match_id: 16 bytes.
        role: of who said it, in the session that has the match.
        number: its place in that side's log about the match, from 1.
        seen: how many entries of the other side's log its writer knew.
        time: when it was written, by the writer's clock, in UTC and whole seconds.
        value: of an outcome (Result) or of a proposal (1 initiator, 2 responder, 3 both); else 0.
        text: what a person wrote; may be empty. Text from outside if it is the partner's.
        fields: agreed fields that came with it, by name.
        came: when it arrived, by this side's clock; for own entries, when it was written.
    """

    match_id: bytes
    role: Role
    number: int
    seen: int
    time: datetime
    topic: Topic
    step: Step
    value: int = 0
    text: str = field(default="", repr=False)
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    came: datetime | None = field(default=None, compare=False)

    @property
    def place(self) -> tuple[int, int]:
        """Where it comes among the entries of both: after all that its writer had seen."""
        return self.number + self.seen, self.role


class Logged(Protocol):
    """What entries about matches and about plans have in common: their place in a side's log, as in Entry."""

    @property
    def role(self) -> Role:
        """Who wrote it."""
        ...

    @property
    def number(self) -> int:
        """Its place in that side's log."""
        ...

    @property
    def seen(self) -> int:
        """How many entries of the other side's log its writer knew."""
        ...

    @property
    def time(self) -> datetime:
        """When it was written."""
        ...

    @property
    def place(self) -> tuple[int, int]:
        """Where it comes among the entries of both."""
        ...


AnyEntry = TypeVar("AnyEntry", bound=Logged)


def in_order(entries: Iterable[AnyEntry]) -> list[AnyEntry]:
    """Put the entries of both sides about one match or plan into the order in which they count.

    Entries after a gap in a side's log wait until the gap is filled.
    """
    known = {(each.role, each.number): each for each in entries}
    found = []
    for role in Role:
        number = 1
        while (role, number) in known:
            found.append(known[role, number])
            number += 1
    return sorted(found, key=lambda each: each.place)


@dataclass
class _Open:
    """One topic: its state, who began it, and who wants to be introduced."""

    state: Step | None = None
    began: Role | None = None
    seeker: Role | None = None


@dataclass
class MatchLog:
    """What both sides' entries about one match come to.

    Attributes:
        leader: who leads by the rules of engagement, as far as they say so for certain; None if they name nobody.
        effective: the entries that count, in order.
        passed_over: the other entries: the table or the rules did not allow them at their place.
        agreed: the value of the last lead that both agreed on, or 0.
    """

    leader: Role | None = None
    effective: list[Entry] = field(default_factory=list)
    passed_over: list[Entry] = field(default_factory=list)
    agreed: int = 0
    _topics: dict[tuple[Topic, Role | None], _Open] = field(default_factory=dict)
    _proposed: int = 0

    @classmethod
    def of(cls, entries: Iterable[Entry], leader: Role | None = None) -> "MatchLog":
        """Fold the entries of both sides about one match."""
        log = cls(leader)
        for each in in_order(entries):
            if log.allows(each.role, each.topic, each.step, each.value):
                log._take(each)
            else:
                log.passed_over.append(each)
        return log

    def allows(self, role: Role, topic: Topic, step: Step, value: int = 0) -> bool:
        """Return whether a side may now take a step."""
        now = self._now(topic, role)
        fits = any(
            (row.topic, row.step) == (topic, step)
            and now.state in row.before
            and value in row.values
            and role in _who(row.by, now)
            for row in TRANSITIONS
        )
        return fits and not (step is Step.ASKED and self.breaks_rules(role))

    def breaks_rules(self, seeker: Role) -> bool:
        """Return whether a side may not ask to be introduced because the other leads: only the other may offer."""
        return self.leads is seeker.other

    @property
    def leads(self) -> Role | None:
        """Who leads: whom both agreed on, or else whom the rules name. None is both, or nobody."""
        return leads_of(self.agreed) if self.agreed else self.leader

    def state(self, topic: Topic, role: Role) -> Step | None:
        """Return the state of a topic; each side's deal has its own."""
        return self._now(topic, role).state

    def waits_for(self, topic: Topic) -> Role | None:
        """Return which side has to act on an introduction or a proposal, or None."""
        now = self._now(topic, Role.INITIATOR)
        if now.began is None or now.seeker is None:
            return None
        if now.state in (Step.ASKED, Step.OFFERED, Step.PROPOSED):
            return now.began.other
        return {Step.ACCEPTED: now.seeker.other, Step.MADE: now.seeker}.get(now.state or Step.NOTED)

    def _now(self, topic: Topic, role: Role) -> _Open:
        return self._topics.setdefault((topic, role if topic is Topic.DEAL else None), _Open())

    def _take(self, entry: Entry) -> None:
        now = self._now(entry.topic, entry.role)
        now.state = entry.step
        if entry.step in (Step.ASKED, Step.OFFERED, Step.PROPOSED, Step.REGISTERED):
            now.began = entry.role
            now.seeker = entry.role.other if entry.step is Step.OFFERED else entry.role
        if entry.step is Step.PROPOSED:
            self._proposed = entry.value
        if entry.step is Step.AGREED:
            self.agreed = self._proposed
        self.effective.append(entry)


def _who(by: By, now: _Open) -> Collection[Role]:
    if by is By.ANYBODY:
        return tuple(Role)
    if now.began is None or now.seeker is None:
        return ()
    return {
        By.WHO_BEGAN: (now.began,),
        By.THE_OTHER: (now.began.other,),
        By.SEEKER: (now.seeker,),
        By.INTRODUCER: (now.seeker.other,),
    }[by]


def deal_that_counts(log: MatchLog) -> tuple[Role | None, Decided]:
    """Decide which of the deals registered for a match counts, from what both sides know.

    Dates come from clocks that may be wrong or set back, so they decide last, and only if they are more than a day
    apart; a lead that both agreed on decides first.

    Returns:
        The side whose deal counts, or None, and why. At least one side must have registered one.
    """
    active = [entry for role in Role if (entry := _registration(log, role)) is not None]
    if len(active) == 1:
        return active[0].role, Decided.ALONE
    one, other = active
    first = one if one.time < other.time else other
    apart = abs(one.time - other.time) > SAME_DAY
    rules = (
        (Decided.LEAD, leads_of(log.agreed)),
        (Decided.SEEN, other.role if one.seen >= other.number else None),
        (Decided.SEEN, one.role if other.seen >= one.number else None),
        (Decided.RULE, log.leader),
        (Decided.DATE, first.role if apart else None),
    )
    return next(((role, why) for why, role in rules if role is not None), (None, Decided.WITHIN_A_DAY))


def _registration(log: MatchLog, role: Role) -> Entry | None:
    """Return the entry that registered a side's deal, or None if it has none or withdrew it."""
    if log.state(Topic.DEAL, role) is not Step.REGISTERED:
        return None
    return next(each for each in reversed(log.effective) if (each.step, each.role) == (Step.REGISTERED, role))
