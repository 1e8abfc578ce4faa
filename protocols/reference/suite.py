"""The labels of account-psi-v2, what is hashed under them, and what is derived from seeds (psi-v2 §2, §3)."""

import hashlib
import hmac
from collections.abc import Iterator
from functools import lru_cache

from protocols.reference import aes_gcm
from protocols.reference.curve import hash_to_curve

SUITE = b"account-psi-v2-X25519-SHA512-ELL2"


def sha256(data: bytes) -> bytes:
    """Hash with SHA-256."""
    return hashlib.sha256(data).digest()


def digest(name: str, *parts: bytes) -> bytes:
    """Hash parts under a label (psi-v2 §2.3)."""
    return sha256(SUITE + b"/" + name.encode() + b"\x00" + b"".join(parts))


def key_message(space: str, value: str) -> bytes:
    """Encode a match key as the input of H (psi-v2 §3.1)."""
    return bytes([len(space.encode())]) + space.encode() + value.encode()


def point_of_key(message: bytes) -> bytes:
    """H (psi-v2 §3.1)."""
    return hash_to_curve(SUITE + b"-key", message)


def generator_of_match(message: bytes) -> bytes:
    """H' (psi-v2 §3.1, §7.8)."""
    return hash_to_curve(SUITE + b"-match", message)


def dummy_message(secret: bytes, row: int, slot: int) -> bytes:
    """Encode the dummy of an empty slot as an input of H (psi-v2 §7.3)."""
    return b"\x00" + digest("dummy", secret, row.to_bytes(4, "big"), bytes([slot]))


def token(rid: bytes, product: bytes) -> bytes:
    """Shorten a doubly blinded value to 16 bytes (psi-v2 §3.2)."""
    return sha256(digest("token", rid)[:16] + product)[:16]


def derive(seed: bytes, label: str, *parts: bytes) -> bytes:
    """Derive 32 bytes from a seed: HKDF-SHA256 (RFC 5869) with an empty salt (psi-v2 §3.3)."""
    info = SUITE + b"/" + label.encode() + b"\x00" + b"".join(parts)
    extracted = hmac.digest(bytes(32), seed, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


@lru_cache(maxsize=64)
def _round_keys(key: bytes) -> list[bytes]:
    return aes_gcm.expand_key(key)


@lru_cache(maxsize=1 << 20)
def _block(key: bytes, counter: int) -> bytes:
    return aes_gcm.encrypt_block(_round_keys(key), counter.to_bytes(16, "big"))


def word(key: bytes, j: int) -> int:
    """Return word j of a key: 64 bits of the key stream of AES-256 in counter mode (psi-v2 §3.3)."""
    start = 8 * (j % 2)
    return int.from_bytes(_block(key, j // 2)[start : start + 8], "big")


def words(seed: bytes, label: str, *parts: bytes) -> Iterator[int]:
    """Give the words of (seed, label, parts), from word 0 on."""
    key = derive(seed, label, *parts)
    j = 0
    while True:
        yield word(key, j)
        j += 1


def session_id(context: bytes, initiator_nonce: bytes, responder_nonce: bytes) -> bytes:
    """Return sid (psi-v2 §3.5)."""
    return digest("session", context, initiator_nonce, responder_nonce)


def rectangle_id(sid: bytes, rectangle: int) -> bytes:
    """Return rid (psi-v2 §3.5)."""
    return digest("rectangle", sid, bytes([rectangle]))


def transcripts(context: bytes, bodies: list[bytes]) -> list[bytes]:
    """Return t_0, t_1, ... (psi-v2 §3.5)."""
    found = [digest("transcript", context)]
    for number, body in enumerate(bodies, 1):
        found.append(digest("transcript", found[-1], bytes([number]), sha256(body)))
    return found


def consent(sid: bytes, role: int, transcript: bytes) -> bytes:
    """Say yes to what was seen so far (psi-v2 §7.2)."""
    return digest("consent", sid, bytes([role]), transcript)


def match_id(rid: bytes, x_row: int, v_row: int) -> bytes:
    """Name a match by its rows (psi-v2 §7.8)."""
    return digest("match", rid, x_row.to_bytes(4, "big"), v_row.to_bytes(4, "big"))[:16]
