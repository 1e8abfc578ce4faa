"""Making, signing and ending agreements, from what the workspace holds."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, TypedDict

from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import TrustError, WorkspaceError
from accountmap.files import write_atomic
from accountmap.linkage.prepared import CANONICAL_VERSION, data_digests
from accountmap.model import Assistants, MatchProfile, PreviewKind, Role, WeakSlots
from accountmap.session.own_side import agreed_sizes, sizes_taking_part
from accountmap.session.parameters import (
    REFERENCE_LIST,
    check_profile,
    check_program,
    session_parameters,
    slot_terms,
)
from accountmap.session.sketches import sketch_terms
from accountmap.trust.agreement import Agreement, OwnSizes
from accountmap.trust.identity import Card
from accountmap.trust.ledger import partner_facts
from accountmap.trust.limits import SizeConcern, size_concerns
from accountmap.trust.match_rule import classes_of, weak_slots_of
from accountmap.trust.sharing import CreditRule, Lead, Sharing
from accountmap.trust.terms import PREVIEW_FORMAT, AuditTerms, ScoringTerms, Terms
from accountmap.workspace import PartnerRecord, Status, Workspace

CLOCK_SKEW: Final = timedelta(days=1)
"""How far the partner's clock may be ahead."""

SIZES_COMPARED: Final = timedelta(days=365)
"""How long the smallest size that a partner signed counts; the last one counts until there is another."""

_STRICTEST_FIRST: Final = (Assistants.NONE, Assistants.OWN, Assistants.SHARED)


def binding_terms(workspace: Workspace, partner: PartnerRecord) -> list[Terms]:
    """Return the terms that govern what is done with matches: of the latest signed agreement, and all sessions.

    All sessions count, since what a partner answered or wrote after an earlier one is shown with the last one too.

    Returns:
        Nothing if there is no such agreement, or the partner's card was revoked.
    """
    signed = [each for each in workspace.agreements(partner) if each.complete and not each.is_preview]
    if not signed or partner.revoked_at is not None:
        return []
    done = (each for each in workspace.sessions(partner) if each.status is Status.DONE)
    return [signed[0].terms, *(workspace.agreement(each.agreement).terms for each in done)]


def allowed_to_assistants(workspace: Workspace, partner: PartnerRecord) -> Assistants:
    """Return the strictest clause among the agreements whose terms `binding_terms` returns.

    Returns:
        NONE if there is no such agreement, or the partner's card was revoked.
    """
    clauses = [terms.assistants for terms in binding_terms(workspace, partner)]
    return min(clauses, key=_STRICTEST_FIRST.index, default=Assistants.NONE)


def propose_agreement(
    workspace: Workspace,
    partner: PartnerRecord,
    *,
    purpose: str,
    sharing: Sharing,
    leads: tuple[Lead, ...] = (),
    credit: CreditRule | None = None,
    profile: MatchProfile = MatchProfile.BALANCED,
    weak: WeakSlots | None = None,
    audit: AuditTerms | None = None,
    preview: PreviewKind = PreviewKind.SKETCH,
    days: int = 365,
    automatic_share: float = 0.0,
    sessions_per_30_days: int = 6,
    min_change: int = 5,
    growth_alarm: int = 4,
    assistants: Assistants = Assistants.OWN,
    scoring: ScoringTerms | None = None,
    now: datetime,
) -> Agreement:
    """Write an agreement for the current list, as its initiator, and sign and keep it.

    Args:
        sharing, leads: seen from this side, the initiator's.
        credit: by which rule both credit each other for their deals; None for no such rule.
        profile: how freely matches are revealed.
        weak: what becomes of matches by weak keys alone; by default what the profile says.
        audit, preview, automatic_share, sessions_per_30_days, min_change, growth_alarm,
            assistants, scoring: as in trust.terms.Terms.
        days: for how long sessions may begin under it.

    Raises:
        TrustError: the terms contradict each other.
        WorkspaceError: no list is prepared.
    """
    partner.check_not_revoked()
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    audited = audit or AuditTerms()
    chosen = weak_slots_of(profile, audited=audited.required) if weak is None else weak
    slots = tuple(map(slot_terms, prepared.profile.slots))
    terms = Terms(
        **_about(workspace, partner, purpose, days, now),
        data=data_digests() | ({REFERENCE_LIST: prepared.reference} if prepared.reference else {}),
        profile=profile.value,
        threshold=prepared.profile.threshold,
        weak=chosen,
        slots=slots,
        classes=classes_of(profile, slots, chosen),
        preview=preview,
        segments=SEGMENTS,
        sharing=sharing,
        leads=leads,
        credit=(credit,) if credit else (),
        audit=audited,
        automatic_share=automatic_share,
        sessions_per_30_days=sessions_per_30_days,
        min_change=min_change,
        growth_alarm=growth_alarm,
        assistants=assistants,
        scoring=scoring or ScoringTerms(),
    )
    return _propose(workspace, partner, terms, agreed_sizes(sizes_taking_part(accounts, prepared, terms)), now)


