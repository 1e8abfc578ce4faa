"""A company's identity; its public half, the partner card; and the rotation that replaces one card by another.

Eight points of edwards25519 have an order that divides 8. Under such a key, signatures can be valid that nobody
made, for any text (Chalkias, Garillot, Nikolaenko 2020, "Taming the many EdDSAs"). RFC 8032 §5.1.3 lets them
through.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from accountmap.errors import TrustError, WorkspaceError
from accountmap.trust import toml_text
from accountmap.trust.sealed import SealingKey, Storage, check_public
from accountmap.trust.toml_text import check_name

_P: Final = 2**255 - 19
_ORDER_8: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
LOW_ORDER: Final = frozenset({0, 1, _P - 1, _ORDER_8, _P - _ORDER_8})
"""The y-coordinates of these points. Each except 1 and -1 has two points, which differ in the sign of x."""

SIGNING_KEY_BYTES: Final = 32


def check_signing_key(raw: bytes) -> None:
    """Refuse a public key that does not have 32 bytes, has low order, or is not the canonical form of a point.

    Raises:
        ValueError: it is one of these.
    """
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    if len(raw) != SIGNING_KEY_BYTES or y >= _P or y in LOW_ORDER:
        raise ValueError("signing key out of range")


CARD_FORMAT: Final = "accountmap-card-v1"
_SIGN_LABEL: Final = b"accountmap-card-v1 signature\x00"
_SIGNATURE: Final = "signature"
_TYPES: Final[dict[str, type]] = {
    "format": str,
    "name": str,
    "created": datetime,
    "signing_key": str,
    "sealing_key": str,
}
FINGERPRINT_DIGITS: Final = 30
_SIGNING_BYTES: Final = 32
_STORAGE_BYTES: Final = 32


@dataclass(frozen=True)
class Card:
    """The public half of an identity: who signs, and to whom messages are sealed.

    Attributes:
        document: the file's text, as it was signed and sent.
        signing_key: raw Ed25519 key.
        sealing_key: raw hybrid key (trust.sealed).
    """

    document: str
    name: str
    created: datetime
    signing_key: bytes
    sealing_key: bytes

    @property
    def digest(self) -> bytes:
        """SHA-256 of the signed text, by which agreements and messages name the card."""
        return hashlib.sha256(self.document.partition(f"\n{_SIGNATURE} = ")[0].encode()).digest()

    @property
    def fingerprint(self) -> str:
        """What people compare by phone: 30 digits of the digest, in groups of five."""
        digits = str(int.from_bytes(self.digest, "big") % 10**FINGERPRINT_DIGITS).zfill(FINGERPRINT_DIGITS)
        return " ".join(digits[i : i + 5] for i in range(0, FINGERPRINT_DIGITS, 5))

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read and verify a card.

        Raises:
            TrustError: it is not a card, or its signature is not valid.
        """
        document = toml_text.normal(data, "partner card")
        signed, signature = toml_text.split_signed(document, _SIGNATURE, "partner card")
        fields = toml_text.parse(signed, "partner card", {CARD_FORMAT})
        toml_text.check_keys(fields, _TYPES, "partner card")
        card = cls(
            document,
            check_name(fields["name"]),
            fields["created"],
            toml_text.decode(fields["signing_key"], "the signing key"),
            toml_text.decode(fields["sealing_key"], "the sealing key"),
        )
        try:
            check_public(card.sealing_key)
            check_signing_key(card.signing_key)
            verify(card.signing_key, signature, _SIGN_LABEL + signed.encode())
        except (ValueError, InvalidSignature) as error:
            raise TrustError(
                "the partner card is damaged or was changed", "Ask your partner to send it again."
            ) from error
        return card


def verify(public: bytes, signature: bytes, message: bytes) -> None:
    """Verify an Ed25519 signature (RFC 8032).

    Raises:
        InvalidSignature: it is not valid.
        ValueError: the key is malformed.
    """
    Ed25519PublicKey.from_public_bytes(public).verify(signature, message)


