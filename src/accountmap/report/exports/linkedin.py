"""A company list for LinkedIn Matched Audiences: whom a joint campaign is aimed at.

Rules kept (LinkedIn Marketing Solutions Help, on list templates; Microsoft Learn, "DMP Segment List Uploads"): the
columns of the template under its names and in its order, cells may be blank, UTF-8 CSV, at most 300,000 rows. An
audience needs at least 300 companies or members before it can be used.
"""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.domains import registrable_domain
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


def linkedin_audience(account_map: AccountMap) -> pa.Table:
    """Give the entities of the joint-marketing list that have a name, as ranked, under the template's names."""
    listed = account_map.campaign
    named = listed.filter(listed["name"].is_valid()).slice(0, _FILE_ROWS)
    blank = pa.nulls(named.num_rows, pa.string())
    columns = {
        "companyname": named["name"],
        "companywebsite": pc.coalesce(named["website"], named["domain"]),
        "companyemaildomain": pc.coalesce(_domains(named["domain"]), _domains(named["website"])),
        "industry": named["industry"],
        "city": named["city"],
        "state": named["region"],
        "companycountry": named["territory"],
    }
    return pa.table([columns.get(name, blank) for name in _TEMPLATE.names], schema=_TEMPLATE)


def _domains(column: pa.ChunkedArray) -> pa.Array:
    return pa.array([registrable_domain(text) for text in column.to_pylist()], pa.string())
