"""Matching, match rule and claims of the package against their definitions."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocols.reference import matching as reference
from protocols.reference.matching import Match
from protocols.reference.party import STRONG, WEAK
from protocols.reference.party import MatchClass as ReferenceClass
from protocols.reference.party import Slot as ReferenceSlot

from accountmap.model import Contradiction, Outcome, Strength, WeakSlots
from accountmap.psi.codec import RefusalError
from accountmap.psi.matching import (
    Matching,
    MatchRule,
    decode_claims,
    encode_claims,
    outcomes,
    room_of,
)
from accountmap.psi.parameters import MatchClass, Parameters, Rectangle, Slot
from accountmap.psi.tables import NumpyTokens
from tests.protocols.replay import classes_of, contradictions, slots_of
from tests.protocols.vectors import Json, cases, comment, load

Numbers = list[list[int]]


def parameters(
    slots: Sequence[Slot], classes: Sequence[MatchClass] = (MatchClass((0,)),), threshold: int = 1
) -> Parameters:
    return Parameters(
        context=bytes(32),
        slots=tuple(slots),
        weak=WeakSlots.REVEAL,
        threshold=threshold,
        classes=tuple(classes),
        rectangles=(Rectangle(((0,), (0,)), 0),),
        sizes=((1,), (1,)),
        sketch_bytes=(0, 0),
        totals_bytes=(0, 0),
        channel_key_bytes=0,
    )


def bits(texts: Sequence[str]) -> np.ndarray:
    return np.array([int(text, 2) for text in texts], np.uint8)


def cells(table: Numbers) -> np.ndarray:
    tokens = b"".join(n.to_bytes(16, "big") for row in table for n in row)
    return np.frombuffer(tokens, np.uint8).reshape(-1, 16)


def find(rule: MatchRule, u: Numbers, v: Numbers, columns: int) -> Matching:
    shared = NumpyTokens(cells(u), columns).shared_with(cells(v).tobytes())
    assert shared is not None
    return rule.mutual_best(shared)


def as_matches(found: Matching, weight: Sequence[int]) -> list[Match]:
    pairs: list[list[tuple[int, int]]] = [[] for _ in range(len(found))]
    for n, s, t in zip(found.pair_match, found.pair_x_slot, found.pair_v_slot, strict=True):
        pairs[n].append((int(s), int(t)))
    rows = zip(found.x.tolist(), found.v.tolist(), weight, pairs, strict=True)
    return [Match(x, v, w, tuple(shared)) for x, v, w, shared in rows]


def as_matching(matches: Sequence[Match]) -> Matching:
    pairs = [(n, s, t) for n, match in enumerate(matches) for s, t in match.pairs]
    columns = np.array(pairs, np.int64).reshape(-1, 3).T
    x, v = (np.array([getattr(match, name) for match in matches], np.int64) for name in "xv")
    return Matching(x, v, *columns)


def described(matches: Sequence[Json]) -> list[Match]:
    return [Match(m["x"], m["v"], m.get("weight", 0), tuple(map(tuple, m["pairs"]))) for m in matches]


@pytest.mark.parametrize("case", cases("psi/matching.json"), ids=comment)
def test_mutual_best(case: Json) -> None:
    p = parameters(slots_of(case["slots"]), threshold=case["threshold"])
    rule = MatchRule(p, *map(bits, case["bits"]))
    found = find(rule, case["u"], case["v"], len(p.slots))
    assert as_matches(found, rule.weigh(found).weight.tolist()) == described(case["expect"])


RULE = load("psi/match_rule.json")


@pytest.mark.parametrize("case", RULE["cases"], ids=comment)
def test_what_becomes_of_a_match(case: Json) -> None:
    expect = case["expect"]
    p = parameters(slots_of(RULE["slots"]), classes_of(RULE["classes"]))
    claim = as_matching([Match(0, 0, 0, tuple(map(tuple, case["pairs"])))])
    evidence = MatchRule(p, *(bits([text]) for text in case["bits"])).weigh(claim)
    assert evidence.weight.tolist() == [expect["weight"]]
    assert Strength(evidence.strength[0]).name.lower() == expect["strength"]
    assert max(expect["leading"], key=lambda n: (-p.slots[n].weight, n)) == evidence.lead[0]
    assert Contradiction(int(evidence.contradictions[0])) == contradictions(expect["contradictions"])
    number = int(evidence.match_class[0])
    assert (None if number < 0 else number) == expect["class"]
    for room, outcome in expect["outcomes"].items():
        made = outcomes(p.classes, evidence.match_class, int(room))
        assert Outcome(made[0]).name.lower() == outcome


def test_room() -> None:
    for case in RULE["room"]:
        assert room_of(*case["rows"], case["sure"]) == case["expect"]


CLAIMS = load("psi/claims.json")


def bits_of(case: Json) -> tuple[np.ndarray, np.ndarray]:
    """The bits of the rows of X and of V, over which those of the case repeat."""
    x, v = (np.resize(bits(texts), rows) for texts, rows in zip(case["bits"], case["rows"], strict=True))
    return x, v


@pytest.mark.parametrize("case", CLAIMS["cases"], ids=comment)
def test_what_is_claimed(case: Json) -> None:
    p = parameters(slots_of(CLAIMS["slots"]), classes_of(case["classes"]))
    rule, found = MatchRule(p, *bits_of(case)), as_matching(described(case["matches"]))
    first = [Outcome(n).name.lower() for n in rule.decide(found).outcome]
    assert first == case["expect"]["first_outcomes"]
    claims = rule.choose_claims(found)
    assert encode_claims(claims.claims).hex() == case["expect"]["section"]
    read = rule.check_claims(decode_claims(bytes.fromhex(case["expect"]["section"]), len(p.slots)))
    assert read.outcome.tolist() == claims.outcome.tolist()
    assert read.room == claims.room


@pytest.mark.parametrize("case", CLAIMS["refusals"], ids=comment)
def test_claims_that_are_refused(case: Json) -> None:
    p = parameters(slots_of(CLAIMS["slots"]), classes_of(case["classes"]), case["threshold"])
    rule, section = MatchRule(p, *bits_of(case)), bytes.fromhex(case["section"])
    if case["expect"] == "accept":
        rule.check_claims(decode_claims(section, len(p.slots)))
        return
    with pytest.raises(RefusalError) as refused:
        rule.check_claims(decode_claims(section, len(p.slots)))
    assert refused.value.rule == case["expect"].removeprefix("refuse: ")


SAYS = st.sampled_from(["name", "country", "other"])
NUMBERS = st.sets(st.integers(0, 3), max_size=3).map(sorted)


@st.composite
def rules(draw: st.DrawFn) -> tuple[list[ReferenceSlot], list[ReferenceClass]]:
    """Four slots, the first a domain, and up to five classes."""
    slots = [ReferenceSlot("d", draw(st.integers(1, 5)), draw(st.sampled_from([STRONG, WEAK])), "domain")]
    for _ in range(3):
        weight, strength, says = draw(st.integers(1, 5)), draw(st.sampled_from([STRONG, WEAK])), draw(SAYS)
        slots.append(ReferenceSlot("a", weight, strength, says, draw(st.booleans())))
    classes = []
    for _ in range(draw(st.integers(1, 5))):
        leads, against = draw(NUMBERS) or [0], draw(st.sets(st.sampled_from(["domain", "country"])))
        sure = draw(st.booleans()) and all(slots[n].strength == STRONG for n in leads)
        limits = draw(st.integers(0, 40)), draw(st.integers(0, 40))
        classes.append(ReferenceClass(leads, draw(NUMBERS), sorted(against), sure, *limits))
    return slots, classes


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Numbers, Numbers]:
    """Two tables of distinct tokens from a common stock so small that rows share many, and tie."""
    tables = []
    for mark in (1000, 2000):
        rows = draw(st.integers(0, 6))
        stock = draw(st.permutations(range(24)))[: rows * 4]
        present = draw(st.lists(st.booleans(), min_size=rows * 4, max_size=rows * 4))
        flat = [n if there else mark + k for k, (n, there) in enumerate(zip(stock, present, strict=True))]
        tables.append([flat[i : i + 4] for i in range(0, rows * 4, 4)])
    return tables[0], tables[1]


PATTERNS = st.lists(st.sampled_from(["00", "01", "10", "11"]), min_size=6, max_size=6)


@given(graphs(), rules(), PATTERNS, PATTERNS, st.integers(1, 5))
def test_random_graphs_are_decided_as_defined(
    graph: tuple[Numbers, Numbers],
    drawn: tuple[list[ReferenceSlot], list[ReferenceClass]],
    x_bits: list[str],
    v_bits: list[str],
    threshold: int,
) -> None:
    (u, v), (slots, classes) = graph, drawn
    x_bits, v_bits = x_bits[: len(u)], v_bits[: len(v)]
    tables = [[[n.to_bytes(16, "big") for n in row] for row in table] for table in graph]
    as_pairs = [[(b[0] == "1", b[1] == "1") for b in texts] for texts in (x_bits, v_bits)]
    both = as_pairs[0], as_pairs[1]
    expected = reference.match(tables[0], tables[1], both, slots, range(4), threshold)
    claims = reference.claims_of(expected, both, slots, classes)

    of_vectors = slots_of([vars(slot) for slot in slots])
    described_classes = [{**vars(c), "with": c.with_} for c in classes]
    rule = MatchRule(parameters(of_vectors, classes_of(described_classes), threshold), bits(x_bits), bits(v_bits))
    found = find(rule, u, v, 4)
    assert as_matches(found, rule.weigh(found).weight.tolist()) == expected
    chosen = rule.choose_claims(found)
    assert as_matches(chosen.claims, chosen.evidence.weight.tolist()) == [claim for claim, _ in claims]
    assert [Outcome(n).name.lower() for n in chosen.outcome] == [outcome for _, outcome in claims]
    section = encode_claims(chosen.claims)
    assert section == reference.encode_claims([claim for claim, _ in claims])
    again = rule.check_claims(decode_claims(section, 4))
    assert again.outcome.tolist() == chosen.outcome.tolist()
    assert again.evidence.strength.tolist() == chosen.evidence.strength.tolist()
