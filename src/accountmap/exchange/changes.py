"""How far a list differs from those that earlier sessions showed: small differences give single accounts away.

Two sessions whose lists differ by one account differ in what the partner learns by that account. So the agreement
may ask that a list stays as one of them was, or changes by at least so many entities in a segment.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from accountmap.canonical.prepared import Prepared
from accountmap.errors import TrustError
from accountmap.exchange.participation import Flags, left_out, withheld
from accountmap.trust.agreement import Agreement
from accountmap.workspace import PartnerRecord, Workspace

LISTS_COMPARED: Final = 12
"""How many of the lists that were shown are compared, the last ones: a year, month by month."""

FEW: Final = 5
"""Fewer changed entities than this are worth a warning where the agreement has no rule."""

Entities = Counter[tuple[str, ...]]
"""How often each segment with the same keys stands in a list."""


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
    before: Prepared, after: Prepared, out_before: Flags | None = None, out_after: Flags | None = None
) -> dict[str, int]:
    """Count by segment the entities that came or went, whichever is more; one with other keys did both.

    Entities without a key are left out, for nothing can match them.

    Args:
        out_before, out_after: one flag an entity, set for those that took no part; by default none.
    """
    old, new = _by_keys(before, out_before), _by_keys(after, out_after)
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
        TrustError: naming the segments.
    """
    least = agreement.terms.min_change
    change = changed_since_earlier(workspace, partner, agreement, list_id) if least else Change()
    few = {segment: n for segment, n in change.by_segment.items() if n < least}
    if few:
        listed = ", ".join(f"{n:,} {segment}" for segment, n in few.items())
        raise TrustError(
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
    """Compare two lists by what takes part of each under an agreement."""
    sides = []
    for number in (one, other):
        accounts, prepared = workspace.load_list(number)
        held_back = withheld(accounts, prepared, agreement.terms.sharing.joint_filter)
        sides.append((prepared, left_out(prepared, held_back)))
    (before, out_before), (after, out_after) = sides
    return changed_entities(before, after, out_before, out_after)


def _by_keys(prepared: Prepared, out: Flags | None) -> Entities:
    """Count entities by segment and keys."""
    keys: list[list[str]] = [[] for _ in range(prepared.entities.num_rows)]
    columns = (prepared.keys[name].to_pylist() for name in ("entity", "slot", "value"))
    for entity, slot, value in zip(*columns, strict=True):
        keys[entity].append(f"{prepared.profile.slots[slot].name}={value}")
    segments = prepared.entities["segment"].to_pylist()
    flags = np.zeros(len(keys), np.bool_) if out is None else out
    rows = zip(segments, keys, flags.tolist(), strict=True)
    return Counter((segment, *sorted(own)) for segment, own, absent in rows if own and not absent)


def _by_segment(entities: Entities) -> Counter[str]:
    counted: Counter[str] = Counter()
    for (segment, *_), n in entities.items():
        counted[segment] += n
    return counted
