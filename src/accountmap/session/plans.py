"""Joint plans in a workspace: what may be proposed, signed and said, and what was said (conversation-v1 §7)."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain

from accountmap.account_map.joint_plan import (
    STEP_OF,
    Changes,
    Content,
    Declining,
    JointPlan,
    Opening,
    PlanEntry,
    PlanState,
    PlanStep,
    PlanTerms,
    plan_id_of,
)
from accountmap.errors import InputError, TrustError, UsageError
from accountmap.model import Leader, Role, Step
from accountmap.session.conversation_content import MOST_ENTRIES, NOTE_BYTES
from accountmap.session.plan_content import (
    PlanMatter,
    decode_plan_entry,
    read_plan_entry,
    write_terms,
)
from accountmap.session.questions import SessionMatches, finished_sessions
from accountmap.trust.conversation import Kind, Talk
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace
from accountmap.workspace.entries import KeptPlanEntry


@dataclass(frozen=True)
class KnownPlan:
    """A plan, with the session that its matches are from.

    Attributes:
        came: when the proposal was written or arrived here; changed: when the last entry did.
    """

    plan: JointPlan
    matches: SessionMatches = field(repr=False)
    came: datetime
    changed: datetime

    @property
    def id(self) -> str:
        """In hex; the first digits are enough to name it."""
        return self.plan.plan_id.hex()

    @property
    def ours(self) -> bool:
        """Whether this side proposed it."""
        return self.plan.proposer is self.matches.role

    @property
    def waits_for(self) -> Leader | None:
        """Who has to act, ME or THEM; None if nobody has to."""
        waits = self.plan.waits_for()
        return None if waits is None else Leader.ME if waits is self.matches.role else Leader.THEM

    @property
    def since(self) -> datetime:
        """When it came into its state, by our clock; a partner cannot change this by saying more."""
        steps = {PlanStep.PROPOSED, PlanStep.SIGNED, PlanStep.DECLINED, PlanStep.OPENED}
        if self.plan.state is PlanState.RECONCILED:
            steps.add(PlanStep.RECONCILED)
        last = next(each for each in reversed(self.plan.effective) if each.step in steps)
        return last.came or last.time

    @property
    def declined_with(self) -> str:
        """The text with which it was declined; it comes from outside if the partner declined."""
        found = self.plan.first(PlanStep.DECLINED)
        return found.content.text if found and isinstance(found.content, Declining) else ""

    @property
    def is_unopened(self) -> bool:
        """Whether the partner could see the draw and has not opened its seed, or has opened a different one."""
        return not self.ours and self.plan.state in (PlanState.SIGNED, PlanState.SPOILT)

    def account_ids(self, match_ids: Iterable[bytes] | None = None) -> set[str]:
        """Return the own accounts of the plan, or of some of its matches."""
        chosen = self.plan.match_ids if match_ids is None else match_ids
        return set(chain.from_iterable(map(self.matches.account_ids, chosen)))


def plan_entries(kept: Iterable[KeptPlanEntry]) -> list[PlanEntry]:
    """Read entries as they are kept."""
    return [replace(decode_plan_entry(each.content, each.role), came=each.came) for each in kept]


def load_plans(workspace: Workspace, partner: PartnerRecord) -> tuple[KnownPlan, ...]:
    """Return all plans with a partner, in the order in which they were known here."""
    records = {record.id: record for record in finished_sessions(workspace, partner)}
    by_plan: dict[bytes, list[KeptPlanEntry]] = {}
    for each in workspace.plans.with_partner(partner.slug):
        by_plan.setdefault(each.plan_id, []).append(each)
    sessions: dict[int, SessionMatches] = {}
    found = []
    for kept in by_plan.values():
        record = records[kept[0].session]
        plan = JointPlan.of(record.sid, plan_entries(kept))
        if plan is not None:
            matches = sessions.setdefault(record.id, SessionMatches(workspace, partner, record))
            times = [each.came for each in kept]
            found.append(KnownPlan(plan, matches, times[0], max(times)))
    return tuple(found)


def find_plan(plans: Sequence[KnownPlan], prefix: str | None) -> KnownPlan:
    """Find a plan by the first digits of its id; without digits, the one that is open, or the last if none is.

    Raises:
        InputError: none fits, or more than one does.
    """
    if prefix:
        fits = [each for each in plans if each.id.startswith(prefix.lower())]
    else:
        fits = [each for each in plans if each.plan.state.is_open] or list(plans[-1:])
    if len(fits) == 1:
        return fits[0]
    which = f" whose id begins with {prefix!r}" if prefix else ""
    problem = "there is more than one plan" if fits else "there is no plan"
    raise InputError(f"{problem}{which}", "See them, and name one with --plan: accountmap plan status")


def find_line(match_ids: Collection[bytes], prefix: str) -> bytes:
    """Find a match by the first digits of its id.

    Raises:
        InputError: none fits, or more than one does.
    """
    with suppress(ValueError):
        if (whole := bytes.fromhex(prefix)) in match_ids:  # a file names thousands, each in full
            return whole
    fits = [each for each in match_ids if prefix and each.hex().startswith(prefix.lower())]
    if len(fits) != 1:
        problem = "more than one match has" if fits else "no match here has"
        raise InputError(
            f"{problem} an id that begins with {prefix!r}", "Copy it from a report, or from the plan."
        )
    return fits[0]


def check_plan_statement(plan: JointPlan, role: Role, content: Content) -> None:
    """Refuse what the state of a plan does not allow this side to say.

    Raises:
        InputError: a text is too long.
        UsageError: it does not follow from what was said so far.
    """
    text = getattr(content, "text", "")
    if len(text.encode()) > NOTE_BYTES:
        raise InputError(f"the text is longer than {NOTE_BYTES:,} bytes")
    if plan.allows(role, content):
        return
    hint = "See where it is: accountmap plan status"
    if isinstance(content, Changes) and plan.state is PlanState.RUNNING:
        if any(each.match_id in (plan.holdout or ()) for each in content.lines):
            raise UsageError("an account of the holdout has no next step: both of you leave it alone", hint)
        raise UsageError("your partner leads at this account: only they change its next step", hint)
    step = STEP_OF[type(content)].label
    raise UsageError(f"this plan is {plan.state}: it cannot be {step} by you now", hint)


@dataclass(frozen=True)
class PlanStatement:
    """What this side says about a plan.

    Attributes:
        record: the session that the matches are from.
        plan_id: None for a proposal, whose id follows from its terms.
        seed: for a proposal, the seed that its terms fix.
    """

    record: SessionRecord
    plan_id: bytes | None
    content: Content
    seed: bytes = field(default=b"", repr=False)

    @property
    def facts(self) -> dict[str, object]:
        """What the ledger records about it: no account."""
        content = self.content
        lines: Sequence[object] = getattr(content, "lines", ())
        owners = getattr(content, "owners", ())
        shown = {
            "owner_name": any(owners) or any(getattr(each, "owner", "") for each in lines),
            "amount": any(getattr(each, "amount", None) is not None for each in lines),
        }
        return {
            "topic": Kind.PLANS.label,
            "step": STEP_OF[type(content)].label,
            "matches": len(lines) or len(owners),
            "fields": [name for name, is_shown in shown.items() if is_shown],
        }

    def entry(
        self, workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, now: datetime
    ) -> PlanEntry:
        """Return it as the next entry of our log. Call inside the transaction that keeps it.

        Raises:
            InputError, UsageError: the plan does not allow it now, or the log is full.
        """
        plan_id, role = self.plan_id or self._new_id(matches), matches.role
        kept = workspace.plans.about(partner.slug, plan_id)
        known = plan_entries(kept)
        plan = JointPlan.of(matches.record.sid, known)
        if plan is not None:
            check_plan_statement(plan, role, self.content)
        own = [each for each in known if each.role is role]
        theirs = {each.number for each in known if each.role is not role}
        if len(own) >= MOST_ENTRIES:
            raise UsageError(f"there are {MOST_ENTRIES:,} entries about this plan already, the most there can be")
        seen = next(number for number in range(len(theirs) + 1) if number + 1 not in theirs)
        time = max([now.replace(microsecond=0), *(each.time for each in own)])
        return PlanEntry(plan_id, role, len(own) + 1, seen, time, self.content, now)

    def _new_id(self, matches: SessionMatches) -> bytes:
        if not isinstance(self.content, PlanTerms):
            raise UsageError("only a proposal begins a plan")
        return plan_id_of(matches.record.sid, matches.role, write_terms(self.content))


def openings(workspace: Workspace, partner: PartnerRecord) -> list[PlanStatement]:
    """Return what opens those of our plans that the partner has signed: nobody needs to decide about that."""
    return [
        PlanStatement(each.matches.record, each.plan.plan_id, Opening(workspace.plans.seed(each.plan.plan_id)))
        for each in load_plans(workspace, partner)
        if each.ours and each.plan.state is PlanState.SIGNED
    ]


def awaits_opening(workspace: Workspace, partner: PartnerRecord) -> bool:
    """Return whether the partner's program has to open a plan, which it does automatically."""
    return any(not each.ours and each.plan.state is PlanState.SIGNED for each in load_plans(workspace, partner))


