"""From the groups that a session matched to one side's result."""

from datetime import datetime

import pyarrow as pa

from accountmap.exchange.describe import partner_learned
from accountmap.exchange.outcome import Cell
from accountmap.exchange.payload import decode_payload
from accountmap.exchange.running import Running
from accountmap.overlap.result import MATCH_SCHEMA, WITHHELD_SCHEMA, SessionResult
from accountmap.psi.phases import Done
from accountmap.psi.rounds import Counts


def cells(counts: Counts, segments: tuple[str, ...], role: int) -> dict[Cell, int]:
    """Name the cells of the counts: own segment first."""
    ours_first = counts if role == 0 else counts.T
    return {
        (mine, theirs): int(ours_first[i, j])
        for i, mine in enumerate(segments)
        for j, theirs in enumerate(segments)
    }


def session_result(running: Running, done: Done, now: datetime) -> SessionResult:
    """Turn matched groups into matched entities with segments and evidence."""
    agreement, role = running.agreement, running.record.role
    segments, partner = agreement.terms.segments, running.partner.card.name
    slots = running.prepared.profile.slots
    by_weight = sorted(range(len(slots)), key=lambda n: -slots[n].weight)
    evidence: list[list[str]] = [[] for _ in done.group]
    shared: list[set[int]] = [set() for _ in done.group]
    for match, slot in zip(done.key_match.tolist(), done.key_slot.tolist(), strict=True):
        shared[match].add(slot)
    for match, found in enumerate(shared):
        evidence[match] = [slots[n].name for n in by_weight if n in found]
    matches = pa.table(
        {
            "match_id": [row.tobytes().hex() for row in done.match_id],
            "entity": running.order.entity[done.group],
            "their_segment": [segments[n] for n in done.their_segment.tolist()],
            "weight": done.weight,
            "evidence": evidence,
        }
    ).cast(MATCH_SCHEMA)
    preview, fields = cells(done.counts, segments, role), agreement.terms.fields
    return SessionResult(
        session_id=done.sid.hex(),
        own_name=running.workspace.card.name,
        partner_name=partner,
        finished=now,
        preview=preview,
        partner_sizes=agreement.sizes[1 - role],
        matches=matches,
        their_fields=_their_fields(done, agreement.terms.fields),
        receipt=done.receipt.hex(),
        reveals=partner_learned(partner, agreement.sizes[role], len(matches), agreement.terms.fields),
        named_cells=frozenset(preview),
        shown_fields=dict.fromkeys(preview, (fields, fields)),
        smallest_cell=1,
        rules=(),
        withheld=WITHHELD_SCHEMA.empty_table(),
        rest=None,
    )


def _their_fields(done: Done, fields: tuple[str, ...]) -> pa.Table:
    """Read what the partner showed: one row a match, one column of text a field."""
    ends = done.field_lengths.cumsum().tolist()
    starts = [0, *ends[:-1]]
    rows = [decode_payload(done.fields[a:b], len(fields)) for a, b in zip(starts, ends, strict=True)]
    columns = zip(*rows, strict=True) if rows else [()] * len(fields)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(fields, columns, strict=True)})
