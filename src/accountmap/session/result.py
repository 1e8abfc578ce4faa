"""What a step tells the caller, and what one side has at the end of a session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.account_map.schema import (
    ESTIMATE_SCHEMA,
    MATCH_SCHEMA,
    PAIR_SCHEMA,
    EngagementRule,
    SessionResult,
)
from accountmap.model import Contradiction, Leader, Role, Strength
from accountmap.model import Outcome as MatchOutcome
from accountmap.psi.matching import Matches
from accountmap.psi.rounds import Result
from accountmap.session.decisions import Claims, Preview, current_estimates, shown_fields
from accountmap.session.disclosure import partner_learned
from accountmap.session.open_session import OpenSession
from accountmap.session.parameters import decode_payload, shows_totals
from accountmap.session.totals import decode_totals, totals_noise
from accountmap.trust.agreement import Agreement
from accountmap.workspace import SessionRecord
from accountmap.workspace.estimates import Estimate


class State(StrEnum):
    """How far the session is after a step."""

    WAITING = "waiting"
    UNDECIDED = "undecided"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Outcome:
    """What a step did, and how far the session is.

    Attributes:
        taken: file names of the partner's messages read by this step.
        sent: file names of the messages written by this step.
        preview: the estimates, once they are known and until the session is over.
        claims: what a person has to look at, if the session waits for that.
        news: what has changed since the last session, if that is over and another can begin.
        notes: files in the folder that were passed over, and why; warnings.
    """

    state: State
    session: SessionRecord | None
    taken: tuple[str, ...]
    sent: tuple[str, ...]
    preview: Preview | None
    claims: Claims | None
    news: tuple[str, ...]
    notes: tuple[str, ...]


def session_result(open_session: OpenSession, found: Result, now: datetime) -> SessionResult:
    """Turn matched groups into matched entities with segments, strength and evidence."""
    agreement, role = open_session.agreement, open_session.role
    terms, fields = agreement.terms, shown_fields(agreement, role)
    revealed: list[pa.Table] = [MATCH_SCHEMA.empty_table()]
    possible: list[pa.Table] = [MATCH_SCHEMA.empty_table()]
    pairs: list[pa.Table] = [PAIR_SCHEMA.empty_table()]
    shown: list[tuple[list[bytes], tuple[str, ...]]] = []
    for number, matches in enumerate(found.comparisons):
        table, reveal = _matches(open_session, number, matches), matches.outcome == MatchOutcome.REVEAL
        revealed.append(table.filter(pa.array(reveal)))
        possible.append(table.filter(pa.array(~reveal)))
        pairs.append(_pairs(matches, ~reveal))
        theirs = terms.sharing.rectangles[number].fields[role.other]
        shown.append((_payloads(matches, reveal), theirs))
    partner, count = open_session.partner.card.name, sum(table.num_rows for table in revealed)
    their_role = role.other
    return SessionResult(
        session_id=open_session.record.sid.hex(),
        own_name=open_session.workspace.card.name,
        partner_name=partner,
        finished=now,
        estimates=estimate_table(current_estimates(open_session)),
        partner_sizes=agreement.sizes[their_role],
        matches=pa.concat_tables(revealed),
        possible=pa.concat_tables(possible),
        possible_pairs=pa.concat_tables(pairs),
        their_fields=_their_fields(shown),
        receipt=found.receipt.digest.hex(),
        reveals=partner_learned(partner, agreement, role, count),
        named_cells=frozenset(fields),
        counted_cells=frozenset(),
        shown_fields=fields,
        rules=_rules(agreement, role),
        withheld=open_session.own.withheld,
        totals=decode_totals(
            found.totals,
            terms.segments,
            totals=shows_totals(terms, their_role),
            names=their_role in terms.sharing.unmatched_named_by,
        )
        if found.totals
        else None,
        totals_noise=totals_noise(agreement.sketches[their_role].epsilon) if found.totals else 0,
    )


def _pairs(matches: Matches, chosen: npt.NDArray[np.bool_]) -> pa.Table:
    """Return the shared keys of some matches as PAIR_SCHEMA."""
    rows = np.flatnonzero(chosen[matches.pair_match])
    ids = [row.tobytes().hex() for row in matches.match_id[matches.pair_match[rows]]]
    slots = matches.pair_own_slot[rows], matches.pair_their_slot[rows]
    return pa.table([pa.array(ids, pa.string()), *slots], names=PAIR_SCHEMA.names).cast(PAIR_SCHEMA)


def estimate_table(estimates: Sequence[Estimate]) -> pa.Table:
    """Return estimates as ESTIMATE_SCHEMA."""
    return pa.Table.from_pylist(
        [
            {
                "segment": each.segment or None,
                "their_segment": None,
                "entities": each.own_values,
                "estimate": each.estimate,
                "at_least": each.low,
                "at_most": each.high,
                "made": each.made,
            }
            for each in estimates
            if each.level == 1
        ],
        schema=ESTIMATE_SCHEMA,
    )


def _matches(open_session: OpenSession, number: int, matches: Matches) -> pa.Table:
    """Describe the matches of one rectangle, revealed and possible ones."""
    terms, slots = open_session.agreement.terms, open_session.parameters.slots
    ranked = sorted(range(len(slots)), key=lambda n: (slots[n].strength, -slots[n].weight, n))
    rank = np.empty(len(slots), np.int64)
    rank[ranked] = np.arange(len(slots))
    counts_as = np.maximum(rank[matches.pair_own_slot], rank[matches.pair_their_slot])
    labels = {int(each): each.label for each in Strength}
    # Each pair once, match by match, the strongest first.
    pairs = np.unique(matches.pair_match * len(slots) + counts_as)
    starts = np.searchsorted(pairs, np.arange(len(matches) + 1) * len(slots))
    names = pa.array([terms.slots[place].name for place in ranked]).take(pa.array(pairs % len(slots)))
    return pa.table(
        {
            "match_id": [row.tobytes().hex() for row in matches.match_id],
            "entity": open_session.own.orders[number].entity[matches.group],
            "their_segment": pa.array(terms.segments).take(pa.array(matches.their_segment)),
            "weight": matches.weight,
            "strength": [labels[n] for n in matches.strength.tolist()],
            "evidence": pa.ListArray.from_arrays(pa.array(starts, pa.int32()), names),
            "contradiction": [_contradictions(n) for n in matches.contradictions.tolist()],
        }
    ).cast(MATCH_SCHEMA)


@cache
def _contradictions(bits: int) -> tuple[str, ...]:
    return tuple(each.name.lower() for each in Contradiction if each.name and each in Contradiction(bits))


def _payloads(matches: Matches, reveal: npt.NDArray[np.bool_]) -> list[bytes]:
    """Split the partner's fields by match, and return those of the revealed matches."""
    ends = matches.field_lengths.cumsum().tolist()
    parts = [matches.fields[start:end] for start, end in pairwise([0, *ends])]
    return [part for part, revealed in zip(parts, reveal.tolist(), strict=True) if revealed]


def _their_fields(shown: Sequence[tuple[list[bytes], tuple[str, ...]]]) -> pa.Table:
    """Read what the partner showed: one row a match, one column of text for each field that it shows anywhere."""
    names = dict.fromkeys(name for _, fields in shown for name in fields)
    columns: dict[str, list[str | None]] = {name: [] for name in names}
    for payloads, fields in shown:
        for payload in payloads:
            values = dict(zip(fields, decode_payload(payload, len(fields)), strict=True))
            for name in names:
                columns[name].append(values.get(name))
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


def _rules(agreement: Agreement, role: Role) -> tuple[EngagementRule, ...]:
    who = {role: Leader.ME, role.other: Leader.THEM, None: Leader.BOTH}
    return tuple(
        EngagementRule(
            segments=frozenset(lead.segments[role]),
            their_segments=frozenset(lead.segments[role.other]),
            countries=frozenset(lead.countries),
            lead=who[lead.leads],
        )
        for lead in agreement.terms.leads
    )
