"""Sharing matrices through whole sessions: hidden, counts, names, fields one way, a filter, the rest as counts."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from accountmap.session.unmatched import encode_rest

from accountmap.account_map.schema import BOTH, ME, OFF_LIMITS, OUTSIDE, THEM, SessionResult
from accountmap.errors import TrustError
from accountmap.session import Outcome, forecast
from accountmap.session.own_side import OwnSide
from accountmap.trust.terms import COUNTS, NAMES, Disclosure, JointFilter, Lead, Rectangle, Sharing, rectangles_of
from tests.parties import LEFT, NOW, RIGHT, Parties, Party, share_all

ALL = ("customer", "opportunity", "prospect")
TWICE = [
    ("b1", "NORTHWOOD BAKERY", None, "prospect"),
    ("b5", "Wheatfield Mills", "northwood-bakery.de", "opportunity"),
]
"""Northwood stands in two segments, once by its name and once by its website."""


def result(party: Party) -> SessionResult:
    return party.workspace.result(party.workspace.sessions(party.partner)[0])


def matched(party: Party) -> set[tuple[str, str]]:
    """Own names and the partner's segments."""
    found = result(party).matches
    accounts, prepared = party.workspace.load_list(1)
    names = dict(zip(accounts.table["account_id"].to_pylist(), accounts.table["name"].to_pylist(), strict=True))
    first = {m["entity"]: names[m["account_id"]] for m in prepared.members.to_pylist()}
    return {(first[row["entity"]], row["their_segment"]) for row in found.to_pylist()}


def test_each_cell_shows_what_was_agreed(tmp_path: Path) -> None:
    """Northwood is customer by prospect, Silverpine opportunity by customer, Harbour prospect by customer."""
    sharing = Sharing(
        rectangles_of(
            {
                ("customer", "prospect"): Disclosure(NAMES, (("name",), ("name", "country"))),
                ("opportunity", "customer"): Disclosure(COUNTS),
            }
        ),
        smallest_cell=5,
    )
    parties = Parties.make(tmp_path, sharing=sharing)
    parties.run()
    ours, theirs = result(parties.acme), result(parties.globex)
    assert matched(parties.acme) == {("Northwood Bakery GmbH", "prospect")}
    assert matched(parties.globex) == {("NORTHWOOD BAKERY", "customer")}
    assert ours.preview == {("customer", "prospect"): 1, ("opportunity", "customer"): 1}
    assert theirs.preview == {("prospect", "customer"): 1, ("customer", "opportunity"): 1}
    assert ours.named_cells == {("customer", "prospect")}
    assert theirs.named_cells == {("prospect", "customer")}
    assert ours.shown_fields == {("customer", "prospect"): (("name",), ("name", "country"))}
    assert theirs.shown_fields == {("prospect", "customer"): (("name", "country"), ("name",))}
    assert ours.their_fields.column_names == ["name", "country"]
    assert theirs.their_fields.to_pylist() == [{"name": "Northwood Bakery GmbH"}]
    assert ours.receipt == theirs.receipt
    assert (ours.smallest_cell, ours.rest) == (5, None)


def test_a_company_in_two_segments_matches_in_each_rectangle(tmp_path: Path) -> None:
    matrix = {
        ("customer", "prospect"): Disclosure(NAMES),
        ("customer", "opportunity"): Disclosure(NAMES, (("name",), ())),
    }
    parties = Parties.make(tmp_path, right=TWICE, sharing=Sharing(rectangles_of(matrix)))
    parties.run()
    assert matched(parties.acme) == {("Northwood Bakery GmbH", cell) for cell in ("prospect", "opportunity")}
    assert len(set(result(parties.acme).matches["match_id"].to_pylist())) == 2
    assert matched(parties.globex) == {("NORTHWOOD BAKERY", "customer"), ("Wheatfield Mills", "customer")}
    by_segment = dict(
        zip(
            result(parties.globex).matches["match_id"].to_pylist(),
            result(parties.globex).their_fields["name"].to_pylist(),
            strict=True,
        )
    )
    assert sorted(by_segment.values(), key=str) == [None, "Northwood Bakery GmbH"], "only one cell shows the name"


