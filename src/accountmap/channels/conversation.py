"""One connection to the partner, from its first frame to its last."""

import asyncio
import contextlib
import hashlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from accountmap.channels.frames import (
    CHUNK_BYTES,
    Kind,
    Offer,
    decode_want,
    encode_want,
    read_frame,
    write_frame,
)
from accountmap.channels.spool import Spool
from accountmap.errors import ChannelError, PeerError

PING_SECONDS: Final = 15
HANG_UP_SECONDS: Final = 2
HEAD_BYTES: Final = 512
MAX_CONTROLS: Final = 1_000
"""Frames other than data that a connection may bring, and one more a second: a partner that floods is cut off."""

Kept = TypeVar("Kept")


class UnheardError(EOFError):
    """The other end hung up at once: what TLS 1.3 shows of a server that does not accept the client's key."""


@dataclass
class Outgoing:
    """A file on its way to the partner.

    Attributes:
        path: where it lies; it does not change.
        settle: called once, with None when the partner has it and with an error when it does not take it.
        touched: when it last moved on, in monotonic seconds.
    """

    name: str
    path: Path
    settle: Callable[[ChannelError | None], None]
    touched: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        with self.path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            self.offer = Offer(hashlib.file_digest(file, "sha256").digest(), file.tell(), head, self.name)


class Conversation:
    """Offers what goes out, takes in what comes, and keeps the connection alive.

    Args:
        outgoing: tells what is to be sent now, if anything.
        arrived: called when a file has come in whole.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        spool: Spool,
        outgoing: Callable[[], Outgoing | None],
        arrived: Callable[[], None],
    ) -> None:
        self._reader, self._writer, self._spool = reader, writer, spool
        self._outgoing, self._arrived = outgoing, arrived
        self._lock = asyncio.Lock()
        self._sending: asyncio.Task[None] | None = None
        self._offered: Outgoing | None = None
        self._started = time.monotonic()
        self._controls = 0

    async def run(self) -> None:
        """Talk until the partner says goodbye.

        Raises:
            PeerError: it does what the protocol does not allow.
            ChannelError: what it sends cannot be kept.
            UnheardError: the other end hangs up before it has said anything.
            TimeoutError, OSError, EOFError: the connection is silent or gone.
        """
        self._spool.forget_place()
        pinging = asyncio.create_task(self._ping())
        try:
            await self.offer()
            frame = await self._first_frame()
            while frame[0] is not Kind.BYE:
                await self._take(*frame)
                frame = await read_frame(self._reader)
        finally:
            for task in (pinging, self._sending):
                if task:
                    task.cancel()
            await self._hang_up()

    async def _first_frame(self) -> tuple[Kind, bytes]:
        """Read the frame with which each end begins.

        Raises:
            UnheardError: the connection ends without it.
        """
        try:
            return await read_frame(self._reader)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError) as error:
            raise UnheardError from error

    async def _hang_up(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._writer.wait_closed()
        except OSError:
            self._writer.transport.abort()

    async def offer(self) -> None:
        """Offer the file that is to be sent, if there is one, once."""
        outgoing = self._outgoing()
        if outgoing and outgoing is not self._offered:
            self._offered = outgoing
            await self._send(Kind.OFFER, outgoing.offer.encode())

    async def say_goodbye(self) -> None:
        """Say that nothing more will come. `run` ends when the partner has read it and closed its end."""
        await self._send(Kind.BYE)

    async def _send(self, kind: Kind, payload: bytes = b"") -> None:
        async with self._lock:
            await write_frame(self._writer, kind, payload)

    async def _ping(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                await self._send(Kind.PING)
                await asyncio.sleep(PING_SECONDS)

    async def _take(self, kind: Kind, payload: bytes) -> None:
        if kind is Kind.DATA:
            if done := self._keep(lambda: self._spool.add(payload)):
                await self._send(Kind.HAVE, done.digest)
                self._arrived()
            return
        self._controls += 1
        if self._controls > MAX_CONTROLS + time.monotonic() - self._started:
            raise PeerError("the partner floods the connection")
        if kind is Kind.OFFER:
            await self._answer(Offer.decode(payload))
        elif kind is not Kind.PING:
            self._hear(kind, payload)

    async def _answer(self, offer: Offer) -> None:
        offset = self._keep(lambda: self._spool.begin(offer))
        if offset is None:
            await self._send(Kind.REFUSE, offer.digest)
        elif offset == offer.length:
            await self._send(Kind.HAVE, offer.digest)
            self._arrived()
        else:
            await self._send(Kind.WANT, encode_want(offer.digest, offset))

    def _keep(self, act: Callable[[], Kept]) -> Kept:
        """Let the spool write, and tell a full disk from a lost connection."""
        try:
            return act()
        except OSError as error:
            raise ChannelError(
                f"a message from the partner cannot be kept: {error.strerror}",
                "Make room or check the permissions, then run this again; nothing is lost.",
            ) from error

    def _hear(self, kind: Kind, payload: bytes) -> None:
        """Act on what the partner says of our file. What it says of another one came too late."""
        outgoing = self._outgoing()
        if outgoing is None or payload[: len(outgoing.offer.digest)] != outgoing.offer.digest:
            return
        if kind is Kind.HAVE:
            outgoing.settle(None)
        elif kind is Kind.REFUSE:
            outgoing.settle(
                ChannelError(
                    "the partner's program does not take this message",
                    "Check with your partner that both hold the same agreement and neither gave the session up.",
                )
            )
        else:
            if self._sending:
                self._sending.cancel()
            self._sending = asyncio.create_task(self._send_data(outgoing, decode_want(payload)[1]))

    async def _send_data(self, outgoing: Outgoing, offset: int) -> None:
        """Send a file from an offset on. If the connection breaks, the end that reads notices too."""
        with contextlib.suppress(OSError), outgoing.path.open("rb") as file:
            file.seek(offset)
            while piece := file.read(CHUNK_BYTES):
                await self._send(Kind.DATA, piece)
                outgoing.touched = time.monotonic()
