"""Whether a session may begin: the rules that one side can enforce alone."""

from datetime import datetime, timedelta
from typing import Final

from accountmap.errors import NotNowError, TrustError
from accountmap.exchange.agreements import check_profile, check_program
from accountmap.exchange.changes import check_change
from accountmap.exchange.rectangles import sizes_taking_part
from accountmap.trust.agreement import Agreement
from accountmap.workspace import PartnerRecord, Workspace

RUN_WINDOW: Final = timedelta(days=30)


def admit(workspace: Workspace, partner: PartnerRecord, list_id: int, now: datetime) -> Agreement:
    """Return the agreement under which a session with a prepared list may begin now.

    Raises:
        NotNowError: its runs are used up, or too little of the list has changed.
        TrustError: there is none, it has ended, or the list or program does not fit it.
    """
    # Read again: a command that waits may hold a record from before a revocation.
    workspace.partner(partner.slug).check_not_revoked()
    agreement = _usable(workspace, partner, now)
    check_program(agreement)
    _check_budget(workspace, partner, agreement, now)
    accounts, prepared = workspace.load_list(list_id)
    check_profile(agreement, prepared)
    sizes = agreement.sizes[agreement.role_of(workspace.card)]
    for segment, rows in sizes_taking_part(accounts, prepared, agreement.terms).items():
        if rows > sizes[segment]:
            raise TrustError(
                f"your list has {rows:,} entities that are {segment}, the agreement allows {sizes[segment]:,}",
                "Make a new agreement with: accountmap agreement new",
            )
    check_change(workspace, partner, agreement, list_id)
    return agreement


def _usable(workspace: Workspace, partner: PartnerRecord, now: datetime) -> Agreement:
    known = workspace.agreements(partner)
    complete = [a for a in known if a.complete]
    cards = {workspace.card.digest.hex(), partner.card.digest.hex()}
    current = [a for a in complete if set(a.terms.cards) == cards]
    for agreement in current:
        if now.date() <= agreement.terms.valid_until:
            return agreement
    if complete and not current:
        raise TrustError(
            f"the agreement with {partner.card.name} is between cards that were replaced since",
            "Make a new one with: accountmap agreement new",
        )
    if current:
        raise TrustError(
            f"the agreement with {partner.card.name} ended on {current[0].terms.valid_until}",
            "Make a new one with: accountmap agreement new",
        )
    if known:
        raise TrustError(
            f"{partner.card.name} has not signed the agreement yet",
            "When they have sent the file back, run: accountmap agreement sign FILE",
        )
    raise TrustError(
        f"there is no agreement with {partner.card.name} yet",
        "One of you makes it with: accountmap agreement new; the other signs that file.",
    )


def _check_budget(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, now: datetime) -> None:
    recent = recent_runs(workspace, partner, now)
    if len(recent) >= agreement.terms.runs_per_30_days:
        raise NotNowError(
            f"the {agreement.terms.runs_per_30_days} runs that the agreement allows in 30 days are used up",
            f"Wait until {min(recent) + RUN_WINDOW:%Y-%m-%d}, or agree anew.",
        )


def recent_runs(workspace: Workspace, partner: PartnerRecord, now: datetime) -> list[datetime]:
    """Return when the sessions that count against the budget showed their counts."""
    return [s.charged for s in workspace.sessions(partner) if s.charged and s.charged > now - RUN_WINDOW]
