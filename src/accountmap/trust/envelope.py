"""The envelope of every message: a clear header, and a body sealed to the partner and signed (message-v2).

The header names no account and shows no more than who writes to whom, under which agreement, which message it is,
when and how long. The signature covers the transcript, that is all messages so far, and is inside the sealed part.
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from os import SEEK_END
from typing import BinaryIO, Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag

from accountmap.errors import PeerError
from accountmap.psi.suite import Body
from accountmap.trust.identity import Card, Identity, verify
from accountmap.trust.sealed import SEALED_KEY_BYTES, SealingKey, open_stream, seal, seal_stream, sealed_bytes

MAGIC: Final = b"AMAP"
VERSION: Final = 2
SUITE: Final = 2
"""MLKEM768-X25519 with HKDF-SHA256 and AES-256-GCM; account-psi-v2."""

SIGNATURE_BYTES: Final = 64
MAX_BODY_BYTES: Final = 1 << 40

_LAYOUT: Final = struct.Struct(">4sBBBB32s32s32s32s32sQQQ")
HEADER_BYTES: Final = _LAYOUT.size
_TRANSCRIPT: Final = b"accountmap-message-v2 transcript\x00"
_SIGN: Final = b"accountmap-message-v2 signature\x00"
_SIGN_CONVERSATION: Final = b"accountmap-conversation-v1 signature\x00"
CONVERSATION: Final = 16
"""Type of the messages of conversations (conversation-v1 §2). They have an id in place of the transcript."""

_INFO: Final = b"accountmap-message-v2 header\x00"


@dataclass(frozen=True)
class Header:
    """The clear part of a message.

    Attributes:
        type: number of the message in the session (psi.parameters.MessageType), or CONVERSATION.
        role: of the sender: 0 initiator, 1 responder.
        agreement: digest of the agreement.
        session: sid, or zeros in messages 1 and 11.
        sender, recipient: digests of the two cards.
        transcript: hash of all messages before this one; in a conversation, the message's id.
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
            PeerError: it is not a message, or its version or suite is not known.
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
        return HEADER_BYTES + SEALED_KEY_BYTES + sealed_bytes(self.body_bytes + SIGNATURE_BYTES)


def first_transcript(agreement: bytes, initiator: bytes, responder: bytes) -> bytes:
    """Return th_0, from which both start (message-v2 §4)."""
    return hashlib.sha256(_TRANSCRIPT + agreement + initiator + responder).digest()


def next_transcript(header: Header, body: Iterable[Body]) -> bytes:
    """Return th_i, the hash of all messages up to and including this one (message-v2 §4).

    Args:
        body: its parts, one after another.
    """
    return transcript_with(header, body_digest(body))


def body_digest(body: Iterable[Body]) -> bytes:
    """Return SHA-256 of a body in parts."""
    hashed = hashlib.sha256()
    for part in body:
        hashed.update(part)
    return hashed.digest()


def transcript_with(header: Header, digest: bytes) -> bytes:
    """Return th_i from the digest of the body, which is all that an auditor has of it."""
    return hashlib.sha256(header.transcript + header.encode() + digest).digest()


def sign_transcript(identity: Identity, transcript: bytes) -> bytes:
    """Sign th_i, as the sender of message i does (message-v2 §5.1)."""
    return identity.sign(_SIGN + transcript)


def verify_transcript(sender: Card, signature: bytes, transcript: bytes) -> None:
    """Verify a signature of th_i.

    Raises:
        InvalidSignature: it is not valid.
    """
    verify(sender.signing_key, signature, _SIGN + transcript)


def verify_message(sender: Card, header: Header, digest: bytes, signature: bytes) -> None:
    """Verify the signature of a message of any kind.

    Args:
        digest: SHA-256 of the body.

    Raises:
        InvalidSignature: it is not valid.
    """
    verify(sender.signing_key, signature, _label(header) + transcript_with(header, digest))


def write(
    header: Header, body: Iterable[Body], identity: Identity, recipient_key: bytes, content_key: bytes
) -> Iterator[bytes]:
    """Sign, seal and frame a message.

    Args:
        header: its body_bytes is the length of the body.
        body: its parts, one after another.
        recipient_key: raw sealing key: the card's for messages 1, 2, 11, 12 and conversations, else the session's.
        content_key: 32 fresh secret random bytes.

    Returns:
        The message in parts of about a mebibyte, each of which is sealed only when it is asked for.
    """
    head = header.encode()
    yield head + seal(recipient_key, content_key, _INFO + hashlib.sha256(head).digest())
    yield from seal_stream(content_key, _signed(header, body, identity))


def _signed(header: Header, body: Iterable[Body], identity: Identity) -> Iterator[Body]:
    """Yield the body, then the signature."""
    hashed = hashlib.sha256()
    for part in body:
        hashed.update(part)
        yield part
    yield identity.sign(_label(header) + transcript_with(header, hashed.digest()))


def _label(header: Header) -> bytes:
    return _SIGN_CONVERSATION if header.type == CONVERSATION else _SIGN


@dataclass(frozen=True, repr=False)
class Opened:
    """A message that was opened and verified.

    Attributes:
        body: read only; its bytes live as long as it does.
        transcript: hash of all messages up to and including this one.
        signature: that of the sender over it.
    """

    body: memoryview
    transcript: bytes
    signature: bytes


def read(file: BinaryIO, header: Header, sender: Card, key: SealingKey) -> Opened:
    """Open a message chunk by chunk, and verify it. Memory is allocated only for what has opened.

    Nothing is returned before the last tag and the signature are verified. The caller must have checked that the
    header is the one that is due, and that the length is allowed.

    Args:
        file: the whole message, at any position.

    Raises:
        PeerError: it is cut, altered, sealed to somebody else or signed by somebody else, or has another header.
        MemoryError: it does not fit.
    """
    if file.seek(0, SEEK_END) != header.file_bytes:
        raise PeerError(
            "the message is cut short, or something was added to it", "Ask your partner to send it again."
        )
    file.seek(0)
    head, sealed_key = file.read(HEADER_BYTES), file.read(SEALED_KEY_BYTES)
    if head != header.encode():
        raise PeerError("the file was replaced by another message meanwhile", "Run this again.")
    try:
        content_key = key.open(sealed_key, _INFO + hashlib.sha256(head).digest())
        whole = memoryview(open_stream(content_key, file, header.body_bytes + SIGNATURE_BYTES))
    except (InvalidTag, ValueError) as error:
        raise PeerError(
            "the message was altered on its way, or is sealed to another key", "Ask your partner to send it again."
        ) from error
    body, signature = whole[:-SIGNATURE_BYTES].toreadonly(), bytes(whole[-SIGNATURE_BYTES:])
    digest = body_digest([body])
    transcript = transcript_with(header, digest)
    try:
        verify_message(sender, header, digest, signature)
    except InvalidSignature as error:
        raise PeerError("the message is not signed by your partner", "Ask your partner what happened.") from error
    return Opened(body, transcript, signature)
