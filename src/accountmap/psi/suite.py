"""The names, labels and sizes of account-psi-v2 (psi-v2 §2)."""

import hashlib
from functools import lru_cache
from typing import Final

SUITE: Final = b"account-psi-v2-X25519-SHA512-ELL2"
POINT_BYTES: Final = 32
TOKEN_BYTES: Final = 16
INDEX_BYTES: Final = 4
TAG_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64
NONCE_BYTES: Final = 32
DIGEST_BYTES: Final = 32
MATCH_ID_BYTES: Final = 16

KEY_DST: Final = SUITE + b"-key"
"""Domain separation tag of H, the map from keys to points (RFC 9380 §3.1)."""

MATCH_DST: Final = SUITE + b"-match"
"""Domain separation tag of H', the map from the keys that a match shares to a generator."""

DUMMY_SPACE: Final = b""
"""The name space of dummies. Real name spaces are never empty."""


@lru_cache
def label(name: str) -> bytes:
    """Return the label of one use of SHA-256: no two uses hash the same input."""
    return SUITE + b"/" + name.encode("ascii") + b"\x00"


def digest(name: str, *parts: bytes | memoryview) -> bytes:
    """Hash parts under a label with SHA-256. All parts but the last must have a fixed length."""
    hashed = hashlib.sha256(label(name))
    for part in parts:
        hashed.update(part)
    return hashed.digest()


def key_message(space: bytes, value: bytes) -> bytes:
    """Encode a match key as the input of H: the length of the name space in one byte, name space, value."""
    return key_prefix(space) + value


def key_prefix(space: bytes) -> bytes:
    """Return what the messages of all keys of a name space begin with; the value follows."""
    return bytes([len(space)]) + space
