"""What a message file says of itself without being opened."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from accountmap.errors import PeerError
from accountmap.exchange.describe import HOLDS, REVEALS
from accountmap.psi.parameters import MessageType
from accountmap.trust.envelope import HEADER_BYTES, Header


@dataclass(frozen=True)
class MessageDescription:
    """What a message file says of itself without being opened.

    Attributes:
        number: of the message in the session; 15 is a refusal to reveal.
        sender, recipient, agreement, session: digests in hex; the session is all zeros in message 1.
        body_bytes: length of what is sealed.
        complete: whether the whole file is there.
        holds, reveals: one plain sentence each.
    """

    number: int
    from_initiator: bool
    sender: str
    recipient: str
    agreement: str
    session: str
    created: datetime
    expires: datetime
    body_bytes: int
    complete: bool
    holds: str
    reveals: str


def describe_message(file: Path) -> MessageDescription:
    """Read the clear part of a message file.

    Raises:
        PeerError: it is no message, or of another version.
        OSError: it cannot be read.
    """
    with file.open("rb") as stream:
        header = Header.decode(stream.read(HEADER_BYTES))
    if header.type not in set(MessageType):
        raise PeerError("this message is of a kind that this version does not know")
    kind = MessageType(header.type)
    return MessageDescription(
        number=int(kind),
        from_initiator=header.role == 0,
        sender=header.sender.hex(),
        recipient=header.recipient.hex(),
        agreement=header.agreement.hex(),
        session=header.session.hex(),
        created=datetime.fromtimestamp(min(header.created, 2**33), UTC),
        expires=datetime.fromtimestamp(min(header.expires, 2**33), UTC),
        body_bytes=header.body_bytes,
        complete=file.stat().st_size == header.file_bytes,
        holds=HOLDS[kind],
        reveals=REVEALS[kind],
    )
