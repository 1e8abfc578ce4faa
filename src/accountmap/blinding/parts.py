"""One part of a job on one core: bytes in, bytes out.

Imports little, for worker processes import it: numpy alone would double their time to start.
"""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from accountmap.psi.elligator import map_to_curve


def multiply(scalar: bytes, points: bytes) -> bytes:
    """Multiply u-coordinates, 32 bytes each; the product of a low-order point is zero."""
    exchange, load = X25519PrivateKey.from_private_bytes(scalar).exchange, X25519PublicKey.from_public_bytes
    products = []
    for i in range(0, len(points), 32):
        point = load(points[i : i + 32])
        try:
            products.append(exchange(point))
        except ValueError:  # raised for a zero result, and for nothing else
            products.append(bytes(32))
    return b"".join(products)


def multiply_each(part: tuple[bytes, bytes]) -> bytes:
    """Multiply each u-coordinate of the second with the scalar in the same place of the first."""
    scalars, points = part
    return b"".join(multiply(scalars[i : i + 32], points[i : i + 32]) for i in range(0, len(points), 32))


def hash_to_curve(dst: bytes, messages: Sequence[bytes]) -> bytes:
    """Map messages to u-coordinates, 32 bytes each."""
    return map_to_curve(dst, messages)
