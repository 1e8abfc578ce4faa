"""The envelope of every message: a clear header, and a body sealed to the partner and signed (message-v1).

The header names no account and shows no more than who writes to whom, under which agreement, and how much. The
signature covers the transcript, all messages so far, and lies inside the sealed part.
"""

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accountmap.errors import PeerError
from accountmap.trust.identity import Card, Identity, verify
from accountmap.trust.kem import SEALED_KEY_BYTES, SealingKey, seal

MAGIC: Final = b"AMAP"
VERSION: Final = 1
SUITE: Final = 1
"""MLKEM768-X25519 with HKDF-SHA256 and AES-256-GCM; account-psi-v1."""

CHUNK_BYTES: Final = 1 << 20
TAG_BYTES: Final = 16
SIGNATURE_BYTES: Final = 64
MAX_BODY_BYTES: Final = 1 << 40

_LAYOUT: Final = struct.Struct(">4sBBBB32s32s32s32s32sQQQ")
HEADER_BYTES: Final = _LAYOUT.size
_TRANSCRIPT: Final = b"accountmap-message-v1 transcript\x00"
_SIGN: Final = b"accountmap-message-v1 signature\x00"
_INFO: Final = b"accountmap-message-v1 header\x00"


@dataclass(frozen=True)
class Header:
    """The clear part of a message.

    Attributes:
        type: number of the message in the session (psi.parameters.MessageType).
        role: of the sender: 0 initiator, 1 responder.
        agreement: digest of the agreement.
        session: sid, or zeros in message 1.
        sender, recipient: digests of the two cards.
        transcript: hash of all messages before this one.
        created, expires: seconds since 1970 in UTC.
        body_bytes: length of the body before sealing.
    """

    type: int
    role: int
    agreement: bytes
    session: bytes
    sender: bytes
    recipient: bytes
    transcript: bytes
    created: int
    expires: int
    body_bytes: int

    def encode(self) -> bytes:
        """Write the header."""
        return _LAYOUT.pack(MAGIC, VERSION, SUITE, *(getattr(self, field.name) for field in fields(self)))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a header.

        Raises:
            PeerError: it is no message, or of a version or suite that is not known.
        """
        if len(data) < HEADER_BYTES or data[:4] != MAGIC:
            raise PeerError("this is not an accountmap message", "Check that the file is the one that was sent.")
        _, version, suite, *values = _LAYOUT.unpack_from(data)
        if (version, suite) != (VERSION, SUITE):
            raise PeerError(
                "this message was written by another version of accountmap", "Use the same version on both sides."
            )
        header = cls(*values)
        if header.body_bytes > MAX_BODY_BYTES:
            raise PeerError("the message claims an impossible length")
        return header

    @property
    def file_bytes(self) -> int:
        """Length of the whole message."""
        sealed = self.body_bytes + SIGNATURE_BYTES
        return HEADER_BYTES + SEALED_KEY_BYTES + sealed + TAG_BYTES * -(-sealed // CHUNK_BYTES)


def first_transcript(agreement: bytes, initiator: bytes, responder: bytes) -> bytes:
    """Return th_0: what both start from (message-v1 §4)."""
    return hashlib.sha256(_TRANSCRIPT + agreement + initiator + responder).digest()


def next_transcript(header: Header, body: bytes) -> bytes:
    """Return th_i, the hash of all messages up to and with this one (message-v1 §4)."""
    return hashlib.sha256(header.transcript + header.encode() + hashlib.sha256(body).digest()).digest()


def _nonce(chunk: int, last: bool) -> bytes:
    """Number a chunk as STREAM does (Hoang, Reyhanitabar, Rogaway, Vizár 2015). The key is never used again."""
    return bytes(7) + chunk.to_bytes(4, "big") + bytes([last])


def _cut(data: memoryview, size: int) -> list[memoryview]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def _numbered(chunks: list[memoryview]) -> Iterator[tuple[bytes, memoryview]]:
    for i, chunk in enumerate(chunks):
        yield _nonce(i, i == len(chunks) - 1), chunk


def write(
    header: Header, body: bytes, identity: Identity, recipient_key: bytes, content_key: bytes
) -> Iterator[bytes]:
    """Sign, seal and frame a message.

    Args:
        header: its body_bytes is len(body).
        recipient_key: raw sealing key: the card's for messages 1 and 2, the session's after them.
        content_key: 32 fresh secret random bytes.

    Returns:
        The message in parts of about a mebibyte, each sealed when it is asked for.
    """
    head, aead = header.encode(), AESGCM(content_key)
    signature = identity.sign(_SIGN + next_transcript(header, body))
    yield head + seal(recipient_key, content_key, _INFO + hashlib.sha256(head).digest())
    whole = len(body) // CHUNK_BYTES * CHUNK_BYTES
    rest = memoryview(body[whole:] + signature)
    for nonce, chunk in _numbered([*_cut(memoryview(body)[:whole], CHUNK_BYTES), *_cut(rest, CHUNK_BYTES)]):
        yield aead.encrypt(nonce, chunk, None)


def read(message: bytes, sender: Card, key: SealingKey) -> bytes:
    """Open a message, verify it, and return its body.

    Nothing of the body is returned before the last tag and the signature have held. Whether the header is the one
    that is due is for the caller to check before.

    Raises:
        PeerError: it is cut, altered, sealed to somebody else or signed by somebody else.
    """
    header = Header.decode(message)
    if len(message) != header.file_bytes:
        raise PeerError(
            "the message is cut short or has something behind it", "Ask your partner to send it again."
        )
    head, sealed_key = message[:HEADER_BYTES], message[HEADER_BYTES : HEADER_BYTES + SEALED_KEY_BYTES]
    sealed = memoryview(message)[HEADER_BYTES + SEALED_KEY_BYTES :]
    try:
        aead = AESGCM(key.open(sealed_key, _INFO + hashlib.sha256(head).digest()))
        chunks = _numbered(_cut(sealed, CHUNK_BYTES + TAG_BYTES))
        parts = [aead.decrypt(nonce, chunk, None) for nonce, chunk in chunks]
    except (InvalidTag, ValueError) as error:
        raise PeerError(
            "the message was altered on its way, or is sealed to another key", "Ask your partner to send it again."
        ) from error
    end = b"".join(parts[-2:])  # the signature may lie across two chunks
    signature = end[-SIGNATURE_BYTES:]
    body = b"".join([*parts[:-2], end[:-SIGNATURE_BYTES]])
    try:
        verify(sender.signing_key, signature, _SIGN + next_transcript(header, body))
    except InvalidSignature as error:
        raise PeerError("the message is not signed by your partner", "Ask your partner what happened.") from error
    return body
