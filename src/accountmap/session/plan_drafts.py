"""What people draft, sign, change and report about joint plans, within the agreement.

Rules of engagement, agreed leads and agreed fields are checked here, before anything is written (conversation-v1
§7.6).
"""

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from accountmap.account_map.holdout import SEED_BYTES, commitment
from accountmap.account_map.joint_plan import (
    BOTH,
    NextStep,
    Owner,
    PlanKind,
    PlanLine,
    PlanTerms,
    Progress,
    Reconciling,
    Signing,
)
from accountmap.account_map.plan_results import LineReport, units
from accountmap.errors import InputError, TrustError
from accountmap.model import Leader, Result, Role
from accountmap.session.co_selling import engagement_rule, match_log, one_line, proposal
from accountmap.session.conversation_content import TEXT_BYTES
from accountmap.session.parameters import cut_field
from accountmap.session.plan_content import MOST_AMOUNT, MOST_COUNT
from accountmap.session.plans import KnownPlan, check_plan_statement
from accountmap.session.questions import SessionMatches
from accountmap.workspace import PartnerRecord, Workspace

MOST_LINES: Final = 10_000
"""The most matches of one plan."""


@dataclass(frozen=True)
class DraftLine:
    """One match of a plan that somebody drafts.

    Attributes:
        next_step: a text for the partner; may be empty.
        due: None for the plan's last day.
        acts: who takes the next step; None for the side that leads.
        leads: who leads; None for what was agreed, else what the rules of engagement say, else both.
    """

    match_id: bytes
    next_step: str = field(default="", repr=False)
    due: date | None = None
    acts: Leader | None = None
    leads: Leader | None = None


@dataclass(frozen=True)
class PlanDraft:
    """A plan that somebody drafts.

    Attributes:
        budget: ours and theirs, in ten-thousandths of the currency.
        holdout: how many of the accounts are left alone.
    """

    kind: PlanKind
    title: str = field(repr=False)
    begins: date
    ends: date
    lines: Sequence[DraftLine]
    currency: str = ""
    budget: tuple[int, int] = (0, 0)
    holdout: int = 0


def draft_terms(
    workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, draft: PlanDraft, today: date
) -> tuple[PlanTerms, bytes]:
    """Make the terms of a plan, and the secret seed that they fix.

    Args:
        today: by the own clock, in UTC.

    Raises:
        InputError: the draft cannot be a plan, or a match is not revealed.
        TrustError: somebody else leads at an account, by a rule of engagement or by what was agreed.
    """
    _check_draft(matches, draft, today)
    seed, role = secrets.token_bytes(SEED_BYTES), matches.role
    ours, theirs = draft.budget
    lines = [_line(workspace, partner, matches, draft, each) for each in draft.lines]
    terms = PlanTerms(
        kind=draft.kind,
        title=one_line(draft.title),
        begins=draft.begins,
        ends=draft.ends,
        currency=draft.currency,
        budget=(ours, theirs) if role is Role.INITIATOR else (theirs, ours),
        holdout=draft.holdout,
        commitment=commitment(matches.record.sid, role, seed),
        lines=tuple(sorted(lines, key=lambda each: each.match_id)),
    )
    return terms, seed


def _check_draft(matches: SessionMatches, draft: PlanDraft, today: date) -> None:
    ids = [each.match_id for each in draft.lines]
    if not set(ids) <= matches.revealed():
        raise InputError("a match of this plan is not revealed", "A plan is about revealed matches.")
    longest = max(len(one_line(each.next_step).encode()) for each in draft.lines) if ids else 0
    titled = 0 < len(one_line(draft.title).encode()) <= TEXT_BYTES
    wrong = {
        f"a plan has 1 to {MOST_LINES:,} matches": not 0 < len(ids) <= MOST_LINES,
        "the same match is in it twice": len(set(ids)) < len(ids),
        f"its title is empty, or longer than {TEXT_BYTES} bytes": not titled,
        f"a next step is longer than {TEXT_BYTES} bytes": longest > TEXT_BYTES,
        "it ends before it begins": draft.ends < draft.begins,
        "its last day is over": draft.ends < today,
        "at least one account must be worked on": not 0 <= draft.holdout < len(ids),
        "a budget is negative or too large": not all(0 <= each <= MOST_AMOUNT for each in draft.budget),
        "a budget needs a currency": any(draft.budget) and not draft.currency,
    }
    for problem, holds in wrong.items():
        if holds:
            raise InputError(f"this cannot be a plan: {problem}")


