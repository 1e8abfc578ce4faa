"""Ed25519 keys under which signatures prove nothing (trust-v1 §3).

Eight points of edwards25519 have an order that divides 8. Under such a key a signature that nobody made can hold
for any text (Chalkias, Garillot, Nikolaenko 2020, "Taming the many EdDSAs"). RFC 8032 §5.1.3 lets them through.
"""

from typing import Final

_P: Final = 2**255 - 19
_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
LOW_ORDER: Final = frozenset({0, 1, _P - 1, _ORDER_8, _P - _ORDER_8})
"""The y-coordinates of these points; but for 1 and -1 each has two, told apart by the sign of x."""

SIGNING_KEY_BYTES: Final = 32


def check_signing_key(raw: bytes) -> None:
    """Refuse a public key of another length, of low order, or that is not the canonical form of a point.

    Raises:
        ValueError: it is one.
    """
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if len(raw) != SIGNING_KEY_BYTES or y >= _P or y in LOW_ORDER:
        raise ValueError("signing key out of range")
