"""X25519 with OpenSSL, through `cryptography`, and the map with GMP, on one part of a job: bytes in, bytes out.

This module imports little, because worker processes import it: importing numpy alone takes half as long as a
worker takes to start. `backends.OpenSSLCurve` cuts jobs into parts.
"""

from collections.abc import Callable, Sequence
from typing import Final, cast

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from accountmap.psi.hash_to_curve import map_to_curve

_DER_PREFIX: Final = bytes.fromhex("302a300506032b656e032100")
"""What precedes the 32 bytes in a SubjectPublicKeyInfo of X25519 (RFC 8410 §4).

`load_der_public_key` takes half the time of `X25519PublicKey.from_public_bytes`, which imports the backend and
asks it for support in every call.
"""

_load = cast(Callable[[bytes], X25519PublicKey], load_der_public_key)


def multiply(scalar: bytes, points: bytes) -> bytes:
    """Multiply u-coordinates, 32 bytes each, by a scalar; the product of a low-order point is zero."""
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
    """Multiply each u-coordinate of the second string by the scalar in the same place of the first.

    A scalar that is repeated several times in a row is loaded once: loading it is half of the work, since OpenSSL
    computes its public key. Which scalars are repeated is no secret.
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
