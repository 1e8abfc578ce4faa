"""The agreement: what two partners compare, what each learns, and within which limits.

One TOML file that grows by appending. The initiator writes the terms and its own sizes and signs all of it; the
responder adds its sizes and signs everything before its signature. The digest of the whole text is part of every
message, so a session under two different texts cannot begin.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature

from accountmap.errors import TrustError
from accountmap.trust import toml_text
from accountmap.trust.identity import Card, Identity, verify
from accountmap.trust.roles import INITIATOR, RESPONDER, ROLES
from accountmap.trust.terms import AGREEMENT_FORMAT, Terms
from accountmap.trust.terms_toml import read_terms, write_terms

MAX_ROWS: Final = 100_000_000
_SIGN_LABEL: Final = b"accountmap-agreement-v1 signature\x00"


@dataclass(frozen=True)
class Agreement:
    """An agreement as far as it is signed.

    Attributes:
        document: the text so far.
        terms: what both sign.
        sizes: padded entities by segment, of the initiator and, once it has signed, of the responder.
        signed: what each of them signed: the text before its signature.
        signatures: likewise; `check_signatures` verifies them.
    """

    document: str
    terms: Terms
    sizes: tuple[dict[str, int], ...]
    signed: tuple[str, ...]
    signatures: tuple[bytes, ...]

    @property
    def complete(self) -> bool:
        """Whether both have signed."""
        return len(self.sizes) == len(ROLES)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the whole text, signatures included."""
        return hashlib.sha256(self.document.encode()).digest()

    def role_of(self, card: Card) -> int:
        """Return 0 for the initiator's card and 1 for the responder's.

        Raises:
            TrustError: the card belongs to neither.
        """
        if card.digest.hex() not in self.terms.cards:
            raise TrustError(
                "this agreement is between other parties",
                "Check the file; an identity made anew needs a new agreement.",
            )
        return self.terms.cards.index(card.digest.hex())

    def check_signatures(self, cards: tuple[Card, Card]) -> None:
        """Verify all signatures that are there.

        Args:
            cards: of the initiator and the responder.

        Raises:
            TrustError: the agreement names another card or name than a card has, or a signature does not hold.
        """
        named = tuple(zip(self.terms.names, self.terms.cards, strict=True))
        if named != tuple((card.name, card.digest.hex()) for card in cards):
            raise TrustError(
                "the agreement names another card, or another company, than the cards on file",
                "Make a new agreement with: accountmap agreement new",
            )
        for card, signed, signature in zip(cards, self.signed, self.signatures, strict=False):
            try:
                verify(card.signing_key, signature, _SIGN_LABEL + signed.encode())
            except (InvalidSignature, ValueError) as error:
                raise TrustError(
                    f"the signature of {card.name} does not hold: it was changed after it was signed",
                    "Ask your partner to send the file again.",
                ) from error

    @classmethod
    def propose(cls, terms: Terms, sizes: dict[str, int], identity: Identity) -> Self:
        """Write an agreement as its initiator and sign it."""
        return cls._sign(write_terms(terms), 0, sizes, identity)

    def accept(self, sizes: dict[str, int], identity: Identity) -> "Agreement":
        """Add the responder's sizes and signature."""
        return self._sign(self.document, 1, sizes, identity)

    @classmethod
    def _sign(cls, document: str, role: int, sizes: dict[str, int], identity: Identity) -> Self:
        rows = "".join(f"\n{toml_text.quote(name)} = {size}" for name, size in sizes.items())
        note = f"\n# Sizes to which {identity.card.name} pads its segments: all that is shown of their sizes.\n"
        signed = f"{document}{note}[{ROLES[role]}]{rows}"
        signature = toml_text.encode(identity.sign(_SIGN_LABEL + signed.encode()))
        return cls.parse(f"{signed}\n{ROLES[role]}_signature = {signature}\n".encode())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read an agreement, signed by one or both. Signatures are verified by `check_signatures`.

        Raises:
            TrustError: it is not an agreement that this version can keep.
        """
        document = toml_text.normal(data, "agreement")
        proposal, acceptance = _parts(document)
        signed, signature = toml_text.split_signed(proposal, f"{INITIATOR}_signature", "agreement")
        fields = toml_text.parse(signed, "agreement", AGREEMENT_FORMAT)
        terms = read_terms(fields)
        sizes = _read_sizes(fields[INITIATOR], INITIATOR, terms.segments)
        if not acceptance:
            return cls(document, terms, (sizes,), (signed,), (signature,))
        added, second = toml_text.split_signed(acceptance, f"{RESPONDER}_signature", "agreement")
        fields = toml_text.parse(added, "agreement")
        toml_text.check_keys(fields, {RESPONDER: dict}, "agreement, responder's part")
        accepted = _read_sizes(fields[RESPONDER], RESPONDER, terms.segments)
        return cls(document, terms, (sizes, accepted), (signed, proposal + added), (signature, second))


def _parts(document: str) -> tuple[str, str]:
    """Cut the text behind the initiator's signature.

    The parts are parsed apart, for TOML would let the responder's part add slots to the terms before it.
    """
    before, mark, after = document.partition(f"\n{INITIATOR}_signature = ")
    line, _, rest = after.partition("\n")
    return f"{before}{mark}{line}\n", rest


def _read_sizes(table: dict[str, Any], role: str, segments: tuple[str, ...]) -> dict[str, int]:
    toml_text.check_keys(table, dict.fromkeys(segments, int), f"agreement, {role}")
    sizes = {segment: table[segment] for segment in segments}
    if not all(0 <= size <= MAX_ROWS for size in sizes.values()):
        raise TrustError(f"agreement: a size of the {role} is out of range")
    return sizes
