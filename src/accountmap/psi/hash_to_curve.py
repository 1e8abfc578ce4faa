"""H: from a match key to the u-coordinate of a point (psi-v1 §3).

encode_to_curve of RFC 9380 for curve25519 with SHA-512 and Elligator 2 (§3, §5.3.1, §6.7.1, §8.5), x-only and
without clear_cofactor: clamped scalars clear it. The field arithmetic is GMP's, so the time depends on the
values; it is spent on the owner's own machine, on the owner's own keys, before anything is sent.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

import gmpy2
import numpy as np
from gmpy2 import mpz

from accountmap.psi.tables import Points

P: Final = mpz(2**255 - 19)
J: Final = mpz(486662)
"""Coefficient A of curve25519, called J in RFC 9380 §6.7.1. Its Z is 2 (§8.5)."""

FIELD_ELEMENT_BYTES: Final = 48
"""L of RFC 9380 §5.1: ceil((255 + 128) / 8)."""


class _Expander:
    """expand_message_xmd with SHA-512 for 48 bytes, its constant parts hashed once (RFC 9380 §5.3.1)."""

    def __init__(self, dst: bytes) -> None:
        self._dst_prime = dst + bytes([len(dst)])
        self._tail = FIELD_ELEMENT_BYTES.to_bytes(2, "big") + b"\x00" + self._dst_prime
        self._start = hashlib.sha512(bytes(128))

    def __call__(self, message: bytes) -> bytes:
        first = self._start.copy()
        first.update(message + self._tail)
        return hashlib.sha512(first.digest() + b"\x01" + self._dst_prime).digest()[:FIELD_ELEMENT_BYTES]


def _invert_all(values: list[mpz]) -> list[mpz]:
    """Invert field elements, none of them zero, with one inversion (Montgomery's trick)."""
    running = mpz(1)
    before = []
    for value in values:
        before.append(running)
        running = running * value % P
    inverse = gmpy2.invert(running, P)
    inverses = [mpz(0)] * len(values)
    for i in range(len(values) - 1, -1, -1):
        inverses[i] = inverse * before[i] % P
        inverse = inverse * values[i] % P
    return inverses


def _numerator(d: mpz) -> mpz:
    """Choose between the two candidates of Elligator 2, both over the denominator d = 1 + 2u².

    x1 = -J/d; gx1 = x1³ + J·x1² + x1 is a square where -J·d·(J²(1-d) + d²) is one, for it differs by the factor
    d⁴. Otherwise x2 = -x1 - J = J(1-d)/d. gx1 is never zero, for curve25519 has no other point of order two.
    """
    square = gmpy2.jacobi(-J * d * (J * J * (1 - d) + d * d) % P, P) == 1
    return -J if square else J * (1 - d)


def hash_to_curve(dst: bytes, messages: Sequence[bytes]) -> Points:
    """Map messages to u-coordinates.

    Args:
        dst: domain separation tag, 1 to 255 bytes.
        messages: any bytes.

    Returns:
        One row a message, shape (n, 32), little-endian canonical u-coordinates.
    """
    if not messages:
        return np.zeros((0, 32), np.uint8)
    expand = _Expander(dst)
    # 1 + 2u² is never zero: -1/2 is not a square modulo P.
    denominators = []
    for message in messages:
        u = mpz(int.from_bytes(expand(message), "big")) % P
        denominators.append((1 + 2 * u * u) % P)
    inverses = _invert_all(denominators)
    encoded = b"".join(
        int(_numerator(d) * inverse % P).to_bytes(32, "little")
        for d, inverse in zip(denominators, inverses, strict=True)
    )
    return np.frombuffer(encoded, np.uint8).reshape(-1, 32)
