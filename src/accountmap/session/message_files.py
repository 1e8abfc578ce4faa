"""What a message file says of itself without being opened, in plain sentences."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from accountmap.errors import PeerError
from accountmap.model import Role, WeakSlots, segment_count
from accountmap.psi.parameters import MessageType
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import HEADER_BYTES, Header

_SKETCH: Final = (
    "A blurred copy of the sender's list, the same in every session: it allows a guess about any one company, and "
    "no certainty."
)
_OWN_MATCHES: Final = "Which of the recipient's own accounts match, and in which of the sender's segments."
_SHOWN: Final = (
    "The sender's agreed fields of the accounts that match and, where the agreement says so, noisy totals of its "
    "list, or the names of its other accounts."
)
HOLDS: Final = {
    MessageType.OFFER: "a sketch of the sender's list, and a commitment to what it brings into the session",
    MessageType.ANSWER: "a sketch of the sender's list, and a commitment to what it brings into the session",
    MessageType.INITIATOR_POINTS: "the sender's consent, and blinded values of its accounts and of dummies",
    MessageType.RESPONDER_POINTS: "the sender's consent, and blinded values of its accounts and of dummies",
    MessageType.TOKENS: "tokens of the recipient's accounts, in a random order",
    MessageType.CLAIMS: "which of the recipient's rows match",
    MessageType.ROWS: "which of the recipient's rows match, and a key share for each match",
    MessageType.RESPONDER_FIELDS: "a key share for each match, and the agreed fields sealed under the match's key",
    MessageType.INITIATOR_FIELDS: "the agreed fields sealed under the match's key, and a signed receipt",
    MessageType.RECEIPT: "a signed receipt",
    MessageType.PREVIEW_OFFER: "a sketch of the sender's list",
    MessageType.PREVIEW_ANSWER: "a sketch of the sender's list",
    MessageType.STOP: "nothing but the word that the sender ended the session",
}
REVEALS: Final = {
    MessageType.OFFER: _SKETCH,
    MessageType.ANSWER: _SKETCH,
    MessageType.INITIATOR_POINTS: "About what share of its accounts has a website and a country; nothing by name.",
    MessageType.RESPONDER_POINTS: "About what share of its accounts has a website and a country; nothing by name.",
    MessageType.TOKENS: "How the two lists' keys are linked, without names, and so how many accounts match.",
    MessageType.CLAIMS: _OWN_MATCHES,
    MessageType.ROWS: _OWN_MATCHES,
    MessageType.RESPONDER_FIELDS: _SHOWN,
    MessageType.INITIATOR_FIELDS: _SHOWN,
    MessageType.RECEIPT: "Nothing new.",
    MessageType.PREVIEW_OFFER: _SKETCH,
    MessageType.PREVIEW_ANSWER: _SKETCH,
    MessageType.STOP: "That the sender ended the session. No reason is given.",
}


def partner_learned(partner: str, agreement: Agreement, role: Role, matches: int) -> tuple[str, ...]:
    """Return what a partner has learned when a session is over, one sentence each.

    Args:
        role: ours.
        matches: how many were revealed.
    """
    terms = agreement.terms
    padded = ", ".join(segment_count(segment, size) for segment, size in agreement.sizes[role].items())
    shown = dict.fromkeys(
        name.replace("_", " ") for each in terms.sharing.rectangles for name in each.fields[role]
    )
    sentences = [
        f"Before either side agreed: a blurred copy of your list (epsilon {agreement.sketches[role].epsilon}), "
        "the same that every partner gets.",
        f"The sizes that your segments are padded to: {padded}.",
        "About what share of each segment has a website and a country.",
        f"Which of {partner}'s own companies are on your list, {matches:,} in all, and in which of your segments.",
        f"Of these companies, from your list: {', '.join(shown)}." if shown else "No field of these companies.",
    ]
    if role is Role.INITIATOR:
        sentences.append("Without names: how the match keys of the two lists are linked to each other.")
    if terms.weak is not WeakSlots.NONE:
        sentences.append("Which of its own companies may be on your list too, without a name or a field of yours.")
    if role in terms.sharing.totals_shown_by:
        sentences.append("Noisy totals of your whole list, by country, industry and size.")
    if role in terms.sharing.rest_named_by:
        return (*sentences, "The names of all your other accounts in these segments.")
    return (*sentences, "No account of yours by name that is not on its list as well.")


@dataclass(frozen=True)
class MessageDescription:
    """What a message file says of itself without being opened.

    Attributes:
        number: of the message in the session; 15 ends one.
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
