"""How two companies exchange answers so that neither can fit its own to the other's: first commit, then open.

A commitment is a digest of the answers and 32 random bytes. Each side signs and sends one. A side sends its
answers only when it has the other's commitment; they name both commitments and are sealed to the partner. The
digest covers both cards, so that nobody can pass another's commitment off as its own. The side that opens last has
seen the other's
answers, but can no longer change its own: it can only keep silent, and that shows.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature, InvalidTag

from accountmap.errors import TrustError
from accountmap.trust import toml_text
from accountmap.trust.identity import Card, Identity, verify
from accountmap.trust.sealed import seal

FORMAT: Final = "accountmap-maturity-v1"
COMMITMENT: Final = "commitment"
ANSWERS: Final = "answers"
NONCE_BYTES: Final = 32

_WHAT: Final = "maturity file"
_SIGNATURE: Final = "signature"
_COMMIT_LABEL: Final = b"accountmap-maturity-v1 commitment\x00"
_SIGN_LABEL: Final = b"accountmap-maturity-v1 signature\x00"
_SEAL_LABEL: Final = b"accountmap-maturity-v1 answers\x00"
_TYPES: Final[dict[str, type]] = {
    "format": str,
    "kind": str,
    "sender": str,
    "recipient": str,
    "created": datetime,
    "commitment": str,
}
_ANSWER_TYPES: Final = _TYPES | {"their_commitment": str, "sealed": str}

Answers = Mapping[str, int]
"""A number for each topic."""


@dataclass(frozen=True)
class Secret:
    """Own answers, with the random bytes that hide them until they are opened."""

    answers: Answers
    nonce: bytes

    @classmethod
    def of(cls, answers: Answers) -> Self:
        """Hide answers."""
        return cls(dict(answers), secrets.token_bytes(NONCE_BYTES))

    def commitment(self, sender: bytes, recipient: bytes) -> bytes:
        """Return the digest that commits to the answers.

        Args:
            sender, recipient: digests of the two cards.
        """
        return hashlib.sha256(_COMMIT_LABEL + sender + recipient + self.encode()).digest()

    def encode(self) -> bytes:
        """Write the random bytes, and the answers as canonical JSON: keys sorted, no blanks."""
        return self.nonce + json.dumps(dict(self.answers), sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, raw: bytes) -> Self:
        """Read what `encode` wrote.

        Raises:
            ValueError: it is something else.
        """
        answers = json.loads(raw[NONCE_BYTES:])
        if not isinstance(answers, dict) or not all(type(value) is int for value in answers.values()):
            raise ValueError("no answers")
        secret = cls(answers, raw[:NONCE_BYTES])
        if secret.encode() != raw:
            raise ValueError("another form")
        return secret


@dataclass(frozen=True)
class MaturityFile:
    """A signed file with a commitment, or with the answers to it.

    Attributes:
        document: the file's text.
        kind: COMMITMENT or ANSWERS.
        sender, recipient: digests of the two cards, in hex.
        commitment: that of the sender.
        their_commitment: that of the recipient, as the sender received it; empty in a commitment.
        sealed: the answers, sealed to the recipient; empty in a commitment.
    """

    document: str
    kind: str
    sender: str
    recipient: str
    created: datetime
    commitment: bytes
    their_commitment: bytes = b""
    sealed: bytes = b""

    @classmethod
    def commit(cls, identity: Identity, partner: Card, secret: Secret, now: datetime) -> Self:
        """Write a commitment."""
        commitment = secret.commitment(identity.card.digest, partner.digest)
        lines = _head(COMMITMENT, identity.card, partner, commitment, now)
        return cls._signed(lines, identity)

    @classmethod
    def answer(
        cls, identity: Identity, partner: Card, secret: Secret, their_commitment: bytes, now: datetime
    ) -> Self:
        """Write the answers, once the partner's commitment is here."""
        commitment = secret.commitment(identity.card.digest, partner.digest)
        info = _SEAL_LABEL + commitment + their_commitment
        lines = _head(ANSWERS, identity.card, partner, commitment, now)
        lines.append(f"their_commitment = {toml_text.encode(their_commitment)}")
        lines.append(f"sealed = {toml_text.encode(seal(partner.sealing_key, secret.encode(), info))}")
        return cls._signed(lines, identity)

    @classmethod
    def _signed(cls, lines: list[str], identity: Identity) -> Self:
        signed = "\n".join(lines)
        signature = toml_text.encode(identity.sign(_SIGN_LABEL + signed.encode()))
        return cls.parse(f"{signed}\n{_SIGNATURE} = {signature}\n".encode(), identity.card)

    @classmethod
    def sender_of(cls, data: bytes) -> str:
        """Return the digest, in hex, of the card that a file claims to be from. Nothing is checked yet.

        Raises:
            TrustError: it is not a maturity file.
        """
        return str(_fields(data)[0]["sender"])

    @classmethod
    def parse(cls, data: bytes, sender: Card) -> Self:
        """Read a file and verify it.

        Args:
            sender: whose signature it must have.

        Raises:
            TrustError: it is not one, or was not signed by the sender.
        """
        fields, document, signed, signature = _fields(data)
        try:
            if fields["sender"] != sender.digest.hex():
                raise ValueError("another sender")
            verify(sender.signing_key, signature, _SIGN_LABEL + signed.encode())
        except (ValueError, InvalidSignature) as error:
            raise TrustError(
                f"this maturity file is not signed by {sender.name}", "Ask your partner to send it again."
            ) from error
        values = {
            name: toml_text.decode(fields[name], f"{_WHAT}: {name}")
            for name in ("commitment", "their_commitment", "sealed")
            if name in fields
        }
        theirs, sealed = values.get("their_commitment", b""), values.get("sealed", b"")
        if {len(values["commitment"]), len(theirs or bytes(32))} != {32}:
            raise TrustError(f"this is not a valid {_WHAT}: a commitment does not have 32 bytes")
        return cls(
            document,
            fields["kind"],
            fields["sender"],
            fields["recipient"],
            fields["created"],
            values["commitment"],
            theirs,
            sealed,
        )

    def open(self, identity: Identity, own_commitment: bytes, their_commitment: bytes) -> Answers:
        """Open the partner's answers.

        Args:
            own_commitment: what we sent.
            their_commitment: what the partner sent before.

        Raises:
            TrustError: these are not the answers that it committed to, or they belong to another exchange.
        """
        if (self.commitment, self.their_commitment) != (their_commitment, own_commitment):
            raise TrustError(
                "these answers belong to another exchange of maturity files",
                "Both of you have to send your first file again.",
            )
        try:
            raw = identity.sealing.open(self.sealed, _SEAL_LABEL + their_commitment + own_commitment)
            secret = Secret.decode(raw)
            digest = secret.commitment(bytes.fromhex(self.sender), bytes.fromhex(self.recipient))
        except (ValueError, InvalidTag, RecursionError) as error:
            raise TrustError("these answers cannot be opened", "Ask your partner to send them again.") from error
        if digest != their_commitment:
            raise TrustError(
                "these are not the answers that your partner committed to before it saw yours",
                "Ask your partner why.",
            )
        return secret.answers


