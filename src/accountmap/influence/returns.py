"""What a partner costs, what it brings under each model, and the return as a range."""

from typing import Final

import pyarrow as pa

from accountmap.influence.attribution import REVENUE, SOURCED
from accountmap.influence.evidence import PartnerNames
from accountmap.influence.rules import InfluenceRules

RETURN_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("partner_cost", pa.float64(), nullable=False),
        pa.field("sourced_revenue", pa.float64(), nullable=False),
        pa.field("credited_at_least", pa.float64(), nullable=False),
        pa.field("credited_at_most", pa.float64(), nullable=False),
        pa.field("return_at_least", pa.float64()),
        pa.field("return_at_most", pa.float64()),
    ]
)
"""One row a partner with costs, for the period and their currency alone. `partner_cost` has the share of the
sourced revenue in it. The credits are the lowest and the highest of the models, times the gross margin if the rule
has one; a return is credit less cost, by cost, null where there is no cost."""


def returns(totals: pa.Table, by_model: pa.Table, names: PartnerNames, rules: InfluenceRules) -> pa.Table:
    """Set the costs of the rule beside what the partners are credited with; returns RETURN_SCHEMA."""
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
    for written, cost in rules.costs.items():
        partner = names.names[names.number(written)]
        key = (partner, cost.currency)
        revenue = sourced.get(key, 0.0)
        whole = cost.programme + cost.marketing + cost.share * revenue
        low, high = (margin * each for each in credited.get(key, (0.0, 0.0)))
        rows.append(
            {
                "partner_name": partner,
                "currency": cost.currency,
                "partner_cost": whole,
                "sourced_revenue": revenue,
                "credited_at_least": low,
                "credited_at_most": high,
                "return_at_least": (low - whole) / whole if whole else None,
                "return_at_most": (high - whole) / whole if whole else None,
            }
        )
    return pa.Table.from_pylist(rows, schema=RETURN_SCHEMA)
