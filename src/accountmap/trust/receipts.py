"""What psi asks of the trust layer: sealing under keys that are used once, and signing receipts."""

from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accountmap.trust.identity import Card, Identity, verify

_LABEL: Final = b"accountmap-receipt-v1 signature\x00"
_NONCE: Final = bytes(12)


class OneTimeAead:
    """AES-256-GCM (NIST SP 800-38D) with a fixed nonce: each key seals one text."""

    def seal(self, key: bytes, plaintext: bytes) -> bytes:
        """Encrypt; the result is 16 bytes longer."""
        return AESGCM(key).encrypt(_NONCE, plaintext, None)

    def open(self, key: bytes, sealed: bytes) -> bytes | None:
        """Decrypt, or return None."""
        try:
            return AESGCM(key).decrypt(_NONCE, sealed, None)
        except InvalidTag:
            return None


class CardReceipts:
    """Receipts signed with the identities of the two parties."""

    def __init__(self, identity: Identity, partner: Card) -> None:
        self._identity, self._partner = identity, partner

    def sign(self, receipt: bytes) -> bytes:
        """Sign a receipt."""
        return self._identity.sign(_LABEL + receipt)

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        """Tell whether the partner signed a receipt."""
        return receipt_holds(self._partner, receipt, signature)


def receipt_holds(card: Card, receipt: bytes, signature: bytes) -> bool:
    """Tell whether the owner of a card signed a receipt."""
    try:
        verify(card.signing_key, signature, _LABEL + receipt)
    except InvalidSignature:
        return False
    return True
