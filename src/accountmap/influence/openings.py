"""Where a partner could help and nobody asked, and where two partners claim one deal."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.influence.attribution import Attribution
from accountmap.influence.evidence import PartnerNames, Touches
from accountmap.influence.facts import DealFacts, minor_units
from accountmap.influence.rules import REGISTERED

SHARED_SCHEMA: Final = pa.schema(
    [
        pa.field("partner", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("their_segment", pa.string(), nullable=False),
        pa.field("their_registered_deal", pa.string()),
        pa.field("session_id", pa.string(), nullable=False),
        pa.field("finished", pa.date32(), nullable=False),
    ]
)
"""One row for each shared account and partner, from the last session with that partner."""

MISSED_SCHEMA: Final = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("deal_name", pa.string()),
        pa.field("account_id", pa.string()),
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("their_segment", pa.string(), nullable=False),
        pa.field("deal_amount", pa.float64()),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("stage", pa.string()),
        pa.field("created", pa.date32()),
        pa.field("owner_name", pa.string()),
        pa.field("session_id", pa.string(), nullable=False),
        pa.field("known_since", pa.date32(), nullable=False),
    ]
)
"""One row for each open deal and partner that has its company as a customer, where that partner has not touched
the deal and was not asked: the largest first. `session_id` and `known_since` are of the session that says so."""

CONFLICT_SCHEMA: Final = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("deal_name", pa.string()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("claimed_by", pa.string(), nullable=False),
        pa.field("deal_amount", pa.float64()),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("owner_name", pa.string()),
    ]
)
"""One row for each deal and reason for which several partners may claim it: "registered twice", "sourced twice" or
"registered on another partner's list"."""

REGISTERED_TWICE: Final = "registered twice"
SOURCED_TWICE: Final = "sourced twice"
REGISTERED_THERE: Final = "registered on another partner's list"
REASONS: Final = (REGISTERED_TWICE, SOURCED_TWICE, REGISTERED_THERE)


def _deal_columns(facts: DealFacts, rows: list[int], names: tuple[str, ...]) -> dict[str, object]:
    chosen = facts.deals.take(pa.array(rows, pa.int64()))
    currency = [str(facts.currency[row]) for row in rows]
    amount = [int(facts.minor[row]) / minor_units(code) or None for row, code in zip(rows, currency, strict=True)]
    listed = {"deal_name" if name == "name" else name: chosen[name] for name in names}
    return listed | {"deal_amount": amount, "currency": currency}


def missed(
    facts: DealFacts, touches: Touches, shared: pa.Table, entity_of: dict[str, int], names: PartnerNames
) -> pa.Table:
    """List open deals with a company that is a partner's customer, where that partner has done nothing.

    Args:
        touches: all, including those that do not count: a partner that was asked was not missed.
        shared: SHARED_SCHEMA.
        entity_of: the number of the company of each own account.

    Returns:
        MISSED_SCHEMA.
    """
    touched = set(zip(touches.deal.tolist(), touches.partner.tolist(), strict=True))
    shared = shared.filter(pc.equal(shared["their_segment"], SEGMENTS[0]))
    by_entity: dict[int, list[int]] = {}
    for row in np.flatnonzero(facts.is_open & (facts.entity >= 0)).tolist():
        by_entity.setdefault(int(facts.entity[row]), []).append(row)
    found: dict[tuple[int, int], dict[str, object]] = {}
    for each in shared.to_pylist():
        partner = names.number(each["partner"])
        for row in by_entity.get(entity_of.get(each["account_id"], -1), ()):
            if (row, partner) not in touched:
                found.setdefault((row, partner), each)
    order = sorted(found, key=lambda key: (-int(facts.minor[key[0]]), key))
    rows = [row for row, _ in order]
    columns = _deal_columns(facts, rows, ("deal_id", "name", "account_id", "stage", "created", "owner_name")) | {
        "partner_name": [names.names[partner] for _, partner in order],
        "their_segment": [found[key]["their_segment"] for key in order],
        "session_id": [found[key]["session_id"] for key in order],
        "known_since": [found[key]["finished"] for key in order],
    }
    return pa.table({name: columns[name] for name in MISSED_SCHEMA.names}, schema=MISSED_SCHEMA)


def conflicts(
    facts: DealFacts, touches: Touches, found: Attribution, shared: pa.Table, entity_of: dict[str, int]
) -> pa.Table:
    """List deals that several partners may claim; returns CONFLICT_SCHEMA, the largest first."""
    claims: dict[tuple[int, str], set[int]] = {}
    registered: dict[int, set[int]] = {}
    columns = (touches.deal.tolist(), touches.partner.tolist(), touches.kind.tolist(), touches.sources.tolist())
    for deal, partner, kind, sources in zip(*columns, strict=True):
        if kind == REGISTERED:
            claims.setdefault((deal, REGISTERED_TWICE), set()).add(partner)
            registered.setdefault(deal, set()).add(partner)
        if sources:
            claims.setdefault((deal, SOURCED_TWICE), set()).add(partner)
    theirs: dict[int, set[str]] = {}
    for each in shared.filter(pc.is_valid(shared["their_registered_deal"])).to_pylist():
        if each["account_id"] in entity_of:
            theirs.setdefault(entity_of[each["account_id"]], set()).add(each["partner"])
    number = {name: at for at, name in enumerate(found.names)}
    for deal, partners in registered.items():
        others = {number[name] for name in theirs.get(int(facts.entity[deal]), ()) if name in number} - partners
        if others and facts.is_open[deal]:
            claims[deal, REGISTERED_THERE] = partners | others
    several = {key: partners for key, partners in claims.items() if len(partners) > 1}
    twice = {deal for deal, reason in several if reason == REGISTERED_TWICE}
    kept = [key for key in several if key[1] != SOURCED_TWICE or key[0] not in twice]
    order = sorted(kept, key=lambda key: (-int(facts.minor[key[0]]), key[0], REASONS.index(key[1])))
    rows = [deal for deal, _ in order]
    listed = _deal_columns(facts, rows, ("deal_id", "name", "outcome", "owner_name")) | {
        "reason": [reason for _, reason in order],
        "claimed_by": [" · ".join(found.names[at] for at in sorted(several[key])) for key in order],
    }
    return pa.table({name: listed[name] for name in CONFLICT_SCHEMA.names}, schema=CONFLICT_SCHEMA)
