"""Receipts: signing them, and keeping them in the ledger so that anybody can compute them again (psi-v2 §7.10)."""

from dataclasses import fields
from typing import Any, Final

from cryptography.exceptions import InvalidSignature

from accountmap.psi.key_exchange import SignedReceipt
from accountmap.trust.identity import Card, Identity, verify

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
