"""The reference against published vectors and against OpenSSL."""

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from protocols.reference import aes_gcm, curve, ed25519, hpke, mlkem768
from protocols.reference.cases_cards import ORDER_8

from accountmap.trust.identity import LOW_ORDER
from accountmap.trust.sealed import SealingKey
from tests.protocols.vectors import ROOT

PUBLISHED = ROOT / "tests" / "vectors"
RFC_9380 = json.loads((PUBLISHED / "rfc9380_curve25519_XMD_SHA-512_ELL2_NU_.json").read_text())
WYCHEPROOF = json.loads((PUBLISHED / "wycheproof_x25519_test.json").read_text())


def sample(name: str, length: int) -> bytes:
    return hashlib.shake_256(name.encode()).digest(length)


@pytest.mark.parametrize("vector", RFC_9380["vectors"], ids=lambda v: v["msg"][:8])
def test_hash_to_curve_before_cofactor_clearing(vector: dict[str, Any]) -> None:
    made = curve.hash_to_curve(RFC_9380["dst"].encode(), vector["msg"].encode())
    assert int.from_bytes(made, "little") == int(vector["Q"]["x"], 16)


def test_expansion_to_more_than_a_block() -> None:
    """RFC 9380 appendix K.3, message "abc" and 128 bytes."""
    made = curve.expand_message_xmd(b"abc", b"QUUX-V01-CS02-with-expander-SHA512-256", 128)
    assert made.hex().startswith("7f1dddd13c08b543f2e2037b14cefb255b44c83cc397c1786d975653e36a6b11")


def test_x25519() -> None:
    for group in WYCHEPROOF["testGroups"]:
        for test in group["tests"]:
            made = curve.x25519(bytes.fromhex(test["private"]), bytes.fromhex(test["public"]))
            assert made.hex() == test["shared"], test["tcId"]


def test_aes_gcm_of_the_standard() -> None:
    """Cases 13, 14 and 16 of the GCM submission to NIST."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    plaintext = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    aad = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    zero = bytes(32), bytes(12)
    assert aes_gcm.seal(*zero, b"").hex() == "530f8afbc74536b9a963b4f1c4cb738b"
    assert aes_gcm.seal(*zero, bytes(16)).hex() == (
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    )
    assert aes_gcm.seal(key, nonce, plaintext, aad)[-16:].hex() == "76fc6ece0f4e1768cddf8853bb2d551b"


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 100])
def test_aes_gcm_both_ways(length: int) -> None:
    key, nonce, plaintext = sample("key", 32), sample("nonce", 12), sample("plaintext", length)
    sealed = aes_gcm.seal(key, nonce, plaintext)
    assert sealed == AESGCM(key).encrypt(nonce, plaintext, None)
    assert aes_gcm.open_sealed(key, nonce, sealed) == plaintext
    assert aes_gcm.open_sealed(key, nonce, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None


def test_ed25519() -> None:
    seed, message = sample("seed", 32), sample("message", 70)
    theirs = Ed25519PrivateKey.from_private_bytes(seed)
    assert ed25519.public_key(seed) == theirs.public_key().public_bytes_raw()
    assert ed25519.sign(seed, message) == theirs.sign(message)


def test_points_of_low_order() -> None:
    """Doubling a point of order 8 gives one of order 4, then 2, then the neutral one: all that the text lists."""
    y = ORDER_8
    square = (y * y - 1) * pow(ed25519.D * y * y + 1, -1, ed25519.P) % ed25519.P
    x = pow(square, (ed25519.P + 3) // 8, ed25519.P)
    x = x if x * x % ed25519.P == square else x * pow(2, (ed25519.P - 1) // 4, ed25519.P) % ed25519.P
    point = (x, y, 1, x * y % ed25519.P)
    ys = {int.from_bytes(ed25519.encode(ed25519.multiply(n, point)), "little") & (2**255 - 1) for n in range(1, 9)}
    assert ys == LOW_ORDER


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_ml_kem(name: str) -> None:
    seed = sample(name, 64)
    theirs = MLKEM768PrivateKey.from_seed_bytes(seed)
    assert mlkem768.public_key(seed) == theirs.public_key().public_bytes_raw()
    secret, ciphertext = mlkem768.encapsulate(mlkem768.public_key(seed), sample(f"{name} m", 32))
    assert theirs.decapsulate(ciphertext) == secret


def test_hpke_with_the_hybrid_kem() -> None:
    """KEM 0x647A with the X-Wing combiner: what the library calls MLKEM768_X25519."""
    mlkem_seed, x25519_secret = sample("mlkem", 64), sample("x25519", 32)
    public = hpke.public_key(mlkem_seed, x25519_secret)
    key = SealingKey.from_bytes(mlkem_seed + x25519_secret)
    assert key.public == public
    sealed = hpke.seal(public, b"plaintext", b"info", sample("m", 32), sample("ephemeral", 32))
    assert key.open(sealed, b"info") == b"plaintext"
