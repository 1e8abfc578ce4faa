"""Sealing messages to a partner's public key, and streams and files under a key of the identity.

Messages are sealed to an MLKEM768-X25519 key, with the HPKE of `cryptography` (FIPS 203, RFC 7748, RFC 9180). A
raw public key is the ML-KEM encapsulation key followed by the X25519 key.

Streams are chunks of AES-256-GCM as in STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) with an empty prefix,
since a key seals one stream only. If chunks are cut off, doubled or reordered, the stream does not open
(message-v2 §5.3).

A file is a salt, then a stream. Its key comes from the storage key, the salt and a label, by HKDF (RFC 5869), so
that no key is used twice and one file cannot be passed off as another.
"""

import secrets
from collections.abc import Iterable, Iterator
from os import SEEK_END
from typing import BinaryIO, Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accountmap.errors import WorkspaceError
from accountmap.psi.suite import Body

CHUNK_BYTES: Final = 1 << 20
TAG_BYTES: Final = 16


def sealed_bytes(length: int) -> int:
    """Return how long so many bytes are once they are sealed."""
    return length + TAG_BYTES * max(1, -(-length // CHUNK_BYTES))


def plain_bytes(sealed: int) -> int:
    """Return the length of what was sealed, given the length of the sealed chunks.

    Raises:
        ValueError: sealed chunks cannot have this length.
    """
    length = sealed - TAG_BYTES * max(1, -(-sealed // (CHUNK_BYTES + TAG_BYTES)))
    if length < 0 or sealed_bytes(length) != sealed:
        raise ValueError("no whole number of chunks")
    return length


def seal_stream(key: bytes, parts: Iterable[Body]) -> Iterator[bytes]:
    """Seal parts of any lengths. Each chunk is sealed only when it is asked for.

    Args:
        key: 32 fresh secret bytes.
    """
    aead = AESGCM(key)
    chunks = _cut(parts)
    chunk, number = next(chunks), 0
    for following in chunks:
        yield aead.encrypt(_nonce(number, last=False), chunk, None)
        chunk, number = following, number + 1
    yield aead.encrypt(_nonce(number, last=True), chunk, None)


def open_stream(key: bytes, file: BinaryIO, length: int) -> bytearray:
    """Open the rest of a file, a chunk at a time. Memory is allocated only for what has opened.

    Args:
        length: the length of what was sealed.

    Raises:
        InvalidTag, ValueError: it was cut or altered, sealed under another key, or has another length.
        MemoryError: it does not fit.
    """
    aead, opened = AESGCM(key), bytearray()
    for number in range(max(1, -(-length // CHUNK_BYTES))):
        size = min(CHUNK_BYTES, length - len(opened))
        nonce = _nonce(number, last=len(opened) + size == length)
        opened += aead.decrypt(nonce, file.read(size + TAG_BYTES), None)
    if len(opened) != length:
        raise ValueError("something else was sealed")
    return opened


def _nonce(chunk: int, *, last: bool) -> bytes:
    return bytes(7) + chunk.to_bytes(4, "big") + bytes([last])


def _cut(parts: Iterable[Body]) -> Iterator[bytearray]:
    """Cut parts into chunks of one length. The last may be shorter; without any bytes there is one empty chunk."""
    chunk = bytearray()
    for part in parts:
        rest = memoryview(part)
        while rest:
            if len(chunk) == CHUNK_BYTES:
                yield chunk
                chunk = bytearray()
            taken = rest[: CHUNK_BYTES - len(chunk)]
            chunk += taken
            rest = rest[len(taken) :]
    yield chunk


SALT_BYTES: Final = 32
_LABEL: Final = b"accountmap-at-rest-v1\x00"


class Storage:
    """Seals and opens files under one secret.

    Args:
        secret: uniform secret bytes, at least 32.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def seal(self, parts: Iterable[Body], label: str) -> Iterator[bytes]:
        """Encrypt a file, part by part.

        Args:
            label: says which file it is; `open` must be given the same.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        yield salt
        yield from seal_stream(self._key(salt, label), parts)

    def open(self, file: BinaryIO, label: str) -> memoryview:
        """Decrypt a file, and return all of it, read only.

        Raises:
            WorkspaceError: it was cut or altered, or sealed by another workspace or under another label.
        """
        sealed = file.seek(0, SEEK_END) - SALT_BYTES
        file.seek(0)
        try:
            length = plain_bytes(sealed)
            data = open_stream(self._key(file.read(SALT_BYTES), label), file, length)
        except (InvalidTag, ValueError) as error:
            raise WorkspaceError(
                "a sealed file of the workspace is damaged or belongs to another one",
                "Restore it from a backup.",
            ) from error
        return memoryview(data).toreadonly()

    def secret(self, label: str) -> bytes:
        """Return 32 secret bytes for one purpose: always the same for a label, and of no use for any other."""
        return self._key(b"", f"secret: {label}")

    def _key(self, salt: bytes, label: str) -> bytes:
        return HKDF(SHA256(), 32, salt, _LABEL + label.encode()).derive(self._secret)


MLKEM_BYTES: Final = 1184
PUBLIC_BYTES: Final = MLKEM_BYTES + 32
_SEED_BYTES: Final = 64
_ANY_KEY: Final = X25519PrivateKey.from_private_bytes(bytes(32))

SUITE_NAME: Final = "MLKEM768-X25519, HKDF-SHA256, AES-256-GCM"
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)

SEALED_KEY_BYTES: Final = 1168
"""A sealed 32-byte key: ML-KEM ciphertext 1088, X25519 key 32, key 32, tag 16."""


class SealingKey:
    """The private half of a key pair that messages are sealed to."""

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
            InvalidTag: it was sealed to another key or with another info, or was altered.
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
    """Refuse bytes that are not a public key.

    Raises:
        ValueError: the length is wrong, the ML-KEM key is malformed, or the X25519 key has low order.
    """
    if len(public) != PUBLIC_BYTES:
        raise ValueError("a sealing key has another length")
    MLKEM768PublicKey.from_public_bytes(public[:MLKEM_BYTES])
    # Raises for a point of low order, whatever the private key.
    _ANY_KEY.exchange(X25519PublicKey.from_public_bytes(public[MLKEM_BYTES:]))
