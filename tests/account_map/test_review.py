"""Decisions about matches: what they do, how long they hold, and their file."""

from pathlib import Path
from typing import Any

import pytest

from accountmap.account_map import AccountMap, MatchDecision, build_map
from accountmap.account_map.reviews import parse_reviews, read_reviews
from accountmap.errors import InputError
from tests.account_map.examples import account_list, prepared_list, session


def reviewed(evidence: list[str], *decisions: MatchDecision, **more: Any) -> AccountMap:
    """A map of two accounts that are one entity with one match, and a third without."""
    accounts = account_list({"account_id": account_id} for account_id in "abc")
    strength = "weak" if evidence == ["label"] else "strong"
    match = {"entity": 0, "their_segment": "customer", "evidence": evidence, "strength": strength} | more
    return build_map(accounts, prepared_list(accounts, [("a", "b")]), session([match]), decisions=decisions)


def test_a_rejected_match_leaves_all_counts_but_a_note() -> None:
    result = reviewed(["label"], MatchDecision("b", "label", "", keep=False))
    assert (result.summary.overlap.entities, result.summary.matches, result.overlap.num_rows) == (0, 0, 0)
    assert result.summary.whitespace.accounts == 3
    reviews = dict(zip(*(result.whitespace[name].to_pylist() for name in ("account_id", "review")), strict=True))
    assert reviews == {"a": "rejected", "b": "rejected", "c": None}
    assert any("You rejected 1 of the matches" in note for note in result.notes)


def test_a_kept_match_is_marked_and_no_more_in_doubt() -> None:
    result = reviewed(["label"], MatchDecision("a", "label", "", keep=True))
    assert result.overlap["review"].to_pylist() == ["kept", "kept"]
    assert result.to_review.num_rows == 0
    assert reviewed(["label"]).to_review.num_rows == 2


@pytest.mark.parametrize(
    ("keep", "now", "holds"),
    [
        (False, ["name"], True),
        (False, ["label", "name"], True),
        (False, ["domain", "label", "name"], False),
        (True, ["label", "name"], True),
        (True, ["domain", "label", "name"], True),
        (True, ["label"], False),
    ],
)
def test_other_evidence_makes_it_a_question_again(keep: bool, now: list[str], holds: bool) -> None:
    result = reviewed(now, MatchDecision("a", "label+name", "", keep=keep))
    shared = result.overlap.num_rows == 2
    assert shared == (keep or not holds)
    if shared:
        assert (result.overlap["review"].to_pylist() == ["kept", "kept"]) == (keep and holds)


def test_of_several_matches_the_segment_tells_which_is_meant() -> None:
    accounts = account_list([{"account_id": "a"}])
    matches = [
        {"entity": 0, "their_segment": theirs, "match_id": f"{at:032x}"}
        for at, theirs in enumerate(["customer", "prospect"])
    ]
    decision = MatchDecision("a", "name", "prospect", keep=False)
    result = build_map(accounts, prepared_list(accounts), session(matches), decisions=[decision])
    assert result.overlap["their_segment"].to_pylist() == ["customer"]
    moved = build_map(accounts, prepared_list(accounts), session(matches[:1]), decisions=[decision])
    assert moved.overlap.num_rows == 0, "their segment may have changed since"


def test_accounts_that_are_gone_do_no_harm() -> None:
    assert reviewed(["name"], MatchDecision("gone", "name", "", keep=False)).overlap.num_rows == 2


def test_guarded_formulas_are_read_as_they_are_written_in_the_list() -> None:
    rows = (
        "account_id,evidence,their_segment,decision",
        '"\'=1+1, ""Inc""",name,customer,keep',
        "'=ü,domain+lei,,reject",
    )
    text = "\n".join(rows)
    decisions = (
        MatchDecision('=1+1, "Inc"', "name", "customer", keep=True),
        MatchDecision("=ü", "domain+lei", "", keep=False),
    )
    assert parse_reviews(text) == (tuple(sorted(decisions)), frozenset())


def test_a_table_of_the_report_with_one_more_column_is_a_review() -> None:
    text = (
        "\ufeffmatch_id,account_id,their_segment,evidence,decision\r\n"
        "00,'=1,customer,name,Reject\r\n"
        "01,2,customer,name,\r\n"
        "02,3,customer,name,open\r\n"
    )
    decisions, taken_back = parse_reviews(text)
    assert decisions == (MatchDecision("=1", "name", "customer", keep=False),)
    assert taken_back == {("3", "name", "customer")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "account_id,evidence\n1,name\n",
        "account_id,evidence,their_segment,decision\n1,name,customer,perhaps\n",
        "account_id,evidence,their_segment,decision\n,name,customer,keep\n",
        "account_id,evidence,their_segment,decision\n1,name\n1,,customer,keep\n",
        'account_id,evidence,their_segment,decision\n"1,name,customer,keep\n',
        "account_id,evidence,their_segment,decision\n1,name,customer,keep\n1,name,customer,reject\n",
    ],
)
def test_what_is_no_review_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_reviews(text)
    assert caught.value.hint


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "review.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError):
        read_reviews(tmp_path / "review.csv")