def _line(
    workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, draft: PlanDraft, line: DraftLine
) -> PlanLine:
    leads, why = who_leads(workspace, partner, matches, line.match_id)
    wanted = proposal(matches.role, line.leads) if line.leads is not None else leads or BOTH
    if why and wanted != leads and leads != matches.role + 1:
        raise TrustError(why, "Agree on another lead first: accountmap deal lead")
    acts = proposal(matches.role, line.acts) if line.acts is not None else wanted
    step = one_line(line.next_step)
    return PlanLine(line.match_id, wanted, acts, line.due or draft.ends, step, own_owner(matches, line.match_id))


def who_leads(
    workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, match_id: bytes
) -> tuple[int, str]:
    """Return who leads at a match as in PlanLine, or 0 if that is open, and the reason, for a refusal."""
    log = match_log(matches, match_id, workspace.match_entries.about(partner.slug, match_id))
    if log.agreed:
        return log.agreed, "you both agreed on another lead at an account of this plan"
    found = engagement_rule(matches, match_id)
    if found is None:
        return 0, ""
    return (BOTH if found[0] is None else found[0] + 1), found[1]


def own_owner(matches: SessionMatches, match_id: bytes) -> str:
    """Return the owner of our account if the agreement shows it, else an empty text."""
    return cut_field(matches.own_values(match_id).get("owner_name", ""))


def check_free(
    plans: Iterable[KnownPlan], accounts: set[str], today: date, *, redraw: bool = False, but: bytes = b""
) -> None:
    """Refuse a plan with accounts of another plan: a draw could be repeated until it suits somebody.

    After its last day a plan no longer keeps accounts from others, whether or not both have reconciled it.

    Args:
        accounts: own accounts of the new plan.
        today: by the own clock, in UTC: a time that the partner wrote does not count.
        redraw: whether a person knows that the partner has not opened an earlier draw, and agrees to another.
        but: id of the plan itself.

    Raises:
        TrustError: some accounts are in a plan that is open, or in a draw that the partner has not opened.
    """
    for each in plans:
        if each.plan.plan_id == but or not accounts & each.account_ids():
            continue
        if each.is_unopened and not redraw:
            raise TrustError(
                f"your partner has seen the draw of the plan {each.id[:8]}, with some of these accounts, "
                "and has not opened it",
                "Ask why. To draw again all the same: --redraw",
            )
        if each.plan.state.is_open and not each.is_unopened and today <= each.plan.terms.ends:
            raise TrustError(
                f"some of these accounts are in the plan {each.id[:8]}, up to {each.plan.terms.ends}",
                "See it: accountmap plan show",
            )


def make_signing(
    workspace: Workspace,
    partner: PartnerRecord,
    known: KnownPlan,
    plans: Iterable[KnownPlan],
    today: date,
    *,
    redraw: bool = False,
) -> Signing:
    """Make the signature of a plan of the partner.

    Args:
        plans: all with this partner.
        today, redraw: as for `check_free`.

    Raises:
        TrustError: the plan is over, or breaks a rule of engagement or an agreed lead; or as `check_free`.
        UsageError: it cannot be signed now.
    """
    plan, matches = known.plan, known.matches
    if plan.terms.ends < today:
        raise TrustError(
            "the last day of this plan is over", "Decline it, and propose another: accountmap plan new"
        )
    check_free(plans, known.account_ids(), today, redraw=redraw, but=plan.plan_id)
    for line in plan.terms.lines:
        leads, why = who_leads(workspace, partner, matches, line.match_id)
        if why and line.leads != leads and leads != matches.role.other + 1:
            raise TrustError(why, "Decline the plan, or agree on another lead first: accountmap deal lead")
    signing = Signing(secrets.token_bytes(SEED_BYTES), tuple(own_owner(matches, each) for each in plan.match_ids))
    check_plan_statement(plan, matches.role, signing)
    return signing


