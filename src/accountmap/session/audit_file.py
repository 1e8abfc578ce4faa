"""What a party shows an auditor about one session, as a file that only the auditor can open (trust-v2 §4.6).

With the seeds and the messages, names from a dictionary can be tested against a list. So the file is sealed to the
auditor's card, and signed by the party that it comes from.
"""

import hashlib
import json
import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from io import BytesIO
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag

from accountmap.errors import InputError, TrustError, WorkspaceError
from accountmap.model import Role
from accountmap.session.own_list import frozen_list
from accountmap.session.sketches import values_file
from accountmap.trust.agreement import Agreement
from accountmap.trust.identity import Card, Identity, verify
from accountmap.trust.sealed import SEALED_KEY_BYTES, open_stream, seal, seal_stream
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace
from accountmap.workspace.audits import AuditMessage

MAGIC: Final = b"accountmap-audit-v1\n"
_SEAL_LABEL: Final = b"accountmap-audit-v1 seal\x00"
_SIGN_LABEL: Final = b"accountmap-audit-v1 signature\x00"
_SIGNATURE_BYTES: Final = 64
_LENGTH: Final = struct.Struct(">Q")
_HEAD: Final = struct.Struct(">I")
_MOST_HEAD: Final = 1 << 16


@dataclass(frozen=True)
class AuditedMessage:
    """What is kept of a message: its header, the SHA-256 of its body, and its sender's signature, in hex."""

    number: int
    header: str
    body_digest: str
    signature: str

    @classmethod
    def of(cls, message: AuditMessage) -> Self:
        """Make it from what the workspace keeps."""
        parts = (message.header.hex(), message.body_digest.hex(), message.signature.hex())
        return cls(message.number, *parts)


