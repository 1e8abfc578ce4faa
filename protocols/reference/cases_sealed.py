"""Vectors of whole messages: cards, keys, sealed bytes, and what a reader refuses (message-v2 §5, §7)."""

import hashlib
from dataclasses import replace
from typing import Any

from protocols.reference import aes_gcm, card, ed25519, envelope, hpke
from protocols.reference.cases_message import OFFER
from protocols.reference.suite import sha256

Json = dict[str, Any]
SEALED_KEY_BYTES = 1168
BODY = b"A body of some bytes, which a real session would not send."
CREATED = "2026-11-22T12:00:00Z"


def _secret(name: str, length: int = 32) -> bytes:
    return hashlib.shake_256(name.encode()).digest(length)


class Owner:
    """A company with a card.

    Args:
        keys: what its secrets are made from; by default its name.
    """

    def __init__(self, name: str, keys: str = "") -> None:
        self.name, keys = name, keys or name
        self.signing_seed = _secret(f"{keys} signs")
        self.mlkem_seed = _secret(f"{keys} decapsulates", 64)
        self.x25519_secret = _secret(f"{keys} exchanges")
        self.sealing_key = hpke.public_key(self.mlkem_seed, self.x25519_secret)
        self.signed = card.signed_text(name, CREATED, self.signing_seed, self.sealing_key)

    def describe(self) -> Json:
        """Write secrets and card."""
        return {
            "comment": f"the card of {self.name}",
            "signing_seed": self.signing_seed.hex(),
            "mlkem_seed": self.mlkem_seed.hex(),
            "x25519_secret": self.x25519_secret.hex(),
            "card": card.write(self.signed, self.signing_seed),
            "expect": {
                "signing_key": ed25519.public_key(self.signing_seed).hex(),
                "sealing_key": self.sealing_key.hex(),
                "digest": card.digest(self.signed).hex(),
                "fingerprint": card.fingerprint(self.signed),
            },
        }


BRIGHTWATER, LARKSPUR = Owner("Brightwater Works"), Owner("Larkspur & Sons")
HEADER = replace(
    OFFER,
    sender=card.digest(BRIGHTWATER.signed),
    recipient=card.digest(LARKSPUR.signed),
    transcript=envelope.first_transcript(
        OFFER.agreement, card.digest(BRIGHTWATER.signed), card.digest(LARKSPUR.signed)
    ),
    body_bytes=len(BODY),
)
RANDOM = envelope.SealingRandomness(_secret("content key"), _secret("m"), _secret("ephemeral"))
MESSAGE = envelope.write(HEADER, BODY, BRIGHTWATER.signing_seed, LARKSPUR.sealing_key, RANDOM)


def cards() -> Json:
    """The cards of both."""
    cases = [owner.describe() for owner in (BRIGHTWATER, LARKSPUR)]
    return {"comment": "Two partner cards and the secrets behind them", "section": "trust-v2 §3", "cases": cases}


def sealed_message() -> Json:
    """One message from the first card to the second."""
    return {
        "comment": "A message from the first card of cards.json to the second",
        "section": "message-v2 §5",
        "header": HEADER.encode().hex(),
        "body": BODY.hex(),
        "random": {name: value.hex() for name, value in vars(RANDOM).items()},
        "expect": {
            "info": envelope.info(HEADER.encode()).hex(),
            "signature": envelope.signature(HEADER, BODY, BRIGHTWATER.signing_seed).hex(),
            "message": MESSAGE.hex(),
        },
    }


def _flipped(place: int) -> bytes:
    return MESSAGE[:place] + bytes([MESSAGE[place] ^ 1]) + MESSAGE[place + 1 :]


def _sealed_as(nonce: bytes) -> bytes:
    """Seal body and signature under another chunk number."""
    signed = BODY + envelope.signature(HEADER, BODY, BRIGHTWATER.signing_seed)
    before = MESSAGE[: len(HEADER.encode()) + SEALED_KEY_BYTES]
    return before + aes_gcm.seal(RANDOM.content_key, nonce, signed)


def _written(header: envelope.Header = HEADER, signer: Owner = BRIGHTWATER, to: Owner = LARKSPUR) -> bytes:
    return envelope.write(header, BODY, signer.signing_seed, to.sealing_key, RANDOM)


def _signed_for_another_header() -> bytes:
    other = replace(HEADER, transcript=sha256(b"another transcript"))
    signed = BODY + envelope.signature(other, BODY, BRIGHTWATER.signing_seed)
    before = MESSAGE[: len(HEADER.encode()) + SEALED_KEY_BYTES]
    return before + envelope.seal_chunks(RANDOM.content_key, signed)


def sealed_refusals() -> Json:
    """Messages that do not open, or are not signed by the sender."""
    head = len(HEADER.encode())
    changed = [
        ("one byte short", "file-length", MESSAGE[:-1]),
        ("one byte long", "file-length", MESSAGE + b"\x00"),
        ("header only", "file-length", MESSAGE[:head]),
        ("another date in the header", "open", _flipped(175)),
        ("another ML-KEM ciphertext", "open", _flipped(head)),
        ("another X25519 share", "open", _flipped(head + 1088)),
        ("another sealed key", "open", _flipped(head + 1120)),
        ("another tag of the sealed key", "open", _flipped(head + SEALED_KEY_BYTES - 1)),
        ("another byte in the chunk", "open", _flipped(head + SEALED_KEY_BYTES)),
        ("another tag of the chunk", "open", _flipped(len(MESSAGE) - 1)),
        ("a chunk that is not the last, and none after it", "open", _sealed_as(envelope.nonce(0, last=False))),
        ("a chunk with another number", "open", _sealed_as(envelope.nonce(1, last=True))),
        ("sealed to somebody else", "open", _written(to=BRIGHTWATER)),
        ("signed by somebody else", "signature", _written(signer=LARKSPUR)),
        ("signed with another transcript", "signature", _signed_for_another_header()),
    ]
    return {
        "comment": "The message of sealed.json altered; the second card reads it and expects the first",
        "section": "message-v2 §7",
        "cases": [
            {"comment": comment, "message": data.hex(), "expect": f"refuse: {rule}"}
            for comment, rule, data in changed
        ],
    }
