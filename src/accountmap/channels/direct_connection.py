"""A direct connection: its endpoint, one connection from first to last frame, and reconnecting."""

import asyncio
import contextlib
import hashlib
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self, TypeVar

from accountmap.channels.direct_protocol import (
    CHUNK_BYTES,
    Kind,
    Offer,
    Spool,
    decode_want,
    encode_want,
    read_frame,
    write_frame,
)
from accountmap.errors import ChannelError, InputError, PeerError


@dataclass(frozen=True)
class Endpoint:
    """A host, by name or number, and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `HOST:PORT` or `[IPV6]:PORT`.

        Raises:
            InputError: it is neither.
        """
        host, colon, port = text.strip().rpartition(":")
        host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise InputError(
                "this is not an address to connect to", "Write HOST:PORT, such as maps.example.com:7443."
            )
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def listener(self) -> socket.socket:
        """Return a socket that listens here.

        Raises:
            ChannelError: the port is taken, or the host is not this machine.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            listener = socket.create_server((self.host, self.port), family=family, backlog=8)
        except OSError as error:
            raise ChannelError(
                f"nothing can listen on {self}: {(error.strerror or str(error)).partition(' (')[0]}",
                "Choose another port, or 0.0.0.0 as the host for all addresses of this machine.",
            ) from error
        listener.setblocking(False)
        return listener


PING_SECONDS: Final = 15
HANG_UP_SECONDS: Final = 2
HEAD_BYTES: Final = 512
MAX_CONTROLS: Final = 1_000
"""How many frames other than data a connection may bring, besides one a second. More of them end it."""

ENDED: Final = "the connection ended"

_OBSTACLES: Final[dict[type[BaseException], str]] = {
    ConnectionRefusedError: "nothing listens there",
    TimeoutError: "it does not answer",
    asyncio.IncompleteReadError: ENDED,
    socket.gaierror: "there is no such host",
}
"""What people are told about a failed attempt; for other errors, the name of the class."""

Kept = TypeVar("Kept")


class UnheardError(EOFError):
    """The other end hung up at once: in TLS 1.3, that is how a client sees that the server refuses its key."""


@dataclass
class Outgoing:
    """A file on its way to the partner.

    Attributes:
        path: where it is; its bytes do not change.
        report_delivery: called once, with None when the partner has it, or with an error when they refuse it.
        touched: when a part of it was last sent, in monotonic seconds.
    """

    name: str
    path: Path
    report_delivery: Callable[[ChannelError | None], None]
    touched: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        with self.path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            file.seek(0)
            self.offer = Offer(hashlib.file_digest(file, "sha256").digest(), file.tell(), head, self.name)


class Conversation:
    """Offers what goes out, takes in what arrives, and keeps the connection alive.

    Args:
        outgoing: returns what is to be sent now, if anything.
        arrived: called when the whole of a file has arrived.
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
            PeerError: the partner does what the protocol does not allow.
            ChannelError: what they send cannot be kept.
            UnheardError: the other end hangs up before it has sent anything.
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
        if not self._writer.is_closing():  # in Python 3.11, TLS that is closed twice cannot be aborted any more
            self._writer.close()
        try:
            async with asyncio.timeout(HANG_UP_SECONDS):
                await self._writer.wait_closed()
        except OSError:
            self._writer.transport.abort()

    async def offer(self) -> None:
        """Offer the file that is to be sent, if there is one and it has not been offered."""
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
        """Let the spool write; an error of the disk is not to look like a lost connection."""
        try:
            return act()
        except OSError as error:
            raise ChannelError(
                f"a message from the partner cannot be kept: {error.strerror}",
                "Make room or check the permissions, then run this again; nothing is lost.",
            ) from error

    def _hear(self, kind: Kind, payload: bytes) -> None:
        """Act on what the partner says about our file. What they say about any other file comes too late."""
        outgoing = self._outgoing()
        if outgoing is None or payload[: len(outgoing.offer.digest)] != outgoing.offer.digest:
            return
        if kind is Kind.HAVE:
            outgoing.report_delivery(None)
        elif kind is Kind.REFUSE:
            outgoing.report_delivery(
                ChannelError(
                    "the partner's program does not accept this message",
                    "Check with your partner that both have the same agreement and neither gave the session up.",
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


HANDSHAKE_SECONDS: Final = 20
MAX_GREETINGS: Final = 8
"""How many handshakes may be under way at the same time; other connections wait in the system's queue."""
LONGEST_PAUSE: Final = 5.0
MAX_UNHEARD: Final = 3

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def keep_listening(listener: socket.socket, tls: ssl.SSLContext, talk: Talk) -> None:
    """Let the partner in whenever they connect; a new connection takes the place of an older one.

    Strangers fail in the handshake and are forgotten: they must not be able to end the command.

    Raises:
        PeerError, ChannelError: raised by `talk`, if trying again would not help.
        OSError: the system accepts no more connections.
    """
    loop, greetings = asyncio.get_running_loop(), asyncio.Semaphore(MAX_GREETINGS)
    failed: asyncio.Future[None] = loop.create_future()
    latest: asyncio.Task[None] | None = None
    serving: set[asyncio.Task[None]] = set()

    async def serve(connection: socket.socket) -> None:
        nonlocal latest
        with contextlib.suppress(OSError, EOFError):
            try:
                reader, writer = await _accept_tls(connection, tls)
            finally:
                greetings.release()
            if latest:
                latest.cancel()
            latest = asyncio.current_task()
            try:
                await talk(reader, writer)
            except (PeerError, ChannelError) as error:
                if not failed.done():
                    failed.set_exception(error)

    async def accept() -> None:
        while True:
            await greetings.acquire()
            connection, _ = await loop.sock_accept(listener)
            task = loop.create_task(serve(connection))
            serving.add(task)
            task.add_done_callback(serving.discard)

    accepting = loop.create_task(accept())
    try:
        ended, _ = await asyncio.wait((failed, accepting), return_when=asyncio.FIRST_COMPLETED)
        for end in ended:
            end.result()
    finally:
        failed.cancel()
        for task in (accepting, *serving):
            task.cancel()
        await asyncio.gather(accepting, *serving, return_exceptions=True)


async def _accept_tls(
    connection: socket.socket, tls: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=CHUNK_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, connection, ssl=tls, ssl_handshake_timeout=HANDSHAKE_SECONDS
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def keep_connecting(
    endpoint: Endpoint, tls: ssl.SSLContext, talk: Talk, tried: Callable[[str], None]
) -> None:
    """Try to connect until the partner is there, and again when the connection breaks off.

    Args:
        tried: called after each failed attempt, with the reason.

    Raises:
        ChannelError: whoever answers is not the partner, or does not know this identity.
        PeerError: raised by `talk`.
    """
    pause, unheard = 0.5, 0
    while True:
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                reader, writer = await asyncio.open_connection(
                    endpoint.host, endpoint.port, ssl=tls, server_hostname="", limit=CHUNK_BYTES
                )
            pause = 0.5
            await talk(reader, writer)
            unheard = 0
        except ssl.SSLCertVerificationError as error:
            raise ChannelError(
                f"whoever answers at {endpoint} does not hold the key on your partner's card",
                "Check the address and, by phone, the fingerprint of the card.",
            ) from error
        except UnheardError as error:
            unheard += 1
            if unheard == MAX_UNHEARD:
                raise ChannelError(
                    f"whoever answers at {endpoint} waits for another partner",
                    "Ask your partner to name you with --with, and to compare your card's fingerprint by phone.",
                ) from error
        except (OSError, EOFError) as error:
            tried(_OBSTACLES.get(type(error), type(error).__name__))
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
