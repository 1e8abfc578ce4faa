"""The views of what partners do for revenue, from which page, workbook, CSV, Parquet and JSON follow."""

from typing import Final

import pyarrow as pa

from accountmap.influence import Influence
from accountmap.influence.attribution import (
    DEAL_VIEW_SCHEMA,
    PARTNER_DEAL_SCHEMA,
    TOTAL_SCHEMA,
    TOUCH_VIEW_SCHEMA,
)
from accountmap.influence.build import RETURN_SCHEMA
from accountmap.influence.compare import COMPARISON_SCHEMA
from accountmap.influence.matching import BALANCE_SCHEMA
from accountmap.influence.models import CREDIT_SCHEMA, MODEL_TOTAL_SCHEMA
from accountmap.influence.openings import CONFLICT_SCHEMA, MISSED_SCHEMA
from accountmap.influence.watch import CHANGE_SCHEMA, SERIES_SCHEMA
from accountmap.report.views import View

_DEAL: Final = {"deal_name": "", "deal_id": "deal_name"}
_MONEY: Final = {"deal_amount": "", "currency": "deal_amount"}
_LIFE: Final = {"created": "", "closed": "", "stage": "", "owner_name": ""}
_DEALS: Final = ("deal", "deals")

INFLUENCE_VIEWS: Final[tuple[View[Influence], ...]] = (
    View(
        name="totals",
        title="By partner",
        schema=TOTAL_SCHEMA,
        rows=lambda influence: influence.totals,
        about="Each deal is in one class. Choose a number to list its deals.",
        noun=("line", "lines"),
    ),
    View(
        name="by_model",
        title="Seven ways to divide the credit",
        schema=MODEL_TOTAL_SCHEMA,
        rows=lambda influence: influence.by_model,
        about="What each partner is credited with if a deal is divided among the partners that touched it. The "
        "credits of a deal never add up to more than the deal.",
        noun=("line", "lines"),
    ),
    View(
        name="comparison",
        title="With and without a partner",
        schema=COMPARISON_SCHEMA,
        rows=lambda influence: influence.comparison,
        about="",
        noun=("comparison", "comparisons"),
    ),
    View(
        name="balance",
        title="How alike the deals are",
        schema=BALANCE_SCHEMA,
        rows=lambda influence: influence.balance,
        about="The share of deals that would have to be different for the two sides to be alike.",
        noun=("line", "lines"),
    ),
    View(
        name="returns",
        title="Cost and return",
        schema=RETURN_SCHEMA,
        rows=lambda influence: influence.returns,
        about="What each partner costs in the period, and what the lowest and the highest model credit it with, "
        "times the gross margin if the rule has one. The return is credit less cost, as a share of the cost. A "
        "credit says how revenue is divided, not what there would have been without the partner.",
        noun=("partner", "partners"),
        shown=lambda influence: influence.returns.num_rows > 0,
    ),
    View(
        name="missed",
        title="Nobody asked",
        schema=MISSED_SCHEMA,
        rows=lambda influence: influence.missed,
        about="Open deals with a company that is a partner's customer, where that partner has done nothing and "
        "was not asked; the largest first.",
        layout={
            **_DEAL,
            "account_id": "deal_name",
            "partner_name": "",
            "their_segment": "partner_name",
            **_MONEY,
            "stage": "",
            "created": "",
            "owner_name": "",
            "known_since": "",
        },
        noun=_DEALS,
        nothing="There is no open deal with a partner's customer that the partner has not touched.",
    ),
    View(
        name="conflicts",
        title="Claimed by several",
        schema=CONFLICT_SCHEMA,
        rows=lambda influence: influence.conflicts,
        about="Deals that several partners may claim. The rule credits the earliest; settle these before you "
        "publish a number by partner.",
        layout={**_DEAL, "reason": "", "claimed_by": "", **_MONEY, "outcome": "", "owner_name": ""},
        noun=_DEALS,
        nothing="No deal is claimed by several partners.",
    ),
    View(
        name="changes",
        title="What has changed",
        schema=CHANGE_SCHEMA,
        rows=lambda influence: influence.changes,
        about="",
        layout={
            "partner_name": "",
            "series": "",
            "verdict": "",
            "since": "",
            "mean_before": "",
            "mean_after": "",
            "by_chance": "",
            "months": "",
        },
        noun=("series", "series"),
        nothing="No partner has touched a deal, so there is nothing to watch.",
    ),
    View(
        name="deals",
        title="The deals",
        schema=DEAL_VIEW_SCHEMA,
        rows=lambda influence: influence.deals,
        about="Every deal once, in the class that the rule gives it. Choose the id of a deal to see its touches.",
        layout={
            **_DEAL,
            "class": "",
            "of": "",
            "sourced_by": "",
            "sourced_how": "sourced_by",
            "influenced_by": "",
            "shared_with": "",
            **_MONEY,
            "touches": "",
            **_LIFE,
        },
        noun=_DEALS,
        nothing="There are no deals.",
    ),
    View(
        name="partner_deals",
        title="The deals of each partner",
        schema=PARTNER_DEAL_SCHEMA,
        rows=lambda influence: influence.partner_deals,
        about="Every deal once for each partner that has to do with it: the sums by partner are made of these.",
        layout={**_DEAL, "partner_name": "", "role": "", "of": "", **_MONEY, **_LIFE},
        noun=_DEALS,
        nothing="No partner has to do with any deal.",
    ),
    View(
        name="touches",
        title="The evidence",
        schema=TOUCH_VIEW_SCHEMA,
        rows=lambda influence: influence.touches,
        about="Every touch of every deal, where it is recorded, and if it does not count, why not.",
        layout={
            **_DEAL,
            "partner_name": "",
            "kind": "",
            "date": "",
            "days_after_creation": "",
            "stage_then": "",
            "counts": "",
            "not_counted": "counts",
            "record": "",
        },
        noun=("touch", "touches"),
        nothing="No deal has a touch: no field, no introduction and no list of touches names a partner.",
    ),
    View(
        name="credits",
        title="Credits",
        schema=CREDIT_SCHEMA,
        rows=lambda influence: influence.credits,
        about="The part of each deal that each model gives each partner.",
        noun=("credit", "credits"),
    ),
    View(
        name="series",
        title="Series by month",
        schema=SERIES_SCHEMA,
        rows=lambda influence: influence.series,
        about="The values that are watched for changes.",
        noun=("month", "months"),
    ),
)
"""In the order of the page's sections and the workbook's sheets."""

INFLUENCE_VIEW: Final = {view.name: view for view in INFLUENCE_VIEWS}


def influence_tables(influence: Influence) -> dict[str, pa.Table]:
    """Return each view's table by its name, as docs/influence.md describes them."""
    return {view.name: view.rows(influence) for view in INFLUENCE_VIEWS}
