"""Possible matches are kept apart, until a person says that both are the same company."""

from typing import Any

import pyarrow as pa

from accountmap.account_map import MATCH_SCHEMA, AccountMap, MatchAnswer, build_map, with_history
from tests.account_map.examples import MATCH, account_list, month, prepared_list, session

ACCOUNTS = [{"account_id": x, "name": f"Tern {x}", "segment": "customer", "amount": 10.0} for x in "abcd"]
FIELDS = {"name": "Tern Holding", "website": "tern.example", "country": "DE"}


def possible(*rows: dict[str, Any]) -> pa.Table:
    weak = MATCH | {"their_segment": "prospect", "strength": "weak", "evidence": ["label"]}
    full = [weak | {"match_id": f"{row['entity'] + 16:032x}"} | row for row in rows]
    return pa.Table.from_pylist(full, schema=MATCH_SCHEMA)


def example(*answers: MatchAnswer, **changes: Any) -> AccountMap:
    """One account is shared, two may be, one is not."""
    accounts = account_list(ACCOUNTS)
    match = {"entity": 0, "their_segment": "customer"}
    asked = possible({"entity": 1}, {"entity": 2})
    result = session([match], {"name": ["Tern A"]}, **({"possible": asked} | changes))
    return build_map(accounts, prepared_list(accounts), result, answers=answers)


def answer(account_id: str, said: str, **more: Any) -> MatchAnswer:
    return MatchAnswer(**({"match_id": "ff", "account_id": account_id, "answer": said} | more))


def of_answers(built: AccountMap) -> dict[str, str | None]:
    return dict(zip(*(built.possible[name].to_pylist() for name in ("account_id", "answer")), strict=True))


def test_no_count_of_the_overlap_holds_a_possible_match() -> None:
    built = example()
    assert built.overlap["account_id"].to_pylist() == ["a"]
    assert (built.summary.overlap.entities, built.summary.matches) == (1, 1)
    assert of_answers(built) == {"b": None, "c": None}
    assert (built.summary.possible.entities, built.summary.whitespace.entities) == (2, 1)
    assert built.whitespace["account_id"].to_pylist() == ["d"], "what may be shared is not called only mine"
    cells = {(row["segment"], row["their_segment"]): row for row in built.matrix.to_pylist()}
    assert (cells["customer", "prospect"]["entities"], cells["customer", "prospect"]["possible"]) == (0, 2)
    assert sum(row["possible"] for row in built.coverage.to_pylist()) == 2


def test_an_answer_same_moves_the_match_to_the_overlap_with_what_they_showed() -> None:
    built = example(answer("b", "same", fields=FIELDS))
    assert of_answers(built) == {"c": None}
    (row,) = [row for row in built.overlap.to_pylist() if row["account_id"] == "b"]
    assert (row["their_name"], row["their_website"], row["strength"]) == ("Tern Holding", "tern.example", "weak")
    assert row["review"] == "confirmed"
    assert built.to_review.num_rows == 0, "a person has looked at it"
    (other,) = [row for row in built.overlap.to_pylist() if row["account_id"] == "a"]
    assert (other["their_name"], other["their_website"]) == ("Tern A", None)
    assert (built.summary.overlap.entities, built.summary.possible.entities) == (2, 1)


def test_an_answer_no_leaves_the_account_without_a_match() -> None:
    built = example(answer("b", "no"), answer("c", "to answer"))
    assert of_answers(built) == {"b": "no", "c": "to answer"}
    assert (built.summary.possible.entities, built.summary.whitespace.entities) == (1, 2)
    reviews = dict(zip(*(built.whitespace[name].to_pylist() for name in ("account_id", "review")), strict=True))
    assert reviews == {"b": "answered no", "d": None}
    assert sum(row["possible"] or 0 for row in built.matrix.to_pylist()) == 1


def test_an_answer_holds_in_later_sessions_as_far_as_its_evidence_goes() -> None:
    stronger = possible({"entity": 1, "evidence": ["name", "label"]})
    assert of_answers(example(answer("b", "same", evidence="label"), possible=stronger)) == {}
    assert of_answers(example(answer("b", "no", evidence="label"), possible=stronger)) == {"b": None}
    weaker = possible({"entity": 1})
    assert of_answers(example(answer("b", "same", evidence="name+label"), possible=weaker)) == {"b": None}
    assert of_answers(example(answer("b", "no", evidence="name+label"), possible=weaker)) == {"b": "no"}


def test_same_outweighs_every_other_answer() -> None:
    built = example(answer("b", "same"), answer("b", "no"), answer("b", "asked"))
    assert "b" in built.overlap["account_id"].to_pylist()


def test_an_answer_about_an_account_that_is_gone_changes_nothing() -> None:
    assert of_answers(example(answer("gone", "same"))) == {"b": None, "c": None}


def test_the_best_evidence_comes_first() -> None:
    rows = possible({"entity": 1}, {"entity": 2, "strength": "strong", "evidence": ["name", "label"]})
    assert example(possible=rows).possible["account_id"].to_pylist() == ["c", "b"]


def test_a_match_that_was_possible_last_time_is_not_called_new_on_the_list() -> None:
    own = {"a": "customer", "b": "customer"}
    before = month(1, own, {"a": "customer"}, possible=possible({"entity": 1}))
    now = month(2, own, {"a": "customer", "b": "prospect"})
    changes = with_history([before, now]).history.changes.to_pylist()
    assert [(row["account_id"], row["why"]) for row in changes] == [("b", "was a possible match")]
    back = with_history([now, month(3, own, {"a": "customer"}, possible=possible({"entity": 1}))])
    assert [row["why"] for row in back.history.changes.to_pylist()] == ["only a possible match now"]
