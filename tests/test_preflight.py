import json
from typing import Any

import pyarrow as pa
import pytest

from accountmap.accounts.read import read_accounts
from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage.dedupe import Decision
from accountmap.linkage.prepare import PART_ROWS, prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.parallel import ProcessExecutor
from accountmap.preflight import Finding, Preflight, check


def checked(*rows: dict[str, Any], decisions: tuple[Decision, ...] = ()) -> Preflight:
    full = [{"account_id": f"a{at}", "segment": "prospect", **row} for at, row in enumerate(rows)]
    accounts = AccountList(pa.Table.from_pylist(full, schema=ACCOUNT_SCHEMA), pa.table({}))
    return check(accounts, prepare_accounts(accounts, PROFILES["standard"]), decisions)


def finding(preflight: Preflight, kind: str) -> Finding:
    return next(found for found in preflight.findings if found.kind == kind)


@pytest.mark.parametrize(
    ("kind", "row", "text"),
    [
        ("no_name", {"website": "acme.com"}, ""),
        ("generic_name", {"name": "Ltd"}, "Ltd"),
        ("placeholder_name", {"name": "[not provided]"}, "[not provided]"),
        ("person_name", {"name": "Frau Erika Berg"}, "Frau Erika Berg"),
        ("person_name", {"name": "Maria Garcia"}, "Maria Garcia"),
        ("status_mark", {"name": "(INACTIVE) Bellmoor Dairy"}, "(INACTIVE) Bellmoor Dairy"),
        ("web_address_name", {"name": "www.tarnwickmarine.com"}, "www.tarnwickmarine.com"),
        ("test_record", {"name": "Colbrook Foods TEST 2"}, "Colbrook Foods TEST 2"),
        ("mail_provider", {"name": "Acme", "email": "jo@gmail.com"}, "jo@gmail.com"),
        ("shared_host", {"name": "Acme", "website": "linkedin.com/company/acme"}, "linkedin.com/company/acme"),
        ("unreadable_address", {"name": "Acme", "website": "soon"}, "soon"),
        ("several_domains", {"name": "Acme", "website": "other-shop.de, acme.com"}, "acme.com; other-shop.de"),
        ("several_domains", {"name": "Acme", "domain": "acme.com", "website": "acme.de"}, "acme.com; acme.de"),
        ("unknown_country", {"name": "Acme", "country": "Ruritania"}, "Ruritania"),
        ("invalid_lei", {"name": "Acme", "lei": "213800KUD8LAJWSQ9D51"}, "213800KUD8LAJWSQ9D51"),
        ("invalid_vat", {"name": "Acme", "vat": "136695977", "country": "DE"}, "136695977"),
        ("invalid_duns", {"name": "Acme", "duns": "12345"}, "12345"),
    ],
)
def test_a_cell_of_which_not_all_is_compared_is_shown(kind: str, row: dict[str, Any], text: str) -> None:
    (found,) = checked(row).findings
    assert (found.kind, found.count) == (kind, 1)
    assert [(e.account_ids, e.names, e.text) for e in found.examples] == [(("a0",), (row.get("name"),), text)]


def test_a_good_list_has_no_findings() -> None:
    preflight = checked(
        {"name": "Acme GmbH", "website": "www.acme.de", "country": "Germany", "vat": "DE136695976"},
        {"name": "Northwind Traders", "email": "info@northwind.com", "segment": "customer"},
    )
    assert preflight.findings == ()


def test_a_mail_address_beside_a_website_is_no_fault() -> None:
    assert checked({"name": "Acme", "website": "acme.com", "email": "jo@gmail.com"}).findings == ()


def test_coverage_and_yield() -> None:
    preflight = checked(
        {"name": "Acme", "website": "acme.com", "segment": "customer"},
        {"name": "Northwind Traders"},
        {"email": "jo@initech.com"},
        {"email": "jo@gmail.com"},
    )
    assert (preflight.accounts, preflight.entities) == (4, 4)
    assert preflight.segments == {"customer": 1, "opportunity": 0, "prospect": 3}
    assert {c.name: c.filled for c in preflight.columns if c.filled} == {"name": 2, "website": 1, "email": 2}
    keys = {c.name: (c.filled, c.of) for c in preflight.keys}
    assert {name: keys[name] for name in ("domain", "name", "common_name")} == {
        "domain": (2, 4),
        "name": (1, 4),
        "common_name": (1, 4),
    }
    assert preflight.preview.share == 0.5
    assert (preflight.strong.filled, preflight.matchable.filled) == (3, 3)


def test_duplicates_reviews_and_conflicts_are_shown() -> None:
    preflight = checked(
        {"name": "Acme Inc", "country": "US"},
        {"name": "ACME Inc.", "country": "USA"},
        {"name": "Initech GmbH", "country": "DE"},
        {"name": "Initech AG", "country": "DE"},
        {"name": "Globex", "website": "globex.com"},
        {"name": "Northwind Traders", "website": "globex.com"},
    )
    shown = {found.kind: [e.account_ids for e in found.examples] for found in preflight.findings}
    assert shown == {
        "doubtful_website": [("a5", "a4")],
        "merged": [("a0", "a1")],
        "review": [("a2", "a3")],
        "conflict": [("a4", "a5")],
    }


