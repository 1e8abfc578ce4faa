import math
from typing import Any

import pytest

from accountmap.account_map import (
    OVERLAP_SCHEMA,
    PLAYS,
    SCORE_PARTS,
    SHARED_COLUMNS,
    WHITESPACE_SCHEMA,
    AccountMap,
    Weights,
    build_map,
)
from accountmap.errors import InputError, UsageError
from accountmap.model import SHARED_FIELDS
from tests.account_map.examples import account_list, one_account_map, prepared_list, session

ACCOUNTS: list[dict[str, Any]] = [
    {"account_id": "a1", "segment": "prospect", "name": "Lumen Bakery", "amount": 10.0},
    {"account_id": "a2", "segment": "customer", "name": "Orchard Steel", "amount": 500.0},
    {"account_id": "a3", "segment": "opportunity", "name": "Orchard Steel Ltd"},
    {"account_id": "a4", "segment": "opportunity", "name": "Quay Logistics", "amount": 70.0},
    {"account_id": "a5", "segment": "opportunity", "name": "Harbour Mills", "amount": 90.0},
    {"account_id": "a6", "segment": "prospect", "name": "Velvet Optics"},
    {"account_id": "a7", "segment": "customer", "name": "Tern Airways", "amount": 5.0},
]

SCORES = ("score", "score_play", "score_amount", "score_evidence")

MATCHES: list[dict[str, Any]] = [
    {"entity": 0, "their_segment": "customer"},
    {"entity": 1, "their_segment": "prospect", "evidence": ["domain", "lei", "name"]},
    {"entity": 2, "their_segment": "customer", "evidence": ["name", "label"]},
    {"entity": 3, "their_segment": "customer", "evidence": ["domain"]},
]


@pytest.fixture
def example() -> AccountMap:
    accounts = account_list(ACCOUNTS)
    return build_map(accounts, prepared_list(accounts, [("a2", "a3")]), session(MATCHES))


def test_tables_have_their_schemas(example: AccountMap) -> None:
    assert example.overlap.schema == OVERLAP_SCHEMA
    assert example.whitespace.schema == WHITESPACE_SCHEMA


def test_overlap_is_ranked_by_score(example: AccountMap) -> None:
    scores = {r["account_id"]: [r[name] for name in SCORES] for r in example.overlap.to_pylist()}
    assert scores == {
        "a5": [89.5, 50.0, 22.5, 17.0],
        "a2": [77.8, 27.8, 30.0, 20.0],
        "a3": [77.8, 27.8, 30.0, 20.0],
        "a4": [85.0, 50.0, 15.0, 20.0],
        "a1": [63.4, 38.9, 7.5, 17.0],
    }
    assert list(scores) == ["a5", "a4", "a2", "a3", "a1"]


def test_the_user_sets_the_weights() -> None:
    accounts = account_list(ACCOUNTS)
    only_amount = Weights(play=0, amount=1, evidence=0)
    result = build_map(accounts, prepared_list(accounts), session(MATCHES), only_amount)
    assert result.overlap["account_id"].to_pylist() == ["a2", "a4", "a1", "a3"]
    assert result.overlap["score"].to_pylist() == [100.0, 66.7, 33.3, 0.0]
    assert result.weights == only_amount


def test_the_user_sets_what_a_cell_is_worth() -> None:
    accounts = account_list(ACCOUNTS)
    worth = dict.fromkeys(PLAYS, 0.0) | {("prospect", "customer"): 1.0}
    weights = Weights(play=3, amount=0, evidence=0, worth=worth)
    result = build_map(accounts, prepared_list(accounts), session(MATCHES), weights)
    assert dict(zip(*(result.overlap[name].to_pylist() for name in ("account_id", "score")), strict=True)) == {
        "a1": 100.0,
        "a2": 0.0,
        "a3": 0.0,
        "a4": 0.0,
    }


