"""X25519 of OpenSSL through `cryptography`, and the map of GMP, on one part of a job: bytes in, bytes out.

This imports little, for worker processes import it: numpy alone takes half as long as a worker takes to start.
`backends.OpenSSLCurve` cuts jobs into parts.
"""

from collections.abc import Callable, Sequence
from typing import Final, cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from accountmap.psi.hash_to_curve import map_to_curve

_DER_PREFIX: Final = bytes.fromhex("302a300506032b656e032100")
"""What stands before the 32 bytes in a SubjectPublicKeyInfo of X25519 (RFC 8410 §4).

`load_der_public_key` takes half the time of `X25519PublicKey.from_public_bytes`, which imports and asks for the
backend at every call.
"""

_load = cast(Callable[[bytes], X25519PublicKey], load_der_public_key)


def multiply(scalar: bytes, points: bytes) -> bytes:
    """Multiply u-coordinates, 32 bytes each; the product of a low-order point is zero."""
    exchange, load, prefix = X25519PrivateKey.from_private_bytes(scalar).exchange, _load, _DER_PREFIX
    products = []
    for i in range(0, len(points), 32):
        point = load(prefix + points[i : i + 32])
        try:
            products.append(exchange(point))
        except ValueError:  # raised for a zero result, and for nothing else
            products.append(bytes(32))
    return b"".join(products)


def multiply_each(part: tuple[bytes, bytes]) -> bytes:
    """Multiply each u-coordinate of the second with the scalar in the same place of the first.

    A scalar that is repeated several times in a row is loaded once: to load it is half of the work, for OpenSSL
    computes its public key. Which ones are repeated is no secret.
    """
    scalars, points = part
    products, start = [], 0
    while start < len(scalars):
        scalar, stop = scalars[start : start + 32], start + 32
        while scalars[stop : stop + 32] == scalar:
            stop += 32
        products.append(multiply(scalar, points[start:stop]))
        start = stop
    return b"".join(products)


def hash_to_curve(dst: bytes, messages: Sequence[bytes]) -> bytes:
    """Map messages to u-coordinates, 32 bytes each."""
    return map_to_curve(dst, messages)