def test_decisions_count() -> None:
    rows = ({"name": "Acme Inc", "country": "US"}, {"name": "ACME Inc.", "country": "USA"})
    assert finding(checked(*rows), "merged").count == 1
    assert checked(*rows, decisions=(Decision.of("a0", "a1", same=False),)).findings == ()


def test_a_brand_as_website_is_not_doubtful() -> None:
    preflight = checked(
        {"name": "International Business Machines", "website": "ibm.com"},
        {"name": "Northwind Traders", "website": "gonorth.example.net"},
        {"name": "Quite Another", "website": "brand.com"},
    )
    assert "doubtful_website" not in {found.kind for found in preflight.findings}


def test_examples_are_few_and_the_first() -> None:
    found = finding(checked(*({"name": "Ltd"} for _ in range(20))), "generic_name")
    assert found.count == 20
    assert [e.account_ids for e in found.examples] == [("a0",), ("a1",), ("a10",), ("a11",), ("a12",)]


def test_an_empty_list() -> None:
    preflight = checked()
    assert (preflight.entities, preflight.preview.share, preflight.findings) == (0, 0.0, ())


def test_the_json_form_says_that_it_is_local() -> None:
    values = checked({"name": "Ltd"}).to_dict()
    assert values["local_only"] is True
    assert json.loads(json.dumps(values))["findings"][0]["kind"] == "generic_name"


def test_a_list_of_several_parts_is_judged_as_one() -> None:
    full = [{"account_id": f"{at:05}", "name": f"Acme {at}", "segment": "prospect"} for at in range(PART_ROWS + 2)]
    full[PART_ROWS + 1]["country"] = "Ruritania"
    accounts = AccountList(pa.Table.from_pylist(full[::-1], schema=ACCOUNT_SCHEMA), pa.table({}))
    prepared = prepare_accounts(accounts, PROFILES["standard"])
    (example,) = finding(check(accounts, prepared), "unknown_country").examples
    assert (example.account_ids, example.names) == ((f"{PART_ROWS + 1:05}",), (f"Acme {PART_ROWS + 1}",))
    assert check(accounts, prepared, spread=ProcessExecutor(2).map) == check(accounts, prepared)


@pytest.mark.parametrize(
    ("name", "is_glued"),
    [
        ("Acme GmbH; Globex AG", True),
        ("Acme Ltd / Globex Ltd", True),
        ("Acme GmbH, info@acme.example, Berlin", True),
        ("Acme, Inc.", False),
        ("Smith, Jones & Partners LLP", False),
        ("Müller GmbH & Co. KG", False),
        ("A/S Globex", False),
    ],
)
def test_records_glued_together_are_found(name: str, is_glued: bool) -> None:
    kinds = {found.kind for found in checked({"name": name}).findings}
    assert ("glued_records" in kinds) is is_glued


def test_one_name_with_different_legal_forms_raises_a_doubt() -> None:
    preflight = checked(
        {"name": "Nordvik AB"},
        {"name": "Nordvik Oy", "country": "FI"},
        {"name": "Tessmark ApS", "country": "DK"},
        {"name": "Tessmark AB", "country": "SE"},
        {"name": "Globex GmbH", "country": "DE"},
        {"name": "Globex GmbH", "country": "AT"},
    )
    found = finding(preflight, "other_form")
    assert (found.count, found.examples[0].account_ids, found.examples[0].text) == (1, ("a0", "a1"), "ab / oy")


def test_what_the_reader_noticed_is_among_the_findings() -> None:
    table = pa.table(
        {"Name": ["Acme", "Globex"], "Type": ["Gold", "Customer"], "Amount": ["1 €", "$2"], "Note": ["x", ""]}
    )
    accounts = read_accounts(table)
    preflight = check(accounts, prepare_accounts(accounts, PROFILES["standard"]))
    unknown = finding(preflight, "unknown_segment")
    assert (unknown.count, [each.text for each in unknown.examples]) == (1, ["Gold (1)"])
    assert [each.text for each in finding(preflight, "mixed_currencies").examples] == ["EUR: 1", "USD: 1"]
    columns = {each.heading: (each.read_as, each.filled, each.values) for each in preflight.list_columns}
    assert columns["Note"] == ((), 1, ("x",))
    assert columns["Type"] == (("segment",), 2, ("Gold", "Customer"))
    values = preflight.to_dict()
    assert values["segment_values"][0] == {"value": "Customer", "count": 1, "segment": "customer", "known": True}
    json.dumps(values)


@pytest.mark.parametrize(
    "row",
    [
        {"name": "Maria Garcia SL"},
        {"name": "John Lewis", "website": "johnlewis.com"},
        {"name": "Anna Freud National Centre for Children"},
        {"name": "Contest Systems"},
    ],
)
def test_companies_are_not_taken_for_persons_or_tests(row: dict[str, Any]) -> None:
    assert {"person_name", "test_record"}.isdisjoint(found.kind for found in checked(row).findings)
