"""The matching of the package against its definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocols.reference.matching import Match, match

from accountmap.psi.matching import Matching, mutual_best
from tests.protocols.vectors import Json, cases, comment

Numbers = list[list[int]]


def as_array(table: Numbers, slots: int) -> np.ndarray:
    tokens = b"".join(n.to_bytes(16, "big") for row in table for n in row)
    return np.frombuffer(tokens, np.uint8).reshape(len(table), slots, 16)


def as_matches(found: Matching) -> list[Match]:
    shared: list[list[tuple[int, int]]] = [[] for _ in range(len(found))]
    for n, s, t in zip(found.edge_match, found.edge_u_slot, found.edge_v_slot, strict=True):
        shared[n].append((int(s), int(t)))
    rows = zip(found.u.tolist(), found.v.tolist(), found.weight.tolist(), shared, strict=True)
    return [Match(u, v, weight, tuple(slots)) for u, v, weight, slots in rows]


@pytest.mark.parametrize("case", cases("psi/matching.json"), ids=comment)
def test_vectors(case: Json) -> None:
    slots = len(case["weights"])
    tables = as_array(case["u"], slots), as_array(case["v"], slots)
    found = as_matches(mutual_best(*tables, tuple(case["weights"]), case["threshold"]))
    expected = [Match(m["u"], m["v"], m["weight"], tuple(map(tuple, m["shared"]))) for m in case["expect"]]
    assert found == expected


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Numbers, Numbers, list[int], int]:
    """Two tables of distinct tokens from a common stock so small that rows share many, and tie."""
    slots = draw(st.integers(1, 4))
    weights = draw(st.lists(st.integers(1, 3), min_size=slots, max_size=slots))
    tables = []
    for mark in (1000, 2000):
        rows = draw(st.integers(0, 6))
        stock = draw(st.permutations(range(24)))[: rows * slots]
        present = draw(st.lists(st.booleans(), min_size=rows * slots, max_size=rows * slots))
        cells = [n if there else mark + k for k, (n, there) in enumerate(zip(stock, present, strict=True))]
        tables.append([cells[i : i + slots] for i in range(0, rows * slots, slots)])
    return tables[0], tables[1], weights, draw(st.integers(1, 5))


@settings(max_examples=250, deadline=None)
@given(graphs())
def test_random_graphs_match_as_defined(graph: tuple[Numbers, Numbers, list[int], int]) -> None:
    u, v, weights, threshold = graph
    found = mutual_best(as_array(u, len(weights)), as_array(v, len(weights)), tuple(weights), threshold)
    tokens = [[[n.to_bytes(16, "big") for n in row] for row in table] for table in (u, v)]
    assert as_matches(found) == match(tokens[0], tokens[1], weights, threshold)


@settings(max_examples=120, deadline=None)
@given(graphs())
def test_the_preview_is_a_lower_bound(graph: tuple[Numbers, Numbers, list[int], int]) -> None:
    """Every token that stands in slot 0 on both sides belongs to a match of these two rows (psi-v1 §6.2)."""
    u, v, weights, _ = graph
    heavy = (sum(weights[1:]) + 1, *weights[1:])
    found = mutual_best(as_array(u, len(heavy)), as_array(v, len(heavy)), heavy, heavy[0])
    matched = set(zip(found.u.tolist(), found.v.tolist(), strict=True))
    both = {(i, j) for i, a in enumerate(u) for j, b in enumerate(v) if a[0] == b[0]}
    assert both <= matched
