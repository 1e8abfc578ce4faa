"""An update of Salesforce accounts.

Rules kept (Salesforce Help, "What Is Imported for Business Accounts and Contacts?"; Bulk API 2.0 Developer Guide,
"Prepare CSV Files"): records are matched by their case-sensitive id of 15 or 18 characters, so that nothing is
created; one object a file; headings are field names, those of custom fields end in `__c`; UTF-8 without a byte
order mark, commas; blank cells leave a field as it is.
"""

from typing import Final

import pyarrow as pa

from accountmap.overlap import AccountMap
from accountmap.report.exports.crm import crm_records

_ACCOUNT_ID: Final = "^001[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$"
"""Ids of accounts begin with 001 in every organisation."""

_FIELDS: Final = (
    "Id",
    "Partner__c",
    "Partner_Segment__c",
    "Partner_Play__c",
    "Partner_Owner__c",
    "Partner_Owner_Email__c",
    "Partner_Match__c",
    "Partner_Mapped_On__c",
)


def salesforce_accounts(account_map: AccountMap) -> pa.Table:
    """Give one row a shared account that has a Salesforce id, under the names of fields."""
    return crm_records(account_map, _ACCOUNT_ID).rename_columns(list(_FIELDS))