def test_counts_alone_end_with_the_preview(tmp_path: Path) -> None:
    sharing = Sharing((Rectangle(Disclosure(COUNTS), (ALL, ALL)),))
    parties = Parties.make(tmp_path, sharing=sharing)
    asked: list[bool | None] = []
    outcomes: list[Outcome] = []
    for _ in range(3):
        outcomes = [parties.acme.map(None), parties.globex.map(None)]
        asked += [outcome.preview is not None and outcome.state == "undecided" for outcome in outcomes]
    assert not any(asked), "the agreement has said all"
    assert [outcome.state for outcome in outcomes] == ["done", "done"]
    assert len(parties.acme.runner()._channel.files()) == 4
    for party in (parties.acme, parties.globex):
        assert sum(result(party).preview.values()) == 2
        assert result(party).matches.num_rows == 0
        assert result(party).receipt == ""
        entries = [entry.facts for entry in party.workspace.ledger().entries]
        assert entries[-1]["event"] == "counted"
        party.workspace.ledger().check()


def change_accounts(parties: Parties, party: Party, **columns: Sequence[Any]) -> None:
    """Store the party's list again with other columns."""
    accounts, prepared = party.workspace.load_list(1)
    table = accounts.table
    for name, values in columns.items():
        at = table.column_names.index(name)
        table = table.set_column(at, table.schema.field(name), [list(values)])
    party.workspace.save_list(replace(accounts, table=table), prepared, "changed", NOW)


def test_what_is_off_limits_or_outside_the_filter_takes_no_part(tmp_path: Path) -> None:
    sharing = replace(share_all("name"), joint_filter=JointFilter(("DE", "GB"), ("Food",), (10, 500)))
    parties = Parties.make(tmp_path, sharing=sharing)
    columns = {
        "country": ["Germany", None, "GB", "GB"],
        "industry": ["food", "food", "FOOD", "food"],
        "employees": [10, 20, 500, None],
    }
    change_accounts(parties, parties.acme, **columns, off_limits=[None, None, True, False])
    change_accounts(parties, parties.globex, country=["DE"] * 4, industry=["Food"] * 4, employees=[11] * 4)
    about = forecast(parties.acme.workspace, parties.acme.partner, None, NOW)
    assert about.own_sizes == {"customer": 1, "opportunity": 0, "prospect": 0}
    assert about.withheld == {OFF_LIMITS: 1, OUTSIDE: 2}
    parties.run()
    assert matched(parties.acme) == {("Northwood Bakery GmbH", "prospect")}
    reasons = result(parties.acme).withheld["reason"].to_pylist()
    assert sorted(reasons) == [OFF_LIMITS, OUTSIDE, OUTSIDE]
    assert result(parties.globex).withheld.num_rows == 0


def test_the_rest_is_counted_by_its_owner(tmp_path: Path) -> None:
    more = [(f"b{n}", f"Wexley {n:03} Brewery", None, "customer") for n in range(10, 20)]
    sharing = replace(share_all(), rest_shown_by=("responder",), smallest_cell=3)
    parties = Parties.make(tmp_path, right=[*RIGHT, *more], sharing=sharing)
    size = len(RIGHT) + len(more)
    change_accounts(
        parties,
        parties.globex,
        country=["DE"] * (size - 3) + ["AT", "AT", None],
        industry=["Brewing"] * size,
        employees=[30] * size,
    )
    parties.run()
    rest = result(parties.acme).rest
    assert rest is not None
    shown = {(r["their_segment"], r["by"], r["value"]): r["entities"] for r in rest.to_pylist()}
    assert shown == {
        ("customer", "all", None): 10,
        ("customer", "country", "DE"): 7,
        ("customer", "country", None): 3,
        ("customer", "industry", "Brewing"): 10,
        ("customer", "size", "11-50"): 10,
    }, "two in Austria are too few, and the one opportunity too"
    assert result(parties.globex).rest is None
    sent = [entry.facts for entry in parties.globex.workspace.ledger().entries if entry.facts.get("message") == 8]
    assert sent[0]["rest"] == COUNTS


