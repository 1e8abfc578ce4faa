"""Joint plans: a list of matches that both sides sign, and what becomes of it (conversation-v1 §7).

Each side keeps a numbered log about a plan, as about a match. The state of a plan follows from both logs alone, so
both sides arrive at the same. Its id is a digest of what was proposed, so nobody can change that afterwards.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Final

from accountmap.account_map.holdout import commitment, draw
from accountmap.account_map.match_log import in_order
from accountmap.account_map.plan_results import LineReport, PlanResults
from accountmap.model import Role

_ID: Final = b"accountmap-plan-v1 plan\x00"
BOTH: Final = 3
"""Who leads or acts in a line: role + 1, or this."""


class PlanKind(IntEnum):
    """What a plan is for. Its terms have the number."""

    CAMPAIGN = 1
    ACCOUNTS = 2

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.name.lower()


class PlanStep(IntEnum):
    """What an entry about a plan says. The numbers are those on the wire."""

    PROPOSED = 1
    SIGNED = 2
    DECLINED = 3
    OPENED = 4
    CHANGED = 5
    REPORTED = 6
    RECONCILED = 7
    ASSIGNED = 8

    @property
    def label(self) -> str:
        """Its name for people and the ledger."""
        return self.name.lower()


class PlanState(StrEnum):
    """The state of a plan."""

    PROPOSED = "proposed"
    DECLINED = "declined"
    SIGNED = "signed"
    RUNNING = "running"
    SPOILT = "spoilt"
    RECONCILED = "reconciled"

    @property
    def is_open(self) -> bool:
        """Whether it keeps its accounts from being in another plan."""
        return self in (PlanState.PROPOSED, PlanState.SIGNED, PlanState.RUNNING)


@dataclass(frozen=True)
class PlanLine:
    """One match of a plan, as proposed or as changed since.

    Attributes:
        leads, acts: who leads at the account, and who takes the next step: 1 initiator, 2 responder, 3 both.
        due: when the next step is to be done.
        next_step: a person's words. Text from outside if the partner wrote it.
        owner: of the account on the side that writes; empty if the agreement does not show it.
    """

    match_id: bytes
    leads: int
    acts: int
    due: date
    next_step: str = field(default="", repr=False)
    owner: str = field(default="", repr=False)


@dataclass(frozen=True)
class PlanTerms:
    """What is proposed, and signed.

    Attributes:
        begins, ends: first and last day.
        currency: ISO 4217 code, or empty.
        budget: of the initiator and the responder, in ten-thousandths of the currency.
        holdout: how many matches are drawn to be left alone.
        commitment: to the proposer's seed, 32 bytes.
        lines: ascending by match id.
    """

    kind: PlanKind
    title: str = field(repr=False)
    begins: date
    ends: date
    currency: str
    budget: tuple[int, int]
    holdout: int
    commitment: bytes
    lines: tuple[PlanLine, ...]


@dataclass(frozen=True)
class Signing:
    """What the signer adds: its seed, and its owner of the account in each line, in the order of the lines."""

    seed: bytes
    owners: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Declining:
    """What the side that declines wrote; may be empty."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class Opening:
    """The proposer's seed."""

    seed: bytes


@dataclass(frozen=True)
class NextStep:
    """What is to be done at an account next, as in PlanLine."""

    match_id: bytes
    acts: int
    due: date
    next_step: str = field(default="", repr=False)


@dataclass(frozen=True)
class Changes:
    """Lines with a new next step."""

    lines: tuple[NextStep, ...]


@dataclass(frozen=True)
class Owner:
    """Who owns an account on the side that writes; empty if the agreement does not show it."""

    match_id: bytes
    owner: str = field(repr=False)


@dataclass(frozen=True)
class Assigning:
    """Lines with a new owner on the side that writes."""

    lines: tuple[Owner, ...]


@dataclass(frozen=True)
class Progress:
    """What one side did and what came of it; `spent` is what it has used of its budget in total, or None."""

    spent: int | None
    lines: tuple[LineReport, ...]


@dataclass(frozen=True)
class Reconciling:
    """A statement that the results have this digest, from this many entries of the initiator and the responder."""

    base: tuple[int, int]
    digest: bytes


