"""Whether a session may begin: the rules that one side enforces alone.

Two sessions whose lists differ by one account differ in what the partner learns by that account. So the agreement
may ask that a list stays as one of them was, or changes by at least so many entities in a segment.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from accountmap.accounts.schema import AccountList
from accountmap.errors import NotNowError, TrustError
from accountmap.linkage.prepared import Prepared
from accountmap.session.agreements import check_profile, check_program, partner_of
from accountmap.session.participants import Flags, left_out, withheld
from accountmap.session.rectangles import sizes_taking_part
from accountmap.session.unmatched import shown_of_rest
from accountmap.trust.agreement import Agreement
from accountmap.trust.roles import ROLES
from accountmap.trust.terms import NAMES
from accountmap.workspace import PartnerRecord, Workspace


@dataclass(frozen=True)
class Growth:
    """A size of the partner that grew: of a segment, or of all together."""

    segment: str
    before: int
    after: int


def partner_growth(workspace: Workspace, agreement: Agreement) -> tuple[Growth, ...]:
    """Compare the partner's sizes with the largest of all earlier agreements that both signed.

    Returns:
        The segments that grew so many times as the agreement says, and "all" if the sum did; empty without an
        earlier agreement, or before the partner has signed.

    Raises:
        TrustError: the agreement is between other parties.
    """
    partner = partner_of(workspace, agreement)
    theirs = 1 - agreement.role_of(workspace.card)
    before = _before(agreement, workspace.agreements(partner))
    earlier = [_partner_sizes(workspace, one) for one in before]
    if not earlier or theirs >= len(agreement.sizes):
        return ()
    after = agreement.sizes[theirs]
    pairs = [(segment, max(sizes.get(segment, 0) for sizes in earlier), size) for segment, size in after.items()]
    pairs.append(("all", max(sum(sizes.values()) for sizes in earlier), sum(after.values())))
    # The partner may have written the new alarm itself: the lowest one ever agreed holds.
    alarm = min(one.terms.growth_alarm for one in (agreement, *before))
    return tuple(Growth(*pair) for pair in pairs if 0 < alarm * pair[1] <= pair[2])


def _before(agreement: Agreement, known: list[Agreement]) -> list[Agreement]:
    """Return what both signed before: by when it came here, for the partner writes its own dates.

    Args:
        known: all with this partner, newest first.
    """
    digests = [one.digest for one in known]
    if agreement.digest in digests:
        known = known[digests.index(agreement.digest) + 1 :]
    return [one for one in known if one.complete]


def _partner_sizes(workspace: Workspace, agreement: Agreement) -> dict[str, int]:
    """Return the partner's sizes. Cards may have been replaced since; the own name never is."""
    return agreement.sizes[1 - agreement.terms.names.index(workspace.card.name)]


LISTS_COMPARED: Final = 12
"""How many of the lists that were shown are compared, the last ones: a year, month by month."""

FEW: Final = 5
"""Fewer changed entities than this are worth a warning where the agreement has no rule."""

Entities = Counter[tuple[str, ...]]
"""How often each segment with the same keys stands in a list."""


@dataclass(frozen=True, repr=False)
class Shown:
    """What a session takes of a list.

    Attributes:
        left_out: one flag an entity, set for those that take no part.
        rest: what is shown of each entity that does not match, if the agreement lets it: then entities without a
            key count too, and one of which this changed has changed.
    """

    left_out: Flags
    rest: tuple[tuple[str, ...], ...] | None


@dataclass(frozen=True)
class Change:
    """The entities by which a list differs from one that was shown before.

    Attributes:
        list_id: number of that list, or 0 if no list was shown before.
        by_segment: came or went, whichever is more; segments without a change are absent.
    """

    list_id: int = 0
    by_segment: dict[str, int] = field(default_factory=dict)


