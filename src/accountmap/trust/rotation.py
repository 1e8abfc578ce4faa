"""A card that takes the place of another: the new card, signed by the old key too (trust-v2 §6).

The file is the new card with a part behind it that names the old card. Whoever has the old key could have written
it, a thief as well: so people still compare the new fingerprint.
"""

from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature

from accountmap.errors import TrustError
from accountmap.trust import toml_text
from accountmap.trust.identity import Card, Identity, verify

_PART: Final = "\n[rotation]\n"
_SIGNATURE: Final = "rotation_signature"
_SIGN_LABEL: Final = b"accountmap-rotation-v1 signature\x00"


@dataclass(frozen=True)
class Rotation:
    """A new card and the old key's word for it.

    Attributes:
        document: the file's text.
        signed: what the old key signed of it.
        card: the new card; its own signature holds.
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
        signed = f"{new.card.document}{_PART}old_card = {toml_text.quote(old.card.digest.hex())}"
        signature = toml_text.encode(old.sign(_SIGN_LABEL + signed.encode()))
        return cls.parse(f"{signed}\n{_SIGNATURE} = {signature}\n".encode())

    @staticmethod
    def is_one(data: bytes) -> bool:
        """Tell a rotation from a card alone.

        Raises:
            TrustError: it is neither, for it is not text.
        """
        return _PART in toml_text.normal(data, "partner card")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a rotation.

        Raises:
            TrustError: it is not one, or the new card does not hold.
        """
        document = toml_text.normal(data, "card rotation")
        signed, signature = toml_text.split_signed(document, _SIGNATURE, "card rotation")
        card, _, part = signed.partition(_PART)
        fields = toml_text.parse(part, "card rotation")
        toml_text.check_keys(fields, {"old_card": str}, "card rotation")
        return cls(document, signed, Card.parse(card.encode()), fields["old_card"], signature)

    def check(self, old: Card) -> None:
        """Refuse a rotation of another card than the one on file.

        Raises:
            TrustError: it replaces another card, is not signed by its key, or names another company.
        """
        try:
            if self.old_card != old.digest.hex():
                raise ValueError("another card")
            verify(old.signing_key, self.signature, _SIGN_LABEL + self.signed.encode())
        except (ValueError, InvalidSignature) as error:
            raise TrustError(
                f"this card is not signed by the key of {old.name} that is on file",
                "If they lost that key: accountmap partner revoke, then add their new card after a call.",
            ) from error
        if self.card.name != old.name:
            raise TrustError("the new card bears another name than the one on file", "Ask your partner why.")