class Identity:
    """A company's private keys: Ed25519 to sign, a hybrid key to receive, and one that seals its own files."""

    def __init__(self, signing: Ed25519PrivateKey, sealing: SealingKey, storage_key: bytes, card: Card) -> None:
        self._signing, self._storage_key = signing, storage_key
        self.sealing = sealing
        self.card = card

    def __repr__(self) -> str:
        return f"<Identity {self.card.fingerprint}>"

    @classmethod
    def generate(cls, name: str, created: datetime) -> Self:
        """Make a new identity.

        Raises:
            TrustError: the name is not usable.
        """
        signing, sealing = Ed25519PrivateKey.generate(), SealingKey.generate()
        signed = (
            "# An accountmap partner card: public keys only, safe to send.\n"
            f"format = {toml_text.quote(CARD_FORMAT)}\n"
            f"name = {toml_text.quote(check_name(name))}\n"
            f"created = {created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n"
            f"signing_key = {toml_text.encode(signing.public_key().public_bytes_raw())}\n"
            f"sealing_key = {toml_text.encode(sealing.public)}"
        )
        signature = signing.sign(_SIGN_LABEL + signed.encode())
        document = f"{signed}\n{_SIGNATURE} = {toml_text.encode(signature)}\n"
        return cls(signing, sealing, secrets.token_bytes(_STORAGE_BYTES), Card.parse(document.encode()))

    def renewed(self, created: datetime) -> "Identity":
        """Make new keys under the same name. The key for own files stays, so that they can still be read."""
        new = Identity.generate(self.card.name, created)
        return Identity(new._signing, new.sealing, self._storage_key, new.card)

    def sign(self, message: bytes) -> bytes:
        """Sign with Ed25519. The message must start with a label for its kind."""
        return self._signing.sign(message)

    @property
    def storage(self) -> Storage:
        """The storage that seals the files of the workspace."""
        return Storage(self._storage_key)

    def secret_bytes(self) -> bytes:
        """Return the private keys, for `trust.key_file` to keep."""
        return self._signing.private_bytes_raw() + self._storage_key + self.sealing.to_bytes()

    @classmethod
    def from_secret_bytes(cls, raw: bytes, card: Card) -> Self:
        """Read what `secret_bytes` wrote.

        Raises:
            WorkspaceError: these are not the private keys of this card.
        """
        try:
            signing = Ed25519PrivateKey.from_private_bytes(raw[:_SIGNING_BYTES])
            storage_key = raw[_SIGNING_BYTES : _SIGNING_BYTES + _STORAGE_BYTES]
            sealing = SealingKey.from_bytes(raw[_SIGNING_BYTES + _STORAGE_BYTES :])
        except ValueError as error:
            raise _foreign_keys() from error
        if (signing.public_key().public_bytes_raw(), sealing.public) != (card.signing_key, card.sealing_key):
            raise _foreign_keys()
        return cls(signing, sealing, storage_key, card)


def _foreign_keys() -> WorkspaceError:
    return WorkspaceError(
        "the private keys do not belong to the card of this workspace", "Restore identity.json from a backup."
    )


_ROTATION_PART: Final = "\n[rotation]\n"
_ROTATION_SIGNATURE: Final = "rotation_signature"
_ROTATION_LABEL: Final = b"accountmap-rotation-v1 signature\x00"


@dataclass(frozen=True)
class Rotation:
    """A card that replaces another: the new card, signed by the old key too (trust-v2 §6).

    The file is the new card, followed by a part that names the old card. Whoever has the old key could have
    written it, even a thief, so people still compare the new fingerprint.

    Attributes:
        document: the file's text.
        signed: the part of it that the old key signed.
        card: the new card; its own signature has been verified.
        old_card: digest of the old card in hex.
        signature: of the old key; `check` verifies it.
    """

    document: str
    signed: str
    card: Card
    old_card: str
    signature: bytes

    @classmethod
    def write(cls, old: Identity, new: Identity) -> Self:
        """Sign a new card with the old key."""
        signed = f"{new.card.document}{_ROTATION_PART}old_card = {toml_text.quote(old.card.digest.hex())}"
        signature = toml_text.encode(old.sign(_ROTATION_LABEL + signed.encode()))
        return cls.parse(f"{signed}\n{_ROTATION_SIGNATURE} = {signature}\n".encode())

    @staticmethod
    def is_one(data: bytes) -> bool:
        """Return whether this is a rotation, and not a card alone.

        Raises:
            TrustError: it is neither, since it is not text.
        """
        return _ROTATION_PART in toml_text.normal(data, "partner card")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a rotation.

        Raises:
            TrustError: it is not a rotation, or the new card is not valid.
        """
        document = toml_text.normal(data, "card rotation")
        signed, signature = toml_text.split_signed(document, _ROTATION_SIGNATURE, "card rotation")
        card, _, part = signed.partition(_ROTATION_PART)
        fields = toml_text.parse(part, "card rotation")
        toml_text.check_keys(fields, {"old_card": str}, "card rotation")
        return cls(document, signed, Card.parse(card.encode()), fields["old_card"], signature)

    def check(self, old: Card) -> None:
        """Refuse a rotation of a card other than the one on file.

        Raises:
            TrustError: it replaces another card, is not signed by its key, or names another company.
        """
        try:
            if self.old_card != old.digest.hex():
                raise ValueError("another card")
            verify(old.signing_key, self.signature, _ROTATION_LABEL + self.signed.encode())
        except (ValueError, InvalidSignature) as error:
            raise TrustError(
                f"this card is not signed by the key of {old.name} that is on file",
                "If they lost that key: accountmap partner revoke, then add their new card after a call.",
            ) from error
        if self.card.name != old.name:
            raise TrustError("the new card has another name than the one on file", "Ask your partner why.")
