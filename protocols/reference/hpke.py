"""HPKE base mode, single shot, to an MLKEM768-X25519 key (RFC 9180; X-Wing for the KEM), from given randomness."""

import hashlib
import hmac

from protocols.reference import aes_gcm, mlkem768
from protocols.reference.curve import x25519

BASE_POINT = (9).to_bytes(32, "little")
XWING_LABEL = b"\\.//^\\"
MLKEM_KEY_BYTES = 1184
SUITE_ID = b"HPKE" + b"\x64\x7a" + b"\x00\x01" + b"\x00\x02"
"""KEM MLKEM768-X25519, KDF HKDF-SHA256, AEAD AES-256-GCM."""


def public_key(mlkem_seed: bytes, x25519_secret: bytes) -> bytes:
    """Return the raw public key, 1216 bytes: ML-KEM, then X25519."""
    return mlkem768.public_key(mlkem_seed) + x25519(x25519_secret, BASE_POINT)


def encapsulate(public: bytes, m: bytes, ephemeral: bytes) -> tuple[bytes, bytes]:
    """Encapsulate as X-Wing does (draft-connolly-cfrg-xwing-kem §5.4).

    Args:
        public: raw public key.
        m: 32 random bytes of ML-KEM.
        ephemeral: secret X25519 key, 32 random bytes.

    Returns:
        The shared secret, 32 bytes, and the encapsulation, 1120 bytes.
    """
    mlkem_key, x25519_key = public[:MLKEM_KEY_BYTES], public[MLKEM_KEY_BYTES:]
    mlkem_secret, mlkem_ciphertext = mlkem768.encapsulate(mlkem_key, m)
    ours, exchanged = x25519(ephemeral, BASE_POINT), x25519(ephemeral, x25519_key)
    secret = hashlib.sha3_256(mlkem_secret + exchanged + ours + x25519_key + XWING_LABEL).digest()
    return secret, mlkem_ciphertext + ours


def _extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
    """LabeledExtract (RFC 9180 §4)."""
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + SUITE_ID + label + ikm, "sha256")


def _expand(prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand (RFC 9180 §4), for at most 32 bytes."""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + SUITE_ID + label + info
    return hmac.digest(prk, labeled + b"\x01", "sha256")[:length]


def seal(public: bytes, plaintext: bytes, info: bytes, m: bytes, ephemeral: bytes) -> bytes:
    """Seal to a public key: the encapsulation, then the sealed plaintext (RFC 9180 §5.1, §6.1)."""
    shared, encapsulated = encapsulate(public, m, ephemeral)
    context = b"\x00" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
    secret = _extract(shared, b"secret", b"")
    key, nonce = _expand(secret, b"key", context, 32), _expand(secret, b"base_nonce", context, 12)
    return encapsulated + aes_gcm.seal(key, nonce, plaintext)
