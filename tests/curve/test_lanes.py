"""Radix 2^52 in eight lanes, against plain integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.curve import ipp
from accountmap.curve.ipp import P

FIELD = st.integers(0, P - 1)


def values(table: ipp.Lanes) -> list[int]:
    """Read the elements of a table, lane by lane."""
    return [sum(int(batch[limb, lane]) << 52 * limb for limb in range(5)) for batch in table for lane in range(8)]


def table_of(elements: list[int]) -> ipp.Lanes:
    batches = -(-len(elements) // 8)
    table = ipp.empty(batches)
    table[:] = 0
    for i, element in enumerate(elements):
        for limb in range(5):
            table[i // 8, limb, i % 8] = element >> 52 * limb & (2**52 - 1)
    return table


@given(st.lists(st.integers(0, 2**384 - 1), max_size=20))
def test_digests_are_read_modulo_p_and_padded_with_zeros(numbers: list[int]) -> None:
    digests = np.frombuffer(b"".join(n.to_bytes(48, "big") for n in numbers), np.uint8).reshape(-1, 48)
    table = ipp.from_digests(digests)
    assert table.shape == (-(-len(numbers) // 8), 5, 8)
    assert [value % P for value in values(table)] == [n % P for n in numbers] + [0] * (-len(numbers) % 8)
    assert (table < 2**52).all()
    assert all(value < 2**255 + 2**52 for value in values(table))


@pytest.mark.parametrize("number", [0, 1, P - 1, P, P + 1, 2**255 - 1, 2**255, 2**260 - 1, 2**260, 2**384 - 1])
def test_digests_at_the_edges(number: int) -> None:
    digest = np.frombuffer(number.to_bytes(48, "big"), np.uint8).reshape(1, 48)
    assert values(ipp.from_digests(digest))[0] % P == number % P


@given(st.lists(st.lists(st.integers(0, 2**63 - 1), min_size=5, max_size=5), min_size=8, max_size=8))
def test_carrying_keeps_the_value_and_bounds_the_limbs(limbs: list[list[int]]) -> None:
    table = ipp.empty(1)
    table[0] = np.array(limbs, np.uint64).T
    before = [sum(limb << 52 * i for i, limb in enumerate(lane)) for lane in limbs]
    ipp.carry(table)
    assert [value % P for value in values(table)] == [value % P for value in before]
    assert (table < 2**52).all()
    assert all(value < 2**255 + 2**52 for value in values(table))


@given(st.lists(FIELD, max_size=20))
def test_points_are_little_endian_bytes_of_the_first_elements(elements: list[int]) -> None:
    points = ipp.to_points(table_of(elements), len(elements))
    assert points.shape == (len(elements), 32)
    assert [int.from_bytes(row.tobytes(), "little") for row in points] == elements


def test_tables_and_their_batches_are_aligned() -> None:
    for batches in range(1, 40):
        assert all(address % 64 == 0 for address in ipp.addresses(ipp.empty(batches)))


def test_a_constant_stands_in_every_lane() -> None:
    assert values(ipp.constant(P - 2)) == [P - 2] * 8
