"""What a message file says of itself without being opened, in plain sentences."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from accountmap.errors import PeerError
from accountmap.psi.parameters import MessageType
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import HEADER_BYTES, Header
from accountmap.trust.roles import ROLES
from accountmap.trust.terms import NAMES

_OWN_MATCHES: Final = "Which of the recipient's own accounts match, and in which of the sender's segments."
_SHOWN: Final = (
    "The sender's agreed fields of the accounts that match, and, where the agreement says so, how many others it "
    "has, or their names."
)
HOLDS: Final = {
    MessageType.OFFER: "blinded values of the sender's accounts and of as many dummies as the agreement asks for",
    MessageType.ANSWER: "blinded values of the sender's accounts and dummies, and two commitments",
    MessageType.PREVIEW: "one token for each entity of the recipient, sorted, and a commitment",
    MessageType.PREVIEW_OPENING: "one token for each entity of the recipient, sorted, and the sender's consent",
    MessageType.REVEAL: "the sender's consent, and the tokens of the recipient's entities in a random order",
    MessageType.REVEAL_OPENING: "the tokens of the recipient's entities, and which of the recipient's rows match",
    MessageType.MATCHES: "which of the recipient's rows match, and a key share for each match",
    MessageType.RESPONDER_FIELDS: "a key share for each match, and the agreed fields sealed under the match's key",
    MessageType.INITIATOR_FIELDS: "the agreed fields sealed under the match's key, and a signed receipt",
    MessageType.RECEIPT: "a signed receipt",
    MessageType.STOP: "nothing but the word that the sender declined to reveal",
}
REVEALS: Final = {
    MessageType.OFFER: "Nothing but the agreed sizes.",
    MessageType.ANSWER: "Nothing but the agreed sizes.",
    MessageType.PREVIEW: "How many entities match at least, for each pair of segments.",
    MessageType.PREVIEW_OPENING: "How many entities match at least, for each pair of segments.",
    MessageType.REVEAL: "How the entities' keys are linked, without names, and so how many match.",
    MessageType.REVEAL_OPENING: _OWN_MATCHES,
    MessageType.MATCHES: _OWN_MATCHES,
    MessageType.RESPONDER_FIELDS: _SHOWN,
    MessageType.INITIATOR_FIELDS: _SHOWN,
    MessageType.RECEIPT: "Nothing new.",
    MessageType.STOP: "That the sender saw the counts and declined.",
}


def partner_learned(partner: str, agreement: Agreement, role: int, matches: int) -> tuple[str, ...]:
    """Say what a partner has learned when a session is over.

    Args:
        role: ours.
        matches: pairs of entities that match.
    """
    sharing = agreement.terms.sharing
    padded = ", ".join(f"{size:,} {segment}" for segment, size in agreement.sizes[role].items())
    sizes = f"The sizes that your segments are padded to: {padded}."
    counts = (
        "Before either side agreed to reveal: for each pair of segments that was compared, how many entities "
        "match at least."
    )
    if not any(rectangle.disclosure.level == NAMES for rectangle in sharing.rectangles):
        return (sizes, counts, "Nothing else: the agreement lets nothing be revealed but counts.")
    shown = tuple(
        dict.fromkeys(name.replace("_", " ") for r in sharing.rectangles for name in r.disclosure.fields[role])
    )
    found = (
        sizes,
        counts,
        f"After both had agreed: which of {partner}'s own entities are on your list, {matches:,} matches, and in "
        "which of your segments each of them is.",
        "Without names: how the match keys of the two lists are linked to each other.",
        f"Of these entities, from your list: {', '.join(shown)}." if shown else "No field of these entities.",
    )
    if rest := sharing.rest_of(ROLES[role]):
        counted = f"How many others you have by country, industry and size, if {sharing.smallest_cell} or more."
        named = "The names of these others." if rest == NAMES else "No other account of yours by name."
        return (*found, counted, named)
    return (*found, "No account of yours that is not on their list as well.")


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
