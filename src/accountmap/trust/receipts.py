"""Receipts of sessions: signing them, and keeping them in a ledger so that they can be computed again.

No part of a receipt names an account.
"""

from typing import Any, Final

from cryptography.exceptions import InvalidSignature

from accountmap.psi.key_exchange import SignedReceipt
from accountmap.trust.identity import Card, Identity, verify

_LABEL: Final = b"accountmap-receipt-v2 signature\x00"
_PARTS: Final = ("sid", "transcript", "matches", "responder_fields", "initiator_fields")


class CardReceipts:
    """psi's Receipts port: receipts signed with the identities of the two parties (account-psi-v2 §7.10)."""

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


def receipt_facts(receipt: SignedReceipt) -> dict[str, Any]:
    """Write a receipt as the entry of a ledger does."""
    return {
        "receipt": receipt.digest.hex(),
        "signed": {name: getattr(receipt, name).hex() for name in _PARTS}
        | {"signatures": [signature.hex() for signature in receipt.signatures]},
    }


def receipt_from_facts(facts: dict[str, Any]) -> SignedReceipt:
    """Read what `receipt_facts` wrote.

    Raises:
        ValueError, KeyError, TypeError: there is no receipt, or its digest is not that of its parts.
    """
    kept = facts["signed"]
    initiator, responder = (bytes.fromhex(signature) for signature in kept["signatures"])
    parts = {name: bytes.fromhex(kept[name]) for name in _PARTS}
    receipt = SignedReceipt(**parts, signatures=(initiator, responder))
    if receipt.digest.hex() != facts["receipt"]:
        raise ValueError("the receipt is not that of its parts")
    return receipt
