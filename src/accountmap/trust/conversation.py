"""The envelope of messages about single matches after a session (conversation-v1 §2).

They come in any order, so each has an id of its own in place of the transcript. They are sealed to the card, since
the keys of the session are erased. Bodies are padded: others see neither the kind nor how many items there are.
"""

import hashlib
import secrets
from dataclasses import dataclass
from enum import IntEnum
from io import BytesIO
from typing import Final

from cryptography.exceptions import InvalidSignature

from accountmap.errors import PeerError
from accountmap.trust.envelope import CONVERSATION, HEADER_BYTES, Header, read, verify_message, write
from accountmap.trust.identity import Card, Identity

ID_BYTES: Final = 32
MOST_BODY: Final = 1 << 24
_LEAST_BODY: Final = 1 << 10
_HEAD: Final = 5


class Kind(IntEnum):
    """What a message of a conversation holds."""

    QUESTIONS = 1
    ACKNOWLEDGEMENT = 2
    ANSWERS = 3
    FIELDS = 4
    INTRODUCTIONS = 5
    LEADS = 6
    DEALS = 7
    NOTES = 8
    PLANS = 9

    @property
    def is_log(self) -> bool:
        """Whether it carries entries of the sender's logs about matches or plans (conversation-v1 §6, §7)."""
        return self >= Kind.INTRODUCTIONS

    @property
    def label(self) -> str:
        """Its name in the ledger."""
        return self.name.lower()


@dataclass(frozen=True, repr=False)
class Talk:
    """A message of a conversation, opened.

    Attributes:
        id: 32 bytes.
        kind: the kind of the content; a reader leaves a message of an unknown kind where it is.
        digest: SHA-256 of header and body, which tells a repeated message from another one with the same id.
        proof: header and signature. With the content, they prove to anybody with the sender's card who wrote it.
    """

    id: bytes
    kind: int
    content: bytes
    digest: bytes
    proof: bytes


def is_conversation(header: Header) -> bool:
    """Return whether a header is that of a message of a conversation."""
    return header.type == CONVERSATION


def padded(kind: int, content: bytes) -> bytes:
    """Return the body that holds a content.

    Raises:
        ValueError: it is too long.
    """
    body = bytes([kind]) + len(content).to_bytes(4, "big") + content
    size = _LEAST_BODY
    while size < len(body):
        size *= 2
    if size > MOST_BODY:
        raise ValueError("the content is too long for one message")
    return body.ljust(size, b"\0")


def unpadded(body: bytes) -> tuple[int, bytes]:
    """Return kind and content of a body.

    Raises:
        PeerError: it is not padded as it should be.
    """
    kind, length = body[0], int.from_bytes(body[1:_HEAD], "big")
    content = body[_HEAD : _HEAD + length]
    if len(content) < length or padded(kind, content) != body:
        raise PeerError("a message about matches is not padded as it should be")
    return kind, content


def write_talk(
    kind: Kind,
    content: bytes,
    *,
    role: int,
    agreement: bytes,
    session: bytes,
    identity: Identity,
    partner: Card,
    created: int,
    expires: int,
) -> tuple[bytes, bytes]:
    """Write a message of a conversation.

    Args:
        role: that of the sender in the agreement of the session.
        agreement, session: the agreement's digest and the sid of the session that has the match.
        created, expires: seconds since 1970 in UTC.

    Returns:
        Its id, and the message; the same bytes are sent, however often.
    """
    body, message_id = padded(kind, content), secrets.token_bytes(ID_BYTES)
    header = Header(
        CONVERSATION,
        role,
        agreement,
        session,
        identity.card.digest,
        partner.digest,
        message_id,
        created,
        expires,
        len(body),
    )
    return message_id, b"".join(write(header, [body], identity, partner.sealing_key, secrets.token_bytes(32)))


def has_length(header: Header) -> bool:
    """Return whether a header has the length of a padded body."""
    size = header.body_bytes
    return _LEAST_BODY <= size <= MOST_BODY and not size & (size - 1)


def check_length(header: Header) -> None:
    """Refuse a length that no padded body has, before anything is opened.

    Raises:
        PeerError: it is such a length.
    """
    if not has_length(header):
        raise PeerError("a message about matches has an impossible length")


def read_talk(data: bytes, header: Header, identity: Identity, partner: Card) -> Talk:
    """Open a message of a conversation whose header has been checked.

    Raises:
        PeerError: it was cut, altered, sealed to somebody else or signed by somebody else, or is not padded.
    """
    check_length(header)
    opened = read(BytesIO(data), header, partner, identity.sealing)
    body = bytes(opened.body)
    kind, content = unpadded(body)
    head = header.encode()
    return Talk(header.transcript, kind, content, hashlib.sha256(head + body).digest(), head + opened.signature)


def proves(sender: Card, proof: bytes, kind: Kind, content: bytes) -> bool:
    """Return whether a content was signed by a partner.

    Args:
        sender: the card that the partner had at that time.
        proof: as in Talk.

    Raises:
        PeerError: the proof is not a header and a signature.
    """
    header, digest = Header.decode(proof[:HEADER_BYTES]), hashlib.sha256(padded(kind, content)).digest()
    try:
        verify_message(sender, header, digest, proof[HEADER_BYTES:])
    except InvalidSignature:
        return False
    return header.sender == sender.digest