@dataclass(frozen=True, repr=False)
class AuditFile:
    """What one party kept of one session.

    Attributes:
        role: of the party.
        agreement: text of the agreement.
        cards: of initiator and responder, as text.
        sid: session id.
        messages: of both parties, in order.
        seed, nonce, channel_key, commitment: the party's own in this session.
        key_table: records of the rows, each after its length in four bytes.
        frozen_list: the list as CSV.
        sketch_id, sketch_seed: of the sketch that was sent.
        sketch_list: the list that the sketch was made from, as CSV.
        sketch_values: values of the sketch (psi.sketch.Values.dump).
    """

    role: Role
    agreement: str
    cards: tuple[str, str]
    sid: bytes
    messages: tuple[AuditedMessage, ...]
    seed: bytes
    nonce: bytes
    channel_key: bytes
    commitment: bytes
    key_table: bytes
    frozen_list: bytes
    sketch_id: bytes
    sketch_seed: bytes
    sketch_list: bytes
    sketch_values: bytes

    @classmethod
    def of(cls, workspace: Workspace, partner: PartnerRecord, session: SessionRecord) -> Self:
        """Gather what the workspace kept.

        Raises:
            TrustError: no records of this session are kept, or not any more.
            WorkspaceError: a file is missing or damaged.
        """
        record = workspace.audits.record(session.id)
        if record is None:
            raise TrustError(
                "no records of this session are kept for an auditor",
                "Either the agreement asks for none, or the time for which they are kept is over.",
            )
        sketch, own, theirs = workspace.sketches.get(record.sketch), workspace.card, partner.card
        cards = (own, theirs) if session.role == Role.INITIATOR else (theirs, own)
        try:
            return cls(
                role=Role(session.role),
                agreement=workspace.agreement(session.agreement).document,
                cards=(cards[0].document, cards[1].document),
                sid=session.sid,
                messages=tuple(map(AuditedMessage.of, workspace.audits.messages(session.id))),
                seed=record.seed,
                nonce=record.nonce,
                channel_key=record.channel_key,
                commitment=record.commitment,
                key_table=bytes(record.key_table),
                frozen_list=bytes(frozen_list(workspace, session.list_id).read()),
                sketch_id=sketch.id,
                sketch_seed=sketch.seed,
                sketch_list=bytes(frozen_list(workspace, sketch.list_id).read()),
                sketch_values=bytes(values_file(workspace, sketch.id).read()),
            )
        except OSError as error:
            raise WorkspaceError("records that were kept for an auditor are missing") from error

    def seal(self, identity: Identity, auditor: Card) -> Iterator[bytes]:
        """Write it for an auditor.

        Raises:
            TrustError: the auditor's card is that of a party.
        """
        if auditor.digest.hex() in Agreement.parse(self.agreement.encode()).terms.cards:
            raise TrustError(
                "this card is not an auditor's: it belongs to one of the two parties",
                "What is in the file opens a list to guesses. It is for the auditor alone.",
            )
        head = json.dumps({"from": identity.card.document, "to": auditor.digest.hex()}).encode()
        key = secrets.token_bytes(32)
        content = self._dump()
        signature = identity.sign(_SIGN_LABEL + _digest(head, content))
        yield MAGIC + _HEAD.pack(len(head)) + head
        yield seal(auditor.sealing_key, key, _SEAL_LABEL + hashlib.sha256(head).digest())
        yield _LENGTH.pack(len(content) + _SIGNATURE_BYTES)
        yield from seal_stream(key, [content, signature])

    @classmethod
    def open(cls, data: bytes, identity: Identity) -> tuple[Self, Card]:
        """Open a file as the auditor, and return it with the card of the party that signed it.

        Raises:
            InputError: it is not such a file, is for somebody else, or was altered.
        """
        try:
            file = BytesIO(data)
            if file.read(len(MAGIC)) != MAGIC:
                raise ValueError("another format")
            (length,) = _HEAD.unpack(file.read(_HEAD.size))
            if length > _MOST_HEAD:
                raise ValueError("too long")
            head = file.read(length)
            about = json.loads(head)
            sender = Card.parse(about["from"].encode())
            sealed = file.read(SEALED_KEY_BYTES)
            key = identity.sealing.open(sealed, _SEAL_LABEL + hashlib.sha256(head).digest())
            (size,) = _LENGTH.unpack(file.read(_LENGTH.size))
            opened = bytes(open_stream(key, file, size))
            content, signature = opened[:-_SIGNATURE_BYTES], opened[-_SIGNATURE_BYTES:]
            verify(sender.signing_key, signature, _SIGN_LABEL + _digest(head, content))
            return cls._load(content), sender
        except (ValueError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
            raise InputError(
                "this is not a file for an auditor", "Ask for it again: accountmap audit export"
            ) from error
        except (InvalidTag, InvalidSignature) as error:
            raise InputError(
                "the file is for somebody else, or was altered",
                "It opens in the workspace whose card the party was given.",
            ) from error

    def _dump(self) -> bytes:
        """Write a directory as JSON, and the raw values after it."""
        raw = {each.name: value for each in fields(self) if isinstance(value := getattr(self, each.name), bytes)}
        about = {
            "role": self.role.label,
            "agreement": self.agreement,
            "cards": self.cards,
            "messages": [asdict(message) for message in self.messages],
            "raw": {name: len(value) for name, value in raw.items()},
        }
        head = json.dumps(about).encode()
        return b"".join([_LENGTH.pack(len(head)), head, *raw.values()])

    @classmethod
    def _load(cls, content: bytes) -> Self:
        (length,) = _LENGTH.unpack_from(content)
        start = _LENGTH.size + length
        about: dict[str, Any] = json.loads(content[_LENGTH.size : start])
        raw: dict[str, bytes] = {}
        for name, size in about["raw"].items():
            raw[name] = content[start : start + size]
            start += size
        initiator, responder = map(_text, about["cards"])
        return cls(
            role=Role.of(about["role"]),
            agreement=_text(about["agreement"]),
            cards=(initiator, responder),
            messages=_messages(about["messages"]),
            **raw,
        )


def _messages(written: Sequence[dict[str, Any]]) -> tuple[AuditedMessage, ...]:
    made = tuple(AuditedMessage(**each) for each in written)
    for message in made:
        if not isinstance(message.number, int):
            raise TypeError("not a number")
        for value in (message.header, message.body_digest, message.signature):
            bytes.fromhex(_text(value))
    return made


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _digest(head: bytes, content: bytes) -> bytes:
    return hashlib.sha256(hashlib.sha256(head).digest() + hashlib.sha256(content).digest()).digest()
