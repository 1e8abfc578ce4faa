"""The agreement: what two partners compare, what each learns, and within which limits.

One TOML file that grows by appending. The initiator writes the terms and its own sizes and signs all of it; the
responder adds its sizes and signs everything before its signature. The digest of the whole text is part of every
message, so a session under two different texts cannot begin.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature

from accountmap.errors import TrustError
from accountmap.trust import text
from accountmap.trust.identity import Card, Identity, verify

AGREEMENT_FORMAT: Final = "accountmap-agreement-v1"
INITIATOR: Final = "initiator"
RESPONDER: Final = "responder"
ROLES: Final = (INITIATOR, RESPONDER)
MAX_ROWS: Final = 100_000_000
_SIGN_LABEL: Final = b"accountmap-agreement-v1 signature\x00"
_SUITE: Final = {
    "session": "account-psi-v1",
    "message": "message-v1",
    "sealing": "MLKEM768-X25519, HKDF-SHA256, AES-256-GCM",
}


@dataclass(frozen=True)
class SlotTerms:
    """One kind of match key: canonical.prepared.Slot as it stands in an agreement."""

    name: str
    space: str
    weight: int
    tier: str


@dataclass(frozen=True)
class Terms:
    """What both sign.

    Attributes:
        created, valid_until: in UTC; the last day on which a session may begin.
        purpose: in the partners' words.
        names, cards: of initiator and responder: name on the card, digest of the card in hex.
        canonical: version of the canonicaliser.
        data: digests of the canonicaliser's tables, by table.
        profile, slots, threshold: which keys are compared and what makes a match.
        segments: in the order in which they are numbered.
        automatic_share: with --yes, reveal only if the preview counts at most this share of the own entities.
        runs_per_30_days: how many sessions may reach the preview in 30 days.
    """

    created: datetime
    valid_until: date
    purpose: str
    names: tuple[str, str]
    cards: tuple[str, str]
    canonical: str
    data: dict[str, str]
    profile: str
    slots: tuple[SlotTerms, ...]
    threshold: int
    segments: tuple[str, ...]
    automatic_share: float
    runs_per_30_days: int


@dataclass(frozen=True)
class Agreement:
    """An agreement as far as it is signed.

    Attributes:
        document: the text so far.
        terms: what both sign.
        sizes: padded entities by segment, of the initiator and, once it has signed, of the responder.
        signatures: likewise; `check_signatures` verifies them.
    """

    document: str
    terms: Terms
    sizes: tuple[dict[str, int], ...]
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
            TrustError: a card is not the one named, or a signature does not hold.
        """
        for role, card, named, signature in zip(ROLES, cards, self.terms.cards, self.signatures, strict=False):
            if card.digest.hex() != named:
                raise TrustError("the agreement names another card than the one on file")
            signed = self.document.partition(f"\n{role}_signature = ")[0]
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
        return cls._sign(_write_terms(terms), 0, sizes, identity)

    def accept(self, sizes: dict[str, int], identity: Identity) -> "Agreement":
        """Add the responder's sizes and signature."""
        return self._sign(self.document, 1, sizes, identity)

    @classmethod
    def _sign(cls, document: str, role: int, sizes: dict[str, int], identity: Identity) -> Self:
        rows = "".join(f"\n{text.quote(name)} = {size}" for name, size in sizes.items())
        note = f"\n# Sizes to which {identity.card.name} pads its segments: all that is shown of their sizes.\n"
        signed = f"{document}{note}[{ROLES[role]}]{rows}"
        signature = text.encode(identity.sign(_SIGN_LABEL + signed.encode()))
        return cls.parse(f"{signed}\n{ROLES[role]}_signature = {signature}\n".encode())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read an agreement, signed by one or both. Signatures are verified by `check_signatures`.

        Raises:
            TrustError: it is not an agreement that this version can keep.
        """
        document = text.normal(data, "agreement")
        proposal, acceptance = _parts(document)
        fields = text.parse(proposal, "agreement", AGREEMENT_FORMAT)
        terms = _read_terms(fields)
        parts = [(INITIATOR, fields[INITIATOR])]
        if acceptance:
            added = text.parse(acceptance, "agreement")
            text.check_keys(added, {RESPONDER: dict}, "agreement, responder's part")
            parts.append((RESPONDER, added[RESPONDER]))
        return cls(
            document,
            terms,
            tuple(_read_sizes(table, role, terms.segments) for role, table in parts),
            tuple(text.decode(table[f"{role}_signature"], "a signature") for role, table in parts),
        )


def _parts(document: str) -> tuple[str, str]:
    """Cut the text behind the initiator's signature.

    The parts are parsed apart, for TOML would let the responder's part add slots to the terms before it.
    """
    before, mark, after = document.partition(f"\n{INITIATOR}_signature = ")
    line, _, rest = after.partition("\n")
    return f"{before}{mark}{line}\n", rest


def _write_terms(terms: Terms) -> str:
    q = text.quote
    slots = "".join(
        f"\n[[slot]]\nname = {q(s.name)}\nspace = {q(s.space)}\nweight = {s.weight}\ntier = {q(s.tier)}\n"
        for s in terms.slots
    )
    data = "".join(f"{q(name)} = {q(digest)}\n" for name, digest in terms.data.items())
    return f"""# An accountmap agreement. Both partners sign it; a session under any other text is refused.
