"""Columns are recognised by their headings, and the user's mapping wins."""

import pytest

from accountmap.accounts.headings import ACCOUNTS, choose_columns, fold, known_counter
from accountmap.accounts.schema import ACCOUNT_SCHEMA, PERSON_ACCOUNT
from accountmap.errors import InputError

SALESFORCE = "Account ID,Account Owner,Account Name,Type,Billing State/Province,Billing Country,Website,Employees"
SALESFORCE_API = "Id,Name,Type,BillingCountry,BillingPostalCode,NumberOfEmployees,AnnualRevenue,Website,OwnerId"
HUBSPOT = (
    "Record ID,Company name,Company Domain Name,Company owner,Lifecycle Stage,Country/Region,Type,Lead Status"
)
DYNAMICS = (
    "(Do Not Modify) Account,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,Account Name,Main Phone,"
    "Address 1: City,Primary Contact,Email (Primary Contact) (Contact),Relationship Type"
)


@pytest.mark.parametrize(
    ("headings", "system", "expected"),
    [
        (
            SALESFORCE,
            "Salesforce",
            {
                "account_id": "Account ID",
                "name": "Account Name",
                "website": "Website",
                "country": "Billing Country",
                "region": "Billing State/Province",
                "segment": "Type",
                "owner_name": "Account Owner",
                "employees": "Employees",
            },
        ),
        (
            SALESFORCE_API,
            "Salesforce",
            {
                "account_id": "Id",
                "name": "Name",
                "website": "Website",
                "country": "BillingCountry",
                "postal_code": "BillingPostalCode",
                "segment": "Type",
                "annual_revenue": "AnnualRevenue",
                "employees": "NumberOfEmployees",
            },
        ),
        (
            HUBSPOT,
            "HubSpot",
            {
                "account_id": "Record ID",
                "name": "Company name",
                "domain": "Company Domain Name",
                "country": "Country/Region",
                "segment": "Lifecycle Stage",
                "owner_name": "Company owner",
            },
        ),
        (
            DYNAMICS,
            "Dynamics 365",
            {
                "account_id": "(Do Not Modify) Account",
                "name": "Account Name",
                "email": "Email (Primary Contact) (Contact)",
                "phone": "Main Phone",
                "city": "Address 1: City",
                "segment": "Relationship Type",
            },
        ),
    ],
    ids=["salesforce", "salesforce-api", "hubspot", "dynamics"],
)
def test_crm_exports_are_recognised(headings: str, system: str, expected: dict[str, str]) -> None:
    choice = choose_columns(headings.split(","))
    assert choice.source == expected
    assert f"The headings are read as those of a {system} export." in choice.notes


@pytest.mark.parametrize(
    ("system", "column"), [(system, column) for system, columns in ACCOUNTS.known.items() for column in columns]
)
def test_every_known_heading_is_recognised(system: str, column: str) -> None:
    preset = system if system in ACCOUNTS.presets else None
    mapping = {} if column == "name" else {"name": "My own name"}
    for heading in ACCOUNTS.known[system][column]:
        assert choose_columns(["My own name", heading], mapping, preset).source[column] == heading


def test_the_tables_name_only_columns_that_exist() -> None:
    for columns in ACCOUNTS.known.values():
        assert set(columns) <= {*ACCOUNT_SCHEMA.names, PERSON_ACCOUNT}


@pytest.mark.parametrize("system", ACCOUNTS.known)
def test_no_heading_stands_twice_in_a_table(system: str) -> None:
    tables = ACCOUNTS.known[system]
    # A stage may tell the segment too.
    for left_out in ("stage", "segment"):
        folded = [fold(each) for column in tables.keys() - {left_out} for each in tables[column]]
        assert sorted(folded) == sorted(set(folded))


@pytest.mark.parametrize(
    ("headings", "segment", "stage"),
    [
        ("Name,Stage", "Stage", "Stage"),
        ("Name,Stage Name", "Stage Name", "Stage Name"),
        ("Name,Segment,Stage", "Segment", "Stage"),
        ("Name,Segment", "Segment", None),
        ("Account ID (18),Name,Type,Stage", "Type", "Stage"),
        ("Name,Status", "Status", None),
    ],
)
def test_a_stage_tells_the_segment_where_nothing_else_does(headings: str, segment: str, stage: str | None) -> None:
    source = choose_columns(headings.split(",")).source
    assert (source["segment"], source.get("stage")) == (segment, stage)


def test_a_stage_that_shall_not_be_read_is_not() -> None:
    assert choose_columns(["Name", "Stage"], {"stage": ""}).source == {"name": "Name", "segment": "Stage"}
    assert choose_columns(["Name", "Stage"], {"segment": ""}).source == {"name": "Name", "stage": "Stage"}


def test_the_mapping_wins_and_spelling_does_not_matter() -> None:
    choice = choose_columns(["Name", "Firma", "WEB"], {"name": "firma", "domain": "web"})
    assert choice.source == {"name": "Firma", "domain": "WEB"}


def test_blank_columns_are_passed_over_unless_mapped() -> None:
    headings = ["Name", "Website", "URL"]
    assert choose_columns(headings, blank=["Website"]).source == {"name": "Name", "website": "URL"}
    assert choose_columns(headings, {"website": "Website"}, blank=["Website"]).source["website"] == "Website"


def test_an_empty_heading_leaves_a_column_out() -> None:
    assert choose_columns(["ID", "Name"], {"account_id": ""}).source == {"name": "Name"}


def test_the_order_decides_between_two_and_is_noted() -> None:
    choice = choose_columns(["Company", "Legal Name", "Company Name"])
    assert choice.source == {"name": "Company Name"}
    assert choice.notes == ("'name' is read from 'Company Name'; not from 'Company', 'Legal Name'.",)


@pytest.mark.parametrize(
    ("headings", "mapping", "preset", "message", "hint"),
    [
        (["Stage", "Beta"], {}, None, "No column with company names", "'Stage', 'Beta'"),
        (["Name"], {"nmae": "Name"}, None, "no column 'nmae'", "account_id, name"),
        (["Name"], {"domain": "Web"}, None, "cannot be read from 'Web'", "'Name'"),
        (["Name"], {}, "sugar", "no preset 'sugar'", "salesforce, hubspot, dynamics"),
    ],
)
def test_what_does_not_fit_is_refused(
    headings: list[str], mapping: dict[str, str], preset: str | None, message: str, hint: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        choose_columns(headings, mapping, preset)
    assert hint in caught.value.hint


@pytest.mark.parametrize("mapping", [{}, {"name": "Firma"}])
def test_a_first_row_that_may_be_an_account_is_not_shown(mapping: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        choose_columns(["Acme Inc", "acme.example"], mapping)
    assert "cme" not in str(caught.value) + caught.value.hint
    assert "needs a row of headings" in caught.value.hint


def test_known_headings_are_counted_with_those_of_the_mapping() -> None:
    count = known_counter({"name": "Werksname"})
    assert count(["werksname", "PLZ", "Acme", ""]) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BillingCountry", "billing_country"),
        ("Billing State/Province", "BILLING STATE PROVINCE"),
        ("Région", "region"),
        ("  E-Mail ", "e mail"),
    ],
)
def test_spellings_of_one_heading_are_equal(one: str, other: str) -> None:
    assert fold(one) == fold(other)
