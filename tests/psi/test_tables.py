"""Sorting and comparing rows, also where a partner makes the quick ways useless."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from accountmap.psi.tables import equal_pairs, has_repeats, is_strictly_increasing, sorted_rows

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
def test_rows_sort_as_byte_strings(values: list[tuple[bytes, bytes]]) -> None:
    expected = sorted(a + b for a, b in values)
    made = sorted_rows(table(values))
    assert [row.tobytes() for row in made] == expected
    assert has_repeats(table(values)) == (len(set(expected)) < len(expected))
    assert is_strictly_increasing(made) == (len(set(expected)) == len(expected))


@given(rows, rows)
def test_equal_pairs_are_those_of_the_definition(
    left: list[tuple[bytes, bytes]], right: list[tuple[bytes, bytes]]
) -> None:
    a, b = list(dict.fromkeys(left)), list(dict.fromkeys(right))
    first, second = equal_pairs(table(a + b))
    found = {tuple(sorted(pair)) for pair in zip(first.tolist(), second.tolist(), strict=True)}
    assert found == {(i, len(a) + j) for i, x in enumerate(a) for j, y in enumerate(b) if x == y}