def renew_agreement(workspace: Workspace, partner: PartnerRecord, *, days: int = 365, now: datetime) -> Agreement:
    """Write the agreement in force again, for today's list and by default another year, and sign and keep it.

    Raises:
        TrustError: there is none, or the list was prepared for other match keys.
        WorkspaceError: no list is prepared.
    """
    partner.check_not_revoked()
    signed = [
        each.agreement
        for each in workspace.agreement_records(partner)
        if each.ended is None and each.agreement.complete and not each.agreement.is_preview
    ]
    if not signed:
        raise TrustError(
            f"there is no agreement with {partner.card.name} to renew",
            f"Make one with: accountmap agreement new --with {partner.slug}",
        )
    last = signed[0]
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    check_profile(last, prepared)
    terms = last.terms if last.terms.names[0] == workspace.card.name else last.terms.mirrored()
    terms = replace(
        terms,
        **_about(workspace, partner, terms.purpose, days, now),
        data=data_digests() | {name: text for name, text in terms.data.items() if name == REFERENCE_LIST},
    )
    return _propose(workspace, partner, terms, agreed_sizes(sizes_taking_part(accounts, prepared, terms)), now)


def propose_preview(
    workspace: Workspace,
    partner: PartnerRecord,
    *,
    purpose: str,
    preview: PreviewKind = PreviewKind.SKETCH,
    days: int = 365,
    now: datetime,
) -> Agreement:
    """Write a short agreement under which sketches are exchanged and nothing else, and sign and keep it.

    Raises:
        WorkspaceError: no list is prepared.
    """
    partner.check_not_revoked()
    terms = Terms(
        **_about(workspace, partner, purpose, days, now),
        format=PREVIEW_FORMAT,
        data=data_digests(),
        preview=preview,
        segments=SEGMENTS,
    )
    return _propose(workspace, partner, terms, {}, now)


class _About(TypedDict):
    created: datetime
    valid_until: date
    purpose: str
    names: tuple[str, str]
    cards: tuple[str, str]
    canonical: str


def _about(workspace: Workspace, partner: PartnerRecord, purpose: str, days: int, now: datetime) -> _About:
    ours = workspace.card
    return {
        "created": now,
        "valid_until": (now + timedelta(days=days)).date(),
        "purpose": purpose,
        "names": (ours.name, partner.card.name),
        "cards": (ours.digest.hex(), partner.card.digest.hex()),
        "canonical": CANONICAL_VERSION,
    }


def _propose(
    workspace: Workspace, partner: PartnerRecord, terms: Terms, rows: dict[str, int], now: datetime
) -> Agreement:
    with workspace.transaction():
        sizes = OwnSizes(sketch_terms(workspace, terms.preview, now=now), rows)
    agreement = Agreement.propose(terms, sizes, workspace.identity)
    workspace.save_agreement(partner, agreement, now)
    return agreement


def read_agreement(workspace: Workspace, document: bytes) -> Agreement:
    """Read an agreement and verify its signatures with the cards on file, before anything in it is shown.

    Raises:
        TrustError: it is not an agreement, is between others, or a signature is not valid.
    """
    agreement = Agreement.parse(document)
    role, partner = agreement.role_of(workspace.card), partner_of(workspace, agreement)
    agreement.check_signatures(cards_of(workspace, partner, role))
    return agreement


def concerns_of(workspace: Workspace, agreement: Agreement, now: datetime) -> list[SizeConcern]:
    """Return the sizes of the partner that a person has to confirm before this side signs or accepts an agreement.

    Raises:
        WorkspaceError: no list is prepared.
    """
    partner, role = partner_of(workspace, agreement), agreement.role_of(workspace.card)
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    own = sum(sizes_taking_part(accounts, prepared, agreement.terms).values())
    earlier = _earlier(workspace, partner, agreement, now)
    return size_concerns(agreement, role, own, earlier, workspace.row_limit)


def _earlier(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, now: datetime) -> list[Agreement]:
    """Return the agreements with whose sizes a new one is compared: those of a year, and the last of each kind.

    An agreement lasts for a year by default. If the last one did not count, a partner that renews it a day later
    could bring any size.
    """
    signed = [
        record
        for record in workspace.agreement_records(partner)
        if record.agreement.complete and record.agreement != agreement
    ]
    last = {record.agreement.is_preview: record.agreement for record in reversed(signed)}
    return [
        record.agreement
        for record in signed
        if record.added > now - SIZES_COMPARED or record.agreement == last[record.agreement.is_preview]
    ]


