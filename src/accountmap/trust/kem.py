"""The hybrid key pair that messages are sealed to: ML-KEM-768 with X25519.

The KEM is MLKEM768-X25519 of `cryptography`'s HPKE (FIPS 203, RFC 7748, RFC 9180). Raw public keys are the ML-KEM
encapsulation key followed by the X25519 key.
"""

from typing import Final, Self

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

MLKEM_BYTES: Final = 1184
PUBLIC_BYTES: Final = MLKEM_BYTES + 32
_SEED_BYTES: Final = 64
_ANY_KEY: Final = X25519PrivateKey.from_private_bytes(bytes(32))

SUITE_NAME: Final = "MLKEM768-X25519, HKDF-SHA256, AES-256-GCM"
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

SEALED_KEY_BYTES: Final = 1168
"""A sealed 32-byte key: ML-KEM ciphertext 1088, X25519 key 32, key 32, tag 16."""


class SealingKey:
    """The private half."""

    def __init__(self, mlkem: MLKEM768PrivateKey, x25519: X25519PrivateKey) -> None:
        self._mlkem, self._x25519 = mlkem, x25519

    @classmethod
    def generate(cls) -> Self:
        """Make a fresh key pair."""
        return cls(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read what `to_bytes` wrote."""
        mlkem = MLKEM768PrivateKey.from_seed_bytes(raw[:_SEED_BYTES])
        return cls(mlkem, X25519PrivateKey.from_private_bytes(raw[_SEED_BYTES:]))

    def to_bytes(self) -> bytes:
        """Return the secret seed of the ML-KEM key and the secret X25519 key."""
        return self._mlkem.private_bytes_raw() + self._x25519.private_bytes_raw()

    @property
    def public(self) -> bytes:
        """The raw public half."""
        return self._mlkem.public_key().public_bytes_raw() + self._x25519.public_key().public_bytes_raw()

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open what was sealed to the public half.

        Raises:
            InvalidTag: it was sealed to another key, with another info, or altered.
        """
        return _SUITE.decrypt(sealed, MLKEM768X25519PrivateKey(self._mlkem, self._x25519), info=info)


def seal(public: bytes, plaintext: bytes, info: bytes) -> bytes:
    """Seal to a raw public key (HPKE base mode, single shot; RFC 9180 §6.1)."""
    key = MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(public[:MLKEM_BYTES]),
        X25519PublicKey.from_public_bytes(public[MLKEM_BYTES:]),
    )
    return _SUITE.encrypt(plaintext, key, info=info)


def check_public(public: bytes) -> None:
    """Refuse bytes that are no public key.

    Raises:
        ValueError: the length is wrong or the ML-KEM key is malformed.
    """
    if len(public) != PUBLIC_BYTES:
        raise ValueError("a sealing key has another length")
    MLKEM768PublicKey.from_public_bytes(public[:MLKEM_BYTES])
    # Raises for a point of low order, whatever the private key.
    _ANY_KEY.exchange(X25519PublicKey.from_public_bytes(public[MLKEM_BYTES:]))
