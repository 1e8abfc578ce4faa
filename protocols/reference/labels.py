"""The names of account-psi-v1 and what is hashed under them (psi-v1 §2, §3)."""

import hashlib

from protocols.reference.curve import hash_to_curve

SUITE = b"account-psi-v1-X25519-SHA512-ELL2"


def sha256(data: bytes) -> bytes:
    """Hash with SHA-256."""
    return hashlib.sha256(data).digest()


def digest(name: str, *parts: bytes) -> bytes:
    """Hash parts under a label (psi-v1 §2.3)."""
    return sha256(SUITE + b"/" + name.encode() + b"\x00" + b"".join(parts))


def key_message(space: str, value: str) -> bytes:
    """Encode a match key as the input of H (psi-v1 §3.1)."""
    return bytes([len(space.encode())]) + space.encode() + value.encode()


def point_of_key(message: bytes) -> bytes:
    """H (psi-v1 §3.1)."""
    return hash_to_curve(SUITE + b"-key", message)


def generator_of_match(message: bytes) -> bytes:
    """H' (psi-v1 §5.7)."""
    return hash_to_curve(SUITE + b"-match", message)


def dummy_message(secret: bytes, segment: int, row: int, slot: int) -> bytes:
    """Encode the dummy of an empty slot as an input of H (psi-v1 §3.2)."""
    place = bytes([segment]) + row.to_bytes(4, "big") + bytes([slot])
    return b"\x00" + digest("dummy", secret, place)


def token(sid: bytes, product: bytes) -> bytes:
    """Shorten a doubly blinded value to 16 bytes (psi-v1 §3.3)."""
    return sha256(digest("token", sid)[:16] + product)[:16]


def commitment(name: str, sid: bytes, opening: bytes, table: bytes) -> bytes:
    """Commit to "preview" or "table" (psi-v1 §3.4)."""
    return digest(name, sid, opening, table)


def session_id(context: bytes, initiator_nonce: bytes, responder_nonce: bytes) -> bytes:
    """Name the session (psi-v1 §3.5)."""
    return digest("session", context, initiator_nonce, responder_nonce)


def consent(sid: bytes, role: int, counts: list[list[int]]) -> bytes:
    """Say yes to these counts (psi-v1 §5.4)."""
    return digest("consent", sid, bytes([role]), encode_counts(counts))


def encode_counts(counts: list[list[int]]) -> bytes:
    """Write counts, the initiator's segments as rows, four bytes each, big-endian."""
    return b"".join(count.to_bytes(4, "big") for row in counts for count in row)


def match_id(sid: bytes, u_place: tuple[int, int], v_place: tuple[int, int]) -> bytes:
    """Name a match by segment and row within it, of U and of V (psi-v1 §6.3)."""
    places = (bytes([segment]) + row.to_bytes(4, "big") for segment, row in (u_place, v_place))
    return digest("match", sid, *places)[:16]