def test_the_rest_is_named_by_who_agreed_to_it(tmp_path: Path) -> None:
    sharing = replace(share_all(), rest_shown_by=("initiator", "responder"), rest_named_by=("initiator",))
    parties = Parties.make(tmp_path, sharing=sharing)
    parties.run()
    named, counted = result(parties.globex).rest, result(parties.acme).rest
    assert named is not None
    assert counted is not None
    assert named.filter(pc.equal(named["by"], "account")).to_pylist() == [
        {"their_segment": "prospect", "by": "account", "value": "Quillstone Analytics", "entities": 1}
    ]
    assert "account" not in counted["by"].to_pylist()
    assert "The names of these others." in result(parties.acme).reveals
    assert result(parties.globex).reveals[-1] == "No other account of yours by name."


def own_side(party: Party) -> OwnSide:
    agreement = party.workspace.agreements(party.partner)[0]
    return OwnSide.of(agreement, agreement.role_of(party.workspace.card), *party.workspace.load_list(1))


def test_a_rest_that_was_not_agreed_is_refused(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path, sharing=replace(share_all(), rest_shown_by=("responder",)))
    acme, globex = own_side(parties.acme).rest, own_side(parties.globex).rest
    assert acme.accepts(encode_rest([(0, 0, b"", 7)]))
    assert not acme.accepts(encode_rest([(0, 0, b"", 7), (0, 4, b"Ostrich Tyres Oy", 1)]))
    assert globex.accepts(b"")
    assert not globex.accepts(encode_rest([(0, 0, b"", 7)]))


def test_rules_of_engagement_are_told_from_each_side(tmp_path: Path) -> None:
    leads = (
        Lead((("customer",), ("prospect",)), ("DE",), "initiator"),
        Lead((ALL, ("customer",)), (), "responder"),
        Lead((ALL, ALL), (), "both"),
    )
    parties = Parties.make(tmp_path, leads=leads)
    parties.run()
    ours, theirs = result(parties.acme).rules, result(parties.globex).rules
    assert [rule.lead for rule in ours] == [ME, THEM, BOTH]
    assert [rule.lead for rule in theirs] == [THEM, ME, BOTH]
    assert (ours[0].segments, ours[0].their_segments, ours[0].countries) == ({"customer"}, {"prospect"}, {"DE"})
    assert (theirs[1].segments, theirs[1].their_segments) == ({"customer"}, set(ALL))


def test_a_list_is_compared_with_all_that_were_shown(tmp_path: Path) -> None:
    """Back to almost the first list after another one: the difference to the first gives accounts away."""
    parties = Parties.make(tmp_path)
    parties.run()
    wexley = [(f"n{n}", f"Wexley {n:03} Brewery", None, "prospect") for n in range(6)]
    for rows, fine in (([*LEFT, *wexley], True), ([*LEFT, *wexley[:1]], False)):
        made = Parties.make(tmp_path / f"{fine}", left=rows)
        accounts, prepared = made.acme.workspace.load_list(1)
        parties.acme.workspace.save_list(accounts, prepared, "later", NOW)
        if not fine:
            with pytest.raises(TrustError, match="1 prospect"):
                parties.acme.map(new=True)
            return
        parties.acme.map(new=True)
        for _ in range(6):
            parties.globex.map(new=True)
            parties.acme.map()
    raise AssertionError("unreachable")


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ({("a", "x"): 1, ("a", "y"): 1, ("b", "x"): 1, ("b", "y"): 1}, 1),
        ({("a", "x"): 1, ("a", "y"): 2, ("b", "x"): 1, ("b", "y"): 2}, 2),
        ({("a", "x"): 1, ("b", "y"): 1}, 2),
        ({("a", "x"): 1, ("a", "y"): 1, ("b", "x"): 1}, 2),
    ],
)
def test_a_matrix_is_covered_once_with_few_rectangles(matrix: dict[tuple[str, str], int], expected: int) -> None:
    shown = {cell: Disclosure(NAMES, (("name",) * level, ())) for cell, level in matrix.items()}
    covered = rectangles_of(shown)
    assert len(covered) == expected
    assert {cell: r.disclosure for r in covered for cell in r.cells} == shown
    assert sum(len(list(r.cells)) for r in covered) == len(shown)