def keep_plan(
    workspace: Workspace,
    partner: PartnerRecord,
    matches: SessionMatches,
    entry: PlanEntry,
    content: bytes,
    message_id: bytes,
    proof: bytes = b"",
) -> None:
    """Keep an entry that leaves, or that came with the proof of its message."""
    workspace.plans.add(
        KeptPlanEntry(
            partner.slug,
            matches.record.id,
            entry.plan_id,
            entry.role,
            entry.number,
            entry.came or entry.time,
            message_id,
            content,
            proof,
        )
    )


def plan_taken(
    workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, talk: Talk, now: datetime
) -> PlanEntry | None:
    """Read the entry of a partner's message; None if it is known already.

    Raises:
        PeerError: it is not as conversation-v1 §7 says.
    """
    revealed = matches.revealed()
    matter = PlanMatter(
        sid=matches.record.sid,
        sender=matches.role.other,
        fields=lambda match_id: matches.partner_fields(match_id) if match_id in revealed else None,
        known=lambda plan_id: plan_entries(
            each for each in workspace.plans.about(partner.slug, plan_id) if each.session == matches.record.id
        ),
        came=now,
    )
    return read_plan_entry(talk.content, matter)


def check_not_held_out(
    workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, match_id: bytes, step: Step, today: date
) -> None:
    """Refuse to begin an introduction at an account that both sides leave alone.

    Raises:
        TrustError: it is in the holdout of a plan that is running and has not ended.
    """
    if step not in (Step.ASKED, Step.OFFERED):
        return
    accounts = set(matches.account_ids(match_id))
    for each in load_plans(workspace, partner):
        runs = each.plan.state is PlanState.RUNNING and today <= each.plan.terms.ends
        held = each.plan.holdout if runs else None
        if held and accounts & each.account_ids(held):
            raise TrustError(
                f"this account is in the holdout of the plan {each.id[:8]}: both of you leave it alone until "
                f"{each.plan.terms.ends}",
                "See it: accountmap plan show",
            )
