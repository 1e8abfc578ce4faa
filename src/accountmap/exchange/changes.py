"""How far a list differs from the one that the last session showed: small differences give single accounts away.

Two sessions whose lists differ by one account differ in what the partner learns by that account. So the agreement
may ask that a list stays as it was, or changes by at least so many entities in a segment.
"""

from collections import Counter

from accountmap.canonical.prepared import Prepared
from accountmap.errors import TrustError
from accountmap.trust.agreement import Agreement
from accountmap.workspace import PartnerRecord, Workspace


def changed_entities(before: Prepared, after: Prepared) -> dict[str, int]:
    """Count by segment the entities that came or went, whichever is more; one with other keys did both.

    Entities without a key are left out, for nothing can match them.
    """
    old, new = _by_keys(before), _by_keys(after)
    came, went = _by_segment(new - old), _by_segment(old - new)
    return {segment: max(came[segment], went[segment]) for segment in sorted(came.keys() | went.keys())}


def changed_since_last(workspace: Workspace, partner: PartnerRecord, list_id: int) -> dict[str, int]:
    """Count the entities by which a list differs from the one of the last session that showed counts.

    Returns:
        By segment; empty if nothing changed or no session has shown any.
    """
    shown = next((s.list_id for s in workspace.sessions(partner) if s.charged), list_id)
    if shown == list_id:
        return {}
    (_, before), (_, after) = workspace.load_list(shown), workspace.load_list(list_id)
    return changed_entities(before, after)


def check_change(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, list_id: int) -> None:
    """Refuse a list that differs from the last one by fewer entities than the agreement asks.

    Raises:
        TrustError: naming the segments.
    """
    least = agreement.terms.min_change
    changed = changed_since_last(workspace, partner, list_id) if least else {}
    few = {segment: n for segment, n in changed.items() if n < least}
    if few:
        shown = next(s.list_id for s in workspace.sessions(partner) if s.charged)
        listed = ", ".join(f"{n:,} {segment}" for segment, n in few.items())
        raise TrustError(
            f"since the last session with {partner.card.name} too few entities changed to hide which: {listed}; "
            f"the agreement asks for {least:,} in a segment, or none",
            f"Use the list of that session again with --list {shown}, or wait until more has changed.",
        )


def _by_keys(prepared: Prepared) -> Counter[tuple[str, ...]]:
    """Count entities by segment and keys."""
    keys: list[list[str]] = [[] for _ in range(prepared.entities.num_rows)]
    columns = (prepared.keys[name].to_pylist() for name in ("entity", "slot", "value"))
    for entity, slot, value in zip(*columns, strict=True):
        keys[entity].append(f"{prepared.profile.slots[slot].name}={value}")
    segments = prepared.entities["segment"].to_pylist()
    return Counter((segment, *sorted(own)) for segment, own in zip(segments, keys, strict=True) if own)


def _by_segment(entities: Counter[tuple[str, ...]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for (segment, *_), n in entities.items():
        counted[segment] += n
    return counted
