"""Sharing matrices through whole sessions: hidden, names, fields one way, a filter, totals, the rest by name."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from accountmap.account_map.schema import OFF_LIMITS, OUTSIDE, SessionResult
from accountmap.errors import PeerError, TrustError
from accountmap.model import Leader, Role
from accountmap.session import forecast, propose_agreement, sign_agreement
from accountmap.session.open_session import OpenSession
from accountmap.session.partner_sketches import SessionRules
from accountmap.session.sketches import renew_sketch
from accountmap.session.totals import _rows, encode_totals, split_totals
from accountmap.trust.sharing import Fields, JointFilter, Lead, Sharing, rectangles_of
from tests.parties import CURVE, LEFT, NOW, RIGHT, Parties, Party, share_all

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
        rectangles=rectangles_of(
            {
                ("customer", "prospect"): (("name",), ("name", "country")),
                ("opportunity", "customer"): ((), ()),
            }
        )
    )
    parties = Parties.make(tmp_path, sharing=sharing)
    parties.run()
    ours, theirs = result(parties.acme), result(parties.globex)
    assert matched(parties.acme) == {
        ("Northwood Bakery GmbH", "prospect"),
        ("Silverpine Logistics Inc.", "customer"),
    }, "what is in no rectangle is never compared"
    assert matched(parties.globex) == {("NORTHWOOD BAKERY", "customer"), ("Silverpine Logistics", "opportunity")}
    assert ours.named_cells == {("customer", "prospect"), ("opportunity", "customer")}
    assert theirs.named_cells == {("prospect", "customer"), ("customer", "opportunity")}
    assert ours.shown_fields == {
        ("customer", "prospect"): (("name",), ("name", "country")),
        ("opportunity", "customer"): ((), ()),
    }
    assert theirs.shown_fields[("prospect", "customer")] == (("name", "country"), ("name",))
    assert ours.their_fields.column_names == ["name", "country"]
    assert sorted(theirs.their_fields["name"].to_pylist(), key=str) == [None, "Northwood Bakery GmbH"]
    assert ours.receipt == theirs.receipt
    assert (ours.totals, theirs.totals) == (None, None)


def test_a_company_in_two_segments_matches_in_each_rectangle(tmp_path: Path) -> None:
    matrix: dict[tuple[str, str], tuple[Fields, Fields]] = {
        ("customer", "prospect"): ((), ()),
        ("customer", "opportunity"): (("name",), ()),
    }
    parties = Parties.make(tmp_path, right=TWICE, sharing=Sharing(rectangles=rectangles_of(matrix)))
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


def change_accounts(parties: Parties, party: Party, **columns: Sequence[Any]) -> None:
    """Store the party's list again with other columns."""
    accounts, prepared = party.workspace.load_list(1)
    table = accounts.table
    for name, values in columns.items():
        at = table.column_names.index(name)
        table = table.set_column(at, table.schema.field(name), [list(values)])
    party.workspace.save_list(replace(accounts, table=table), prepared, "changed", NOW)


def test_what_is_off_limits_or_outside_the_filter_takes_no_part(tmp_path: Path) -> None:
    sharing = replace(share_all("name"), joint_filter=JointFilter(("DE", "GB"), ("Food",), 10, 500))
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


def many(side: str, count: int) -> list[tuple[str, str, str | None, str]]:
    return [(f"{side}{n}", f"Wexley {n:03} Brewery", None, "customer") for n in range(10, 10 + count)]


def rows(party: Party) -> dict[tuple[str, str | None, str | None], int]:
    totals = result(party).totals
    assert totals is not None
    return {(r["by"], r["their_segment"], r["value"]): r["entities"] for r in totals.to_pylist()}


def test_totals_are_noisy_and_the_same_in_every_session(tmp_path: Path) -> None:
    sharing = replace(share_all(), totals_shown_by=(Role.RESPONDER,))
    parties = Parties.make(tmp_path, right=[*RIGHT, *many("b", 300)], sharing=sharing)
    size = len(RIGHT) + 300
    columns = {
        "country": ["DE"] * (size - 2) + ["AT", None],
        "industry": ["Brewing"] * size,
        "employees": [30] * size,
    }
    change_accounts(parties, parties.globex, **columns)
    renewed(parties)
    parties.run()
    first = rows(parties.acme)
    t = result(parties.acme).totals_noise
    assert t == 4, "4/epsilon: a list so short has a sketch with 1"
    assert abs(first["all", None, None] - size) < 20 * t
    assert abs(first["country", None, "DE"] - (size - 2)) < 20 * t
    assert abs(first["industry", None, "brewing"] - size) < 20 * t
    assert ("country", None, "AT") not in first or first["country", None, "AT"] >= 4 * t
    assert "name" not in {by for by, *_ in first}
    assert result(parties.globex).totals is None
    sent = [entry.facts for entry in parties.globex.workspace.ledger().entries if entry.facts.get("message") == 8]
    assert (sent[0]["totals"], sent[0]["names_unmatched"]) == (True, False)
    again(parties)
    assert rows(parties.acme) == first


def renewed(parties: Parties) -> None:
    """Agree anew under the sketches of today's lists, with the same sharing."""
    terms = parties.acme.workspace.agreements(parties.acme.partner)[0].terms
    for party in (parties.acme, parties.globex):
        with party.workspace.transaction():
            renew_sketch(party.workspace, terms.preview, now=NOW, confirmed=True)
    agree(parties, terms.sharing)


