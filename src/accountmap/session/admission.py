"""Whether a session may begin: the rules that one side enforces alone.

If the lists of two sessions differ by one account, the partner can learn about that account from the difference
between the results. So the agreement may ask that a list is the same as in an earlier session, or differs from it
by at least so many entities in a segment. With fewer, only a person who has been told the number can go on: the
rule protects only the list of the side that applies it.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from accountmap.accounts.schema import AccountList
from accountmap.errors import NotNowError, TrustError
from accountmap.linkage.prepared import Prepared
from accountmap.model import Role, segment_count
from accountmap.session.own_side import Flags, left_out, sizes_taking_part, withheld
from accountmap.session.parameters import check_profile, check_program
from accountmap.trust.agreement import Agreement
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace
from accountmap.workspace.database import AgreementRecord

LISTS_COMPARED: Final = 12
"""The number of earlier lists, the last ones shown, that a new list is compared with: a year of monthly ones."""

FEW: Final = 5
"""Fewer changed entities than this are worth a warning where the agreement has no rule."""

Entities = Counter[tuple[str, ...]]
"""How often each combination of a segment and keys occurs in a list."""


@dataclass(frozen=True)
class Change:
    """The entities by which a list differs from one that was shown before.

    Attributes:
        list_id: number of that list, or 0 if no list was shown before.
        by_segment: entities that were added or removed, whichever are more; segments without a change are absent.
    """

    list_id: int = 0
    by_segment: dict[str, int] = field(default_factory=dict)


def changed_entities(
    before: Prepared, after: Prepared, out_before: Flags | None = None, out_after: Flags | None = None
) -> dict[str, int]:
    """Count by segment the entities that were added or removed, whichever are more; changed keys count as both.

    Args:
        out_before, out_after: one flag an entity, set for those that take no part; by default all take part.
    """
    old, new = _by_keys(before, out_before), _by_keys(after, out_after)
    came, went = _by_segment(new - old), _by_segment(old - new)
    return {segment: max(came[segment], went[segment]) for segment in sorted(came.keys() | went.keys())}


def changed_since_earlier(
    workspace: Workspace, partner: PartnerRecord, agreement: Agreement, list_id: int
) -> Change:
    """Find the list of an earlier session from which a list differs by the fewest entities of a segment.

    Returns:
        A change without segments if that list was shown before, or none was.
    """
    shown = list(dict.fromkeys(s.list_id for s in workspace.sessions(partner) if s.charged))[:LISTS_COMPARED]
    if list_id in shown:
        return Change()
    changes = [Change(each, _changed(workspace, agreement, each, list_id)) for each in shown]
    return min((c for c in changes if c.by_segment), key=lambda c: min(c.by_segment.values()), default=Change())


def _too_few(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, list_id: int) -> Change:
    """Return the segments in which a list differs from an earlier one by fewer entities than agreed."""
    least = agreement.terms.min_change
    change = changed_since_earlier(workspace, partner, agreement, list_id) if least else Change()
    return Change(change.list_id, {segment: n for segment, n in change.by_segment.items() if n < least})


def too_few_changed(workspace: Workspace, partner: PartnerRecord, list_id: int | None, now: datetime) -> Change:
    """Return what a person has to know before a session with a list that hardly changed.

    Args:
        list_id: number of a prepared list, or None for the current one.

    Returns:
        An earlier list and the segments that differ from it by fewer entities than the agreement asks for; a
        change without segments if the agreement lets this list take part, or no agreement is in force.
    """
    try:
        agreement = _usable(workspace, partner, now)
    except TrustError:
        return Change()
    return _too_few(workspace, partner, agreement, workspace.prepared_list(list_id).id)


def check_change(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, list_id: int) -> None:
    """Refuse a list that differs from an earlier one by fewer entities than the agreement asks for.

    Raises:
        NotNowError: naming the segments.
    """
    change = _too_few(workspace, partner, agreement, list_id)
    if change.by_segment:
        listed = ", ".join(segment_count(segment, n) for segment, n in change.by_segment.items())
        raise NotNowError(
            f"since an earlier session with {partner.card.name} too few companies changed to hide which ones: "
            f"{listed}; the agreement asks for at least {agreement.terms.min_change:,} in a segment, or none",
            f"Use the list of that session again with --list {change.list_id}, wait until more has changed, or "
            "run this in a terminal: a person may go on with the new list. How many have to change is a term of "
            "the agreement: accountmap agreement new --min-change N",
        )


def warning(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, list_id: int) -> str | None:
    """Return a warning if so few accounts changed that the two results together give them away."""
    if agreement.terms.min_change:
        return None
    change = changed_since_earlier(workspace, partner, agreement, list_id)
    few = {segment: n for segment, n in change.by_segment.items() if n < FEW}
    if not few:
        return None
    listed = ", ".join(segment_count(segment, n) for segment, n in few.items())
    return (
        f"Only {listed} changed since an earlier session: your partner can tell from both results which. "
        "The agreement has no rule against this (min_change)."
    )


def _changed(workspace: Workspace, agreement: Agreement, one: int, other: int) -> dict[str, int]:
    """Compare the entities of two lists that take part under an agreement."""
    before, after = workspace.load_list(one), workspace.load_list(other)
    out = [
        left_out(prepared, withheld(accounts, prepared, agreement.terms.sharing.joint_filter))
        for accounts, prepared in (before, after)
    ]
    return changed_entities(before[1], after[1], *out)


def _by_keys(prepared: Prepared, out: Flags | None) -> Entities:
    """Count entities by segment and keys."""
    keys: list[list[str]] = [[] for _ in range(prepared.entities.num_rows)]
    columns = (prepared.keys[name].to_pylist() for name in ("entity", "slot", "value"))
    for entity, slot, value in zip(*columns, strict=True):
        keys[entity].append(f"{prepared.profile.slots[slot].name}={value}")
    segments = prepared.entities["segment"].to_pylist()
    absent = [False] * len(keys) if out is None else out.tolist()
    return Counter((segments[n], *sorted(own)) for n, own in enumerate(keys) if own and not absent[n])


def _by_segment(entities: Entities) -> Counter[str]:
    counted: Counter[str] = Counter()
    for (segment, *_), n in entities.items():
        counted[segment] += n
    return counted


SESSION_WINDOW: Final = timedelta(days=30)


def admit(
    workspace: Workspace, partner: PartnerRecord, list_id: int, now: datetime, *, few_changes: bool = False
) -> Agreement:
    """Return the agreement under which a session with a prepared list may begin now.

    Args:
        few_changes: a person goes on although `too_few_changed` says that few changed.

    Raises:
        NotNowError: its sessions are used up, or too little of the list has changed.
        TrustError: there is none, it has ended, or the list or program does not fit it.
    """
    # Read again: a command that waits may hold a record from before a revocation.
    workspace.partner(partner.slug).check_not_revoked()
    agreement = _usable(workspace, partner, now)
    check_program(agreement)
    _check_budget(workspace, partner, agreement, now)
    accounts, prepared = workspace.load_list(list_id)
    check_profile(agreement, prepared)
    sizes = agreement.sizes[Role(agreement.role_of(workspace.card))]
    for segment, rows in sizes_taking_part(accounts, prepared, agreement.terms).items():
        if rows > sizes[segment]:
            raise TrustError(
                f"your list has {segment_count(segment, rows)}, and your agreement with {partner.card.name} "
                f"allows {sizes[segment]:,}",
                "Renew it for today's list; both of you sign it: accountmap agreement renew "
                f"--with {partner.slug}",
            )
    if not few_changes:
        check_change(workspace, partner, agreement, list_id)
    return agreement


def _usable(workspace: Workspace, partner: PartnerRecord, now: datetime) -> Agreement:
    records = workspace.agreement_records(partner)
    known = [record.agreement for record in records if not record.agreement.is_preview and record.ended is None]
    complete = [a for a in known if a.complete]
    current = [record.agreement for record in signed_agreements(workspace, partner) if record.ended is None]
    for agreement in current:
        if now.date() <= agreement.terms.valid_until:
            return agreement
    if complete and not current:
        raise TrustError(
            f"the agreement with {partner.card.name} is between cards that have been replaced",
            "Make a new one with: accountmap agreement new",
        )
    if current:
        raise TrustError(
            f"the agreement with {partner.card.name} ended on {current[0].terms.valid_until}",
            f"Renew it for another year: accountmap agreement renew --with {partner.slug}",
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


def signed_agreements(workspace: Workspace, partner: PartnerRecord) -> list[AgreementRecord]:
    """Return the agreements for sessions that both signed with their present cards, newest first, even ended."""
    cards = {workspace.card.digest.hex(), partner.card.digest.hex()}
    signed = [each for each in workspace.agreement_records(partner) if each.agreement.complete]
    return [each for each in signed if not each.agreement.is_preview and set(each.agreement.terms.cards) == cards]


def news_since(
    workspace: Workspace, partner: PartnerRecord, over: SessionRecord, list_id: int | None
) -> tuple[str, ...]:
    """Return what has changed since a session that is over, so that another makes sense.

    Args:
        list_id: the prepared list that it would use; by default the current one.
    """
    news = []
    current = workspace.prepared_list(list_id)
    if current.id != over.list_id:
        news.append(f"your list of {current.created:%Y-%m-%d %H:%M} is newer")
    records = signed_agreements(workspace, partner)
    if records and records[0].agreement.digest.hex() != over.agreement:
        news.append(f"the agreement of {records[0].agreement.terms.created:%Y-%m-%d} is newer")
    return tuple(news)


def _check_budget(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, now: datetime) -> None:
    recent = recent_sessions(workspace, partner, now)
    if len(recent) >= agreement.terms.sessions_per_30_days:
        raise NotNowError(
            f"the agreement's {agreement.terms.sessions_per_30_days} sessions in 30 days are used up",
            f"Wait until {min(recent) + SESSION_WINDOW:%Y-%m-%d}, or make a new agreement.",
        )


def recent_sessions(workspace: Workspace, partner: PartnerRecord, now: datetime) -> list[datetime]:
    """Return when the sessions that count against the budget sent their points."""
    return [s.charged for s in workspace.sessions(partner) if s.charged and s.charged > now - SESSION_WINDOW]


FEW_DAYS: Final = timedelta(days=45)
"""An agreement that ends sooner is worth renewing."""

NEARLY_FULL: Final = Fraction(9, 10)
"""A segment that fills more of its agreed rows is worth renewing the agreement for."""


@dataclass(frozen=True)
class Capacity:
    """How much room and time an agreement leaves.

    Attributes:
        agreement: the one under which the next session would run.
        used: entities of the list that take part, by segment; None if they are not known.
        allowed: how many may take part, by segment.
        sessions_left: sessions that may still begin in these 30 days.
        ends_soon: whether the agreement ends in a few weeks.
    """

    agreement: Agreement
    used: dict[str, int] | None
    allowed: dict[str, int]
    sessions_left: int
    ends_soon: bool

    @property
    def too_many(self) -> dict[str, int]:
        """The segments that have outgrown it, each with how many companies are too many."""
        return {name: -left for name, left in self.left.items() if left < 0}

    @property
    def nearly_full(self) -> dict[str, int]:
        """The segments with little room, each with how many more companies fit."""
        full = {name for name, rows in (self.used or {}).items() if rows > NEARLY_FULL * self.allowed[name]}
        return {name: left for name, left in self.left.items() if left >= 0 and name in full}

    @property
    def left(self) -> dict[str, int]:
        """How many more companies fit, by segment; negative if there are too many."""
        return {name: self.allowed[name] - rows for name, rows in (self.used or {}).items()}


def capacity_of(
    workspace: Workspace,
    partner: PartnerRecord,
    now: datetime,
    accounts: AccountList | None = None,
    prepared: Prepared | None = None,
) -> Capacity | None:
    """Return how much room and time the agreement with a partner leaves; None if none lets a session begin.

    Args:
        accounts, prepared: the list of the next session; without it, `used` is None.
    """
    if partner.revoked_at is not None:
        return None
    try:
        agreement = _usable(workspace, partner, now)
    except TrustError:
        return None
    terms = agreement.terms
    used = None if accounts is None or prepared is None else sizes_taking_part(accounts, prepared, terms)
    return Capacity(
        agreement,
        used,
        dict(agreement.sizes[Role(agreement.role_of(workspace.card))]),
        max(0, terms.sessions_per_30_days - len(recent_sessions(workspace, partner, now))),
        terms.valid_until < (now + FEW_DAYS).date(),
    )
