"""Ed25519 signing (RFC 8032 §5.1), in affine coordinates."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
Point = tuple[int, int]


def add(a: Point, b: Point) -> Point:
    """Add two points of the twisted Edwards curve (RFC 8032 §5.1.4)."""
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P
    return x, y


def multiply(scalar: int, point: Point) -> Point:
    """Multiply by doubling and adding."""
    result = (0, 1)
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
    return (P - x if x % 2 else x), y


BASE = _base_point()


def encode(point: Point) -> bytes:
    """Write a point in 32 bytes (RFC 8032 §5.1.2)."""
    x, y = point
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
