"""Which deals are sourced, influenced, only shared or untouched, and how much revenue and pipeline that is."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.influence.evidence import PartnerNames, Touches
from accountmap.influence.facts import NO_DAY, DealFacts, Ints, Mask, minor_units, to_day
from accountmap.influence.rules import InfluenceRules

SOURCED: Final = "sourced"
INFLUENCED: Final = "influenced"
SHARED: Final = "shared"
UNTOUCHED: Final = "untouched"
CLASSES: Final = (SOURCED, INFLUENCED, SHARED, UNTOUCHED)
"""What partners have to do with a deal, the most first; each deal is in one class. *Shared* is what the overlap
alone says: a partner has the company on its list, and none of its touches counts."""

REVENUE: Final = "won in the period"
PIPELINE: Final = "open"
LOST_THEN: Final = "lost in the period"

TOTAL_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string()),
        pa.field("of", pa.string(), nullable=False),
        pa.field("class", pa.string(), nullable=False),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("deals", pa.int64(), nullable=False),
        pa.field("deal_amount", pa.float64(), nullable=False),
        pa.field("with_others", pa.int64(), nullable=False),
    ]
)
"""Deals and their amounts by partner, REVENUE or PIPELINE, class and currency. With a null `partner_name` each
deal counts once, in its class, and the classes add up to all deals. A partner's rows say what it sourced, what it
influenced without having sourced it, and what it only shares; `with_others` of these deals are also another
partner's, so that rows of several partners do not add up."""

_DEAL_FIELDS: Final = (
    pa.field("deal_amount", pa.float64()),
    pa.field("currency", pa.string(), nullable=False),
    pa.field("created", pa.date32()),
    pa.field("closed", pa.date32()),
    pa.field("stage", pa.string()),
    pa.field("owner_name", pa.string()),
)

DEAL_VIEW_SCHEMA: Final = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("deal_name", pa.string()),
        pa.field("account_id", pa.string()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("of", pa.string()),
        pa.field("class", pa.string(), nullable=False),
        pa.field("sourced_by", pa.string()),
        pa.field("sourced_how", pa.string()),
        pa.field("influenced_by", pa.string()),
        pa.field("shared_with", pa.string()),
        pa.field("touches", pa.int64(), nullable=False),
        *_DEAL_FIELDS,
    ]
)
"""One row per deal. `of` is REVENUE, LOST_THEN, PIPELINE, or null for one that closed outside the period. Names of
several partners are joined by " · ". `sourced_how` is the kind of the touch that sources it."""

PARTNER_DEAL_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("role", pa.string(), nullable=False),
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("deal_name", pa.string()),
        pa.field("account_id", pa.string()),
        pa.field("of", pa.string()),
        pa.field("outcome", pa.string(), nullable=False),
        *_DEAL_FIELDS,
    ]
)
"""One row for each deal and partner that has to do with it; `role` is the class that the deal has for that partner
alone, so that the rows of a partner are what its totals add up."""

TOUCH_VIEW_SCHEMA: Final = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("deal_name", pa.string()),
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("date", pa.date32()),
        pa.field("days_after_creation", pa.int64()),
        pa.field("stage_then", pa.string()),
        pa.field("counts", pa.string(), nullable=False),
        pa.field("not_counted", pa.string()),
        pa.field("record", pa.string(), nullable=False),
    ]
)
"""One row for each deal and touch of it, including those that do not count. `counts` is SOURCED for the touch that
sources the deal, INFLUENCED or "no"; `stage_then` the last stage that the deal had entered by that day, as far as
the list says; `record` is the ledger entry, the field of the CRM, or the row of the list of touches."""

NOT_COUNTED: Final = "no"