def make_change(
    known: KnownPlan,
    match_id: bytes,
    *,
    next_step: str | None = None,
    due: date | None = None,
    acts: Leader | None = None,
) -> NextStep:
    """Change those parts of a line that are given, and leave the rest as it is.

    Raises:
        InputError: a text is too long.
    """
    now = known.plan.lines[match_id]
    changed = NextStep(
        match_id,
        now.acts if acts is None else proposal(known.matches.role, acts),
        due or now.due,
        now.next_step if next_step is None else one_line(next_step),
    )
    if len(changed.next_step.encode()) > TEXT_BYTES:
        raise InputError(f"a next step is longer than {TEXT_BYTES} bytes")
    return changed


def make_owner(known: KnownPlan, match_id: bytes, owner: str) -> Owner:
    """Name another owner of the own account.

    Raises:
        InputError: the agreement does not show owners, or the name is too long.
    """
    if "owner_name" not in known.matches.own_fields(match_id):
        raise InputError("the agreement does not show the owner of this account")
    if len(one_line(owner).encode()) > TEXT_BYTES:
        raise InputError(f"an owner's name is longer than {TEXT_BYTES} bytes")
    return Owner(match_id, one_line(owner))


def make_report(before: LineReport, given: Mapping[str, str | int | None]) -> LineReport:
    """Change those parts of a report that are given, and leave the rest as it was.

    Args:
        given: steps, meetings, deals, result and amount, as numbers or as people write them; None leaves a part.

    Raises:
        InputError: a number or the result is invalid.
    """
    found: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    try:
        for name in ("steps", "meetings", "deals"):
            if name in found:
                found[name] = _count(str(found[name]))
        if "result" in found:
            found["result"] = Result[str(found["result"]).upper()]
        if isinstance(found.get("amount"), str):
            found["amount"] = units(found["amount"])
    except (KeyError, ValueError) as error:
        raise InputError(
            "a report has an invalid number or result",
            f"Write numbers in digits only; results are {', '.join(each.label for each in Result)}.",
        ) from error
    return replace(before, **found)


def _count(text: str) -> int:
    """Read a number of digits only; int() would accept 1_0 and digits of other scripts too.

    Raises:
        ValueError: it is something else.
    """
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise ValueError("no number")
    return int(text)


def make_progress(known: KnownPlan, lines: Sequence[LineReport], spent: int | None) -> Progress:
    """Make a report.

    Raises:
        InputError: it reports nothing, a match twice or an amount that the agreement does not show.
    """
    ids = [each.match_id for each in lines]
    shown = {"amount" in known.matches.own_fields(each.match_id) for each in lines if each.amount is not None}
    amounts = [each for each in (spent, *(line.amount for line in lines)) if each is not None]
    counts = [count for each in lines for count in (each.steps, each.meetings, each.deals)]
    wrong = {
        "it reports nothing": not ids and spent is None,
        "the same match is in it twice": len(set(ids)) < len(ids),
        "the agreement does not show amounts of one of these accounts": False in shown,
        "the plan has no currency, so no amount can be reported": bool(amounts) and not known.plan.terms.currency,
        "an amount is negative or too large": not all(0 <= each <= MOST_AMOUNT for each in amounts),
        "a number is negative or too large": not all(0 <= each <= MOST_COUNT for each in counts),
    }
    for problem, holds in wrong.items():
        if holds:
            raise InputError(f"this cannot be reported: {problem}")
    return Progress(spent, tuple(sorted(lines, key=lambda each: each.match_id)))


def make_reconciling(known: KnownPlan) -> Reconciling:
    """Confirm the results that follow from the reports known here."""
    counted = [each.role for each in (*known.plan.effective, *known.plan.passed_over)]
    base = counted.count(Role.INITIATOR), counted.count(Role.RESPONDER)
    return Reconciling(base, known.plan.results(base).digest)


def prefilled(known: KnownPlan, deals: Mapping[bytes, int]) -> list[LineReport]:
    """Return what this side has reported about each match so far, with the deals that it has registered.

    Args:
        deals: by match id.
    """
    reports, role = known.plan.results().reports, known.matches.role
    return [
        replace(reports.get((role, each), LineReport(each)), deals=deals.get(each, 0))
        for each in known.plan.match_ids
    ]
