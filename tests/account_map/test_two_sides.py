"""Two partners' reports of one session, number by number, for any lists and any agreement."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from accountmap.account_map import CELLS, CONTRADICTIONS, STRENGTHS, AccountMap, EngagementRule, build_map
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


def seen(found: Session, side: int) -> AccountMap:
    """Build the account map of one side."""
    own, theirs = (found.left, found.right)[:: 1 if side == 0 else -1]

    def turned(cell: Cell) -> Cell:
        return cell if side == 0 else (cell[1], cell[0])

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
        counted_cells=frozenset(turned(cell) for cell, level in found.levels.items() if level == "counts"),
        named_cells=frozenset(turned(cell) for cell in named),
        shown_fields={turned(cell): ((), ()) for cell in named},
        partner_sizes={name: theirs.count(name) + 2 for name in SEGMENTS},
    )
    return build_map(accounts, prepared_list(accounts), result)


def cells(account_map: AccountMap, *, turned: bool = False) -> dict[Cell, tuple[Any, ...]]:
    columns = ("level", "entities", "possible")
    return {
        (row["their_segment"], row["segment"]) if turned else (row["segment"], row["their_segment"]): tuple(
            row[name] for name in columns
        )
        for row in account_map.matrix.to_pylist()
    }


def both_reports_agree_where_they_overlap(left: AccountMap, right: AccountMap) -> None:
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


def every_number_reconciles_on_each_side(found: Session, reports: tuple[AccountMap, AccountMap]) -> None:
    for side, built in enumerate(reports):
        summary, own = built.summary, (found.left, found.right)[side]
        shared = {
            pair[side] for cell, level in found.levels.items() if level == "names" for pair in found.of(cell)
        }
        assert summary.overlap.entities == len(shared)
        assert summary.listed.entities == len(own)
        parts = (summary.overlap, summary.whitespace, summary.only_counted, summary.not_compared)
        assert sum(part.entities for part in parts) == len(own)
        assert sum(cell["entities"] or 0 for cell in built.matrix.to_pylist()) == summary.matches
        assert summary.matches >= summary.overlap.entities
        assert sum(row["listed"] for row in built.coverage.to_pylist()) == len(own)
        assert sum(row["overlap"] for row in built.coverage.to_pylist()) == len(shared)
        assert Counter(built.whitespace["status"].to_pylist()) == +Counter(
            {
                "not on their list": summary.whitespace.accounts,
                "only counted": summary.only_counted.accounts,
                "not compared": summary.not_compared.accounts,
            }
        )


def what_is_theirs_without_me_at_most_is_never_too_little(
    found: Session, reports: tuple[AccountMap, AccountMap]
) -> None:
    for side, built in enumerate(reports):
        theirs = (found.right, found.left)[side]
        named = [pair for cell, level in found.levels.items() if level == "names" for pair in found.of(cell)]
        for row in built.summary.theirs:
            without = {at for at, segment in enumerate(theirs) if segment == row.segment}
            without -= {pair[1 - side] for pair in named}
            assert row.without_me_at_most >= len(without)


@given(sessions())
def test_the_reports_of_both_sides_reconcile(found: Session) -> None:
    reports = seen(found, 0), seen(found, 1)
    both_reports_agree_where_they_overlap(*reports)
    every_number_reconciles_on_each_side(found, reports)
    if not rectangular(found):
        what_is_theirs_without_me_at_most_is_never_too_little(found, reports)


def rectangular(found: Session) -> bool:
    """Return whether the named cells are one rectangle; then one session covers them, with one match an entity."""
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
    assert built.conflicts["reason"].to_pylist() == ["several of theirs"] * 2
    assert any(note.startswith("1 of the 2 matches are of companies") for note in built.notes)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(STRENGTHS),
            st.lists(st.sampled_from(["domain", "name", "label"]), min_size=1, unique=True),
            st.lists(st.sampled_from(CONTRADICTIONS), unique=True),
        ),
        max_size=6,
    )
)
def test_what_is_said_of_a_match_is_the_same_on_both_sides(judged: list[tuple[str, list[str], list[str]]]) -> None:
    def side(order: list[int], **columns: str) -> dict[str, tuple[Any, ...]]:
        accounts = account_list({"account_id": f"{at}", **columns} for at in order)
        matches = [
            {
                "entity": row,
                "their_segment": "prospect",
                "match_id": f"{at:032x}",
                "strength": judged[at][0],
                "evidence": judged[at][1],
                "contradiction": judged[at][2],
            }
            for row, at in enumerate(order)
        ]
        built = build_map(accounts, prepared_list(accounts), session(matches, {"country": ["FR"] * len(order)}))
        names = ("strength", "evidence", "contradiction", "doubt", "match_score")
        return {row["match_id"]: tuple(row[name] for name in names) for row in built.overlap.to_pylist()}

    every = list(range(len(judged)))
    assert side(every, country="DE", name="Tern") == side(every[::-1], domain="quay.example")


def test_a_match_score_falls_with_what_speaks_against_the_match() -> None:
    accounts = account_list({"account_id": str(at)} for at in range(4))
    kinds: tuple[tuple[str, list[str], list[str]], ...] = (
        ("strong", ["domain", "name"], []),
        ("strong", ["name"], []),
        ("strong", ["name"], ["domain"]),
    )
    matches = [
        {
            "entity": at,
            "their_segment": "customer",
            "strength": strength,
            "evidence": evidence,
            "contradiction": against,
        }
        for at, (strength, evidence, against) in enumerate((*kinds, ("weak", ["label"], ["country"])))
    ]
    rows = build_map(accounts, prepared_list(accounts), session(matches)).overlap.to_pylist()
    told = {row["account_id"]: (row["match_score"], row["doubt"]) for row in rows}
    assert told == {
        "0": (100.0, None),
        "1": (85.0, None),
        "2": (60.0, "different domains"),
        "3": (15.0, "weak evidence; different countries"),
    }


def withheld(result: SessionResult, reasons: dict[int, str]) -> SessionResult:
    rows = [{"entity": entity, "reason": reason} for entity, reason in reasons.items()]
    return replace(result, withheld=WITHHELD_SCHEMA.empty_table().from_pylist(rows, schema=WITHHELD_SCHEMA))


def test_what_has_no_match_says_what_is_known_of_it() -> None:
    accounts = account_list({"account_id": str(at), "segment": SEGMENTS[at % 3]} for at in range(6))
    named = frozenset(("customer", theirs) for theirs in SEGMENTS)
    result = withheld(
        session([], named_cells=named, counted_cells=frozenset({("opportunity", "customer")})),
        {3: "off limits", 5: "outside the joint filter"},
    )
    built = build_map(accounts, prepared_list(accounts), result)
    told = {row["account_id"]: (row["status"], row["why_not"]) for row in built.whitespace.to_pylist()}
    assert told == {
        "0": ("not on their list", None),
        "1": ("only counted", "counts only, as agreed"),
        "4": ("only counted", "counts only, as agreed"),
        "2": ("not compared", "hidden, as agreed"),
        "5": ("not compared", "outside the joint filter"),
        "3": ("not compared", "off limits"),
    }
    assert next(iter(told)) == "0", "what is certain comes first"
    counts = (built.summary.whitespace, built.summary.only_counted, built.summary.not_compared)
    assert [count.entities for count in counts] == [1, 2, 3]


def test_what_was_compared_with_some_of_theirs_is_not_called_only_mine() -> None:
    accounts = account_list([{"account_id": "1", "segment": "customer"}])
    named = frozenset({("customer", "customer")})
    (row,) = build_map(accounts, prepared_list(accounts), session([], named_cells=named)).whitespace.to_pylist()
    assert (row["status"], row["compared_with"]) == ("not compared", "customer")
    sizes = {"customer": 9, "opportunity": 0, "prospect": 0}
    result = session([], named_cells=named, partner_sizes=sizes)
    (row,) = build_map(accounts, prepared_list(accounts), result).whitespace.to_pylist()
    assert row["status"] == "not on their list", "they list nothing else"


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
