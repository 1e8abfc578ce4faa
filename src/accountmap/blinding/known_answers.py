"""Known-answer tests that a backend passes before it is used.

The vectors of RFC 7748 §5.2 and of RFC 9380 (its Q for the empty message), and answers for eleven points, a full
batch and a ragged one, which the plain-integer reference in protocols/reference gives.
"""

import hashlib
from typing import Final

import numpy as np

from accountmap.errors import BackendError
from accountmap.psi.hash_to_curve import hash_to_curve
from accountmap.psi.parameters import Curve
from accountmap.psi.suite import KEY_DST
from accountmap.psi.tables import Points

_RFC_7748: Final = (
    (
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ),
    (
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ),
)
"""Scalar, point, product."""

_LOW_ORDER: Final = ("00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f")
"""Points whose products are zero (RFC 7748 §6.1): 0, of order two, and 1 and -1, of order four."""

_RFC_9380_DST: Final = b"QUUX-V01-CS02-with-curve25519_XMD:SHA-512_ELL2_NU_"
_RFC_9380_EMPTY: Final = "51125222da5e763d97f3c10fcc92ea6860b9ccbbd2eb1285728f566721c1e65b"
"""Big-endian, as the RFC prints it."""

_MESSAGES: Final = [b"known answer %d" % n for n in range(11)]
_SCALAR: Final = hashlib.sha256(b"known answer").digest()
_POINTS_SHA256: Final = "ebe34a0a10ccb74077289e482a2ee358c0288842324a13a9b1f82f225629084d"
_PRODUCTS_SHA256: Final = "bd4897ae03e1d13127ea16d01b87b71bec47962d2d38566653af1d1d02547fad"


def check_multiplication(curve: Curve) -> None:
    """Run the known-answer tests of multiply and multiply_each.

    The points of the last test come from hash_to_curve in plain software, whatever the curve's own does.

    Raises:
        BackendError: an answer is wrong.
    """
    scalars, points, products = (_rows(*column) for column in zip(*_RFC_7748, strict=True))
    _expect(np.array_equal(curve.multiply_each(scalars, points), products), "the X25519 of RFC 7748")
    _expect(not curve.multiply(_SCALAR, _rows(*_LOW_ORDER)).any(), "points of low order")
    made = curve.multiply(_SCALAR, hash_to_curve(KEY_DST, _MESSAGES))
    _expect(hashlib.sha256(made.tobytes()).hexdigest() == _PRODUCTS_SHA256, "products of eleven points")


def check_hashing(curve: Curve) -> None:
    """Run the known-answer tests of hash_to_curve.

    Raises:
        BackendError: an answer is wrong.
    """
    empty = curve.hash_to_curve(_RFC_9380_DST, [b""])
    _expect(empty.tobytes()[::-1].hex() == _RFC_9380_EMPTY, "the map of RFC 9380")
    made = curve.hash_to_curve(KEY_DST, _MESSAGES)
    _expect(hashlib.sha256(made.tobytes()).hexdigest() == _POINTS_SHA256, "eleven points")


def _rows(*values: str) -> Points:
    return np.frombuffer(bytes.fromhex("".join(values)), np.uint8).reshape(-1, 32)


def _expect(held: bool, what: str) -> None:
    if not held:
        raise BackendError(f"a known-answer test failed: {what}", "Do not use this backend on this machine.")
