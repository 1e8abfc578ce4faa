"""The names, labels and sizes of account-psi-v2, its hashes, and what is derived from seeds (psi-v2 §2, §3)."""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

SUITE: Final = b"account-psi-v2-X25519-SHA512-ELL2"
POINT_BYTES: Final = 32
TOKEN_BYTES: Final = 16
INDEX_BYTES: Final = 4
TAG_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64
NONCE_BYTES: Final = 32
SEED_BYTES: Final = 32
DIGEST_BYTES: Final = 32
MATCH_ID_BYTES: Final = 16

KEY_DST: Final = SUITE + b"-key"
"""Domain separation tag of H, the map from keys to points (RFC 9380 §3.1)."""

MATCH_DST: Final = SUITE + b"-match"
"""Domain separation tag of H', the map from the keys of a match to a generator."""

DUMMY_SPACE: Final = b""
"""The name space of dummies. Real name spaces are never empty."""

Body = bytes | memoryview
"""The body of a message, a section or a part of it."""

Words = npt.NDArray[np.uint64]


@lru_cache
def label(name: str) -> bytes:
    """Return the label of one use of SHA-256, so that no two uses hash the same input."""
    return SUITE + b"/" + name.encode("ascii") + b"\x00"


def digest(name: str, *parts: Body) -> bytes:
    """Hash parts under a label with SHA-256. All parts but the last must have a fixed length."""
    return sha256([label(name), *parts])


def sha256(parts: Iterable[Body]) -> bytes:
    """Hash parts, one after another."""
    hashed = hashlib.sha256()
    for part in parts:
        hashed.update(part)
    return hashed.digest()


def key_message(space: bytes, value: bytes) -> bytes:
    """Encode a match key as the input of H: the length of the name space in one byte, name space, value."""
    return key_prefix(space) + value


def key_prefix(space: bytes) -> bytes:
    """Return what the messages of all keys of a name space begin with; the value follows."""
    return bytes([len(space)]) + space


def derive(seed: bytes, name: str, *parts: bytes) -> bytes:
    """Derive 32 bytes from a seed with HKDF-SHA256 (RFC 5869) and an empty salt (psi-v2 §3.3)."""
    extracted = hmac.digest(bytes(32), seed, "sha256")
    return hmac.digest(extracted, label(name) + b"".join(parts) + b"\x01", "sha256")


def words(key: bytes, count: int, first: int = 0) -> Words:
    """Return 64-bit numbers from the key stream of AES-256 in counter mode (psi-v2 §3.3).

    Args:
        key: 32 bytes, from `derive`.
        count: how many numbers.
        first: the position of the first one.
    """
    block, skipped = divmod(first, 2)
    stream = Cipher(AES(key), CTR(block.to_bytes(16, "big"))).encryptor()
    made = np.frombuffer(stream.update(bytes(8 * (count + skipped))), ">u8")
    return made[skipped:].astype(np.uint64)


def session_id(context: bytes, initiator_nonce: bytes, responder_nonce: bytes) -> bytes:
    """Return sid, 32 bytes (psi-v2 §3.5)."""
    return digest("session", context, initiator_nonce, responder_nonce)


def rectangle_id(sid: bytes, rectangle: int) -> bytes:
    """Return rid, the id of the comparison of a rectangle, 32 bytes (psi-v2 §3.5)."""
    return digest("rectangle", sid, bytes([rectangle]))


def first_transcript(context: bytes) -> bytes:
    """Return t_0 (psi-v2 §3.5)."""
    return digest("transcript", context)


def next_transcript(transcript: bytes, message: int, body: Iterable[Body]) -> bytes:
    """Return the transcript after a message.

    Args:
        transcript: of all messages before it.
        message: its number.
        body: its parts, one after another.
    """
    return digest("transcript", transcript, bytes([message]), sha256(body))


def consent(sid: bytes, role: int, transcript: bytes) -> bytes:
    """Return a party's consent to reveal, given all messages so far (psi-v2 §7.2)."""
    return digest("consent", sid, bytes([role]), transcript)


def token_prefix(rid: bytes) -> bytes:
    """Return the prefix that binds tokens to a comparison, 16 bytes (psi-v2 §3.2)."""
    return digest("token", rid)[:16]
