"""The numbers that a report shows add up, for any list and any matches."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.account_map import PLAYS, AccountMap, build_map
from accountmap.accounts.schema import SEGMENTS
from tests.account_map.examples import account_list, prepared_list, session

segments = st.sampled_from(SEGMENTS)


@st.composite
def maps(draw: st.DrawFn) -> AccountMap:
    size = draw(st.integers(0, 12))
    ids = [f"a{i:02}" for i in range(size)]
    accounts = account_list(
        {"account_id": x, "segment": draw(segments), "amount": draw(st.none() | st.integers(0, 1000))} for x in ids
    )
    groups: dict[int, list[str]] = {}
    for account_id in ids:
        groups.setdefault(draw(st.integers(0, 6)), []).append(account_id)
    prepared = prepared_list(accounts, [tuple(group) for group in groups.values()])
    matched = [entity for entity in range(len(groups)) if draw(st.booleans())]
    return build_map(accounts, prepared, session({"entity": e, "their_segment": draw(segments)} for e in matched))


def cells_add_up_to_the_overlap(result: AccountMap) -> None:
    cells = result.matrix.to_pylist()
    assert sum(cell["accounts"] for cell in cells) == result.summary.overlap.accounts == len(result.overlap)
    entities = len(set(result.overlap["entity_id"].to_pylist()))
    assert sum(cell["entities"] for cell in cells) == result.summary.overlap.entities == entities
    amounts = [amount for amount in result.overlap["amount"].to_pylist() if amount is not None]
    assert sum(cell["amount"] or 0 for cell in cells) == sum(amounts)


def overlap_and_whitespace_are_the_whole_list(result: AccountMap) -> None:
    ids = result.overlap["account_id"].to_pylist() + result.whitespace["account_id"].to_pylist()
    assert len(ids) == len(set(ids)) == result.summary.listed.accounts
    assert result.summary.overlap + result.summary.whitespace == result.summary.listed
    for row in result.summary.own:
        assert row.overlap + row.whitespace == row.listed


def introductions_are_the_cells_that_one_side_serves(result: AccountMap) -> None:
    pairs = {(r["entity_id"], r["segment"], r["their_segment"]) for r in result.overlap.to_pylist()}
    get = sum(theirs == "customer" != mine for _, mine, theirs in pairs)
    give = sum(mine == "customer" != theirs for _, mine, theirs in pairs)
    assert result.summary.introductions_to_get.entities == get
    assert result.summary.introductions_to_give.entities == give


def scores_add_up_and_never_rise(result: AccountMap) -> None:
    scores = result.overlap["score"].to_pylist()
    assert scores == sorted(scores, reverse=True)
    for row in result.overlap.to_pylist():
        assert row["score"] == pytest.approx(row["score_play"] + row["score_amount"] + row["score_evidence"])
        assert 0 <= row["score"] <= 100.1, "three parts, each rounded"
    entities = result.overlap["entity_id"].to_pylist()
    changes = sum(a != b for a, b in pairwise(entities))
    assert changes == max(len(set(entities)) - 1, 0), "the accounts of one entity stand together"


@given(maps())
def test_the_numbers_of_a_map_reconcile(result: AccountMap) -> None:
    cells_add_up_to_the_overlap(result)
    overlap_and_whitespace_are_the_whole_list(result)
    introductions_are_the_cells_that_one_side_serves(result)
    scores_add_up_and_never_rise(result)


@given(st.lists(st.tuples(segments, segments, st.booleans()), max_size=12))
def test_both_partners_reports_agree(entities: list[tuple[str, str, bool]]) -> None:
    """Each entity has a segment on both sides; some are shared. The right side lists them the other way round."""
    places = list(range(len(entities)))
    left, right = (
        one_side(
            [entities[at][side] for at in order],
            {order.index(at): (f"{at:032x}", entities[at][1 - side]) for at in places if entities[at][2]},
        )
        for side, order in ((0, places), (1, places[::-1]))
    )
    cells = {(cell["segment"], cell["their_segment"]): cell["entities"] for cell in left.matrix.to_pylist()}
    mirrored = {(cell["their_segment"], cell["segment"]): cell["entities"] for cell in right.matrix.to_pylist()}
    assert cells == mirrored
    assert set(left.overlap["match_id"].to_pylist()) == set(right.overlap["match_id"].to_pylist())
    assert left.summary.overlap == right.summary.overlap
    assert left.summary.introductions_to_get == right.summary.introductions_to_give
    assert left.summary.introductions_to_give == right.summary.introductions_to_get


def one_side(own: list[str], matches: dict[int, tuple[str, str]]) -> AccountMap:
    accounts = account_list({"account_id": str(at), "segment": segment} for at, segment in enumerate(own))
    rows = [
        {"entity": entity, "match_id": match_id, "their_segment": theirs}
        for entity, (match_id, theirs) in matches.items()
    ]
    return build_map(accounts, prepared_list(accounts), session(rows))


def test_each_cell_has_a_play_and_the_ranks_are_an_order() -> None:
    assert set(PLAYS) == {(mine, theirs) for mine in SEGMENTS for theirs in SEGMENTS}
    assert sorted(play.rank for play in PLAYS.values()) == list(range(1, 10))


def test_a_play_is_an_introduction_in_all_of_its_cells_or_in_none() -> None:
    assert len({play.name for play in PLAYS.values()}) == len({(p.name, p.introduces) for p in PLAYS.values()})
    assert len({play.name for play in PLAYS.values() if play.introduces}) == 2


@pytest.mark.parametrize(("mine", "theirs"), list(PLAYS))
def test_introductions_mirror_each_other(mine: str, theirs: str) -> None:
    other = {"you": "them", "them": "you", "": ""}
    assert PLAYS[theirs, mine].introduces == other[PLAYS[mine, theirs].introduces]
