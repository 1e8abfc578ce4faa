"""Elligator 2 on the field functions of libcrypto_mb, eight messages at a time (psi-v1 §3.1).

The map of psi.elligator, arranged so that one power gives both the quadratic character and the inverse, and that
nothing branches on a value. With d = 1 + 2u², m = d(d - J²) + J² and s = m·d, none of them zero:

- gx1 = -J·m/d³ is a square where χ = s^((p-1)/2) is -1, for -1 is a square and J is none.
- With r = s^((p-5)/8) and q = r⁴·s, χ = q·s and 1/d = m/s = χ·m·q.
- x1 = -J/d where χ = -1, and x2 = J(1-d)/d where χ = 1: both are -J/2·m·q·(d + χ·d - 2).
"""

from typing import Final

from accountmap.blinding.crypto_mb import FieldFunctions
from accountmap.blinding.lanes import Lanes, P, addresses, constant, empty, from_digests, to_points
from accountmap.psi.tables import Bytes2D, Points

J: Final = 486662

_ONE: Final = constant(1)
_MINUS_TWO: Final = constant(P - 2)
_J_SQUARED: Final = constant(J * J)
_MINUS_J_SQUARED: Final = constant(P - J * J)
_MINUS_HALF_J: Final = constant(P - J // 2)


def map_digests(field: FieldFunctions, digests: Bytes2D) -> Points:
    """Map expanded messages to u-coordinates.

    Args:
        field: the functions.
        digests: output of expand_message_xmd, 48 bytes a message, shape (n, 48).

    Returns:
        Canonical u-coordinates, shape (n, 32).
    """
    table = from_digests(digests)
    _elligator2(field, table)
    return to_points(table, len(digests))


def _elligator2(field: FieldFunctions, table: Lanes) -> None:
    """Replace each u by its u-coordinate, fully reduced."""
    add, multiply, square, power = field.add, field.multiply, field.square, field.power
    constants = (_ONE, _MINUS_TWO, _J_SQUARED, _MINUS_J_SQUARED, _MINUS_HALF_J)
    one, minus_two, j_squared, minus_j_squared, minus_half_j = (addresses(batch)[0] for batch in constants)
    scratch = empty(4)
    d, m, s, q = addresses(scratch)
    for u in addresses(table):
        square(d, u)
        add(d, d, d)
        add(d, d, one)

        add(m, d, minus_j_squared)
        multiply(m, m, d)
        add(m, m, j_squared)

        multiply(s, m, d)
        power(q, s)
        square(q, q)
        square(q, q)
        multiply(q, q, s)

        multiply(s, s, q)  # χ
        multiply(s, s, d)
        add(s, s, d)
        add(s, s, minus_two)

        multiply(s, s, m)
        multiply(s, s, q)
        multiply(s, s, minus_half_j)
        field.reduce(u, s)