def agree(parties: Parties, sharing: Sharing) -> None:
    draft = propose_agreement(
        parties.acme.workspace,
        parties.acme.partner,
        purpose="again",
        sharing=sharing,
        days=73_000,
        automatic_share=1.0,
        sessions_per_30_days=10,
        now=NOW,
    )
    signed = sign_agreement(parties.globex.workspace, draft.document.encode(), NOW, sizes_confirmed=True)
    sign_agreement(parties.acme.workspace, signed.document.encode(), NOW, sizes_confirmed=True)


def again(parties: Parties) -> None:
    parties.acme.map(new=True)
    parties.run()


def test_frozen_totals_that_change_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A partner that draws its noise anew, so that both together say more, is found out."""
    parties = Parties.after_a_session(tmp_path, sharing=replace(share_all(), totals_shown_by=(Role.RESPONDER,)))
    honest = SessionRules.own_totals

    def drawn_anew(rules: SessionRules, matched: Sequence[Any]) -> bytes:
        (by, segment, value, count), *rest = _rows(honest(rules, matched))
        return encode_totals([(by, segment, value, count + 1), *rest])

    monkeypatch.setattr(SessionRules, "own_totals", drawn_anew)
    with pytest.raises(PeerError, match="is not as agreed"):
        again(parties)
    assert parties.acme.map().state == "stopped"


def test_an_agreement_without_totals_follows_one_with_them(tmp_path: Path) -> None:
    parties = Parties.after_a_session(tmp_path, sharing=replace(share_all(), totals_shown_by=(Role.RESPONDER,)))
    agree(parties, share_all())
    again(parties)
    assert result(parties.acme).totals is None
    agree(parties, replace(share_all(), unmatched_named_by=(Role.RESPONDER,)))
    again(parties)
    assert {by for by, *_ in rows(parties.acme)} == {"name"}


def test_the_rest_is_named_by_who_agreed_to_it_without_the_matches(tmp_path: Path) -> None:
    both = (Role.INITIATOR, Role.RESPONDER)
    sharing = replace(share_all(), totals_shown_by=both, unmatched_named_by=(Role.INITIATOR,))
    parties = Parties.make(tmp_path, sharing=sharing)
    parties.run()
    named, counted = result(parties.globex).totals, result(parties.acme).totals
    assert named is not None
    assert counted is not None
    assert named.filter(pc.equal(named["by"], "name")).to_pylist() == [
        {"by": "name", "their_segment": "prospect", "value": "Quillstone Analytics", "entities": 1}
    ]
    assert "name" not in counted["by"].to_pylist()
    assert result(parties.acme).reveals[-1] == "The names of all your other accounts in these segments."
    assert result(parties.globex).reveals[-1] == "No name of an account of yours that is not on its list as well."


def test_totals_that_were_not_agreed_are_refused(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path, sharing=replace(share_all(), totals_shown_by=(Role.RESPONDER,)))
    for party in (parties.acme, parties.globex) * 2:
        party.map()
    acme, globex = rules_of(parties.acme), rules_of(parties.globex)
    all_rows, name = (0, 255, b"", 7), (4, 0, b"Ostrich Tyres Oy", 1)
    assert acme.accepts_totals(encode_totals([all_rows]))
    assert not acme.accepts_totals(encode_totals([all_rows, name]))
    assert not acme.accepts_totals(encode_totals([all_rows])[:-1])
    assert globex.accepts_totals(b"")
    assert not globex.accepts_totals(encode_totals([all_rows]))
    frozen, names = split_totals(encode_totals([all_rows, name]))
    assert (frozen, names) == (encode_totals([all_rows]), encode_totals([name]))


def rules_of(party: Party) -> SessionRules:
    record = party.workspace.sessions(party.partner)[0]
    opened = OpenSession.load(party.workspace, party.partner, record, CURVE, NOW)
    sketch = party.workspace.sketches.get(opened.secrets.sketch)
    rules = SessionRules(
        party.workspace, party.partner, opened.agreement, opened.own, sketch, NOW, accept_sketch=False
    )
    rules.session = opened.session
    return rules


def test_rules_of_engagement_are_told_from_each_side(tmp_path: Path) -> None:
    leads = (
        Lead(("customer",), ("prospect",), ("DE",), Role.INITIATOR),
        Lead(ALL, ("customer",), (), Role.RESPONDER),
        Lead(ALL, ALL, (), None),
    )
    parties = Parties.make(tmp_path, leads=leads)
    parties.run()
    ours, theirs = result(parties.acme).rules, result(parties.globex).rules
    assert [rule.lead for rule in ours] == [Leader.ME, Leader.THEM, Leader.BOTH]
    assert [rule.lead for rule in theirs] == [Leader.THEM, Leader.ME, Leader.BOTH]
    assert (ours[0].segments, ours[0].their_segments, ours[0].countries) == ({"customer"}, {"prospect"}, {"DE"})
    assert (theirs[1].segments, theirs[1].their_segments) == ({"customer"}, set(ALL))


def test_a_list_is_compared_with_all_that_were_shown(tmp_path: Path) -> None:
    """Back to almost the first list after another one: the difference to the first gives accounts away."""
    parties = Parties.after_a_session(tmp_path)
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
    shown: dict[tuple[str, str], tuple[Fields, Fields]] = {
        cell: (("name",) * level, ()) for cell, level in matrix.items()
    }
    covered = rectangles_of(shown)
    assert len(covered) == expected
    assert {cell: r.fields for r in covered for cell in r.cells} == shown
    assert sum(len(list(r.cells)) for r in covered) == len(shown)
