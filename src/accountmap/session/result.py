"""What a step tells the caller, and what one side has at the end of a session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

import numpy as np
import pyarrow as pa

from accountmap.account_map.schema import BOTH, MATCH_SCHEMA, ME, THEM, EngagementRule, SessionResult
from accountmap.psi.phases import Counted, Done
from accountmap.psi.rounds import Counts
from accountmap.session.active import Running
from accountmap.session.message_files import partner_learned
from accountmap.session.own_list import decode_payload
from accountmap.session.unmatched import decode_rest
from accountmap.trust.agreement import Agreement
from accountmap.trust.receipts import run_receipt
from accountmap.trust.roles import ROLES
from accountmap.trust.terms import NAMES
from accountmap.workspace import SessionRecord

Cell = tuple[str, str]


class State(StrEnum):
    """Where the session stands after a step."""

    WAITING = "waiting"
    UNDECIDED = "undecided"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Preview:
    """The counts that both sides see before they agree to reveal.

    Attributes:
        counts: entities that match at least, by (own segment, partner's segment).
        own_sizes: own entities by segment.
        partner_sizes: the partner's padded entities by segment.
        named: the cells in which matches are revealed after both consent.
        shown: the fields of matches that this side shows in any of them.
        rest: what this side also shows of accounts that do not match: "counts", "names", or nothing.
        smallest: counts below it, and above zero, in cells that are not named are for display fewer than this.
        partner_knows: whether the partner has seen these counts already.
        automatic: whether the agreement lets a program reveal without asking; never where this side names accounts
            that do not match.
    """

    counts: dict[Cell, int]
    own_sizes: dict[str, int]
    partner_sizes: dict[str, int]
    named: frozenset[Cell]
    shown: tuple[str, ...]
    rest: str
    smallest: int
    partner_knows: bool
    automatic: bool

    @property
    def total(self) -> int:
        """Entities that match at least."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Outcome:
    """What a step did, and where the session stands.

    Attributes:
        taken: file names of the partner's messages taken in by this step.
        sent: file names of the messages written by this step.
        preview: the counts, once they are known.
        notes: files in the folder that were passed over, and why.
    """

    state: State
    session: SessionRecord | None
    taken: tuple[str, ...]
    sent: tuple[str, ...]
    preview: Preview | None
    notes: tuple[str, ...]


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
        counted_cells=frozenset(cells(counts, agreement, role)) - frozenset(fields),
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
            "tier": ["weak" if all(slots[n].tier == "weak name" for n in found) else "strong" for found in shared],
            "evidence": [[slots[n].name for n in by_weight if n in found] for found in shared],
            "contradiction": [[] for _ in shared],
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
