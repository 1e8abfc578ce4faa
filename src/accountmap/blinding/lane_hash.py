"""Elligator 2 on the field functions of libcrypto_mb, eight messages at a time (psi-v1 §3.1).

The map of psi.elligator, arranged so that one power gives both the quadratic character and the inverse, and that
nothing branches on a value. With d = 1 + 2u², m = d(d - J²) + J² and s = m·d, none of them zero:

- gx1 = -J·m/d³ is a square where χ = s^((p-1)/2) is -1, for -1 is a square and J is none.
- With r = s^((p-5)/8) and q = r⁴·s, χ = q·s and 1/d = m/s = χ·m·q.
- x1 = -J/d where χ = -1, and x2 = J(1-d)/d where χ = 1: both are -J/2·m·q·(d + χ·d - 2).
"""

from typing import Final

import numpy as np

from accountmap.blinding.crypto_mb import FieldFunctions
from accountmap.blinding.lanes import Lanes, P, addresses, carry, constant, empty, from_digests, to_points
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
    d = _denominators(field, from_digests(digests))
    m = empty(len(d))
    np.add(d, _MINUS_J_SQUARED, out=m)
    carry(m)
    for m_at, d_at in zip(addresses(m), addresses(d), strict=True):
        field.multiply(m_at, m_at, d_at)
    m += _J_SQUARED
    carry(m)
    return to_points(_coordinates(field, d, m), len(digests))


def _denominators(field: FieldFunctions, u: Lanes) -> Lanes:
    """Return d = 1 + 2u², overwriting u."""
    for at in addresses(u):
        field.square(at, at)
    d = u
    d += u
    d += _ONE
    carry(d)
    return d


def _coordinates(field: FieldFunctions, d: Lanes, m: Lanes) -> Lanes:
    """Return -J/2·m·q·(d + χ·d - 2), fully reduced, overwriting m."""
    square, multiply, power = field.square, field.multiply, field.power
    scratch = empty(2)
    s, q = addresses(scratch)
    x = empty(len(d))
    for d_at, m_at, x_at in zip(addresses(d), addresses(m), addresses(x), strict=True):
        multiply(s, m_at, d_at)
        power(q, s)
        square(q, q)
        square(q, q)
        multiply(q, q, s)
        multiply(s, s, q)  # s is χ from here on
        multiply(m_at, m_at, q)
        multiply(x_at, s, d_at)
    x += d
    x += _MINUS_TWO
    carry(x)
    half_j = addresses(_MINUS_HALF_J)[0]
    for m_at, x_at in zip(addresses(m), addresses(x), strict=True):
        multiply(x_at, x_at, m_at)
        multiply(x_at, x_at, half_j)
        field.reduce(x_at, x_at)
    return x