@dataclass(frozen=True, repr=False)
class Attribution:
    """The class of each deal, and the partners that it has to do with.

    Attributes:
        touches: those that count, by deal and day.
        sourced_by: for each deal the row of `touches` that sources it, -1 for none.
        influenced: (deal, partner), whether the partner has a touch that counts.
        shared: (deal, partner), whether the overlap with the partner has the deal's company.
        names: of the partners.
    """

    touches: Touches
    sourced_by: Ints
    influenced: npt.NDArray[np.bool_]
    shared: npt.NDArray[np.bool_]
    names: tuple[str, ...]

    @property
    def classes(self) -> Ints:
        """The position in CLASSES of each deal."""
        first = [self.sourced_by >= 0, self.influenced.any(axis=1), self.shared.any(axis=1)]
        return np.select(first, [0, 1, 2], 3).astype(np.int64)

    @property
    def sourcing_partner(self) -> Ints:
        """The partner that sourced each deal, -1 for none."""
        return np.where(self.sourced_by >= 0, np.append(self.touches.partner, -1)[self.sourced_by], -1)


def attribute(
    facts: DealFacts,
    touches: Touches,
    shared: pa.Table,
    accounts: pa.ChunkedArray,
    entity_of: Ints,
    names: PartnerNames,
) -> Attribution:
    """Give each deal its class.

    Args:
        touches: all, as `gather_touches` judged them.
        shared: partner and account_id of the overlaps.
        accounts: ids of the own accounts.
        entity_of: the number of the company of each.
    """
    counted = touches.counted()
    sourced_by = np.full(len(facts), -1, np.int64)
    sourcing = np.flatnonzero(counted.sources)[::-1]  # The earliest is written last, and wins.
    sourced_by[counted.deal[sourcing]] = sourcing
    influenced = np.zeros((len(facts), len(names.names)), bool)
    influenced[counted.deal, counted.partner] = True
    has = np.zeros_like(influenced)
    at = pc.fill_null(pc.index_in(shared["account_id"], value_set=accounts.combine_chunks()), -1).to_numpy()
    partner = names.numbers(shared["partner"].to_pylist())
    for each in np.unique(partner[at >= 0]).tolist():
        has[:, each] = np.isin(facts.entity, entity_of[at[(partner == each) & (at >= 0)]])
    return Attribution(counted, sourced_by, influenced, has, tuple(names.names))


def scopes(facts: DealFacts, rules: InfluenceRules, as_of: int) -> dict[str, Mask]:
    """Return which deals are revenue, lost then, and pipeline.

    Args:
        as_of: days since 1970-01-01.
    """
    since, until = (to_day(day) for day in rules.period(date(1970, 1, 1) + timedelta(days=as_of)))
    then = (facts.closed != NO_DAY) & (facts.closed >= since) & (facts.closed <= until)
    return {REVENUE: facts.won & then, LOST_THEN: facts.lost & then, PIPELINE: facts.is_open}


def totals(facts: DealFacts, found: Attribution, within: dict[str, Mask]) -> pa.Table:
    """Add deals and amounts up, by currency; returns TOTAL_SCHEMA, the rows of all partners together first."""
    rows = []
    classes, sourcer = found.classes, found.sourcing_partner
    partners = found.influenced | found.shared
    several = partners.sum(axis=1) > 1
    for of in (REVENUE, PIPELINE):
        for currency in sorted(set(facts.currency[within[of]].tolist())):
            inside = within[of] & (facts.currency == currency)
            for at, name in enumerate(CLASSES):
                rows.append(_total(facts, None, of, name, currency, inside & (classes == at), several))
            for partner, partner_name in enumerate(found.names):
                sourced = inside & (sourcer == partner)
                influenced = inside & found.influenced[:, partner] & ~sourced
                only = inside & found.shared[:, partner] & ~found.influenced[:, partner]
                for name, mask in ((SOURCED, sourced), (INFLUENCED, influenced), (SHARED, only)):
                    rows.append(_total(facts, partner_name, of, name, currency, mask, several))
    return pa.Table.from_pylist(rows, schema=TOTAL_SCHEMA)


