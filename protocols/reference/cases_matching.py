"""Vectors of the matching rule (psi-v1 §6). Tokens are small numbers here; 0 to 9 mark shared ones."""

from dataclasses import asdict
from typing import Any

from protocols.reference.matching import match

Numbers = list[list[int]]
WEIGHTS = [4, 2, 1]

GRAPHS: list[tuple[str, Numbers, Numbers, list[int], int]] = [
    ("nothing shared", [[10, 11, 12]], [[20, 21, 22]], WEIGHTS, 1),
    ("an empty table", [], [[20, 21, 22]], WEIGHTS, 1),
    ("one shared token", [[1, 11, 12], [13, 14, 15]], [[20, 21, 22], [1, 24, 25]], WEIGHTS, 1),
    ("weights add up", [[1, 2, 3]], [[1, 2, 3]], WEIGHTS, 1),
    ("across slots the smaller weight counts", [[1, 11, 12]], [[20, 1, 22]], WEIGHTS, 1),
    ("both directions across slots", [[1, 2, 12]], [[2, 1, 22]], WEIGHTS, 1),
    ("below the threshold", [[10, 1, 12]], [[20, 1, 22]], WEIGHTS, 3),
    ("at the threshold", [[10, 1, 2]], [[20, 1, 2]], WEIGHTS, 3),
    ("a tie of one row of U is dropped", [[10, 1, 2]], [[20, 1, 22], [30, 2, 32]], WEIGHTS, 1),
    ("a tie of one row of V is dropped", [[10, 1, 12], [13, 2, 15]], [[20, 1, 2]], WEIGHTS, 1),
    (
        "best of one side only: the better pair wins, the other row stays alone",
        [[1, 11, 12], [13, 2, 15]],
        [[1, 2, 22]],
        WEIGHTS,
        1,
    ),
    (
        "a chain: the second row's best prefers another, and nothing is left for it",
        [[1, 2, 12], [13, 14, 3]],
        [[1, 21, 22], [23, 2, 3]],
        WEIGHTS,
        1,
    ),
    (
        "a shared preview token beats all other slots together",
        [[1, 2, 3]],
        [[1, 21, 22], [23, 2, 3]],
        WEIGHTS,
        4,
    ),
    ("greatest weights", [[1, 11]], [[1, 21]], [2**61, 2**61 - 1], 2**61),
]


def matching() -> dict[str, Any]:
    """Every rule of the matching in a graph of its own."""
    cases = []
    for comment, u, v, weights, threshold in GRAPHS:
        u_tokens, v_tokens = ([[n.to_bytes(16, "big") for n in row] for row in table] for table in (u, v))
        found = [asdict(pair) for pair in match(u_tokens, v_tokens, weights, threshold)]
        cases.append(
            {"comment": comment, "u": u, "v": v, "weights": weights, "threshold": threshold, "expect": found}
        )
    return {
        "comment": "Mutual best matching; a token is a number of 16 bytes, big-endian",
        "section": "psi-v1 §6",
        "cases": cases,
    }
