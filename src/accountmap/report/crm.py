"""The overlap as files that other programs take in: CRM imports, an advertising audience, a list for sellers.

Rules followed (HubSpot Knowledge Base, "Set up import files"): `Record ID` is the identifier that makes an import
update records instead of creating them; one heading row, headings as the properties are named; UTF-8; at most
1,048,576 rows.

Rules followed (Salesforce Help, "What Is Imported for Business Accounts and Contacts?"; Bulk API 2.0 Developer
Guide, "Prepare CSV Files"): records are matched by their case-sensitive id of 15 or 18 characters, so that nothing
is created; one object per file; headings are field names, those of custom fields end in `__c`; UTF-8 without a
byte order mark, commas; blank cells leave a field as it is.

Rules followed (LinkedIn Marketing Solutions Help, on list templates; Microsoft Learn, "DMP Segment List Uploads"):
the columns of the template under its names and in its order, cells may be blank, UTF-8 CSV, at most 300,000 rows.
An audience needs at least 300 companies or members before it can be used.
"""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map import PLAYS, AccountMap
from accountmap.account_map.schema import THEM
from accountmap.files import slug_of
from accountmap.linkage.domains import registrable_domain
from accountmap.report.columns import COLUMNS, MATCH_DIGITS

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
"""The record's own id, then what is new to the CRM. No column that the record already has: an import never
overwrites a name, an owner or an amount."""


def crm_records(account_map: AccountMap, own_id: str) -> pa.Table:
    """Return CRM_COLUMNS, all text, for the shared accounts whose id is a record id of the CRM.

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


_RECORD_ID: Final = "^[0-9]+$"
_HUBSPOT_ROWS: Final = 1_048_576 - 1
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
    """Return one row per shared account that has a HubSpot record id, under the names of properties."""
    return crm_records(account_map, _RECORD_ID).slice(0, _HUBSPOT_ROWS).rename_columns(list(_PROPERTIES))


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
    """Return one row per shared account that has a Salesforce id, under the names of fields."""
    return crm_records(account_map, _ACCOUNT_ID).rename_columns(list(_FIELDS))


_LINKEDIN_ROWS: Final = 300_000

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
    """Return the entities of the joint-marketing list that have a name, as ranked, under the template's names."""
    listed = account_map.campaign
    named = listed.filter(listed["name"].is_valid()).slice(0, _LINKEDIN_ROWS)
    blank = pa.nulls(named.num_rows, pa.string())
    columns = {
        "companyname": named["name"],
        "companywebsite": pc.coalesce(named["website"], named["domain"]),
        "companyemaildomain": _domains(named["domain"], named["website"]),
        "industry": named["industry"],
        "city": named["city"],
        "state": named["region"],
        "companycountry": named["territory"],
    }
    return pa.table([columns.get(name, blank) for name in _TEMPLATE.names], schema=_TEMPLATE)


def _domains(*columns: pa.ChunkedArray) -> pa.Array:
    """Take the domain of each row from the first column that has one."""
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    found = [next(filter(None, map(registrable_domain, row)), None) for row in rows]
    return pa.array(found, pa.string())


_COLUMNS: Final = (
    "owner_name",
    "owner_email",
    "name",
    "sentence",
    "lead",
    "next_step",
    "command",
    "segment",
    "their_segment",
    "their_owner_name",
    "their_owner_email",
    "their_name",
    "amount",
    "country",
    "city",
    "website",
    "account_id",
    "match_id",
)


def sellers_list(account_map: AccountMap) -> pa.Table:
    """Return one row per shared account: by own owner, each in the order of the overlap; without an owner last.

    The headings are those that people read; "What to do" has the play in plain words, "Next step" what the two
    sides have to talk about first, "Command" what to type to tell the partner.
    """
    overlap = account_map.best_matches
    sentences = {f"{mine}+{theirs}": play.sentence for (mine, theirs), play in PLAYS.items()}
    cell = pc.binary_join_element_wise(overlap["segment"], overlap["their_segment"], "+")
    which = pc.index_in(cell, value_set=pa.array(list(sentences)))
    what_to_do = pa.chunked_array([pa.array(list(sentences.values()))]).take(which)
    table = (
        overlap.append_column("sentence", what_to_do)
        .append_column("next_step", _next_steps(overlap["match_id"], account_map.conflicts))
        .append_column("command", _commands(overlap, account_map.partner_name))
        .select(_COLUMNS)
    )
    rank = np.arange(overlap.num_rows)
    sellers = pa.table({"seller": pc.coalesce(overlap["owner_name"], overlap["owner_email"]), "rank": rank})
    table = table.take(pc.sort_indices(sellers, sort_keys=[("seller", "ascending"), ("rank", "ascending")]))
    headings = {name: COLUMNS[name].label for name in _COLUMNS if name in COLUMNS}
    headings |= {"sentence": "What to do", "command": "Command"}
    return table.rename_columns([headings[name] for name in _COLUMNS])


_INTRODUCE: Final = {"you": "introduce ask", "them": "introduce offer"}
_BOTH_SELL: Final = ("opportunity", "opportunity")


def _commands(overlap: pa.Table, partner: str) -> pa.ChunkedArray:
    """Return for each row what to type, in any shell, to tell the partner.

    It is never to ask for an introduction where the partner leads.
    """
    cell = pc.binary_join_element_wise(overlap["segment"], overlap["their_segment"], "+")
    verbs = {
        f"{mine}+{theirs}": "deal register" if (mine, theirs) == _BOTH_SELL else _INTRODUCE.get(play.introduces)
        for (mine, theirs), play in PLAYS.items()
    }
    which = pc.index_in(cell, value_set=pa.array(list(verbs)))
    verb = pa.chunked_array([pa.array(list(verbs.values()), pa.string())]).take(which)
    hindered = pc.and_(pc.equal(verb, "introduce ask"), pc.equal(pc.fill_null(overlap["lead"], ""), THEM))
    verb = pc.if_else(hindered, None, verb)
    match = pc.utf8_slice_codeunits(overlap["match_id"], 0, MATCH_DIGITS)
    return pc.binary_join_element_wise("accountmap ", verb, f" --with {slug_of(partner)} --match ", match, "")


def _next_steps(match_id: pa.ChunkedArray, conflicts: pa.Table) -> pa.ChunkedArray:
    """Join the next steps of each match, in one cell."""
    sentences: dict[str, list[str]] = {}
    for match, sentence in zip(conflicts["match_id"].to_pylist(), conflicts["next_step"].to_pylist(), strict=True):
        sentences.setdefault(match, []).append(sentence)
    at = pc.index_in(match_id, value_set=pa.array(sentences, pa.string()))
    return pa.chunked_array([pa.array(map(" ".join, sentences.values()), pa.string())]).take(at)


EXPORTS: Final = {
    "salesforce.csv": salesforce_accounts,
    "hubspot.csv": hubspot_companies,
    "linkedin.csv": linkedin_audience,
    "sellers.csv": sellers_list,
}
"""The function that makes each import file."""
