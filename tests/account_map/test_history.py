"""What has changed between sessions, followed by the accounts of the own list."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.account_map import (
    CHANGE_SCHEMA,
    OVERLAP_SCHEMA,
    SESSION_SCHEMA,
    AccountMap,
    build_history,
    with_history,
)
from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import UsageError
from tests.account_map.examples import ALL_CELLS, month


def changes(result: AccountMap) -> list[tuple[Any, ...]]:
    columns = ("change", "why", "account_id", "segment_before", "their_segment_before", "segment", "their_segment")
    return [tuple(row[name] for name in columns) for row in result.history.changes.to_pylist()]


def test_new_gone_and_moved_entities_are_told_apart() -> None:
    before = month(
        1,
        {"stays": "customer", "moves": "prospect", "leaves": "customer", "fades": "customer", "waits": "prospect"},
        {"stays": "customer", "moves": "customer", "leaves": "prospect", "fades": "prospect"},
    )
    now = month(
        2,
        {
            "stays": "customer",
            "moves": "opportunity",
            "fades": "customer",
            "waits": "prospect",
            "joins": "customer",
        },
        {"stays": "customer", "moves": "customer", "waits": "customer", "joins": "prospect"},
    )
    result = with_history([before, now])
    assert changes(result) == [
        ("new", "matches now", "waits", None, None, "prospect", "customer"),
        ("new", "new on your list", "joins", None, None, "customer", "prospect"),
        ("moved", "your segment", "moves", "prospect", "customer", "opportunity", "customer"),
        ("gone", "no longer matches", "fades", "customer", "prospect", None, None),
        ("gone", "left your list", "leaves", "customer", "prospect", None, None),
    ]
    marked = dict(zip(*(result.overlap[name].to_pylist() for name in ("account_id", "change")), strict=True))
    assert marked == {"stays": "same", "moves": "moved", "waits": "new", "joins": "new"}
    assert result.history.changes["name"].to_pylist()[-1] == "Tern leaves in 1"


@pytest.mark.parametrize(
    ("segment", "theirs", "why"),
    [("customer", "prospect", "their segment"), ("opportunity", "opportunity", "both segments")],
)
def test_a_move_says_whose_segment_it_was(segment: str, theirs: str, why: str) -> None:
    before = month(1, {"a": "customer"}, {"a": "customer"})
    result = with_history([before, month(2, {"a": segment}, {"a": theirs})])
    assert changes(result) == [("moved", why, "a", "customer", "customer", segment, theirs)]


def test_an_entity_is_followed_by_any_of_its_accounts() -> None:
    before = month(1, {"a": "customer", "b": "customer", "c": "customer"}, {"a": "prospect"}, [("a", "b")])
    now = month(2, {"b": "customer", "c": "customer"}, {"b": "prospect"}, [("b", "c")])
    assert changes(with_history([before, now])) == []


def test_what_was_not_compared_is_not_called_a_match_that_came_or_went() -> None:
    narrow = frozenset({("prospect", "customer")})
    wide = ALL_CELLS
    shared = month(1, {"a": "customer"}, {"a": "customer"}, named_cells=wide)
    hidden = month(2, {"a": "customer"}, {}, named_cells=narrow)
    again = month(3, {"a": "customer"}, {"a": "customer"}, named_cells=wide)
    assert [row[:2] for row in changes(with_history([shared, hidden]))] == [("gone", "not compared now")]
    assert [row[:2] for row in changes(with_history([hidden, again]))] == [("new", "not compared before")]


def test_each_session_counts_against_the_one_before() -> None:
    first = month(1, {"a": "customer", "b": "customer"}, {"a": "customer"})
    second = month(2, {"a": "customer", "b": "customer"}, {"b": "customer"})
    third = month(3, {"a": "customer", "b": "prospect"}, {"b": "customer"})
    sessions = build_history([first, second, third]).sessions
    assert sessions.schema == SESSION_SCHEMA
    assert [tuple(row.values())[2:] for row in sessions.to_pylist()] == [
        (2, 60, 1, None, None, None),
        (2, 60, 1, 1, 0, 1),
        (2, 60, 1, 0, 1, 0),
    ]


def test_a_first_session_has_no_changes() -> None:
    result = with_history([month(1, {"a": "customer"}, {"a": "customer"})])
    assert result.history.sessions.num_rows == 1
    assert changes(result) == []
    assert result.overlap["change"].to_pylist() == [None]


@pytest.mark.parametrize("order", [[], [2, 1], [1, 1]])
def test_sessions_in_another_order_are_refused(order: list[int]) -> None:
    with pytest.raises(UsageError, match="oldest first"):
        build_history([month(number, {"a": "customer"}, {}) for number in order])


segments = st.sampled_from(SEGMENTS)
lists = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(segments, st.none() | segments))


@given(st.lists(lists, min_size=2, max_size=3))
def test_changes_reconcile_with_both_overlaps(months: list[dict[str, tuple[str, str | None]]]) -> None:
    maps = [
        month(
            number,
            {account: own for account, (own, _) in rows.items()},
            {account: theirs for account, (_, theirs) in rows.items() if theirs},
        )
        for number, rows in enumerate(months, 1)
    ]
    result = with_history(maps)
    assert result.history.changes.schema == CHANGE_SCHEMA
    assert result.overlap.schema == OVERLAP_SCHEMA
    before, now = result.history.sessions.to_pylist()[-2:]
    assert now["overlap"] == before["overlap"] + now["new"] - now["gone"]
    marks = result.overlap["change"].to_pylist()
    assert (marks.count("new"), marks.count("moved")) == (now["new"], now["moved"])