Content = PlanTerms | Signing | Declining | Opening | Changes | Progress | Reconciling | Assigning
STEP_OF: Final[Mapping[type, PlanStep]] = {
    PlanTerms: PlanStep.PROPOSED,
    Signing: PlanStep.SIGNED,
    Declining: PlanStep.DECLINED,
    Opening: PlanStep.OPENED,
    Changes: PlanStep.CHANGED,
    Progress: PlanStep.REPORTED,
    Reconciling: PlanStep.RECONCILED,
    Assigning: PlanStep.ASSIGNED,
}


@dataclass(frozen=True)
class PlanEntry:
    """One thing that one side said about a plan; number, seen, time and came as in match_log.Entry.

    Attributes:
        plan_id: 32 bytes.
    """

    plan_id: bytes
    role: Role
    number: int
    seen: int
    time: datetime
    content: Content
    came: datetime | None = field(default=None, compare=False)

    @property
    def step(self) -> PlanStep:
        """What it says."""
        return STEP_OF[type(self.content)]

    @property
    def matches(self) -> int:
        """How many matches it names one by one."""
        return len(getattr(self.content, "owners", getattr(self.content, "lines", ())))

    @property
    def place(self) -> tuple[int, int]:
        """As match_log.Entry.place."""
        return self.number + self.seen, self.role


def plan_id_of(sid: bytes, proposer: Role, terms: bytes) -> bytes:
    """Return the id of a plan.

    Args:
        terms: as bytes.
    """
    return hashlib.sha256(_ID + sid + bytes([proposer]) + terms).digest()