@pytest.mark.parametrize(
    "weights",
    [
        {"play": -1.0},
        {"amount": math.nan},
        {"evidence": math.inf},
        dict.fromkeys(SCORE_PARTS, 0.0),
        {"stages": {"Negotiation": 2.0}},
        {"worth": {}},
        {"worth": dict.fromkeys(PLAYS, 1.5)},
        {"worth": dict.fromkeys(PLAYS, math.nan)},
    ],
)
def test_weights_that_make_no_score_are_refused(weights: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        Weights(**weights)
    assert caught.value.hint


def test_every_account_of_a_matched_entity_is_in_the_overlap(example: AccountMap) -> None:
    rows = [row for row in example.overlap.to_pylist() if row["entity_id"] == "a2"]
    assert [row["account_segment"] for row in rows] == ["customer", "opportunity"]
    assert {row["segment"] for row in rows} == {"customer"}
    assert len({row["match_id"] for row in rows}) == 1


def test_evidence_names_all_slots_and_the_strength(example: AccountMap) -> None:
    evidence = {r["account_id"]: (r["evidence"], r["strength"]) for r in example.overlap.to_pylist()}
    assert evidence["a2"] == ("domain+lei+name", "strong")
    assert evidence["a4"] == ("name+label", "strong")


def test_plays_follow_the_cell(example: AccountMap) -> None:
    plays = {r["account_id"]: r["play"] for r in example.overlap.to_pylist()}
    assert plays["a1"] == plays["a4"] == "ask for an introduction"
    assert plays["a2"] == "introduce them"


def test_an_account_keeps_its_own_columns(example: AccountMap) -> None:
    names = {row["account_id"]: row["name"] for row in ACCOUNTS}
    for row in example.overlap.to_pylist() + example.whitespace.to_pylist():
        assert row["name"] == names[row["account_id"]]


def test_what_the_partner_showed_stands_beside_each_account_of_the_entity() -> None:
    accounts = account_list(ACCOUNTS)
    shown = {"name": ["Lumen", "Orchard", None, "Quay"], "amount": ["EUR 1.000", None, "9", "8"]}
    result = build_map(accounts, prepared_list(accounts, [("a2", "a3")]), session(MATCHES, shown))
    theirs = {r["account_id"]: (r["their_name"], r["their_amount"]) for r in result.overlap.to_pylist()}
    assert theirs == {
        "a1": ("Lumen", "EUR 1.000"),
        "a2": ("Orchard", None),
        "a3": ("Orchard", None),
        "a4": (None, "9"),
        "a5": ("Quay", "8"),
    }
    assert set(result.overlap["their_owner_name"].to_pylist()) == {None}


def test_every_field_that_an_agreement_may_name_has_its_column() -> None:
    assert SHARED_COLUMNS == SHARED_FIELDS


@pytest.mark.parametrize("shown", [{"name": ["one", "too few"]}, {"shoe_size": ["1", "2", "3", "4"]}])
def test_fields_that_do_not_fit_the_matches_are_refused(shown: dict[str, list[str | None]]) -> None:
    accounts = account_list(ACCOUNTS)
    with pytest.raises(UsageError, match="fields do not fit"):
        build_map(accounts, prepared_list(accounts), session(MATCHES, shown))


def test_whitespace_is_ordered_by_segment(example: AccountMap) -> None:
    assert example.whitespace["account_id"].to_pylist() == ["a7", "a6"]
    assert set(example.whitespace["compared_with"].to_pylist()) == {"customer+opportunity+prospect"}


def test_a_cell_outside_the_rectangle_is_not_called_empty() -> None:
    accounts = account_list(ACCOUNTS)
    named = frozenset({("customer", "customer"), ("customer", "prospect"), ("prospect", "customer")})
    result = build_map(accounts, prepared_list(accounts), session([MATCHES[0]], named_cells=named))
    compared = {r["account_id"]: r["compared_with"] for r in result.whitespace.to_pylist()}
    assert compared["a2"] == "customer+prospect"
    assert compared["a4"] == ""
    unseen = [row for row in result.matrix.to_pylist() if row["level"] == "hidden"]
    assert len(unseen) == 6
    assert {(row["entities"], row["possible"]) for row in unseen} == {(None, None)}


def test_notes_carry_the_readers_and_count_merged_rows() -> None:
    accounts = account_list(ACCOUNTS, notes=("2 rows had no name.",))
    result = build_map(accounts, prepared_list(accounts, [("a2", "a3")]), session(MATCHES))
    assert result.notes[0] == "2 rows had no name."
    assert any(note.startswith("1 of your accounts are further rows") for note in result.notes)
    assert any(note.startswith("1 of your shared accounts appear under") for note in result.notes)
    assert any(note.startswith("1 of your shared accounts have no open amount") for note in result.notes)


def test_plain_data_needs_no_notes() -> None:
    assert one_account_map(amount=3.0).notes == ()


@pytest.mark.parametrize("amount", [math.inf, -math.inf, math.nan])
def test_an_amount_that_is_no_number_does_not_spoil_sums(amount: float) -> None:
    result = one_account_map(amount=amount)
    assert result.overlap["amount"].to_pylist() == [None]
    assert set(result.matrix["amount"].to_pylist()) == {None}


def test_amounts_in_several_currencies_are_not_added_up() -> None:
    amounts = [(10.0, "EUR"), (20.0, "EUR"), (1000.0, "JPY"), (5.0, None)]
    accounts = account_list(
        {"account_id": str(at), "segment": "customer", "amount": amount, "currency": currency}
        for at, (amount, currency) in enumerate(amounts)
    )
    matches = [{"entity": at, "their_segment": "customer"} for at in range(4)]
    result = build_map(accounts, prepared_list(accounts), session(matches), Weights(play=0, amount=1, evidence=0))
    assert result.currency == "EUR"
    assert (result.summary.pipeline.amount, result.summary.pipeline.count.accounts) == (30.0, 2)
    assert [play.amount for play in result.summary.plays] == [30.0]
    assert sum(row["overlap_amount"] or 0 for row in result.coverage.to_pylist()) == 30.0
    scores = dict(zip(*(result.overlap[name].to_pylist() for name in ("account_id", "score")), strict=True))
    assert scores == {"0": 50.0, "1": 100.0, "2": 100.0, "3": 100.0}, "each among those of its currency"
    assert any(
        note.startswith("2 of your shared accounts have an open amount in a currency") for note in result.notes
    )


def test_one_currency_needs_no_note() -> None:
    result = one_account_map(amount=3.0, currency="CHF")
    assert (result.currency, result.notes) == ("CHF", ())


def test_empty_lists_make_an_empty_map() -> None:
    accounts = account_list([])
    result = build_map(accounts, prepared_list(accounts), session([]))
    assert (len(result.overlap), len(result.whitespace), len(result.matrix)) == (0, 0, 9)
    assert result.summary.share_of_own == 0.0


def test_another_list_is_refused() -> None:
    accounts = account_list(ACCOUNTS)
    with pytest.raises(UsageError, match="another account list"):
        build_map(account_list(ACCOUNTS[1:]), prepared_list(accounts), session(MATCHES))
    with pytest.raises(UsageError, match="another account list"):
        build_map(accounts, prepared_list(account_list(ACCOUNTS[1:])), session([]))


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ({"entity": 99, "their_segment": "customer"}, "does not have"),
        ({"entity": -1, "match_id": "00", "their_segment": "customer"}, "does not have"),
        ({"entity": 0, "their_segment": "friend"}, "did not compare"),
        ({"entity": 0, "their_segment": "customer", "evidence": ["fax"]}, "evidence"),
        ({"entity": 0, "their_segment": "customer", "evidence": []}, "evidence"),
        ({"entity": 0, "their_segment": "customer", "strength": "sure"}, "a strength"),
        ({"entity": 0, "their_segment": "customer", "contradiction": ["colour"]}, "contradiction"),
    ],
)
def test_matches_that_do_not_fit_are_refused(match: dict[str, object], message: str) -> None:
    accounts = account_list(ACCOUNTS)
    with pytest.raises(UsageError, match=message):
        build_map(accounts, prepared_list(accounts), session([match]))


def test_a_match_in_a_cell_that_was_not_compared_is_refused() -> None:
    accounts = account_list(ACCOUNTS)
    with pytest.raises(UsageError, match="did not compare"):
        build_map(accounts, prepared_list(accounts), session(MATCHES[:1], named_cells=frozenset()))


def test_an_entity_matched_twice_is_refused() -> None:
    accounts = account_list(ACCOUNTS)
    with pytest.raises(UsageError, match="twice"):
        build_map(accounts, prepared_list(accounts), session([MATCHES[0], MATCHES[0]]))
