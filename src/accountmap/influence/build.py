"""Everything that is computed from deals and partners, put together, and what partners cost and return."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList, DealList
from accountmap.errors import BackendError
from accountmap.influence.attribution import (
    CLASSES,
    REVENUE,
    SOURCED,
    Attribution,
    attribute,
    deals_view,
    partner_deals_view,
    scopes,
    totals,
    touches_view,
)
from accountmap.influence.compare import COMPARISON_SCHEMA, MISSING, compare, main_currency, time_rows
from accountmap.influence.evidence import NOT_A_KIND, PartnerNames, Touches, gather_touches
from accountmap.influence.facts import DealFacts, Ints, deal_facts, minor_units, to_day
from accountmap.influence.models import credits, model_totals
from accountmap.influence.openings import SHARED_SCHEMA, conflicts, missed
from accountmap.influence.rules import AgreedRule, Cost, InfluenceRules
from accountmap.influence.watch import OBSERVED_SCHEMA, watch

NARROW: Final = 0.5
WIDE: Final = 2.0
"""The factors by which the windows of the rule are scaled, to see how much depends on them."""

RETURN_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("partner_cost", pa.float64(), nullable=False),
        pa.field("cost_from", pa.string(), nullable=False),
        pa.field("sourced_revenue", pa.float64(), nullable=False),
        pa.field("credited_at_least", pa.float64(), nullable=False),
        pa.field("credited_at_most", pa.float64(), nullable=False),
        pa.field("return_at_least", pa.float64()),
        pa.field("return_at_most", pa.float64()),
    ]
)
"""One row per partner with costs, for the period and their currency alone. `partner_cost` includes the share of
the sourced revenue; `cost_from` says whether the rule or the partner's profile gives the cost. The credits are the
lowest and the highest of the models, times the gross margin if the rule has one; a return is credit less cost,
divided by cost, null where there is no cost."""

FROM_RULE: Final = "rule"
FROM_PROFILE: Final = "profile"

_DAYS_A_YEAR: Final = 365


@dataclass(frozen=True, repr=False)
class Influence:
    """What partners do for revenue, ready for reports.

    Attributes:
        own_name: of the company whose deals these are.
        rules: the rule that all numbers follow.
        as_of: the day on which the deals were prepared.
        period: first and last day of the period of revenue.
        currency: the one that most deals have; the summary and comparisons of size are in it.
        totals, deals, partner_deals, touches, credits, by_model, comparison, balance, missed, conflicts, returns,
        series, changes:
            as the schemas of the modules say.
        sensitivity: amounts of revenue by class, in `currency`, with the windows of the rule scaled by NARROW, 1
            and WIDE.
        agreed: the rules that agreements with partners name, and where this one differs.
        notes: what a reader should know about the data, one sentence each, without account data.
    """

    own_name: str
    rules: InfluenceRules
    as_of: date
    period: tuple[date, date]
    currency: str
    totals: pa.Table
    deals: pa.Table
    partner_deals: pa.Table
    touches: pa.Table
    credits: pa.Table
    by_model: pa.Table
    comparison: pa.Table
    balance: pa.Table
    missed: pa.Table
    conflicts: pa.Table
    returns: pa.Table
    series: pa.Table
    changes: pa.Table
    sensitivity: dict[str, tuple[float, float, float]]
    agreed: tuple[AgreedRule, ...] = ()
    notes: tuple[str, ...] = ()


def build_influence(
    own_name: str,
    deals: DealList,
    accounts: AccountList,
    as_of: date,
    rules: InfluenceRules,
    *,
    entity_of: Ints | None = None,
    partners: Sequence[str] = (),
    touches: Iterable[pa.Table] = (),
    shared: pa.Table = SHARED_SCHEMA.empty_table(),  # noqa: B008 a table cannot be changed
    yearly_costs: Mapping[str, Cost] = MappingProxyType({}),
    observed: pa.Table = OBSERVED_SCHEMA.empty_table(),  # noqa: B008
    agreed: Sequence[AgreedRule] = (),
) -> Influence:
    """Compute what partners do for revenue.

    Args:
        deals: the own deals; their own touches are taken in.
        accounts: the own account list.
        as_of: the day on which the deals were prepared.
        entity_of: for each account the number of its company; by default each account is a company of its own.
        partners: names of known partners; deals and touches may name others.
        touches: TOUCH_SCHEMA each, besides those of the deals: introductions, registrations.
        shared: SHARED_SCHEMA.
        yearly_costs: what partners cost in a year, by name, where the rule does not say it.
        observed: OBSERVED_SCHEMA: what sessions and conversations show of partners over time.
        agreed: the rules that agreements with partners name.
    """
    every = [deals.touches, *touches]
    whole = np.arange(len(accounts)) if entity_of is None else entity_of
    ids = accounts.table["account_id"]
    by_account = dict(zip(ids.to_pylist(), whole.tolist(), strict=True))
    facts = deal_facts(deals, accounts, as_of, whole)

    def attributed(rule: InfluenceRules) -> tuple[PartnerNames, Touches, Attribution]:
        names = PartnerNames(rule.partners, list(partners))
        for each in shared["partner"].unique().to_pylist():
            names.number(each)
        found = gather_touches(facts, every, ids, whole, names, rule, deals.stages)
        return names, found, attribute(facts, found, shared, ids, whole, names)

    names, found, attribution = attributed(rules)
    within = scopes(facts, rules, facts.as_of)
    credited = credits(facts, attribution, within, rules)
    summed, by_model = totals(facts, attribution, within), model_totals(credited, attribution.names)
    compared, balance = compare(facts, attribution, rules)
    timed, note = _times(facts, attribution, rules)
    series, changes = watch(facts, attribution, found, every, observed, names, rules)
    currency = main_currency(facts)
    others = {factor: attributed(rules.scaled(factor))[2] for factor in (NARROW, WIDE)}
    return Influence(
        own_name=own_name,
        rules=rules,
        as_of=as_of,
        period=rules.period(as_of),
        currency=currency,
        totals=summed,
        deals=deals_view(facts, attribution, within),
        partner_deals=partner_deals_view(facts, attribution, within),
        touches=touches_view(facts, found, attribution, within, deals.stages),
        credits=credited,
        by_model=by_model,
        comparison=pa.concat_tables([compared, timed]),
        balance=balance,
        missed=missed(facts, found, shared, by_account, names),
        conflicts=conflicts(facts, found, attribution, shared, by_account),
        returns=returns(
            summed, by_model, names, rules, costs_of_period(yearly_costs, names, rules.period(as_of), currency)
        ),
        series=series,
        changes=changes,
        sensitivity=_sensitivity(facts, within[REVENUE], currency, (others[NARROW], attribution, others[WIDE])),
        agreed=tuple(agreed),
        notes=(*note, *_notes(facts, found, rules, as_of)),
    )


def _times(facts: DealFacts, found: Attribution, rules: InfluenceRules) -> tuple[pa.Table, tuple[str, ...]]:
    try:
        rows = time_rows(facts, found, rules)
    except BackendError:
        return COMPARISON_SCHEMA.empty_table(), (MISSING,)
    return pa.Table.from_pylist(rows, schema=COMPARISON_SCHEMA), ()


def _sensitivity(
    facts: DealFacts, revenue: np.ndarray, currency: str, attributions: Sequence[Attribution]
) -> dict[str, tuple[float, float, float]]:
    inside = revenue & (facts.currency == currency)
    units = minor_units(currency)
    found = {}
    for at, name in enumerate(CLASSES):
        narrow, middle, wide = (
            int(facts.minor[inside & (each.classes == at)].sum()) / units for each in attributions
        )
        found[name] = (narrow, middle, wide)
    return found


def _notes(facts: DealFacts, found: Touches, rules: InfluenceRules, as_of: date) -> tuple[str, ...]:
    notes = []
    if unplaced := int((facts.account < 0).sum()):
        notes.append(
            f"Deals whose account is not on the prepared list, so that only their own fields count: {unplaced:,}."
        )
    kinds = pc.value_counts(pa.array(found.kind[found.why_not == NOT_A_KIND].tolist(), pa.string())).to_pylist()
    if kinds:
        listed = ", ".join(f"{each['values']} ({each['counts']:,})" for each in kinds)
        notes.append(f"Touches of kinds that the rule does not count: {listed}.")
    codes = sorted({code or "unknown" for code in facts.currency[facts.minor > 0].tolist()})
    if len(codes) > 1:
        notes.append(f"Amounts are in {', '.join(codes)}; they are never added up.")
    first, last = rules.period(as_of)
    if last > as_of or first > as_of - timedelta(days=90):
        notes.append("The period is not over, or too short to say much.")
    undated = int((facts.created < to_day(date(1970, 1, 1))).sum())
    if undated:
        notes.append(f"Deals without a day of creation, which are left out of every comparison: {undated:,}.")
    return tuple(notes)


def returns(
    totals: pa.Table, by_model: pa.Table, names: PartnerNames, rules: InfluenceRules, costs: Mapping[int, Cost]
) -> pa.Table:
    """Set costs beside what the partners are credited with; returns RETURN_SCHEMA.

    Args:
        costs: those of the period in the partners' profiles, by number; costs in the rule take precedence.
    """
    sourced = {
        (row["partner_name"], row["currency"]): row["deal_amount"]
        for row in totals.to_pylist()
        if row["of"] == REVENUE and row["class"] == SOURCED
    }
    credited = {
        (row["partner_name"], row["currency"]): (row["lowest"], row["highest"])
        for row in by_model.to_pylist()
        if row["of"] == REVENUE
    }
    margin = 1.0 if rules.gross_margin is None else rules.gross_margin
    rows = []
    by_rule = {names.number(written): cost for written, cost in rules.costs.items()}
    for number, cost in (by_rule | {at: each for at, each in costs.items() if at not in by_rule}).items():
        partner = names.names[number]
        key = (partner, cost.currency)
        revenue = sourced.get(key, 0.0)
        whole = cost.programme + cost.marketing + cost.share * revenue
        low, high = (margin * each for each in credited.get(key, (0.0, 0.0)))
        rows.append(
            {
                "partner_name": partner,
                "currency": cost.currency,
                "partner_cost": whole,
                "cost_from": FROM_RULE if number in by_rule else FROM_PROFILE,
                "sourced_revenue": revenue,
                "credited_at_least": low,
                "credited_at_most": high,
                "return_at_least": (low - whole) / whole if whole else None,
                "return_at_most": (high - whole) / whole if whole else None,
            }
        )
    return pa.Table.from_pylist(rows, schema=RETURN_SCHEMA)


def costs_of_period(
    yearly: Mapping[str, Cost], names: PartnerNames, period: tuple[date, date], currency: str
) -> dict[int, Cost]:
    """Turn costs of a year into those of the period.

    Args:
        yearly: by the name of the partner; without a currency they are in `currency`.
        currency: the one that most deals have.

    Returns:
        By the number of the partner.
    """
    years = ((period[1] - period[0]).days + 1) / _DAYS_A_YEAR
    return {
        names.number(name): replace(
            cost,
            currency=cost.currency or currency,
            programme=cost.programme * years,
            marketing=cost.marketing * years,
        )
        for name, cost in yearly.items()
    }
