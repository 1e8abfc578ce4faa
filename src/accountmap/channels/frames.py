"""The frames of a direct connection (accountmap-direct/1): kind, length, payload.

A file is offered with its digest, length and first bytes; the other end wants it from an offset on, has it
already, or does not take it. Then it goes in pieces, all of CHUNK_BYTES but the last. Both directions work alike,
and at once.
No payload is read before its length is one that its kind may have.
"""

import asyncio
import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Self

from accountmap.errors import PeerError

CHUNK_BYTES: Final = 1 << 16
DIGEST_BYTES: Final = hashlib.sha256().digest_size
SILENCE_SECONDS: Final = 60
"""A frame that takes longer, to come or to go, ends the connection: so a sender is never slower than 1 KiB/s."""

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
    """What is said of a file before it is sent.

    Attributes:
        digest: SHA-256 of the file.
        length: of the file in bytes.
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
        PeerError: it is of no known kind, or longer than its kind may be.
        TimeoutError, OSError, asyncio.IncompleteReadError: the connection is silent or gone.
    """
    async with asyncio.timeout(SILENCE_SECONDS):
        number, length = _HEAD.unpack(await reader.readexactly(_HEAD.size))
        if number not in set(Kind):
            raise PeerError("the partner sent something that is no frame")
        kind = Kind(number)
        least, most = _LENGTHS[kind]
        if not least <= length <= most:
            raise PeerError("the partner sent a frame of a length that is not allowed")
        return kind, await reader.readexactly(length)


async def write_frame(writer: asyncio.StreamWriter, kind: Kind, payload: bytes = b"") -> None:
    """Write a frame, and wait until the other end keeps up.

    Raises:
        TimeoutError, OSError: the other end does not read, or is gone.
    """
    async with asyncio.timeout(SILENCE_SECONDS):
        writer.write(_HEAD.pack(kind, len(payload)) + payload)
        await writer.drain()
        await asyncio.sleep(0)  # drain alone need not let the loop notice that the connection is gone
