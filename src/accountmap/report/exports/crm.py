"""What both CRM imports write onto the user's own records: what the partner's side of each account is."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.overlap import AccountMap

CRM_COLUMNS: Final = (
    "id",
    "partner",
    "partner_segment",
    "play",
    "partner_owner",
    "partner_owner_email",
    "match",
    "mapped_on",
)
"""The record's own id, then what is new to the CRM. No column that the record has already: an import never
overwrites a name, an owner or an amount."""


def crm_records(account_map: AccountMap, own_id: str) -> pa.Table:
    """Give CRM_COLUMNS, all text, for the shared accounts whose id is one of the CRM.

    Args:
        own_id: regular expression for the CRM's record ids. Rows with other ids are left out: the CRM would take
            them for new records.
    """
    accounts = account_map.best_matches
    shared = accounts.filter(pc.match_substring_regex(accounts["account_id"], own_id))

    def same(text: str) -> pa.Array:
        return pa.array([text] * shared.num_rows, pa.string())

    columns = [
        shared["account_id"],
        same(account_map.partner_name),
        shared["their_segment"],
        shared["play"],
        shared["their_owner_name"],
        shared["their_owner_email"],
        shared["match_id"],
        same(account_map.finished.date().isoformat()),
    ]
    return pa.table(columns, names=CRM_COLUMNS)
