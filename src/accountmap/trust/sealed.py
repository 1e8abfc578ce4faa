"""Sealing streams and files: chunks of AES-256-GCM under a key that the identity holds.

This is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) with an empty prefix, for a key seals one stream only:
chunks that are cut off, doubled or in another order do not open (message-v2 §5.3).

A file is a salt, then a stream of chunks (trust.stream). Its key comes from the storage key, the salt and a label,
by HKDF (RFC 5869), so that no key is used twice and one file cannot stand in for another.
"""

import secrets
from collections.abc import Iterable, Iterator
from os import SEEK_END
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from accountmap.errors import WorkspaceError
from accountmap.psi.suite import Body

CHUNK_BYTES: Final = 1 << 20
TAG_BYTES: Final = 16


def sealed_bytes(length: int) -> int:
    """Return the length of so many bytes once they are sealed."""
    return length + TAG_BYTES * max(1, -(-length // CHUNK_BYTES))


def plain_bytes(sealed: int) -> int:
    """Return the length of what was sealed, given that of the chunks.

    Raises:
        ValueError: nothing sealed is so long.
    """
    length = sealed - TAG_BYTES * max(1, -(-sealed // (CHUNK_BYTES + TAG_BYTES)))
    if length < 0 or sealed_bytes(length) != sealed:
        raise ValueError("no whole number of chunks")
    return length


def seal_stream(key: bytes, parts: Iterable[Body]) -> Iterator[bytes]:
    """Seal parts of any lengths, one chunk after another, each when it is asked for.

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
    """Open what is left of a file, a chunk at a time; memory is taken only for what has opened.

    Args:
        length: of what was sealed.

    Raises:
        InvalidTag, ValueError: something else was sealed, or under another key, or it was cut or altered.
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
    """Cut parts into chunks of one length, the last of which may be shorter; nothing is one empty chunk."""
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
        """Encrypt a file, part after part.

        Args:
            label: which file it is; `open` has to name the same.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        yield salt
        yield from seal_stream(self._key(salt, label), parts)

    def open(self, file: BinaryIO, label: str) -> memoryview:
        """Decrypt a file, and return all of it, read only.

        Raises:
            WorkspaceError: it was sealed by another workspace or under another label, cut or altered.
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

    def _key(self, salt: bytes, label: str) -> bytes:
        return HKDF(SHA256(), 32, salt, _LABEL + label.encode()).derive(self._secret)
