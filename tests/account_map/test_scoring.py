"""The score's parts for stage and recency, and the file of weights."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from accountmap.account_map import (
    SCORE_PARTS,
    STANDARD_WEIGHTS,
    AccountMap,
    Weights,
    build_map,
    read_weights,
)
from accountmap.errors import InputError
from tests.account_map.examples import account_list, prepared_list, session


def scored(rows: list[dict[str, Any]], weights: Weights) -> AccountMap:
    accounts = account_list({"account_id": str(at), **row} for at, row in enumerate(rows))
    matches = [{"entity": at, "their_segment": "customer"} for at in range(len(rows))]
    return build_map(accounts, prepared_list(accounts), session(matches), weights)


def only(part: str, **changes: Any) -> Weights:
    return Weights(**(dict.fromkeys(SCORE_PARTS, 0.0) | {part: 1.0} | changes))


def scores(result: AccountMap) -> dict[str, float]:
    return dict(zip(*(result.overlap[name].to_pylist() for name in ("account_id", "score")), strict=True))


def test_a_deal_scores_by_its_stage() -> None:
    stages = ["Negotiation/Review", "contractsent", "Our own", "Closed Lost", None, "DEMO"]
    result = scored([{"stage": stage} for stage in stages], only("stage", stages={"demo": 0.25}))
    assert scores(result) == {"0": 90.0, "1": 90.0, "2": 50.0, "3": 0.0, "4": 0.0, "5": 25.0}


def test_a_recent_activity_scores_and_an_old_one_does_not() -> None:
    days = [date(2026, 3, 1), date(2026, 1, 31), date(2025, 8, 17), date(2024, 1, 1), None, date(2027, 1, 1)]
    result = scored([{"last_activity": day} for day in days], only("recency"))
    assert scores(result) == {"0": 100.0, "1": 100.0, "2": 50.1, "3": 0.0, "4": 0.0, "5": 100.0}


def test_an_entity_counts_by_the_best_of_its_accounts() -> None:
    accounts = account_list(
        [{"account_id": "1", "stage": "Prospecting"}, {"account_id": "2", "stage": "Negotiation"}]
    )
    match = {"entity": 0, "their_segment": "customer"}
    prepared = prepared_list(accounts, [("1", "2")])
    assert scores(build_map(accounts, prepared, session([match]), only("stage"))) == {"1": 90.0, "2": 90.0}


def test_parts_that_have_nothing_to_go_by_leave_their_points_to_the_others() -> None:
    bare = scored([{"amount": 5.0}], STANDARD_WEIGHTS)
    assert bare.score_parts == ("play", "amount", "evidence")
    assert bare.overlap["score_stage"].to_pylist() == [None]
    full = scored([{"amount": 5.0, "stage": "Demo", "last_activity": date(2026, 3, 1)}], STANDARD_WEIGHTS)
    assert full.score_parts == ("play", "amount", "stage", "recency", "evidence")
    for result in (bare, full):
        (row,) = result.overlap.to_pylist()
        assert row["score"] == pytest.approx(sum(row[f"score_{part}"] for part in result.score_parts))
        most = sum(STANDARD_WEIGHTS.points(part, result.score_parts) for part in result.score_parts)
        assert most == pytest.approx(100.0)


def test_a_file_changes_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "weights.toml"
    file.write_text(
        '[points]\nplay = 10\nfit = 5.5\n[worth]\n"prospect by customer" = 1\n[stages]\n"Our own" = 0.7\n',
        "utf-8",
    )
    weights = read_weights(file)
    assert (weights.play, weights.fit, weights.amount) == (10.0, 5.5, STANDARD_WEIGHTS.amount)
    changed = {cell for cell, worth in weights.worth.items() if worth != STANDARD_WEIGHTS.worth[cell]}
    assert changed == {("prospect", "customer")}
    assert weights.worth_of_stages()["our own"] == 0.7


@pytest.mark.parametrize(
    "text",
    [
        "points = 3",
        "[points]\nlooks = 3",
        "[points]\nplay = true",
        "[points]\nplay = -1",
        "[worth]\n'friend by customer' = 1",
        "[worth]\n'prospect by customer' = 2",
        "[stages]\nDemo = 'high'",
        "[weights]",
        "[points",
    ],
)
def test_what_is_no_weight_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "weights.toml").write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        read_weights(tmp_path / "weights.toml")
    assert caught.value.hint
