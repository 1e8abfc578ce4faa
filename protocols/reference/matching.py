"""The matching as psi-v1 §6 defines it: every pair of rows is looked at, none is skipped."""

from dataclasses import dataclass
from itertools import product

Table = list[list[bytes]]
"""Rows, of slots, of tokens."""


@dataclass(frozen=True)
class Match:
    """Two rows that are each other's only best.

    Attributes:
        u, v: row in the first and in the second table.
        weight: sum over the shared tokens.
        shared: for each shared token its slot in `u` and its slot in `v`, ascending.
    """

    u: int
    v: int
    weight: int
    shared: tuple[tuple[int, int], ...]


def shared_slots(u_row: list[bytes], v_row: list[bytes]) -> tuple[tuple[int, int], ...]:
    """Find the tokens that two rows have in common."""
    return tuple((s, t) for (s, x), (t, y) in product(enumerate(u_row), enumerate(v_row)) if x == y)


def match(u: Table, v: Table, weights: list[int], threshold: int) -> list[Match]:
    """Match two token tables, in ascending order of `u`."""
    pairs = [
        Match(i, j, sum(min(weights[s], weights[t]) for s, t in shared), shared)
        for (i, u_row), (j, v_row) in product(enumerate(u), enumerate(v))
        if (shared := shared_slots(u_row, v_row))
    ]
    return [
        pair
        for pair in pairs
        if pair.weight >= threshold
        and all(
            pair.weight > other.weight
            for other in pairs
            if other is not pair and (other.u == pair.u or other.v == pair.v)
        )
    ]
