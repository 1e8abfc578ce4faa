"""Introductions, leads, registered deals and notes about single matches, as one side sees them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from accountmap.account_map.match_log import Decided, Entry, MatchLog, deal_that_counts, leads_of
from accountmap.model import Leader, Result, Role, Step, Topic


@dataclass(frozen=True)
class StepTaken:
    """One step of an introduction or of a proposal, as one side sees it.

    Attributes:
        ours: whether this side took it.
        at: when, by the clock of who took it.
        text, fields: what came with it; text from outside if it is not ours.
        came: when it arrived here, None if it is ours.
    """

    step: Step
    ours: bool
    at: datetime
    text: str = field(default="", repr=False)
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    came: datetime | None = field(default=None, compare=False)

    @property
    def known(self) -> datetime:
        """When this side knew of it, by its own clock, which no partner can backdate."""
        return self.came or self.at


@dataclass(frozen=True)
class Introduction:
    """An introduction to a shared account, as one side sees it.

    Attributes:
        match_id: hex.
        account_id: the first own account of the match.
        ours: whether this side began it, by asking or offering.
        seeker: who is to be introduced, ME or THEM; the other introduces.
        state: ASKED, OFFERED, ACCEPTED, DECLINED, MADE or OUTCOME.
        steps: all that was said, the first one first.
        waits_for: who has to act next, ME or THEM; None if nobody has to.
        result: what came of it, with the state OUTCOME.
    """

    match_id: str
    account_id: str = field(repr=False)
    ours: bool
    seeker: Leader
    state: Step
    steps: tuple[StepTaken, ...]
    waits_for: Leader | None
    result: Result | None

    def at(self, *steps: Step) -> datetime | None:
        """Return when one of some steps was last taken, or None."""
        return next((each.at for each in reversed(self.steps) if each.step in steps), None)

    @property
    def opened(self) -> datetime:
        """When it was asked for or offered, by this side's clock: if the partner began it, when that arrived."""
        return self.steps[0].known

    @property
    def answered(self) -> datetime | None:
        """When it was last accepted or declined, by this side's clock, or None."""
        answers = (Step.ACCEPTED, Step.DECLINED)
        return next((each.known for each in reversed(self.steps) if each.step in answers), None)


@dataclass(frozen=True)
class LeadProposal:
    """A proposal of who takes a shared account, as one side sees it.

    Attributes:
        ours: whether this side made it.
        leads: ME, THEM or BOTH, as proposed.
        state: PROPOSED, AGREED or DECLINED. The last proposal that was agreed is in force.
    """

    match_id: str
    account_id: str = field(repr=False)
    ours: bool
    leads: Leader
    state: Step
    steps: tuple[StepTaken, ...]
    waits_for: Leader | None


@dataclass(frozen=True)
class DealRegistration:
    """A deal that one side registered for a shared account, as one side sees it.

    Attributes:
        ours: whether this side registered it.
        state: REGISTERED or WITHDRAWN.
        registered: by the clock of who registered it; came: when it arrived here, None if it is ours.
        counts: whether it is the one that counts; None if the two sides have to agree on a lead first, or if it
            was withdrawn.
        decided: why, or None if it was withdrawn.
    """

    match_id: str
    account_id: str = field(repr=False)
    ours: bool
    state: Step
    registered: datetime
    came: datetime | None
    withdrawn: datetime | None
    counts: bool | None
    decided: Decided | None
    text: str = field(default="", repr=False)
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class MatchNote:
    """A note about a shared account; text from outside if it is not ours."""

    match_id: str
    account_id: str = field(repr=False)
    ours: bool
    written: datetime
    text: str = field(repr=False)


@dataclass(frozen=True)
class PassedOver:
    """A step that had no effect: both sides said something at once, or a rule of engagement did not allow it."""

    match_id: str
    account_id: str = field(repr=False)
    ours: bool
    topic: Topic
    step: Step
    at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True)
