"""Keeping a connection to the partner: listening or connecting, and again when it breaks off."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from accountmap.channels.conversation import UnheardError
from accountmap.channels.endpoint import Endpoint
from accountmap.channels.frames import CHUNK_BYTES
from accountmap.errors import ChannelError, PeerError

HANDSHAKE_SECONDS: Final = 20
MAX_GREETINGS: Final = 8
"""Strangers whose handshake is under way at the same time; others wait in the system's queue."""
LONGEST_PAUSE: Final = 5.0
MAX_UNHEARD: Final = 3

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def keep_listening(listener: socket.socket, tls: ssl.SSLContext, talk: Talk) -> None:
    """Let the partner in whenever it comes; a new connection takes the place of an older one.

    Strangers fail in the handshake and are forgotten: they must not be able to end the command.

    Raises:
        PeerError, ChannelError: whatever `talk` finds that is not to be tried again.
        OSError: the system gives no more connections.
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
    """Connect until the partner is there, and again when the connection breaks off.

    Args:
        tried: called after each attempt that failed, with the kind of error.

    Raises:
        ChannelError: whoever answers is not the partner, or does not know this identity.
        PeerError: as `talk` raises it.
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
            tried(type(error).__name__)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
