"""What both have to agree on, by what the two lists say."""

from typing import Any

import pytest

from accountmap.account_map import EngagementRule, build_map
from accountmap.account_map.conflicts import REASONS
from tests.account_map.examples import account_list, prepared_list, session

EVERYWHERE = (frozenset({"customer", "opportunity", "prospect"}),) * 2


def found(
    own: dict[str, Any], theirs: str, rules: tuple[EngagementRule, ...] = (), **shown: str | None
) -> dict[str, str]:
    """Reason and next step, of one match."""
    accounts = account_list([{"account_id": "1", **own}])
    columns: dict[str, list[str | None]] = {name: [text] for name, text in shown.items()}
    result = session([{"entity": 0, "their_segment": theirs}], columns, rules=rules)
    table = build_map(accounts, prepared_list(accounts), result).conflicts
    return dict(zip(table["reason"].to_pylist(), table["next_step"].to_pylist(), strict=True))


def rule(lead: str, *countries: str) -> EngagementRule:
    return EngagementRule(*EVERYWHERE, frozenset(countries), lead)


@pytest.mark.parametrize(
    ("lead", "words"),
    [("me", "you lead"), ("them", "they lead"), ("both", "let both sell"), (None, "No rule says")],
)
def test_two_open_deals_are_a_conflict_whoever_leads(lead: str | None, words: str) -> None:
    conflicts = found({"segment": "opportunity"}, "opportunity", (rule(lead),) if lead else ())
    assert list(conflicts) == ["both are selling"]
    assert words in conflicts["both are selling"]


def test_an_open_stage_is_an_open_deal_unless_a_rule_names_one_side() -> None:
    own = {"segment": "customer", "stage": "Negotiation/Review"}
    assert list(found(own, "opportunity")) == ["both are selling"]
    assert list(found(own, "prospect", stage="Proposal")) == ["both are selling"]
    assert found(own, "opportunity", (rule("them"),)) == {}
    assert found({"segment": "customer", "stage": "Closed Won"}, "opportunity") == {}
    assert found({"segment": "customer", "stage": "Our own word"}, "opportunity") == {}
    assert found(own, "prospect") == {}


@pytest.mark.parametrize(
    ("mine", "theirs", "reason"),
    [
        ("DR-1", None, "you registered a deal"),
        (None, "yes", "they registered a deal"),
        ("DR-1", "DR-9", "both registered a deal"),
    ],
)
def test_a_registered_deal_is_a_conflict(mine: str | None, theirs: str | None, reason: str) -> None:
    assert list(found({"registered_deal": mine}, "customer", registered_deal=theirs)) == [reason]


def test_countries_that_make_another_side_lead_are_a_conflict() -> None:
    rules = (rule("me", "DE"), rule("them"))
    conflicts = found({"country": "Germany"}, "customer", rules, country="Austria")
    assert conflicts["the country decides who leads"] == (
        "By your account's country (DE) you lead, by theirs (AT) they lead: agree which one counts."
    )
    assert found({"country": "France"}, "customer", rules, country="Austria") == {}
    assert found({"country": "Germany"}, "customer", rules, country="nowhere") == {}
    assert found({"country": "Germany"}, "customer", (rule("me"),), country="Austria") == {}


def test_one_company_that_they_list_twice_is_a_conflict() -> None:
    accounts = account_list([{"account_id": "1"}])
    matches = [
        {"entity": 0, "their_segment": theirs, "match_id": f"{at:032x}"}
        for at, theirs in enumerate(["customer", "prospect"])
    ]
    table = build_map(accounts, prepared_list(accounts), session(matches)).conflicts
    assert table["reason"].to_pylist() == ["several of theirs"] * 2


def test_a_match_stands_once_for_each_reason_with_what_any_of_its_accounts_says() -> None:
    accounts = account_list(
        [
            {"account_id": "1", "segment": "opportunity", "amount": 9.0, "name": "Tern"},
            {"account_id": "2", "segment": "prospect", "registered_deal": "DR-1", "name": "Tern Ltd"},
        ]
    )
    result = session([{"entity": 0, "their_segment": "opportunity"}])
    table = build_map(accounts, prepared_list(accounts, [("1", "2")]), result).conflicts
    assert table["reason"].to_pylist() == ["both are selling", "you registered a deal"]
    assert [REASONS.index(reason) for reason in table["reason"].to_pylist()] == [0, 3]
    assert set(table["account_id"].to_pylist()) == {"1"}
    assert set(table["registered_deal"].to_pylist()) == {"DR-1"}


def test_most_matches_are_no_conflict() -> None:
    assert found({"segment": "prospect"}, "customer") == {}
