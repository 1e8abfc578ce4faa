"""A record that cannot be changed unseen: entries chained by hash, each signed by the company that wrote it.

An entry is canonical JSON. It contains the hash of the entry before it; its own hash covers that, and its
signature covers its own hash. So an entry that was changed, removed, inserted or moved breaks the chain at that
place. Entries
that were cut off the end are missed only by somebody who kept the hash of the last one: give it to your auditor
with `ledger export`.

A receipt is a digest of what a session matched and showed. The entry keeps its parts, as digests that a party can
open, so that anybody can compute it again. For everything else in the entry (dates, names of fields) there is only
the word of the company that wrote it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature

from accountmap.errors import TrustError
from accountmap.psi.key_exchange import SignedReceipt
from accountmap.trust.identity import Card, Identity, verify

EXPORT_FORMAT: Final = "accountmap-ledger-v2"
BEGINNING: Final = bytes(32)
"""The hash before the first entry."""

_HASH_LABEL: Final = b"accountmap-ledger-v2 entry\x00"
_SIGN_LABEL: Final = b"accountmap-ledger-v2 signature\x00"

Facts = dict[str, Any]
"""What an entry says: names to texts, whole numbers, lists and tables of them."""


@dataclass(frozen=True)
class Entry:
    """One entry.

    Attributes:
        body: canonical JSON: keys sorted, no blanks, UTF-8.
        signature: Ed25519 over the entry's hash.
    """

    body: str
    signature: bytes

    @property
    def facts(self) -> Facts:
        """What the entry says."""
        facts: Facts = json.loads(self.body)
        return facts

    @property
    def before(self) -> bytes:
        """The hash before it, as the entry says: enough to write the next entry, not to trust this one."""
        return bytes.fromhex(self.facts["before"])

    def hash(self, before: bytes) -> bytes:
        """Return the hash of the chain up to and including this entry."""
        return hashlib.sha256(_HASH_LABEL + before + self.body.encode()).digest()

    @classmethod
    def write(cls, facts: Facts, number: int, before: bytes, identity: Identity) -> Self:
        """Make the next entry of a chain.

        Args:
            number: 1 for the first.
            before: hash of the chain so far.
        """
        whole = {**facts, "number": number, "before": before.hex(), "signer": identity.card.digest.hex()}
        unsigned = cls(_canonical(whole), b"")
        return cls(unsigned.body, identity.sign(_SIGN_LABEL + unsigned.hash(before)))


@dataclass(frozen=True)
class Ledger:
    """A chain with the cards to check its signatures with.

    Attributes:
        cards: those of the company that wrote it and of its partners, replaced ones too, by digest in hex.
    """

    entries: tuple[Entry, ...]
    cards: Mapping[str, Card]

    @property
    def head(self) -> bytes:
        """The hash of the whole chain."""
        return head_of(self.entries)

    def check(self) -> None:
        """Check numbers, chain and signatures, and the signatures of both parties on every receipt.

        Raises:
            TrustError: names the first entry that is not valid.
        """
        before, receipts = BEGINNING, set[bytes]()
        for number, entry in enumerate(self.entries, 1):
            fault = self._fault(entry, number, before, receipts)
            if fault:
                raise TrustError(
                    f"entry {number} of the ledger is not valid: {fault}",
                    "The entries before it are valid. Compare with a backup or with an earlier export.",
                )
            before = entry.hash(before)

    def _fault(self, entry: Entry, number: int, before: bytes, receipts: set[bytes]) -> str | None:
        try:
            facts = entry.facts
            if facts["number"] != number:
                return f"it says that it is entry {int(facts['number'])}"
            if facts["before"] != before.hex() or entry.body != _canonical(facts):
                return "it was changed, or something before it was"
            signer = self.cards.get(facts["signer"])
            if signer is None:
                return "it is signed under a card that is not on file"
            verify(signer.signing_key, entry.signature, _SIGN_LABEL + entry.hash(before))
            return self._receipt_fault(facts, receipts)
        except InvalidSignature:
            return "it was changed, or something before it was"
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            return "it is not an entry"

    def _receipt_fault(self, facts: Facts, receipts: set[bytes]) -> str | None:
        """Check that both parties signed the receipt, if the session is said to be done.

        Args:
            receipts: of the entries before; this one is added.
        """
        if "receipt" not in facts and facts["event"] != "done":
            return None
        parties, signed = _receipt(facts)
        if facts["signer"] not in parties:
            return "the company that wrote it is not a party to its receipt"
        if signed.digest in receipts:
            return "its receipt is that of an earlier session"
        receipts.add(signed.digest)
        if signed.digest.hex() != facts["receipt"] or signed.sid.hex() != facts["sid"]:
            return "its receipt does not belong to what it says"
        return self._signature_fault(parties, signed)

    def _signature_fault(self, parties: tuple[str, str], signed: SignedReceipt) -> str | None:
        for digest, signature in zip(parties, signed.signatures, strict=True):
            card = self.cards.get(digest)
            if card is None:
                return "a party to its session is not on file"
            if not receipt_holds(card, signed.digest, signature):
                return f"the signature of {card.name} on the receipt is not valid"
        return None

    def check_contains(self, head: str) -> None:
        """Refuse a chain that does not contain a hash which somebody kept.

        Args:
            head: the last hash of an earlier state, in hex.

        Raises:
            TrustError: the chain was cut or written anew since.
        """
        hashes = {BEGINNING.hex()}
        before = BEGINNING
        for entry in self.entries:
            before = entry.hash(before)
            hashes.add(before.hex())
        if head.strip().lower() not in hashes:
            raise TrustError(
                "the ledger does not contain that hash: it was cut, or written anew, since then",
                "Compare with a backup or with an earlier export.",
            )

    def encode(self) -> bytes:
        """Write the ledger as one JSON file that an auditor can check without the workspace."""
        fields = {
            "format": EXPORT_FORMAT,
            "head": self.head.hex(),
            "cards": [card.document for card in self.cards.values()],
            "entries": [{"body": e.body, "signature": e.signature.hex()} for e in self.entries],
        }
        return json.dumps(fields, ensure_ascii=False, indent=1).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read an exported ledger and check it.

        Raises:
            TrustError: it is not an exported ledger, is not valid, or lacks its last entries.
        """
        try:
            fields = json.loads(data)
            if fields["format"] != EXPORT_FORMAT:
                raise ValueError("another format")
            cards = [Card.parse(document.encode()) for document in fields["cards"]]
            entries = tuple(Entry(str(e["body"]), bytes.fromhex(e["signature"])) for e in fields["entries"])
            head = bytes.fromhex(fields["head"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise TrustError(
                "this is not an exported ledger", "Make one with: accountmap ledger export FILE"
            ) from error
        ledger = cls(entries, {card.digest.hex(): card for card in cards})
        ledger.check()
        if ledger.head != head:
            raise TrustError("the exported ledger ends before its head", "Ask for the export again.")
        return ledger


def head_of(entries: Iterable[Entry]) -> bytes:
    """Return the hash of a chain."""
    before = BEGINNING
    for entry in entries:
        before = entry.hash(before)
    return before


def _receipt(facts: Facts) -> tuple[tuple[str, str], SignedReceipt]:
    """Return the digests of the two parties' cards, and what they signed, from the entry of a finished session.

    Raises:
        ValueError, KeyError, TypeError: there is no receipt, or it is not that of two parties.
    """
    initiator, responder = facts["cards"]
    if facts["event"] != "done" or initiator == responder:
        raise ValueError("not a receipt of two parties")
    return (initiator, responder), receipt_from_facts(facts)


def _canonical(facts: Facts) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_LABEL: Final = b"accountmap-receipt-v2 signature\x00"
_PARTS: Final = tuple(each.name for each in fields(SignedReceipt) if each.name != "signatures")


class CardReceipts:
    """Receipts signed with the identities of the two parties."""

    def __init__(self, identity: Identity, partner: Card) -> None:
        self._identity, self._partner = identity, partner

    def sign(self, receipt: bytes) -> bytes:
        """Sign a receipt."""
        return self._identity.sign(_LABEL + receipt)

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        """Return whether the partner signed a receipt."""
        return receipt_holds(self._partner, receipt, signature)


def receipt_holds(card: Card, receipt: bytes, signature: bytes) -> bool:
    """Return whether the owner of a card signed a receipt."""
    try:
        verify(card.signing_key, signature, _LABEL + receipt)
    except InvalidSignature:
        return False
    return True


def partner_facts(partner: Card, now: datetime) -> Facts:
    """Return what every entry about a partner begins with: when something happened, and with whom."""
    return {
        "at": now.isoformat(timespec="seconds"),
        "partner": partner.name,
        "partner_card": partner.digest.hex(),
    }


def receipt_facts(signed: SignedReceipt) -> dict[str, Any]:
    """Write a receipt as a ledger entry has it: its digest, the digests of its parts, and both signatures."""
    parts: dict[str, Any] = {name: getattr(signed, name).hex() for name in _PARTS}
    return {
        "receipt": signed.digest.hex(),
        "signed": parts | {"signatures": [signature.hex() for signature in signed.signatures]},
    }


def receipt_from_facts(facts: dict[str, Any]) -> SignedReceipt:
    """Read what `receipt_facts` wrote.

    Raises:
        ValueError, KeyError, TypeError: it is not a receipt.
    """
    written = facts["signed"]
    initiator, responder = (bytes.fromhex(signature) for signature in written["signatures"])
    parts = {name: bytes.fromhex(written[name]) for name in _PARTS}
    return SignedReceipt(**parts, signatures=(initiator, responder))
