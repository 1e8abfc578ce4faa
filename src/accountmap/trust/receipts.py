"""Receipts: signing them, and keeping those of a session so that they can be computed again."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accountmap.psi.fields import matches_digest, receipt_of
from accountmap.psi.phases import Done
from accountmap.psi.suite import digest
from accountmap.trust.identity import Card, Identity, verify
from accountmap.trust.toml_text import SIGNATURE_BYTES

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


_RUN_LABEL: Final = b"accountmap-run-v1 receipts\x00"


@dataclass(frozen=True)
class SessionReceipt:
    """What the two parties signed at the end of one session (account-psi-v1 §5.8).

    Attributes:
        sid, graph: of the session.
        counts: the preview, the initiator's segments as rows.
        matches: digest of the match ids.
        shown: digests of both field blocks.
        signatures: of initiator and responder.
    """

    sid: bytes
    graph: bytes
    counts: tuple[tuple[int, ...], ...]
    matches: bytes
    shown: bytes
    signatures: tuple[bytes, bytes]

    @property
    def receipt(self) -> bytes:
        """The digest that was signed."""
        return receipt_of(self.sid, self.graph, np.array(self.counts, np.int64), self.matches, self.shown)

    @classmethod
    def of(cls, done: Done) -> Self:
        """Take what a session leaves."""
        counts = tuple(tuple(row) for row in done.counts.tolist())
        signatures = done.signatures[:SIGNATURE_BYTES], done.signatures[SIGNATURE_BYTES:]
        return cls(done.sid, done.graph, counts, matches_digest(done), done.shown, signatures)

    def to_facts(self) -> dict[str, Any]:
        """Write it as a ledger entry does."""
        return {
            "sid": self.sid.hex(),
            "graph": self.graph.hex(),
            "counts": [list(row) for row in self.counts],
            "matches": self.matches.hex(),
            "shown": self.shown.hex(),
            "signatures": [signature.hex() for signature in self.signatures],
        }

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> Self:
        """Read what `to_facts` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is none.
        """
        sid, graph, matches, shown = (bytes.fromhex(facts[name]) for name in ("sid", "graph", "matches", "shown"))
        initiator, responder = (bytes.fromhex(signature) for signature in facts["signatures"])
        counts = tuple(tuple(int(n) for n in row) for row in facts["counts"])
        if any(not 0 <= n < 2**32 for row in counts for n in row) or not counts:
            raise ValueError("counts are out of range")
        return cls(sid, graph, counts, matches, shown, (initiator, responder))


def run_id(sids: Iterable[bytes]) -> bytes:
    """Return the id of a run of these sessions (account-psi-v1 §5.9)."""
    return digest("run", *sids)


def run_receipt(receipts: Iterable[bytes]) -> bytes:
    """Return the fingerprint of a run: a digest of its sessions' receipts, in the order of the agreement."""
    return hashlib.sha256(_RUN_LABEL + b"".join(receipts)).digest()