def changed_entities(
    before: Prepared, after: Prepared, shown_before: Shown | None = None, shown_after: Shown | None = None
) -> dict[str, int]:
    """Count by segment the entities that came or went, whichever is more; one with other keys did both.

    Args:
        shown_before, shown_after: what took part of each list and what is shown of it; by default all that has a
            key, and nothing else of it.
    """
    old, new = _by_keys(before, shown_before), _by_keys(after, shown_after)
    came, went = _by_segment(new - old), _by_segment(old - new)
    return {segment: max(came[segment], went[segment]) for segment in sorted(came.keys() | went.keys())}


def changed_since_earlier(
    workspace: Workspace, partner: PartnerRecord, agreement: Agreement, list_id: int
) -> Change:
    """Find the list of an earlier session from which a list differs by the fewest entities of a segment.

    Returns:
        Nothing changed if that list was shown before, or none was.
    """
    shown = list(dict.fromkeys(s.list_id for s in workspace.sessions(partner) if s.charged))[:LISTS_COMPARED]
    if list_id in shown:
        return Change()
    changes = [Change(each, _changed(workspace, agreement, each, list_id)) for each in shown]
    return min((c for c in changes if c.by_segment), key=lambda c: min(c.by_segment.values()), default=Change())


def check_change(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, list_id: int) -> None:
    """Refuse a list that differs from an earlier one by fewer entities than the agreement asks.

    Raises:
        NotNowError: naming the segments.
    """
    least = agreement.terms.min_change
    change = changed_since_earlier(workspace, partner, agreement, list_id) if least else Change()
    few = {segment: n for segment, n in change.by_segment.items() if n < least}
    if few:
        listed = ", ".join(f"{n:,} {segment}" for segment, n in few.items())
        raise NotNowError(
            f"since an earlier session with {partner.card.name} too few entities changed to hide which: {listed}; "
            f"the agreement asks for {least:,} in a segment, or none",
            f"Use the list of that session again with --list {change.list_id}, or wait until more has changed.",
        )


def warning(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, list_id: int) -> str | None:
    """Say which accounts a list would give away that the agreement lets change by any number."""
    if agreement.terms.min_change:
        return None
    change = changed_since_earlier(workspace, partner, agreement, list_id)
    few = {segment: n for segment, n in change.by_segment.items() if n < FEW}
    if not few:
        return None
    listed = ", ".join(f"{n:,} {segment}" for segment, n in few.items())
    return (
        f"Only {listed} changed since an earlier session: whoever compares both results learns of these. "
        "The agreement has no rule against it (min_change)."
    )


def _changed(workspace: Workspace, agreement: Agreement, one: int, other: int) -> dict[str, int]:
    """Compare two lists by what takes part of each under an agreement, and what is shown of it."""
    before, after = workspace.load_list(one), workspace.load_list(other)
    role = agreement.role_of(workspace.card)
    shown = [_shown(agreement, role, *both) for both in (before, after)]
    return changed_entities(before[1], after[1], *shown)


def _shown(agreement: Agreement, role: int, accounts: AccountList, prepared: Prepared) -> Shown:
    sharing = agreement.terms.sharing
    flags = left_out(prepared, withheld(accounts, prepared, sharing.joint_filter))
    level = sharing.rest_of(ROLES[role])
    return Shown(flags, shown_of_rest(accounts, prepared, names=level == NAMES) if level else None)


def _by_keys(prepared: Prepared, shown: Shown | None) -> Entities:
    """Count entities by segment, keys and what else is shown of them."""
    keys: list[list[str]] = [[] for _ in range(prepared.entities.num_rows)]
    columns = (prepared.keys[name].to_pylist() for name in ("entity", "slot", "value"))
    for entity, slot, value in zip(*columns, strict=True):
        keys[entity].append(f"{prepared.profile.slots[slot].name}={value}")
    segments = prepared.entities["segment"].to_pylist()
    absent = [False] * len(keys) if shown is None else shown.left_out.tolist()
    rest = None if shown is None else shown.rest
    return Counter(
        (segments[n], *sorted(own), *(rest[n] if rest else ()))
        for n, own in enumerate(keys)
        if (own or rest) and not absent[n]
    )


def _by_segment(entities: Entities) -> Counter[str]:
    counted: Counter[str] = Counter()
    for (segment, *_), n in entities.items():
        counted[segment] += n
    return counted


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