def _total(
    facts: DealFacts, partner: str | None, of: str, name: str, currency: str, mask: Mask, several: Mask
) -> dict[str, object]:
    return {
        "partner_name": partner,
        "of": of,
        "class": name,
        "currency": currency,
        "deals": int(mask.sum()),
        "deal_amount": int(facts.minor[mask].sum()) / minor_units(currency),
        "with_others": int((mask & several).sum()),
    }


def deals_view(facts: DealFacts, found: Attribution, within: dict[str, Mask]) -> pa.Table:
    """List the deals; returns DEAL_VIEW_SCHEMA, the classes in their order, the largest amounts first."""
    table, classes = facts.deals, found.classes
    sourcer = found.sourcing_partner
    kinds = [*found.touches.kind.tolist(), None]
    counted = np.bincount(found.touches.deal, minlength=len(facts))
    others = found.influenced.copy()
    others[np.flatnonzero(sourcer >= 0), sourcer[sourcer >= 0]] = False
    units = np.array([minor_units(code) for code in facts.currency.tolist()], np.float64)
    columns = {
        **{name: table[name] for name in _OWN_COLUMNS},
        "deal_name": table["name"],
        "of": _scope_of(facts, within),
        "class": pa.array([CLASSES[at] for at in classes.tolist()], pa.string()),
        "sourced_by": pa.array([found.names[at] if at >= 0 else None for at in sourcer.tolist()], pa.string()),
        "sourced_how": pa.array([kinds[at] for at in found.sourced_by.tolist()], pa.string()),
        "influenced_by": _joined(others, found.names),
        "shared_with": _joined(found.shared, found.names),
        "touches": pa.array(counted),
        "deal_amount": pa.array(facts.minor / units, mask=table["amount"].is_null().to_numpy()),
        "currency": pa.array(facts.currency, pa.string()),
    }
    listed = pa.table({name: columns[name] for name in DEAL_VIEW_SCHEMA.names}, schema=DEAL_VIEW_SCHEMA)
    return listed.take(pa.array(_order(facts, found, within)))


_OWN_COLUMNS: Final = ("deal_id", "account_id", "outcome", "created", "closed", "stage", "owner_name")


def _scope_of(facts: DealFacts, within: dict[str, Mask]) -> pa.Array:
    scope = np.full(len(facts), None, object)
    for of, mask in within.items():
        scope[mask] = of
    return pa.array(scope, pa.string())


def _order(facts: DealFacts, found: Attribution, within: dict[str, Mask]) -> Ints:
    """Put the deals in the order of their classes; within each, deals in no sum last, the largest amounts
    first."""
    outside = ~(within[REVENUE] | within[PIPELINE])
    return np.lexsort((-facts.minor, outside, found.classes))


def partner_deals_view(facts: DealFacts, found: Attribution, within: dict[str, Mask]) -> pa.Table:
    """List what each partner has to do with each deal; returns PARTNER_DEAL_SCHEMA, in the order of the deals."""
    role = np.full(found.influenced.shape, -1, np.int64)
    role[found.shared] = CLASSES.index(SHARED)
    role[found.influenced] = CLASSES.index(INFLUENCED)
    sourcer = found.sourcing_partner
    rows = np.flatnonzero(sourcer >= 0)
    role[rows, sourcer[rows]] = CLASSES.index(SOURCED)
    rank = np.empty(len(facts), np.int64)
    rank[_order(facts, found, within)] = np.arange(len(facts))
    deal, partner = np.nonzero(role >= 0)
    order = np.lexsort((partner, rank[deal], role[deal, partner]))
    deal, partner = deal[order], partner[order]
    table = facts.deals.take(pa.array(deal))
    units = np.array([minor_units(code) for code in facts.currency[deal].tolist()], np.float64)
    columns = {
        **{name: table[name] for name in _OWN_COLUMNS},
        "deal_name": table["name"],
        "partner_name": pa.array([found.names[at] for at in partner.tolist()], pa.string()),
        "role": pa.array([CLASSES[at] for at in role[deal, partner].tolist()], pa.string()),
        "of": _scope_of(facts, within).take(pa.array(deal)),
        "deal_amount": pa.array(facts.minor[deal] / units, mask=table["amount"].is_null().to_numpy()),
        "currency": pa.array(facts.currency[deal], pa.string()),
    }
    return pa.table({name: columns[name] for name in PARTNER_DEAL_SCHEMA.names}, schema=PARTNER_DEAL_SCHEMA)