class CoSelling:
    """All that two partners have told each other about single matches; each part by match, then by time."""

    introductions: tuple[Introduction, ...] = ()
    leads: tuple[LeadProposal, ...] = ()
    deals: tuple[DealRegistration, ...] = ()
    notes: tuple[MatchNote, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()

    def __add__(self, other: "CoSelling") -> "CoSelling":
        """Append what was said about other matches."""
        return CoSelling(
            self.introductions + other.introductions,
            self.leads + other.leads,
            self.deals + other.deals,
            self.notes + other.notes,
            self.passed_over + other.passed_over,
        )


def seen_from(log: MatchLog, role: Role, account_id: str) -> CoSelling:
    """Describe what was said about one match as one side sees it."""
    view = _View(log, role, account_id)
    return CoSelling(view.introductions(), view.leads(), view.deals(), view.notes(), view.passed_over())


@dataclass(frozen=True)
class _View:
    log: MatchLog
    role: Role
    account_id: str

    def introductions(self) -> tuple[Introduction, ...]:
        runs = self._runs(Topic.INTRODUCTION, (Step.ASKED, Step.OFFERED))
        found = []
        for run in runs:
            first, last = run[0], run[-1]
            seeker = first.role if first.step is Step.ASKED else first.role.other
            found.append(
                Introduction(
                    match_id=first.match_id.hex(),
                    account_id=self.account_id,
                    ours=first.role is self.role,
                    seeker=self._side(seeker),
                    state=last.step,
                    steps=self._steps(run),
                    waits_for=self._waits(Topic.INTRODUCTION) if run is runs[-1] else None,
                    result=Result(last.value) if last.step is Step.OUTCOME else None,
                )
            )
        return tuple(found)

    def leads(self) -> tuple[LeadProposal, ...]:
        runs = self._runs(Topic.LEAD, (Step.PROPOSED,))
        found = []
        for run in runs:
            leads = leads_of(run[0].value)
            found.append(
                LeadProposal(
                    match_id=run[0].match_id.hex(),
                    account_id=self.account_id,
                    ours=run[0].role is self.role,
                    leads=Leader.BOTH if leads is None else self._side(leads),
                    state=run[-1].step,
                    steps=self._steps(run),
                    waits_for=self._waits(Topic.LEAD) if run is runs[-1] else None,
                )
            )
        return tuple(found)

    def deals(self) -> tuple[DealRegistration, ...]:
        found = []
        for role in Role:
            for run in self._runs(Topic.DEAL, (Step.REGISTERED,), role):
                active = run[-1].step is Step.REGISTERED
                counts, decided = deal_that_counts(self.log) if active else (None, None)
                found.append(
                    DealRegistration(
                        match_id=run[0].match_id.hex(),
                        account_id=self.account_id,
                        ours=role is self.role,
                        state=run[-1].step,
                        registered=run[0].time,
                        came=None if role is self.role else run[0].came,
                        withdrawn=None if active else run[-1].time,
                        counts=None if counts is None else counts is role,
                        decided=decided,
                        text=run[0].text,
                        fields=run[0].fields,
                    )
                )
        return tuple(found)

    def notes(self) -> tuple[MatchNote, ...]:
        return tuple(
            MatchNote(each.match_id.hex(), self.account_id, each.role is self.role, each.time, each.text)
            for each in self.log.effective
            if each.topic is Topic.NOTE
        )

    def passed_over(self) -> tuple[PassedOver, ...]:
        return tuple(
            PassedOver(
                each.match_id.hex(),
                self.account_id,
                each.role is self.role,
                each.topic,
                each.step,
                each.time,
                each.text,
            )
            for each in self.log.passed_over
        )

    def _runs(self, topic: Topic, openings: Collection[Step], role: Role | None = None) -> list[list[Entry]]:
        """Cut the entries of a topic where a new introduction, proposal or registration begins."""
        runs: list[list[Entry]] = []
        for each in self.log.effective:
            if each.topic is topic and role in (None, each.role):
                if each.step in openings:
                    runs.append([])
                runs[-1].append(each)
        return runs

    def _steps(self, run: Iterable[Entry]) -> tuple[StepTaken, ...]:
        return tuple(
            StepTaken(
                e.step, e.role is self.role, e.time, e.text, e.fields, None if e.role is self.role else e.came
            )
            for e in run
        )

    def _side(self, role: Role) -> Leader:
        return Leader.ME if role is self.role else Leader.THEM

    def _waits(self, topic: Topic) -> Leader | None:
        waits = self.log.waits_for(topic)
        return None if waits is None else self._side(waits)
