"""The frames of a direct connection (accountmap-direct/1), and the folder that keeps incoming files.

A file is offered with its digest, length and first bytes; the other end wants it from an offset on, has it
already, or refuses it. The file is then sent in pieces, all of CHUNK_BYTES but the last. Both directions work
alike, and at the same time. A payload is read only if its length is one that its kind may have.
"""

import asyncio
import hashlib
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, Self

from accountmap.channels.base import is_message_name
from accountmap.errors import PeerError
from accountmap.files import move_into_place

CHUNK_BYTES: Final = 1 << 16
DIGEST_BYTES: Final = hashlib.sha256().digest_size
SILENCE_SECONDS: Final = 60
"""A frame that takes longer to arrive or to send ends the connection, so no sender is slower than 1 KiB/s."""

_HEAD: Final = struct.Struct(">BI")
_OFFER: Final = struct.Struct(">32sQH")
_WANT: Final = struct.Struct(">32sQ")


class Kind(IntEnum):
    """What a frame is."""

    PING = 0
    OFFER = 1
    WANT = 2
    HAVE = 3
    REFUSE = 4
    DATA = 5
    BYE = 6


_LENGTHS: Final = {
    Kind.PING: (0, 0),
    Kind.OFFER: (_OFFER.size, 2048),
    Kind.WANT: (_WANT.size, _WANT.size),
    Kind.HAVE: (DIGEST_BYTES, DIGEST_BYTES),
    Kind.REFUSE: (DIGEST_BYTES, DIGEST_BYTES),
    Kind.DATA: (1, CHUNK_BYTES),
    Kind.BYE: (0, 0),
}


@dataclass(frozen=True)
class Offer:
    """What is said about a file before it is sent.

    Attributes:
        digest: SHA-256 of the file.
        length: its length in bytes.
        head: its first bytes.
    """

    digest: bytes
    length: int
    head: bytes
    name: str

    def encode(self) -> bytes:
        """Write the payload of an OFFER."""
        return _OFFER.pack(self.digest, self.length, len(self.head)) + self.head + self.name.encode()

    @classmethod
    def decode(cls, payload: bytes) -> Self:
        """Read the payload of an OFFER.

        Raises:
            PeerError: it is malformed.
        """
        digest, length, size = _OFFER.unpack_from(payload)
        rest = payload[_OFFER.size :]
        try:
            return cls(digest, length, rest[:size], rest[size:].decode())
        except UnicodeDecodeError as error:
            raise PeerError("the partner offered a file without a readable name") from error


def encode_want(digest: bytes, offset: int) -> bytes:
    """Write the payload of a WANT."""
    return _WANT.pack(digest, offset)


def decode_want(payload: bytes) -> tuple[bytes, int]:
    """Read the payload of a WANT: digest and offset."""
    digest, offset = _WANT.unpack(payload)
    return digest, offset


async def read_frame(reader: asyncio.StreamReader) -> tuple[Kind, bytes]:
    """Read the next frame.

    Raises:
        PeerError: its kind is unknown, or its length is not allowed for its kind.
        TimeoutError, OSError, asyncio.IncompleteReadError: the connection is silent or gone.
    """
    async with asyncio.timeout(SILENCE_SECONDS):
        number, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if number not in set(Kind):
            raise PeerError("the partner sent something that is not a frame")
        kind = Kind(number)
        least, most = _LENGTHS[kind]
        if not least <= length <= most:
            raise PeerError("the partner sent a frame of a length that is not allowed")
        return kind, await reader.readexactly(length)


async def write_frame(writer: asyncio.StreamWriter, kind: Kind, payload: bytes = b"") -> None:
    """Write a frame, and wait until the other end has caught up.

    Raises:
        TimeoutError, OSError: the other end does not read, or is gone.
    """
    async with asyncio.timeout(SILENCE_SECONDS):
        writer.write(_HEAD.pack(kind, len(payload)) + payload)
        await writer.drain()
        await asyncio.sleep(0)  # drain alone need not let the loop notice that the connection is gone


