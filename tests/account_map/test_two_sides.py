"""Two partners' reports of one session, number by number, for any lists and any agreement."""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from accountmap.account_map import CELLS, AccountMap, EngagementRule, build_map
from accountmap.account_map.schema import WITHHELD_SCHEMA, SessionResult
from accountmap.accounts.schema import SEGMENTS
from tests.account_map.examples import account_list, prepared_list, session

Cell = tuple[str, str]
LEVELS = ("names", "counts", "hidden")


@dataclass(frozen=True)
class Session:
    """What the protocol found, seen by neither side.

    Attributes:
        left, right: segment of each entity.
        pairs: entities of left and right that are the same company; at most one for each pair of segments.
        levels: by (left segment, right segment).
    """

    left: list[str]
    right: list[str]
    pairs: list[tuple[int, int]]
    levels: dict[Cell, str]

    def of(self, cell: Cell) -> list[tuple[int, int]]:
        return [(a, b) for a, b in self.pairs if (self.left[a], self.right[b]) == cell]


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    sides = [[draw(st.sampled_from(SEGMENTS)) for _ in range(draw(st.integers(0, 6)))] for _ in range(2)]
    every = [(a, b) for a in range(len(sides[0])) for b in range(len(sides[1]))]
    pairs: list[tuple[int, int]] = []
    for a, b in draw(st.permutations(every)):
        cell = (sides[0][a], sides[1][b])
        taken = [(x, y) for x, y in pairs if (sides[0][x], sides[1][y]) == cell]
        if all(x != a and y != b for x, y in taken) and draw(st.booleans()):
            pairs.append((a, b))
    return Session(sides[0], sides[1], pairs, {cell: draw(st.sampled_from(LEVELS)) for cell in CELLS})


def seen(found: Session, side: int, smallest: int = 1) -> AccountMap:
    """Build the account map of one side."""
    own, theirs = (found.left, found.right)[:: 1 if side == 0 else -1]

    def turned(cell: Cell) -> Cell:
        return cell if side == 0 else (cell[1], cell[0])

    compared = {cell: len(found.of(cell)) for cell, level in found.levels.items() if level != "hidden"}
    named = [cell for cell, level in found.levels.items() if level == "names"]
    matches = [
        {
            "entity": pair[side],
            "their_segment": theirs[pair[1 - side]],
            "match_id": f"{pair[0]:016x}{pair[1]:016x}",
        }
        for cell in named
        for pair in found.of(cell)
    ]
    accounts = account_list({"account_id": f"{at:03}", "segment": segment} for at, segment in enumerate(own))
    result = session(
        matches,
        preview={turned(cell): count for cell, count in compared.items()},
        named_cells=frozenset(turned(cell) for cell in named),
        shown_fields={turned(cell): ((), ()) for cell in named},
        smallest_cell=smallest,
        partner_sizes={name: theirs.count(name) + 2 for name in SEGMENTS},
    )
    return build_map(accounts, prepared_list(accounts), result)


def cells(account_map: AccountMap, *, turned: bool = False) -> dict[Cell, tuple[Any, ...]]:
    columns = ("compared", "named", "entities", "preview_at_least", "preview_fewer_than")
    return {
        (row["their_segment"], row["segment"]) if turned else (row["segment"], row["their_segment"]): tuple(
            row[name] for name in columns
        )
        for row in account_map.matrix.to_pylist()
    }


