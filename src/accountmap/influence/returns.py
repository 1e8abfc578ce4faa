"""What a partner costs, what it brings under each model, and the return as a range."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Final

import pyarrow as pa

from accountmap.influence.attribution import REVENUE, SOURCED
from accountmap.influence.evidence import PartnerNames
from accountmap.influence.rules import Cost, InfluenceRules

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
"""One row a partner with costs, for the period and their currency alone. `partner_cost` has the share of the
sourced revenue in it; `cost_from` says whether the rule or the partner's profile gives the cost. The credits are
the lowest and the highest of the models, times the gross margin if the rule has one; a return is credit less cost,
by cost, null where there is no cost."""

FROM_RULE: Final = "rule"
FROM_PROFILE: Final = "profile"

_DAYS_A_YEAR: Final = 365


def returns(
    totals: pa.Table, by_model: pa.Table, names: PartnerNames, rules: InfluenceRules, costs: Mapping[int, Cost]
) -> pa.Table:
    """Set costs beside what the partners are credited with; returns RETURN_SCHEMA.

    Args:
        costs: in the period, of partners by number, as their profiles have them; those of the rule come first.
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
        yearly: by the name of the partner; without a currency they are in that of most deals.
        currency: that of most deals.

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
