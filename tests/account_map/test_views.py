"""The joint-marketing list, what it comes to, and coverage."""

from typing import Any

from accountmap.account_map import AccountMap, build_map
from tests.account_map.examples import account_list, prepared_list, session

ROWS: list[dict[str, Any]] = [
    {"account_id": "1", "segment": "prospect", "country": "DE", "industry": "Steel", "employees": 60},
    {"account_id": "2", "segment": "prospect", "name": "Tern", "country": "Germany", "amount": 3.0},
    {
        "account_id": "3",
        "segment": "customer",
        "name": "Quay",
        "country": "FR",
        "industry": "Steel",
        "employees": 7,
    },
    {"account_id": "4", "segment": "opportunity", "name": "Lumen", "country": "FR"},
    {"account_id": "5", "segment": "customer", "name": "Orchard", "amount": 8.0},
    {"account_id": "6", "segment": "prospect", "name": "Velvet", "country": "FR"},
]
THEIRS = ["customer", "prospect", "prospect", "customer"]


def example(**shown: list[str | None]) -> AccountMap:
    """The first two rows are one entity; the last is in no match."""
    accounts = account_list(ROWS)
    matches = [{"entity": at, "their_segment": theirs} for at, theirs in enumerate(THEIRS)]
    return build_map(accounts, prepared_list(accounts, [("1", "2")]), session(matches, shown))


def test_the_campaign_names_each_entity_once_by_an_account_with_a_name() -> None:
    rows = example().campaign.to_pylist()
    assert [(row["entity_id"], row["account_id"], row["name"]) for row in rows] == [
        ("1", "2", "Tern"),
        ("3", "3", "Quay"),
    ]
    assert (rows[1]["size"], rows[1]["territory"], rows[1]["play"]) == ("1-10", "FR", "introduce them")


def test_an_entity_with_an_open_deal_anywhere_is_left_to_the_sellers() -> None:
    accounts = account_list([{"account_id": "1", "segment": "customer"}])
    matches = [
        {"entity": 0, "their_segment": theirs, "match_id": f"{at:032x}"}
        for at, theirs in enumerate(["prospect", "opportunity"])
    ]
    assert build_map(accounts, prepared_list(accounts), session(matches)).campaign.num_rows == 0


def test_the_budget_adds_up_to_the_campaign_in_each_way_of_counting() -> None:
    result = example()
    rows = result.budget.to_pylist()
    for by in ("territory", "industry", "size"):
        assert sum(row["entities"] for row in rows if row["by"] == by) == result.campaign.num_rows
        assert sum(row["accounts"] for row in rows if row["by"] == by) == 3
    assert [(row["value"], row["employees"]) for row in rows if row["by"] == "size"] == [("1-10", 7), (None, 0)]


def test_coverage_adds_up_to_the_list_by_country_and_segment() -> None:
    rows = {(row["territory"], row["segment"]): row for row in example().coverage.to_pylist()}
    assert list(rows) == [
        ("FR", "customer"),
        ("FR", "opportunity"),
        ("FR", "prospect"),
        ("DE", "prospect"),
        (None, "customer"),
    ]
    germany = rows["DE", "prospect"]
    assert (germany["listed"], germany["overlap"], germany["their_customers"]) == (1, 1, 1)
    assert (germany["overlap_amount"], germany["whitespace_amount"]) == (3.0, None)
    assert rows["FR", "prospect"]["whitespace"] == 1


def test_their_customers_that_i_only_prospect_are_a_table() -> None:
    assert example().their_customers["account_id"].to_pylist() == ["2", "1"]
