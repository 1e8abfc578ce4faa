"""Two companies that plan together: what a person does at `accountmap plan`, by calls of the library."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from accountmap.account_map.joint_plan import Assigning, Changes, Content, JointPlan, PlanKind
from accountmap.account_map.plan_results import LineReport
from accountmap.session.plan_drafts import (
    DraftLine,
    PlanDraft,
    check_free,
    draft_terms,
    make_change,
    make_owner,
    make_progress,
    make_reconciling,
    make_signing,
)
from accountmap.session.plans import KnownPlan, PlanStatement, load_plans
from tests.talking import Talker, settle

BEGINS, ENDS = date(2026, 12, 1), date(2027, 3, 31)


def draft(side: Talker, accounts: Sequence[int], holdout: int = 0, **changed: Any) -> PlanDraft:
    """Draft a plan with some accounts."""
    lines = [DraftLine(side.match(each), f"Call account {each}") for each in accounts]
    plain: dict[str, Any] = {"currency": "EUR", "budget": (25_000_000, 12_500_000), "lines": lines, "ends": ENDS}
    return PlanDraft(PlanKind.CAMPAIGN, "Spring campaign", BEGINS, holdout=holdout, **(plain | changed))


def propose(side: Talker, accounts: Sequence[int], holdout: int = 0, redraw: bool = False, **changed: Any) -> None:
    """Propose a plan."""
    matches = side.matches
    terms, seed = draft_terms(
        side.workspace, side.partner, matches, draft(side, accounts, holdout, **changed), today(side)
    )
    own = {account for each in terms.lines for account in matches.account_ids(each.match_id)}
    check_free(plans(side), own, today(side), redraw=redraw)
    side.runner().say_plan(PlanStatement(matches.record, None, terms, seed))


def today(side: Talker) -> date:
    return side.now.date()


def plans(side: Talker) -> tuple[KnownPlan, ...]:
    return load_plans(side.workspace, side.partner)


def last(side: Talker) -> KnownPlan:
    return plans(side)[-1]


def say(side: Talker, content: Content, known: KnownPlan | None = None) -> None:
    """Say something about the last plan."""
    known = known or last(side)
    side.runner().say_plan(PlanStatement(known.matches.record, known.plan.plan_id, content))


def sign(side: Talker, redraw: bool = False) -> None:
    say(side, make_signing(side.workspace, side.partner, last(side), plans(side), today(side), redraw=redraw))


def start(one: Talker, other: Talker, accounts: Sequence[int], holdout: int) -> JointPlan:
    """Propose, sign and open a plan."""
    propose(one, accounts, holdout)
    settle(one, other)
    sign(other)
    settle(one, other)
    return last(one).plan


def report(side: Talker, spent: int | None = None, **by_account: LineReport) -> None:
    """Report what was done at accounts, named a1, a2 and so on."""
    lines = [
        LineReport(side.match(int(name[1:])), each.steps, each.meetings, each.deals, each.result, each.amount)
        for name, each in by_account.items()
    ]
    say(side, make_progress(last(side), lines, spent))


def change(side: Talker, account: int, **changed: Any) -> None:
    say(side, Changes((make_change(last(side), side.match(account), **changed),)))


def assign(side: Talker, account: int, owner: str) -> None:
    say(side, Assigning((make_owner(last(side), side.match(account), owner),)))


def reconcile(side: Talker) -> None:
    say(side, make_reconciling(last(side)))


def assert_same_plans(one: Talker, other: Talker) -> None:
    """Both sides have the same of each plan, to the byte."""
    ours, theirs = ({each.id: each.plan for each in plans(side)} for side in (one, other))
    assert ours.keys() == theirs.keys()
    for key, plan in ours.items():
        other_plan = theirs[key]
        assert plan == other_plan
        assert plan.results().tables == other_plan.results().tables
        assert plan.results().digest == other_plan.results().digest


def r(
    steps: int = 0, meetings: int = 0, result: Any = None, deals: int = 0, amount: int | None = None
) -> LineReport:
    """A report without its match."""
    return LineReport(b"", steps, meetings, deals, result, amount)