format = {q(AGREEMENT_FORMAT)}
created = {terms.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}
valid_until = {terms.valid_until.isoformat()}
purpose = {q(terms.purpose)}

[parties]
names = {q(list(terms.names))}
cards = {q(list(terms.cards))}

[protocol]
session = {q(_SUITE["session"])}
message = {q(_SUITE["message"])}
sealing = {q(_SUITE["sealing"])}

# Both sides must make the same keys: version and tables of the canonicaliser.
[canonical]
version = {q(terms.canonical)}

[canonical.data]
{data}
# What is compared. The first slot is the preview kind.
[matching]
profile = {q(terms.profile)}
threshold = {terms.threshold}
{slots}
# Preview: both learn one count for each pair of segments. Reveal, after both consent: each learns which of its own
# accounts the other has, and in which of the other's segments.
[disclosure]
segments = {q(list(terms.segments))}
automatic_share = {terms.automatic_share}
runs_per_30_days = {terms.runs_per_30_days}
"""


def _read_terms(fields: dict[str, Any]) -> Terms:
    check = text.check_keys
    top = {"format": str, "created": datetime, "valid_until": date, "purpose": str, "slot": list}
    tables = dict.fromkeys(("parties", "protocol", "canonical", "matching", "disclosure", INITIATOR), dict)
    check(fields, {**top, **tables}, "agreement")
    parties, matching, disclosure = fields["parties"], fields["matching"], fields["disclosure"]
    check(parties, {"names": list, "cards": list}, "agreement, parties")
    check(fields["canonical"], {"version": str, "data": dict}, "agreement, canonical")
    check(matching, {"profile": str, "threshold": int}, "agreement, matching")
    check(
        disclosure, {"segments": list, "automatic_share": float, "runs_per_30_days": int}, "agreement, disclosure"
    )
    if fields["protocol"] != _SUITE:
        raise TrustError(
            "the agreement asks for another protocol than this version has", "Use the same version on both sides."
        )
    for slot in fields["slot"]:
        check(slot, {"name": str, "space": str, "weight": int, "tier": str}, "agreement, slot")
    strings = [
        *parties["names"],
        *parties["cards"],
        *disclosure["segments"],
        *fields["canonical"]["data"].values(),
    ]
    segments = disclosure["segments"]
    if (
        not all(isinstance(s, str) for s in strings)
        or len(parties["names"]) != 2
        or len(set(parties["cards"])) != 2
        or not 1 <= len(segments) == len(set(segments)) <= 16
        or not 1 <= len(fields["slot"]) <= 32
        or not 0 <= disclosure["automatic_share"] <= 1
    ):
        raise TrustError("agreement: a value is out of range")
    names = text.check_name(parties["names"][0]), text.check_name(parties["names"][1])
    return Terms(
        created=fields["created"],
        valid_until=fields["valid_until"],
        purpose=fields["purpose"],
        names=names,
        cards=(parties["cards"][0], parties["cards"][1]),
        canonical=fields["canonical"]["version"],
        data=fields["canonical"]["data"],
        profile=matching["profile"],
        slots=tuple(SlotTerms(**slot) for slot in fields["slot"]),
        threshold=matching["threshold"],
        segments=tuple(segments),
        automatic_share=disclosure["automatic_share"],
        runs_per_30_days=disclosure["runs_per_30_days"],
    )


def _read_sizes(table: dict[str, Any], role: str, segments: tuple[str, ...]) -> dict[str, int]:
    types: dict[str, type] = dict.fromkeys(segments, int)
    text.check_keys(table, {**types, f"{role}_signature": str}, f"agreement, {role}")
    sizes = {segment: table[segment] for segment in segments}
    if not all(0 <= size <= MAX_ROWS for size in sizes.values()):
        raise TrustError(f"agreement: a size of the {role} is out of range")
    return sizes
