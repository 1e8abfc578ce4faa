"""Sorting and comparing rows, also where a partner makes the quick ways useless."""

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from accountmap.psi.tables import ROWS_AT_ONCE, NumpyTokens, equal_pairs, has_repeats, hash_rows

# Few different words, so that first words often agree and whole rows sometimes.
rows = st.lists(
    st.tuples(
        st.sampled_from([b"\0" * 8, b"\xff" * 8, b"a" * 8]), st.sampled_from([b"\0" * 8, b"b" * 8, b"c" * 8])
    ),
    max_size=12,
)


def table(values: list[tuple[bytes, bytes]]) -> np.ndarray:
    return np.frombuffer(b"".join(a + b for a, b in values), np.uint8).reshape(-1, 16)


@given(rows)
def test_a_row_that_occurs_twice_is_found(values: list[tuple[bytes, bytes]]) -> None:
    assert has_repeats(table(values)) == (len(set(values)) < len(values))
    assert has_repeats(table(values), table(values[:1])) == (bool(values) or len(set(values)) < len(values))


@given(rows, rows)
def test_equal_pairs_are_those_of_the_definition(
    left: list[tuple[bytes, bytes]], right: list[tuple[bytes, bytes]]
) -> None:
    a, b = list(dict.fromkeys(left)), list(dict.fromkeys(right))
    first, second = equal_pairs(table(a), table(b))
    found = set(zip(first.tolist(), second.tolist(), strict=True))
    assert found == {(i, j) for i, x in enumerate(a) for j, y in enumerate(b) if x == y}


@given(rows, rows)
def test_cells_are_shared_unless_the_partner_repeats_one(
    left: list[tuple[bytes, bytes]], right: list[tuple[bytes, bytes]]
) -> None:
    a = list(dict.fromkeys(left))
    shared = NumpyTokens(table(a), 1).shared_with(table(right).tobytes())
    if len(set(right)) < len(right):
        assert shared is None
        return
    assert shared is not None
    here, there = shared[0].tolist(), shared[1].tolist()
    assert here == sorted(here)
    assert [a[n] for n in here] == [right[n] for n in there]
    assert len(here) == len(set(a) & set(right))


@given(st.integers(0, 3), st.integers(1, 32))
def test_rows_are_hashed_side_by_side(count: int, keep: int) -> None:
    left = np.arange(count * 5, dtype=np.uint8).reshape(count, 5)
    right = np.arange(count * 8, dtype=np.uint8)[::-1].reshape(count, 8)
    made = hash_rows(b"prefix", [left, right], keep)
    assert made.shape == (count, keep)
    for row, a, b in zip(made, left, right, strict=True):
        assert row.tobytes() == hashlib.sha256(b"prefix" + a.tobytes() + b.tobytes()).digest()[:keep]


def test_more_rows_are_hashed_than_fit_in_one_part() -> None:
    rows = np.frombuffer(hashlib.shake_256(b"rows").digest(2 * 4 * ROWS_AT_ONCE + 4), np.uint8).reshape(-1, 4)
    assert hash_rows(b"", [rows], 32)[-1].tobytes() == hashlib.sha256(rows[-1].tobytes()).digest()
    assert len(hash_rows(b"", [rows], 32)) == len(rows)
