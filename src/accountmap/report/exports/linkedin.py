"""A company list for LinkedIn Matched Audiences: whom a joint campaign is aimed at.

Rules kept (LinkedIn Marketing Solutions Help, on list templates; Microsoft Learn, "DMP Segment List Uploads"): the
columns of the template under its names and in its order, cells may be blank, UTF-8 CSV, at most 300,000 rows. An
audience needs at least 300 companies or members before it can be used.
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.domains import registrable_domain
from accountmap.canonical.places import country_code
from accountmap.overlap import AccountMap

_FILE_ROWS: Final = 300_000

_TEMPLATE: Final = pa.schema(
    [
        pa.field(name, pa.string())
        for name in (
            "companyname",
            "companywebsite",
            "companyemaildomain",
            "linkedincompanypageurl",
            "stocksymbol",
            "industry",
            "city",
            "state",
            "companycountry",
            "zipcode",
        )
    ]
)

_CAMPAIGN: Final = (
    "prospect+prospect",
    "customer+prospect",
    "prospect+customer",
)
"""Cells that a campaign serves: both prospect, or one serves and one prospects. Open deals are for sellers."""


def linkedin_audience(account_map: AccountMap) -> pa.Table:
    """Give one row a shared entity of the campaign's cells, as ranked, under the template's names.

    An entity is described by its first account that has a name.
    """
    overlap = account_map.overlap
    cell = pc.binary_join_element_wise(overlap["segment"], overlap["their_segment"], "+")
    wanted = pc.and_(pc.is_in(cell, value_set=pa.array(_CAMPAIGN)), pc.is_valid(overlap["name"]))
    first: dict[str, dict[str, str | None]] = {}
    for row in overlap.filter(wanted).to_pylist():
        first.setdefault(row["entity_id"], _company(row))
    return pa.Table.from_pylist(list(first.values())[:_FILE_ROWS], schema=_TEMPLATE)


def _company(row: dict[str, str | None]) -> dict[str, str | None]:
    return {
        "companyname": row["name"],
        "companywebsite": row["website"] or row["domain"],
        "companyemaildomain": registrable_domain(row["domain"]) or registrable_domain(row["website"]),
        "industry": row["industry"],
        "city": row["city"],
        "state": row["region"],
        "companycountry": country_code(row["country"]),
    }
