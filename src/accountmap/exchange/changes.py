"""How far a list differs from those that earlier sessions showed: small differences give single accounts away.

Two sessions whose lists differ by one account differ in what the partner learns by that account. So the agreement
may ask that a list stays as one of them was, or changes by at least so many entities in a segment.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from accountmap.accounts.schema import AccountList
from accountmap.canonical.prepared import Prepared
from accountmap.errors import NotNowError
from accountmap.exchange.participation import Flags, left_out, withheld
from accountmap.exchange.rest import shown_of_rest
from accountmap.trust.agreement import Agreement
from accountmap.trust.roles import ROLES
from accountmap.trust.sharing import NAMES
from accountmap.workspace import PartnerRecord, Workspace

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
