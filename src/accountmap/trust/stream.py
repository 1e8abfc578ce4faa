"""Sealing more than fits in memory twice: chunks of AES-256-GCM, numbered, the last one marked.

This is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) with an empty prefix, for a key seals one stream only:
chunks that are cut off, doubled or in another order do not open (message-v1 §5.3).
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from accountmap.psi.wire import Body

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


def open_stream(key: bytes, file: BinaryIO, into: memoryview) -> None:
    """Open what is left of a file, a chunk at a time.

    Args:
        into: as long as what was sealed. What it holds after an error must not be used.

    Raises:
        InvalidTag, ValueError: something else was sealed, or under another key, or it was cut or altered.
    """
    aead, left = AESGCM(key), len(into)
    for number in range(max(1, -(-left // CHUNK_BYTES))):
        chunk = into[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]
        left -= len(chunk)
        aead.decrypt_into(_nonce(number, last=not left), file.read(len(chunk) + TAG_BYTES), None, chunk)


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