def _head(kind: str, own: Card, partner: Card, commitment: bytes, now: datetime) -> list[str]:
    shown = (
        "a digest that commits to answers and shows none"
        if kind == COMMITMENT
        else "answers, sealed to the partner"
    )
    return [
        f"# How mature a partnership is: {shown}.",
        f"format = {toml_text.quote(FORMAT)}",
        f"kind = {toml_text.quote(kind)}",
        f"sender = {toml_text.quote(own.digest.hex())}",
        f"recipient = {toml_text.quote(partner.digest.hex())}",
        f"created = {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        f"commitment = {toml_text.encode(commitment)}",
    ]


def _fields(data: bytes) -> tuple[dict[str, Any], str, str, bytes]:
    """Split a file into its values, its text, the part that is signed, and the signature."""
    document = toml_text.normal(data, _WHAT)
    signed, signature = toml_text.split_signed(document, _SIGNATURE, _WHAT)
    fields = toml_text.parse(signed, _WHAT, {FORMAT})
    types = _ANSWER_TYPES if fields.get("kind") == ANSWERS else _TYPES
    toml_text.check_keys(fields, types, _WHAT)
    if fields["kind"] not in (COMMITMENT, ANSWERS):
        raise TrustError(f"this is not a {_WHAT} that this version of accountmap reads")
    return fields, document, signed, signature