def _joined(mask: npt.NDArray[np.bool_], names: tuple[str, ...]) -> pa.Array:
    """Write the names of the partners of each row; equal rows are written once."""
    sets, which = np.unique(mask, axis=0, return_inverse=True)
    words = [
        " · ".join(name for name, held in zip(names, row, strict=True) if held) or None for row in sets.tolist()
    ]
    return pa.array(words, pa.string()).take(pa.array(which.ravel()))


def touches_view(
    facts: DealFacts, touches: Touches, found: Attribution, within: dict[str, Mask], stages: pa.Table
) -> pa.Table:
    """List the touches; returns TOUCH_VIEW_SCHEMA, in the order of the deals, and by day."""
    rank = np.empty(len(facts), np.int64)
    rank[_order(facts, found, within)] = np.arange(len(facts))
    touches = touches.take(np.lexsort((touches.partner, touches.day, rank[touches.deal])))
    table = facts.deals.take(pa.array(touches.deal))
    dated = touches.day != NO_DAY
    created = facts.created[touches.deal]
    after = pa.array(touches.day - created, mask=~dated | (created == NO_DAY))
    counts = np.where(touches.counts, INFLUENCED, NOT_COUNTED).astype(object)
    first = _sourcing_rows(touches)
    counts[first] = SOURCED
    why = pa.array([each or None for each in touches.why_not.tolist()], pa.string())
    columns = {
        "deal_id": table["deal_id"],
        "deal_name": table["name"],
        "partner_name": pa.array([found.names[at] for at in touches.partner.tolist()], pa.string()),
        "kind": pa.array(touches.kind, pa.string()),
        "date": pa.array(np.where(dated, touches.day, 0).astype(np.int32), mask=~dated).cast(pa.date32()),
        "days_after_creation": after,
        "stage_then": _stage_then(touches, table, stages),
        "counts": pa.array(counts, pa.string()),
        "not_counted": why,
        "record": pa.array(touches.record, pa.string()),
    }
    return pa.table({name: columns[name] for name in TOUCH_VIEW_SCHEMA.names}, schema=TOUCH_VIEW_SCHEMA)


def _sourcing_rows(touches: Touches) -> Ints:
    """Return the earliest sourcing touch of each deal; the touches are sorted by deal, day and partner."""
    rows = np.flatnonzero(touches.sources)
    return rows[np.unique(touches.deal[rows], return_index=True)[1]]


def _stage_then(touches: Touches, deals: pa.Table, stages: pa.Table) -> pa.Array:
    """Find the last stage that each touch's deal had entered by the day of the touch."""
    entered: dict[str, list[tuple[int, str]]] = {}
    days = stages["entered"].cast(pa.int32()).to_pylist()
    for deal, stage, day in zip(stages["deal_id"].to_pylist(), stages["stage"].to_pylist(), days, strict=True):
        entered.setdefault(deal, []).append((day, stage))
    if not entered:
        return pa.nulls(len(touches), pa.string())
    found = [
        max((each for each in entered.get(deal, ()) if each[0] <= day), default=(0, None))[1]
        for deal, day in zip(deals["deal_id"].to_pylist(), touches.day.tolist(), strict=True)
    ]
    return pa.array(found, pa.string())