@settings(deadline=None)
@given(sessions(), st.sampled_from([1, 3]))
def test_both_reports_agree_where_they_overlap(found: Session, smallest: int) -> None:
    left, right = seen(found, 0, smallest), seen(found, 1, smallest)
    assert cells(left) == cells(right, turned=True)
    assert left.summary.matches == right.summary.matches
    ids = [sorted(set(side.overlap["match_id"].to_pylist())) for side in (left, right)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == left.summary.matches
    matches = {
        side: {(r["match_id"], r["their_segment"], r["segment"]) for r in built.overlap.to_pylist()}
        for side, built in (("left", left), ("right", right))
    }
    assert matches["left"] == {(match, mine, theirs) for match, theirs, mine in matches["right"]}


@settings(deadline=None)
@given(sessions())
def test_every_number_reconciles_on_each_side(found: Session) -> None:
    for side in (0, 1):
        built = seen(found, side)
        summary, own = built.summary, (found.left, found.right)[side]
        shared = {
            pair[side] for cell, level in found.levels.items() if level == "names" for pair in found.of(cell)
        }
        assert summary.overlap.entities == len(shared)
        assert summary.listed.entities == len(own)
        assert summary.overlap.entities + summary.whitespace.entities + summary.not_compared.entities == len(own)
        assert sum(cell["entities"] or 0 for cell in built.matrix.to_pylist()) == summary.matches
        assert summary.matches >= summary.overlap.entities
        assert sum(row["listed"] for row in built.coverage.to_pylist()) == len(own)
        assert sum(row["overlap"] for row in built.coverage.to_pylist()) == len(shared)
        reasons = built.whitespace["why_not"].to_pylist()
        assert sum(reason is not None for reason in reasons) == summary.not_compared.accounts


@settings(deadline=None)
@given(sessions())
def test_what_is_theirs_without_me_at_most_is_never_too_little(found: Session) -> None:
    if rectangular(found):
        return
    for side in (0, 1):
        theirs = (found.right, found.left)[side]
        named = [pair for cell, level in found.levels.items() if level == "names" for pair in found.of(cell)]
        for row in seen(found, side).summary.theirs:
            without = {at for at, segment in enumerate(theirs) if segment == row.segment}
            without -= {pair[1 - side] for pair in named}
            assert row.without_me_at_most >= len(without)


def rectangular(found: Session) -> bool:
    """Tell whether the named cells are one rectangle; then one session covers them, with one match an entity."""
    named = [cell for cell, level in found.levels.items() if level == "names"]
    return len(named) == len({a for a, _ in named}) * len({b for _, b in named})


def test_an_entity_with_two_matches_counts_once_and_says_so() -> None:
    accounts = account_list([{"account_id": "1", "segment": "customer", "name": "Tern", "amount": 5.0}])
    matches = [
        {"entity": 0, "their_segment": theirs, "match_id": f"{at:032x}"}
        for at, theirs in enumerate(["opportunity", "prospect"])
    ]
    built = build_map(accounts, prepared_list(accounts), session(matches))
    assert built.overlap["their_segment"].to_pylist() == ["opportunity", "prospect"]
    assert (built.summary.matches, built.summary.overlap.entities, built.summary.overlap.accounts) == (2, 1, 1)
    assert built.summary.introductions_to_give.entities == 1
    assert [play.amount for play in built.summary.plays] == [5.0], "the account's amount is there once"
    assert built.overlap["doubt"].to_pylist() == ["several of theirs"] * 2
    assert any(note.startswith("1 of the 2 matches are further ones") for note in built.notes)


def test_small_counts_are_not_shown_where_nothing_else_is() -> None:
    found = Session(["customer"] * 4, ["prospect"] * 4, [(0, 0), (1, 1)], dict.fromkeys(CELLS, "counts"))
    assert cells(seen(found, 0, 3))["customer", "prospect"] == (True, False, None, None, 3)
    assert cells(seen(found, 0, 2))["customer", "prospect"] == (True, False, None, 2, None)
    assert cells(seen(found, 0, 3))["customer", "customer"] == (True, False, None, 0, None)


def withheld(result: SessionResult, reasons: dict[int, str]) -> SessionResult:
    rows = [{"entity": entity, "reason": reason} for entity, reason in reasons.items()]
    return replace(result, withheld=WITHHELD_SCHEMA.empty_table().from_pylist(rows, schema=WITHHELD_SCHEMA))


def test_what_was_not_compared_says_why() -> None:
    accounts = account_list({"account_id": str(at), "segment": SEGMENTS[at % 3]} for at in range(6))
    named = frozenset({("customer", "customer")})
    preview = {("customer", "customer"): 0, ("customer", "prospect"): 0, ("opportunity", "customer"): 0}
    result = withheld(
        session([], preview=preview, named_cells=named), {3: "off limits", 5: "outside the joint filter"}
    )
    built = build_map(accounts, prepared_list(accounts), result)
    told = {
        row["account_id"]: (row["compared_with"], row["counted_with"], row["why_not"])
        for row in built.whitespace.to_pylist()
    }
    assert told == {
        "0": ("customer", "prospect", None),
        "1": ("", "customer", "only counted"),
        "4": ("", "customer", "only counted"),
        "2": ("", "", "segment hidden"),
        "5": ("", "", "outside the joint filter"),
        "3": ("", "", "off limits"),
    }
    assert next(iter(told)) == "0", "what was compared comes first"
    assert (built.summary.whitespace.entities, built.summary.not_compared.entities) == (1, 5)


def test_rules_are_read_in_their_order_with_the_country_of_the_entity() -> None:
    accounts = account_list(
        {"account_id": str(at), "segment": "customer", "country": country, "domain": domain}
        for at, (country, domain) in enumerate([("Germany", None), (None, "tern.fr"), (None, None)])
    )
    rules = (
        EngagementRule(frozenset({"customer"}), frozenset({"prospect"}), frozenset({"DE"}), "me"),
        EngagementRule(frozenset({"customer"}), frozenset({"prospect"}), frozenset({"FR", "DE"}), "them"),
    )
    matches = [{"entity": at, "their_segment": "prospect"} for at in range(3)]
    built = build_map(accounts, prepared_list(accounts), session(matches, rules=rules))
    leads = {row["account_id"]: (row["territory"], row["lead"]) for row in built.overlap.to_pylist()}
    assert leads == {"0": ("DE", "me"), "1": ("FR", "them"), "2": (None, None)}
