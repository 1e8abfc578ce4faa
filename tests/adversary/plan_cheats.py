"""Programs of a partner that cheats at joint plans (conversation-v1 §7): what they replace in the command line."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from accountmap.account_map.holdout import draw
from accountmap.account_map.joint_plan import Changes, Opening, PlanEntry, PlanTerms, Reconciling, plan_id_of
from accountmap.account_map.plan_results import LineReport
from accountmap.model import Result
from accountmap.session import conversation, plan_drafts
from accountmap.session.plan_content import write_plan_entry, write_terms
from accountmap.session.plans import KnownPlan, PlanStatement, load_plans
from accountmap.session.questions import SessionMatches
from accountmap.workspace import PartnerRecord, Workspace

GUESSES: Final = 2_000
_OPENINGS: Final = conversation.openings
_RECONCILING: Final = plan_drafts.make_reconciling
_ENTRY: Final = PlanStatement.entry
GUESS: Final = hashlib.sha256(b"a guess").digest()[:16]


def ground_seed(plan_id: bytes, guess: bytes, match_ids: Sequence[bytes], count: int, favourite: bytes) -> bytes:
    """Look for a seed that keeps a favourite out of the holdout, if the other's were the one that was guessed."""
    for number in range(GUESSES):
        seed = hashlib.sha256(plan_id + number.to_bytes(4, "big")).digest()
        if favourite not in draw(plan_id, guess, seed, match_ids, count):
            return seed
    raise AssertionError("no seed would do")


def open_nothing(_workspace: Workspace, _partner: PartnerRecord) -> list[PlanStatement]:
    """Keep silent once the draw can be seen."""
    return []


def open_another_seed(workspace: Workspace, partner: PartnerRecord) -> list[PlanStatement]:
    """Open a seed that leaves the first match of the plan out of the holdout."""
    found = []
    for each in _OPENINGS(workspace, partner):
        known = next(k for k in load_plans(workspace, partner) if k.plan.plan_id == each.plan_id)
        signing: Any = known.plan.effective[-1].content
        ids = known.plan.match_ids
        other = next(
            seed
            for seed in (hashlib.sha256(bytes([n])).digest() for n in range(256))
            if ids[0] not in draw(known.plan.plan_id, seed, signing.seed, ids, known.plan.terms.holdout)
        )
        found.append(replace(each, content=Opening(other)))
    return found


def results_of_its_own(known: KnownPlan) -> Reconciling:
    """Reconcile results in which it has won everything, without having reported it."""
    results = known.plan.results()
    won = {(known.matches.role, each): LineReport(each, 9, 9, 9, Result.WON) for each in results.match_ids}
    return Reconciling(_RECONCILING(known).base, replace(results, reports={**results.reports, **won}).digest)


def with_a_guess(
    statement: PlanStatement, workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, now: datetime
) -> PlanEntry:
    """Add a match to a proposal that was never revealed."""
    entry = _ENTRY(statement, workspace, partner, matches, now)
    if isinstance(entry.content, PlanTerms):
        guess = replace(entry.content.lines[0], match_id=GUESS, owner="")
        lines = sorted((*entry.content.lines, guess), key=lambda each: each.match_id)
        terms = replace(entry.content, lines=tuple(lines))
        plan_id = plan_id_of(matches.record.sid, matches.role, write_terms(terms))
        entry = replace(entry, plan_id=plan_id, content=terms)
    return entry


def free_again(*_: object, **__: object) -> None:
    """Do not mind that accounts are in a draw that was not opened."""


def dated_forward(
    statement: PlanStatement, workspace: Workspace, partner: PartnerRecord, matches: SessionMatches, now: datetime
) -> PlanEntry:
    """Say that a second plan with the same accounts was proposed after the last day of the first."""
    entry = _ENTRY(statement, workspace, partner, matches, now)
    if isinstance(entry.content, PlanTerms) and load_plans(workspace, partner):
        entry = replace(entry, time=entry.time.replace(year=entry.time.year + 2))
    return entry


_SIGNED: Final[dict[bytes, PlanTerms]] = {}


def another_list(entry: PlanEntry) -> bytes:
    """Instead of a change, write a proposal under the id of the plan that was signed, with a line less."""
    if isinstance(entry.content, PlanTerms):
        _SIGNED[entry.plan_id] = entry.content
    elif isinstance(entry.content, Changes):
        terms = _SIGNED[entry.plan_id]
        entry = replace(entry, content=replace(terms, lines=terms.lines[1:], holdout=0))
    return write_plan_entry(entry)


PLAN_ATTACKS: Final[dict[str, tuple[tuple[object, str, Any], ...]]] = {
    "a draw that is not opened": (
        (conversation, "openings", open_nothing),
        (plan_drafts, "check_free", free_again),
    ),
    "another seed than was fixed": ((conversation, "openings", open_another_seed),),
    "results of its own": ((plan_drafts, "make_reconciling", results_of_its_own),),
    "matches never revealed": ((PlanStatement, "entry", with_a_guess),),
    "a plan from after the last day": (
        (PlanStatement, "entry", dated_forward),
        (plan_drafts, "check_free", free_again),
    ),
    "another list under the same id": ((conversation, "write_plan_entry", another_list),),
}
"""What each attack replaces."""
