"""The matching over the anonymous graph: mutual best by integer weights, ties dropped (psi-v1 §6).

Both parties run this on the same two token tables, so it must give the same answer everywhere: only integers,
no dependence on the order of equal elements.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from accountmap.psi.suite import TOKEN_BYTES
from accountmap.psi.tables import equal_pairs

Tokens = npt.NDArray[np.uint8]
"""A token table, shape (rows, slots, 16)."""

Index = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class Matching:
    """The matched rows of two token tables, in ascending order of `u`.

    Attributes:
        u, v: row in the first and second table, one entry a match.
        weight: summed weight of the keys that the match shares.
        edge_match, edge_u_slot, edge_v_slot: one entry a shared key of a match, ordered by match, then by slot
            of u: the match's position in `u`, and the slots in which the key stands on each side.
    """

    u: Index
    v: Index
    weight: Index
    edge_match: Index
    edge_u_slot: Index
    edge_v_slot: Index

    def __len__(self) -> int:
        return len(self.u)


def common(a: Tokens, b: Tokens) -> tuple[Index, Index]:
    """Find equal tokens in two tables in each of which all tokens are distinct.

    Args:
        a, b: shapes (n, 16) and (m, 16).

    Returns:
        Positions in `a` and in `b`, ascending in `a`.
    """
    in_a, in_b = equal_pairs(a, b)
    ascending = np.argsort(in_a)
    return in_a[ascending].astype(np.int64), in_b[ascending].astype(np.int64)


def _unique_best(rows: Index, weight: Index) -> npt.NDArray[np.bool_]:
    """Mark each pair that is the only one with the greatest weight of its row."""
    best = np.zeros(int(rows.max()) + 1, np.int64)
    np.maximum.at(best, rows, weight)
    is_best = weight == best[rows]
    ties = np.bincount(rows[is_best], minlength=len(best))
    unique: npt.NDArray[np.bool_] = is_best & (ties[rows] == 1)
    return unique


def mutual_best(u: Tokens, v: Tokens, weights: tuple[int, ...], threshold: int) -> Matching:
    """Match rows that are each other's only best partner.

    A token that two rows share counts the smaller weight of the two slots in which it stands. The weight of a
    pair of rows is the sum over the tokens they share. A pair matches if its weight reaches the threshold and is
    greater than that of every other pair of either row.

    Args:
        u, v: token tables of shapes (n, slots, 16) and (m, slots, 16); all tokens of one table are distinct.
        weights: one positive weight a slot; their sum is below 2**62.
        threshold: the least weight of a match, positive.
    """
    slots = len(weights)
    at_u, at_v = common(u.reshape(-1, TOKEN_BYTES), v.reshape(-1, TOKEN_BYTES))
    if not len(at_u):
        empty = np.zeros(0, np.int64)
        return Matching(empty, empty, empty, empty, empty, empty)
    u_row, u_slot = np.divmod(at_u, slots)
    v_row, v_slot = np.divmod(at_v, slots)
    per_slot = np.array(weights, np.int64)
    edge_weight = np.minimum(per_slot[u_slot], per_slot[v_slot])

    pair, pair_of_edge = np.unique(u_row * len(v) + v_row, return_inverse=True)
    weight = np.zeros(len(pair), np.int64)
    np.add.at(weight, pair_of_edge, edge_weight)
    pair_u, pair_v = np.divmod(pair, len(v))

    chosen = (weight >= threshold) & _unique_best(pair_u, weight) & _unique_best(pair_v, weight)
    position = np.cumsum(chosen) - 1
    edges = chosen[pair_of_edge]
    return Matching(
        u=pair_u[chosen],
        v=pair_v[chosen],
        weight=weight[chosen],
        edge_match=position[pair_of_edge[edges]],
        edge_u_slot=u_slot[edges],
        edge_v_slot=v_slot[edges],
    )
