"""curve25519 by the book: X25519 (RFC 7748 §5) and encode_to_curve with Elligator 2 (RFC 9380), x-only."""

import hashlib

P = 2**255 - 19
A = 486662
A24 = 121665


def x25519(scalar: bytes, u: bytes) -> bytes:
    """Multiply a point by a clamped scalar with the Montgomery ladder.

    Args:
        scalar: 32 bytes, clamped here.
        u: 32 bytes, little-endian; the top bit is ignored and the rest taken modulo P, as RFC 7748 asks.

    Returns:
        The u-coordinate of the product, 32 bytes; zeros if the point has low order.
    """
    k = int.from_bytes(scalar, "little")
    k = k & ~7 & (2**254 - 1) | 2**254
    x1 = (int.from_bytes(u, "little") & (2**255 - 1)) % P
    x2, z2, x3, z3 = 1, 0, x1, 1
    swapped = 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swapped ^ bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + A24 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def expand_message_xmd(message: bytes, dst: bytes, length: int) -> bytes:
    """Expand a message with SHA-512 (RFC 9380 §5.3.1).

    Args:
        message: any bytes.
        dst: domain separation tag, 1 to 255 bytes.
        length: bytes wanted, at most 255 times 64.
    """
    dst_prime = dst + bytes([len(dst)])
    b0 = hashlib.sha512(bytes(128) + message + length.to_bytes(2, "big") + b"\x00" + dst_prime).digest()
    block = hashlib.sha512(b0 + b"\x01" + dst_prime).digest()
    expanded = block
    for i in range(2, -(-length // 64) + 1):
        mixed = bytes(x ^ y for x, y in zip(b0, block, strict=True))
        block = hashlib.sha512(mixed + bytes([i]) + dst_prime).digest()
        expanded += block
    return expanded[:length]


def is_square(x: int) -> bool:
    """Return whether a field element is a square (Euler's criterion)."""
    return pow(x, (P - 1) // 2, P) in (0, 1)


def elligator2(u: int) -> int:
    """Map a field element to the u-coordinate of a point (RFC 9380 §6.7.1, Z = 2, K = 1)."""
    x1 = -A * pow(1 + 2 * u * u, P - 2, P) % P
    if x1 == 0:
        x1 = -A % P
    on_curve = is_square((x1**3 + A * x1**2 + x1) % P)
    return x1 if on_curve else (-x1 - A) % P


def hash_to_curve(dst: bytes, message: bytes) -> bytes:
    """Map a message to a u-coordinate, 32 bytes, little-endian (psi-v2 §3.1)."""
    u = int.from_bytes(expand_message_xmd(message, dst, 48), "big") % P
    return elligator2(u).to_bytes(32, "little")
