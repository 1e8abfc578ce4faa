"""An update of HubSpot companies.

Rules kept (HubSpot Knowledge Base, "Set up import files"): `Record ID` is the identifier that makes an import
update and not create; one heading row, headings as the properties are named; UTF-8; at most 1,048,576 rows.
"""

from typing import Final

import pyarrow as pa

from accountmap.overlap import AccountMap
from accountmap.report.exports.crm import crm_records

_RECORD_ID: Final = "^[0-9]+$"
_FILE_ROWS: Final = 1_048_576 - 1
"""Without the heading row."""

_PROPERTIES: Final = (
    "Record ID",
    "Partner",
    "Partner segment",
    "Partner play",
    "Partner owner",
    "Partner owner email",
    "Partner match",
    "Partner mapped on",
)


def hubspot_companies(account_map: AccountMap) -> pa.Table:
    """Give one row a shared account that has a HubSpot record id, under the names of properties."""
    return crm_records(account_map, _RECORD_ID).slice(0, _FILE_ROWS).rename_columns(list(_PROPERTIES))
