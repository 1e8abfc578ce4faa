"""Ed25519 signing (RFC 8032 §5.1), in extended coordinates."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int, int, int]
"""Extended coordinates X, Y, Z, T with x = X/Z, y = Y/Z, x·y = T/Z."""


def add(a: Point, b: Point) -> Point:
    """Add two points of the twisted Edwards curve (RFC 8032 §5.1.4)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    p, q = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = q - p, d - c, d + c, q + p
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar: int, point: Point) -> Point:
    """Multiply by doubling and adding."""
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def _base_point() -> Point:
    """Return the point with y = 4/5 and even x."""
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x % 2 else x
    return x, y, 1, x * y % P


BASE = _base_point()


def encode(point: Point) -> bytes:
    """Write a point in 32 bytes (RFC 8032 §5.1.2)."""
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _expand(seed: bytes) -> tuple[int, bytes]:
    h = hashlib.sha512(seed).digest()
    return int.from_bytes(h[:32], "little") & ~7 & (2**254 - 1) | 2**254, h[32:]


def public_key(seed: bytes) -> bytes:
    """Return the public key of a 32-byte seed."""
    return encode(multiply(_expand(seed)[0], BASE))


def sign(seed: bytes, message: bytes) -> bytes:
    """Sign, 64 bytes."""
    scalar, prefix = _expand(seed)
    r = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    first = encode(multiply(r, BASE))
    k = int.from_bytes(hashlib.sha512(first + public_key(seed) + message).digest(), "little") % ORDER
    return first + ((r + k * scalar) % ORDER).to_bytes(32, "little")
