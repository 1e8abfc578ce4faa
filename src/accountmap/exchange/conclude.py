"""From the groups that the sessions of a run matched to one side's result."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa

from accountmap.exchange.describe import partner_learned
from accountmap.exchange.outcome import Cell
from accountmap.exchange.payload import decode_payload
from accountmap.exchange.rest import decode_rest
from accountmap.exchange.running import Running
from accountmap.overlap.result import BOTH, MATCH_SCHEMA, ME, THEM, EngagementRule, SessionResult
from accountmap.psi.phases import Counted, Done
from accountmap.psi.rounds import Counts
from accountmap.trust.agreement import Agreement
from accountmap.trust.roles import ROLES
from accountmap.trust.run_receipts import run_receipt
from accountmap.trust.sharing import NAMES

Found = Sequence[Done | Counted]
"""What each session of a run found."""


def cells(counts: Counts, agreement: Agreement, role: int) -> dict[Cell, int]:
    """Name the cells of the counts that were compared: own segment first."""
    segments = agreement.terms.segments
    ours_first = counts if role == 0 else counts.T
    return {
        (mine, theirs): int(ours_first[i, j])
        for i, mine in enumerate(segments)
        for j, theirs in enumerate(segments)
        if agreement.terms.sharing.disclosure((mine, theirs) if role == 0 else (theirs, mine))
    }


def shown_fields(agreement: Agreement, role: int) -> dict[Cell, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return for each cell in which matches are revealed the own fields and the partner's: own segment first."""
    return {
        (cell[role], cell[1 - role]): (r.disclosure.fields[role], r.disclosure.fields[1 - role])
        for r in agreement.terms.sharing.rectangles
        for cell in r.cells
        if r.disclosure.level == NAMES
    }


def session_result(running: Running, found: Found, now: datetime) -> SessionResult:
    """Turn matched groups into matched entities with segments and evidence."""
    agreement, role = running.agreement, running.record.role
    sharing, fields = agreement.terms.sharing, shown_fields(agreement, role)
    done = [(n, each) for n, each in enumerate(found) if isinstance(each, Done)]
    matches = pa.concat_tables([MATCH_SCHEMA.empty_table(), *(_matches(running, n, each) for n, each in done)])
    theirs = [(each, sharing.rectangles[n].disclosure.fields[1 - role]) for n, each in done]
    partner, rest = running.partner.card.name, running.session.partner_rest
    counts: Counts = np.sum([each.counts for each in found], axis=0, dtype=np.int64)
    return SessionResult(
        session_id=running.record.sid.hex(),
        own_name=running.workspace.card.name,
        partner_name=partner,
        finished=now,
        preview=cells(counts, agreement, role),
        partner_sizes=agreement.sizes[1 - role],
        matches=matches,
        their_fields=_their_fields(theirs),
        receipt=run_receipt([each.receipt for _, each in done]).hex() if done else "",
        reveals=partner_learned(partner, agreement, role, len(matches)),
        named_cells=frozenset(fields),
        shown_fields=fields,
        smallest_cell=sharing.smallest_cell,
        rules=_rules(agreement, role),
        withheld=running.own.withheld,
        rest=decode_rest(rest, agreement.terms.segments) if ROLES[1 - role] in sharing.rest_shown_by else None,
    )


def _matches(running: Running, number: int, done: Done) -> pa.Table:
    """Describe the matches of one session."""
    slots = running.own.prepared.profile.slots
    segments = running.agreement.terms.segments
    by_weight = sorted(range(len(slots)), key=lambda n: -slots[n].weight)
    shared: list[set[int]] = [set() for _ in done.group]
    for match, slot in zip(done.key_match.tolist(), done.key_slot.tolist(), strict=True):
        shared[match].add(slot)
    return pa.table(
        {
            "match_id": [row.tobytes().hex() for row in done.match_id],
            "entity": running.own.orders[number].entity[done.group],
            "their_segment": [segments[n] for n in done.their_segment.tolist()],
            "weight": done.weight,
            "evidence": [[slots[n].name for n in by_weight if n in found] for found in shared],
        }
    ).cast(MATCH_SCHEMA)


def _their_fields(shown: Sequence[tuple[Done, tuple[str, ...]]]) -> pa.Table:
    """Read what the partner showed: one row a match, one column of text for each field that any session shows."""
    names = dict.fromkeys(name for _, fields in shown for name in fields)
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    for done, fields in shown:
        ends = done.field_lengths.cumsum().tolist()
        for start, end in pairwise([0, *ends]):
            values = dict(zip(fields, decode_payload(done.fields[start:end], len(fields)), strict=True))
            for name in names:
                columns[name].append(values.get(name))
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


def _rules(agreement: Agreement, role: int) -> tuple[EngagementRule, ...]:
    who = {ROLES[role]: ME, ROLES[1 - role]: THEM}
    return tuple(
        EngagementRule(
            segments=frozenset(lead.segments[role]),
            their_segments=frozenset(lead.segments[1 - role]),
            countries=frozenset(lead.countries),
            lead=who.get(lead.leads, BOTH),
        )
        for lead in agreement.terms.leads
    )