@dataclass
class JointPlan:
    """What both sides' entries about one plan come to.

    Attributes:
        proposer: the side that proposed it.
        lines: by match id, with the last next step, date and who acts; their `owner` is empty.
        owners: of the initiator and the responder, by match id.
        holdout: the matches that are left alone; None before both seeds are open.
        reconciled: by side, the digest that it stated last, and whether the entries that it names give it.
        agreed_to: by side, all digests it has stated that were right.
        base: the entries that the reconciled results are from, as Reconciling.base; None before.
        effective, passed_over: the entries that count, in order, and the others.
    """

    sid: bytes
    plan_id: bytes
    proposer: Role
    terms: PlanTerms
    state: PlanState = PlanState.PROPOSED
    lines: dict[bytes, PlanLine] = field(default_factory=dict)
    owners: tuple[dict[bytes, str], dict[bytes, str]] = field(default_factory=lambda: ({}, {}))
    holdout: frozenset[bytes] | None = None
    reconciled: dict[Role, tuple[bytes, bool]] = field(default_factory=dict)
    agreed_to: dict[Role, set[bytes]] = field(default_factory=dict)
    base: tuple[int, int] | None = None
    effective: list[PlanEntry] = field(default_factory=list)
    passed_over: list[PlanEntry] = field(default_factory=list)

    @classmethod
    def of(cls, sid: bytes, entries: Iterable[PlanEntry]) -> "JointPlan | None":
        """Fold the entries of both sides about one plan; None until its proposal is there.

        Args:
            sid: of the session that has the matches.
        """
        ordered = in_order(entries)
        first = next((each for each in ordered if isinstance(each.content, PlanTerms)), None)
        if first is None or not isinstance(first.content, PlanTerms):
            return None
        plan = cls(sid, first.plan_id, first.role, first.content)
        for each in ordered:
            if plan.allows(each.role, each.content):
                plan._take(each)
                plan.effective.append(each)
            else:
                plan.passed_over.append(each)
        return plan

    def allows(self, role: Role, content: Content) -> bool:
        """Return whether a side may now say something."""
        step, state = STEP_OF[type(content)], self.state
        if step is PlanStep.PROPOSED:
            return role is self.proposer and not self.lines
        if not self.lines:  # written by a program that says it had not seen the proposal
            return False
        if step in (PlanStep.SIGNED, PlanStep.DECLINED):
            return state is PlanState.PROPOSED and role is not self.proposer
        if step is PlanStep.OPENED:
            return state is PlanState.SIGNED and role is self.proposer
        if isinstance(content, Changes) and not all(
            self.may_change(role, each.match_id) for each in content.lines
        ):
            return False
        return state is PlanState.RUNNING

    def may_change(self, role: Role, match_id: bytes) -> bool:
        """Return whether a side may change a next step: where it leads, and the account is not in the holdout."""
        return match_id not in (self.holdout or ()) and self.lines[match_id].leads in (role + 1, BOTH)

    def first(self, step: PlanStep) -> PlanEntry | None:
        """Return the first entry that says `step`, or None."""
        return next((each for each in self.effective if each.step is step), None)

    @property
    def match_ids(self) -> tuple[bytes, ...]:
        """The matches of the plan, ascending."""
        return tuple(each.match_id for each in self.terms.lines)

    def waits_for(self) -> Role | None:
        """Return which side has to act so that the plan comes about, or is reconciled; None if neither has to."""
        if self.state in (PlanState.PROPOSED, PlanState.SIGNED):
            return self.proposer.other if self.state is PlanState.PROPOSED else self.proposer
        said = self.reconciled if self.state is PlanState.RUNNING else {}
        current = [role for role, (digest, holds) in said.items() if holds and digest == self.results().digest]
        return current[0].other if len(current) == 1 else None

    def results(self, base: tuple[int, int] | None = None) -> PlanResults:
        """Return both sides' reports.

        Args:
            base: how many entries of the initiator and the responder count; by default those that both reconciled,
                or all.
        """
        reports: dict[tuple[Role, bytes], LineReport] = {}
        spent: list[int | None] = [None, None]
        most = base or self.base
        for entry in self.effective:
            said = entry.content
            if isinstance(said, Progress) and (most is None or entry.number <= most[entry.role]):
                reports |= {(entry.role, each.match_id): each for each in said.lines}
                spent[entry.role] = spent[entry.role] if said.spent is None else said.spent
        terms = self.terms
        return PlanResults(
            plan_id=self.plan_id,
            match_ids=self.match_ids,
            holdout=self.holdout or frozenset(),
            reports=reports,
            budget=terms.budget,
            spent=(spent[0], spent[1]),
            currency=terms.currency,
        )

    def _take(self, entry: PlanEntry) -> None:
        role = entry.role
        match entry.content:
            case PlanTerms(lines=lines):
                self.owners[role].update({each.match_id: each.owner for each in lines})
                self.lines.update({each.match_id: replace(each, owner="") for each in lines})
            case Signing(owners=owners):
                self.owners[role].update(zip(self.match_ids, owners, strict=True))
                self.state = PlanState.SIGNED
            case Declining():
                self.state = PlanState.DECLINED
            case Opening(seed=seed):
                self._open(seed)
            case Changes(lines=changed):
                for each in changed:
                    now = self.lines[each.match_id]
                    self.lines[each.match_id] = replace(
                        now, acts=each.acts, due=each.due, next_step=each.next_step
                    )
            case Assigning(lines=assigned):
                self.owners[role].update({each.match_id: each.owner for each in assigned})
            case Reconciling(base=base, digest=digest):
                self._reconcile(role, base, digest)

    def _open(self, seed: bytes) -> None:
        """Draw the holdout, now that both seeds are known."""
        signing = self.first(PlanStep.SIGNED)
        if signing and isinstance(signing.content, Signing):
            if commitment(self.sid, self.proposer, seed) == self.terms.commitment:
                self.holdout = draw(self.plan_id, seed, signing.content.seed, self.match_ids, self.terms.holdout)
                self.state = PlanState.RUNNING
            else:
                self.state = PlanState.SPOILT

    def _reconcile(self, role: Role, base: tuple[int, int], digest: bytes) -> None:
        holds = self.results(base).digest == digest
        self.reconciled[role] = digest, holds
        if holds:
            self.agreed_to.setdefault(role, set()).add(digest)
        # Not the last alone: one backdated to before the other side's would open the plan again.
        if holds and digest in self.agreed_to.get(role.other, ()):
            self.state, self.base = PlanState.RECONCILED, base
