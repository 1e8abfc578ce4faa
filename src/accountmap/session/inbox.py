"""Finding the partner's next message among the files of a channel, and opening it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accountmap.channels import Channel
from accountmap.errors import ChannelError, PeerError
from accountmap.model import Role
from accountmap.psi.parameters import MessageType
from accountmap.session.parameters import session_parameters
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import CONVERSATION, HEADER_BYTES, Header, Opened, first_transcript, read
from accountmap.trust.identity import Card
from accountmap.trust.sealed import SealingKey
from accountmap.workspace import PartnerRecord, Workspace

NO_SESSION: Final = bytes(32)


@dataclass(frozen=True)
class Expected:
    """What the next message must say about itself.

    Attributes:
        due: the types that may come now.
        role: the partner's.
        agreement, transcript: as in trust.envelope.Header.
        session: sid, or None while it is not known.
        finished: sids of the sessions that are over.
        body_limits: least and greatest length of a body, by type.
        now: seconds since 1970.
    """

    due: frozenset[MessageType]
    role: int
    agreement: bytes
    sender: Card
    recipient: Card
    transcript: bytes
    session: bytes | None
    finished: frozenset[bytes]
    body_limits: Callable[[MessageType], tuple[int, int]]
    now: int


def expected_offer(
    workspace: Workspace, partner: PartnerRecord, agreement: Agreement, finished: frozenset[bytes], now: datetime
) -> Expected:
    """Return what message 1 of a new session must look like."""
    cards = [bytes.fromhex(card) for card in agreement.terms.cards]
    return Expected(
        due=frozenset({MessageType.OFFER}),
        role=Role.INITIATOR,
        agreement=agreement.digest,
        sender=partner.card,
        recipient=workspace.card,
        transcript=first_transcript(agreement.digest, *cards),
        session=NO_SESSION,
        finished=finished,
        body_limits=session_parameters(agreement).body_limits,
        now=int(now.timestamp()),
    )


@dataclass(frozen=True, repr=False)
class Received:
    """A message that was opened and verified.

    Attributes:
        body: read-only.
        transcript: hash of all messages up to and including this one.
        signature: the sender's signature over the transcript.
    """

    name: str
    type: MessageType
    header: Header
    body: memoryview
    transcript: bytes
    signature: bytes


def refusal(header: Header, length: int, expected: Expected) -> str | None:
    """Return why a message is not the one that is due, or None if it is."""
    wrong: list[tuple[bool, str]] = [
        (header.sender != expected.sender.digest, "it is not from this partner"),
        (header.recipient != expected.recipient.digest, "it is meant for somebody else"),
        (header.agreement != expected.agreement, "it belongs to another agreement"),
        (header.role != expected.role, "it comes from the wrong role"),
        (header.type not in expected.due, "another message is due now"),
        (header.transcript != expected.transcript, "it belongs to another session"),
        (expected.session not in (None, header.session), "it belongs to another session"),
        (header.expires < expected.now, "it has expired"),
    ]
    for is_wrong, reason in wrong:
        if is_wrong:
            return reason
    least, most = expected.body_limits(MessageType(header.type))
    if not least <= header.body_bytes <= most:
        return "its length is not what the agreement allows"
    if length < header.file_bytes:
        return "it is still arriving, or was cut short"
    return "something was added to it" if length > header.file_bytes else None


_WHAT_TO_DO: Final = {
    "it belongs to another session": " If this workspace was copied, go on in the copy that has come further, or "
    "give the session up with: accountmap map --abandon",
    "it belongs to another agreement": " Both of you need the agreement that you signed last.",
    "it has expired": " Compare the clocks of both computers; if they are right, give the session up with: "
    "accountmap map --abandon",
}


def find(
    channel: Channel, expected: Expected, key: SealingKey, is_new: Callable[[bytes], bool]
) -> tuple[Received | None, list[str]]:
    """Look for the message that is due; the newest first, if there are several.

    Args:
        key: what it is sealed to.
        is_new: returns whether a message was not read before, by the transcript up to it.

    Returns:
        The message, if it is there, and a note for each file that could have been meant and was passed over.
    """
    candidates, notes = [], []
    for name, length in channel.files().items():
        try:
            header = Header.decode(channel.head(name, HEADER_BYTES))
        except PeerError as error:
            notes.append(f"{name} was passed over: {error}.")
            continue
        other_exchange = _exchange(header.type) != _exchange(min(expected.due, default=0))
        if other_exchange and header.session != expected.session:
            continue  # another command looks for it
        reason = refusal(header, length, expected)
        if reason is None:
            candidates.append((header.created, name, header))
        elif not _is_past(header, expected):
            notes.append(f"{name} was passed over: {reason}.{_WHAT_TO_DO.get(reason, '')}")
    for _, name, header in sorted(candidates, key=lambda c: c[:2], reverse=True):
        try:
            opened = _open(channel, name, header, expected.sender, key)
        except PeerError as error:
            notes.append(f"{name} was passed over: {error}. {error.hint}")
            continue
        if is_new(opened.transcript):
            found = Received(
                name, MessageType(header.type), header, opened.body, opened.transcript, opened.signature
            )
            return found, []
    return None, notes


def _exchange(kind: int) -> str:
    """Return to which kind of exchange a message belongs: their files may lie in one folder."""
    if kind == CONVERSATION:
        return "conversation"
    return "preview" if kind in (MessageType.PREVIEW_OFFER, MessageType.PREVIEW_ANSWER) else "session"


def _open(channel: Channel, name: str, header: Header, sender: Card, key: SealingKey) -> Opened:
    """Open a message whose length the agreement allows."""
    try:
        with channel.fetch(name, header.file_bytes) as file:
            return read(file, header, sender, key)
    except MemoryError as error:
        raise ChannelError(f"{name} does not fit into this machine's memory", "Use a larger machine.") from error
    except OSError as error:
        raise ChannelError(f"{name} cannot be read", "Run this again; nothing is lost.") from error


def _is_past(header: Header, expected: Expected) -> bool:
    """Return whether a message is no surprise: ours, an earlier one of this session, or one of a finished one."""
    before = header.type < min(expected.due) and header.transcript != expected.transcript
    earlier = before and header.session in (NO_SESSION, expected.session)
    return (
        header.sender == expected.recipient.digest
        or (header.sender == expected.sender.digest and earlier)
        or header.session in expected.finished
    )
