"""H: from messages to u-coordinates (psi-v2 §3.1).

encode_to_curve of RFC 9380 for curve25519 with SHA-512 and Elligator 2 (§3, §5.3.1, §6.7.1, §8.5), x-only and
without clear_cofactor: clamped scalars clear the cofactor. The field arithmetic is GMP's, so the time depends on
the values; it is spent on the owner's own machine, on the owner's own keys, before anything is sent.

This module imports little, because worker processes import it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, overload

import gmpy2
from gmpy2 import mpz

P: Final = mpz(2**255 - 19)
J: Final = mpz(486662)
"""Coefficient A of curve25519, called J in RFC 9380 §6.7.1. Its Z is 2 (§8.5)."""

FIELD_ELEMENT_BYTES: Final = 48
"""L of RFC 9380 §5.1: ceil((255 + 128) / 8)."""

_J_SQUARED: Final = J * J
_SHA512_BLOCK: Final = bytes(128)


def expand(dst: bytes, messages: Sequence[bytes]) -> Iterator[bytes]:
    """Yield expand_message_xmd of each message, 48 bytes (§5.3.1), hashing the constant first block only once."""
    sha512, start = hashlib.sha512, hashlib.sha512(_SHA512_BLOCK).copy
    dst_prime = dst + bytes([len(dst)])
    tail, last = FIELD_ELEMENT_BYTES.to_bytes(2, "big") + b"\x00" + dst_prime, b"\x01" + dst_prime
    for message in messages:
        first = start()
        first.update(message + tail)
        yield sha512(first.digest() + last).digest()[:FIELD_ELEMENT_BYTES]


def _invert_all(values: list[mpz]) -> list[mpz]:
    """Invert field elements, none of which may be zero, with one inversion (Montgomery's trick)."""
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

    x1 = -J/d if gx1 = x1³ + J·x1² + x1 is a square; otherwise x2 = -x1 - J = J(1-d)/d. gx1·d⁴ = -J·d·(d² - J²d +
    J²), and -J is not a square, so gx1 is a square if and only if d·(d² - J²d + J²) is not. gx1 is never zero: x1
    is not, and the only point of order two on curve25519 has x = 0.
    """
    square = gmpy2.jacobi(d * ((d - _J_SQUARED) * d + _J_SQUARED) % P, P) == -1
    return -J if square else J * (1 - d)


def map_to_curve(dst: bytes, messages: Sequence[bytes]) -> bytes:
    """Map messages to u-coordinates.

    Args:
        dst: domain separation tag, 1 to 255 bytes.
        messages: any bytes.

    Returns:
        Canonical u-coordinates, 32 bytes a message, little-endian.
    """
    # 1 + 2u² is never zero: -1/2 is not a square modulo P.
    denominators = []
    for expanded in expand(dst, messages):
        u = mpz.from_bytes(expanded, "big")
        denominators.append((2 * u * u + 1) % P)
    return b"".join(
        (_numerator(d) * inverse % P).to_bytes(32, "little")
        for d, inverse in zip(denominators, _invert_all(denominators), strict=True)
    )


class LazyMessages(Sequence[bytes]):
    """Messages for H that are made when a backend asks for them, so that only some exist at a time.

    Args:
        count: how many messages there are.
        make: returns the messages from one number up to, but not including, another.
    """

    def __init__(self, count: int, make: Callable[[int, int], list[bytes]]) -> None:
        self._count, self._make = count, make

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> list[bytes]: ...

    def __getitem__(self, at: int | slice) -> bytes | list[bytes]:
        if isinstance(at, slice):
            numbers = range(self._count)[at]
            if numbers.step == 1:
                return self._make(numbers.start, max(numbers.start, numbers.stop))
            return [self[number] for number in numbers]
        number = range(self._count)[at]
        return self._make(number, number + 1)[0]