MAX_FILES: Final = 8
"""How many files one run takes in: a session has five from each side."""

Accept = Callable[[bytes], int | None]
"""From the first bytes of a file to the length that it must have, or None if it is refused."""


@dataclass
class _Incoming:
    offer: Offer
    part: Path
    hash: Any
    size: int


class Spool:
    """The folder that takes in the partner's files.

    Args:
        accept: says whether a file may come, before any of it is kept.
    """

    def __init__(self, folder: Path, accept: Accept) -> None:
        self.folder, self._accept = folder, accept
        self._begun: set[bytes] = set()
        self._incoming: _Incoming | None = None

    def forget_place(self) -> None:
        """Expect no more pieces. What has arrived of a file stays, and is continued when it is offered again."""
        self._incoming = None

    def begin(self, offer: Offer) -> int | None:
        """Get ready for a file.

        Returns:
            The offset to go on from; the file's length if it is there already; None if it is refused.

        Raises:
            PeerError: another file is under way.
            OSError: the folder cannot be written.
        """
        if self._incoming:
            raise PeerError("the partner offered a file while another was under way")
        if not is_message_name(offer.name) or self._accept(offer.head) != offer.length:
            return None
        if self._is_there(offer):
            return offer.length
        self._begun.add(offer.digest)
        if len(self._begun) > MAX_FILES:
            return None
        part = self.folder / f".{offer.digest.hex()[:32]}.direct"
        for other in self.folder.glob(".*.direct"):
            if other != part:
                other.unlink()
        part.touch(mode=0o600)
        self._incoming = self._resume(offer, part)
        return self._incoming.size

    def _resume(self, offer: Offer, part: Path) -> _Incoming:
        """Hash what is there already, without the last byte at least, so that the end is always checked."""
        os.truncate(part, min(part.stat().st_size, max(0, offer.length - 1)))
        hashed, size = hashlib.sha256(), 0
        with part.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                hashed.update(piece)
                size += len(piece)
        return _Incoming(offer, part, hashed, size)

    def _is_there(self, offer: Offer) -> bool:
        return any(_matches(path, offer) for path in self._places(offer))

    def _places(self, offer: Offer) -> tuple[Path, Path]:
        """Return where a file may go: under its name, or, if that is taken, under one with its digest in front."""
        return self.folder / offer.name, self.folder / f"{offer.digest.hex()[:8]}-{offer.name}"

    def add(self, piece: bytes) -> Offer | None:
        """Keep the next piece; return the offer when the file is whole.

        Raises:
            PeerError: no file was asked for, the piece does not fit, or the file is not the one that was offered.
            OSError: the disk is full.
        """
        incoming = self._incoming
        if incoming is None:
            raise PeerError("the partner sent a file that was not asked for")
        left = incoming.offer.length - incoming.size
        if len(piece) > left or (len(piece) < left and len(piece) != CHUNK_BYTES):
            raise PeerError("the partner sent pieces that do not fit the length of the file")
        with incoming.part.open("ab") as file:
            file.write(piece)
            if len(piece) == left:
                os.fsync(file.fileno())
        incoming.hash.update(piece)
        incoming.size += len(piece)
        return self._finish(incoming) if len(piece) == left else None

    def _finish(self, incoming: _Incoming) -> Offer:
        self._incoming = None
        if incoming.hash.digest() != incoming.offer.digest:
            incoming.part.unlink()
            raise PeerError("a file from the partner is not the one that was offered", "Run this again.")
        named, beside = self._places(incoming.offer)
        move_into_place(incoming.part, beside if named.exists() else named)
        return incoming.offer


def _matches(path: Path, offer: Offer) -> bool:
    """Return whether a file is the offered one."""
    if not path.is_file() or path.stat().st_size != offer.length:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest() == offer.digest