def sign_agreement(
    workspace: Workspace, document: bytes, now: datetime, *, sizes_confirmed: bool = False
) -> Agreement:
    """Accept an agreement from the partner: as its responder, sign it; as its initiator, keep their signature.

    Args:
        sizes_confirmed: whether a person has confirmed what `concerns_of` says.

    Raises:
        TrustError: it is between others, a signature is not valid, it is dated in the future or before the last
            one that both signed, no session can run under it, or a person has to confirm a size of the partner.
    """
    agreement = read_agreement(workspace, document)
    role, partner = agreement.role_of(workspace.card), partner_of(workspace, agreement)
    partner.check_not_revoked()
    check_program(agreement)
    _check_date(agreement, workspace.agreements(partner), now)
    if not sizes_confirmed and concerns_of(workspace, agreement, now):
        raise TrustError(
            f"the list that {partner.card.name} may bring is so large that a person has to confirm it",
            "Ask them why. Then run: accountmap agreement sign FILE",
        )
    if role is Role.RESPONDER and not agreement.complete:
        agreement = agreement.accept(_own_sizes(workspace, agreement, now), workspace.identity)
    elif not agreement.complete:
        raise TrustError(
            f"{partner.card.name} has not signed this agreement yet",
            "Send them the file; they sign and send it back.",
        )
    elif role is Role.INITIATOR:
        _check_is_our_proposal(workspace, partner, agreement)
    if not agreement.is_preview:
        session_parameters(agreement)
    workspace.save_agreement(partner, agreement, now)
    return agreement


def _own_sizes(workspace: Workspace, agreement: Agreement, now: datetime) -> OwnSizes:
    """Return what the responder adds: its sizes, and the sketch that it sends."""
    terms, rows = agreement.terms, dict[str, int]()
    if not agreement.is_preview:
        accounts, prepared = workspace.load_list(workspace.current_list().id)
        check_profile(agreement, prepared)
        rows = agreed_sizes(sizes_taking_part(accounts, prepared, terms))
    with workspace.transaction():
        return OwnSizes(sketch_terms(workspace, terms.preview, now=now), rows)


def write_agreement(agreement: Agreement, file: Path) -> None:
    """Write an agreement as the file that partners mail to each other, replacing what was there.

    Raises:
        WorkspaceError: it cannot be written; what was there before is kept.
    """
    try:
        write_atomic(file, agreement.document.encode(), mode=0o644)
    except OSError as error:
        raise WorkspaceError(
            f"{file} cannot be written: {error.strerror}", "The agreement is kept; write it elsewhere."
        ) from error


def end_agreement(workspace: Workspace, partner: PartnerRecord, now: datetime) -> Agreement:
    """End the newest agreement with a partner, or withdraw it if it is only proposed. The ledger records that.

    No more sessions begin or are answered under it, nor under an earlier one, which may allow more.

    Raises:
        TrustError: there is none that has not ended, or a session under it is open.
    """
    records = [each for each in workspace.agreement_records(partner) if each.ended is None]
    if not records:
        raise TrustError(f"there is no agreement with {partner.card.name} to end")
    ended = records[0].agreement
    with workspace.transaction():
        for session in workspace.sessions(partner):
            if session.status is Status.OPEN and ended.complete:
                raise TrustError(
                    f"a session with {partner.card.name} is open",
                    f"Finish it, or give it up with: accountmap map --with {partner.slug} --abandon",
                )
        for record in records if ended.complete else records[:1]:
            workspace.end_agreement(record.agreement, now)
        workspace.record(
            {
                **partner_facts(partner.card, now),
                "agreement": ended.digest.hex(),
                "event": "agreement_ended" if ended.complete else "proposal_withdrawn",
            }
        )
    return ended


def _check_is_our_proposal(workspace: Workspace, partner: PartnerRecord, agreement: Agreement) -> None:
    records = workspace.agreement_records(partner)
    proposals = [each for each in records if agreement.document.startswith(each.agreement.document)]
    if not proposals:
        raise TrustError(
            "this agreement was not made in this workspace", "Make a new one with: accountmap agreement new"
        )
    if any(each.ended for each in proposals):
        raise TrustError("you withdrew this agreement", "Make a new one with: accountmap agreement new")


def _check_date(agreement: Agreement, known: list[Agreement], now: datetime) -> None:
    """Refuse a date with which the partner could change the order of agreements."""
    created = agreement.terms.created
    last = next((one.terms.created for one in known if one.complete), created)
    if created > now + CLOCK_SKEW:
        raise TrustError(
            f"the agreement is dated {created:%Y-%m-%d}, in the future", "Compare the clocks of both computers."
        )
    if created < last:
        raise TrustError(
            f"the agreement is older than the one of {last:%Y-%m-%d}, which both have signed",
            "Make a new one with: accountmap agreement new",
        )


def partner_of(workspace: Workspace, agreement: Agreement) -> PartnerRecord:
    """Find the other party of an agreement among the partners.

    Raises:
        TrustError: it is not on file.
    """
    other = agreement.terms.cards[1 - agreement.role_of(workspace.card)]
    for partner in workspace.partners():
        if partner.card.digest.hex() == other:
            return partner
    raise TrustError(
        "the other party of this agreement is not one of your partners",
        "Ask for their card and add it with: accountmap partner add FILE",
    )


def cards_of(workspace: Workspace, partner: PartnerRecord, role: Role) -> tuple[Card, Card]:
    """Return the cards of initiator and responder."""
    ours, theirs = workspace.card, partner.card
    return (ours, theirs) if role is Role.INITIATOR else (theirs, ours)
