"""A connection to the partner as a channel: what they send lands in our folder, what we deliver lands in theirs.

The connection has a thread of its own, so that it stays alive while this side computes or asks. Each side looks in
its folder for what it has, so a session may also go on by mail, and a file that is there is not sent again.
"""

import asyncio
import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import Any, BinaryIO, Final, Self

from accountmap.channels.base import FolderChannel
from accountmap.channels.direct_connection import (
    ENDED,
    HEAD_BYTES,
    Conversation,
    Endpoint,
    Outgoing,
    keep_connecting,
    keep_listening,
)
from accountmap.channels.direct_protocol import Accept, Spool
from accountmap.errors import AccountmapError, ChannelError, PeerError

GOODBYE_SECONDS: Final = 3
SLICE_SECONDS: Final = 0.5
"""How often a wait is interrupted, so that Ctrl-C works on every system."""


class DirectChannel:
    """Messages over a TLS connection, kept in a folder.

    Args:
        folder: where the partner's files are kept; people may put files there too.
        accept: says whether a file may come, and how long it must be.
        patience: for how many seconds `deliver` waits while nothing moves.
    """

    def __init__(self, folder: Path, accept: Accept, patience: float) -> None:
        self._folder, self._accept, self._patience = FolderChannel(folder), accept, patience
        self._spool = Spool(folder, accept)
        self._outgoing: Outgoing | None = None
        self._changed = threading.Event()
        self._failure: AccountmapError | None = None
        self._obstacle = ""
        self._told: set[str] = set()
        self._tell: Callable[[str], None] = lambda _: None
        self._talks: set[Conversation] = set()
        self._ending, self._ended = threading.Lock(), False

    @classmethod
    def listen(
        cls, endpoint: Endpoint, tls: ssl.SSLContext, folder: Path, accept: Accept, patience: float
    ) -> Self:
        """Wait for the partner to connect.

        Raises:
            ChannelError: nothing can listen there.
        """
        channel = cls(folder, accept, patience)
        listener = endpoint.listener()
        channel.endpoint = Endpoint(endpoint.host, listener.getsockname()[1])

        async def keep() -> None:
            with listener:
                await keep_listening(listener, tls, channel._talk)

        return channel._start(keep())

    @classmethod
    def connect(
        cls,
        endpoint: Endpoint,
        tls: ssl.SSLContext,
        folder: Path,
        accept: Accept,
        patience: float,
        tell: Callable[[str], None] = lambda _: None,
    ) -> Self:
        """Connect to the partner, as soon as it listens.

        Args:
            tell: called from another thread, once for each kind of obstacle, with a sentence for people.
        """
        channel = cls(folder, accept, patience)
        channel._tell = tell
        channel.endpoint = endpoint
        return channel._start(keep_connecting(endpoint, tls, channel._talk, channel._note))

    endpoint: Endpoint
    """Where this channel listens, with the port that it got, or connects to."""

    def _start(self, keep: Coroutine[Any, Any, None]) -> Self:
        self._loop = asyncio.new_event_loop()
        self._keeping = self._loop.create_task(keep)
        self._thread = threading.Thread(target=self._run, name="accountmap direct connection", daemon=True)
        self._thread.start()
        return self

    def files(self) -> dict[str, int]:
        """List the partner's files in the folder, and those of ours that the partner has confirmed."""
        self._check()
        return {
            name: size
            for name, size in self._folder.files().items()
            if self._mark(name).exists() or self._accept(self._folder.head(name, HEAD_BYTES)) is not None
        }

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of a file."""
        return self._folder.head(name, size)

    def fetch(self, name: str, size: int) -> BinaryIO:
        """Open a file of exactly that many bytes."""
        return self._folder.fetch(name, size)

    def deliver(self, name: str, source: Path) -> None:
        """Send a file, and return when the partner has stored it. A copy stays in the folder.

        Raises:
            ChannelError: the partner does not accept it, or nothing has moved for too long.
        """
        if self._mark(name).exists():
            return
        self._folder.deliver(name, source)
        done = threading.Event()
        refused: list[ChannelError] = []

        def report_delivery(error: ChannelError | None) -> None:
            refused.extend([error] if error else [])
            self._outgoing = None
            done.set()

        outgoing = Outgoing(name, self._folder.folder / name, report_delivery)
        self._outgoing = outgoing
        self._ask(self._offer())
        try:
            while not done.wait(SLICE_SECONDS):
                self._check()
                if time.monotonic() - outgoing.touched > self._patience:
                    raise self._no_connection()
        finally:
            self._outgoing = None
        if refused:
            raise refused[0]
        self._mark(name).touch()

    def _mark(self, name: str) -> Path:
        """Return the marker of a file of ours that the partner has: after a crash it is not sent again."""
        return self._folder.folder / f".{name}.reached"

    def pause(self, seconds: float) -> None:
        """Return when a file has arrived, or after so many seconds at the latest."""
        if self._changed.wait(min(seconds, SLICE_SECONDS)):
            self._changed.clear()

    def close(self) -> None:
        """Say goodbye to the partner and end the connection."""
        with contextlib.suppress(TimeoutError, CancelledError, AccountmapError):
            self._ask(self._take_leave()).result(2 * GOODBYE_SECONDS)
        with self._ending:
            if not self._ended:
                self._loop.call_soon_threadsafe(self._keeping.cancel)
        self._thread.join()

    def _no_connection(self) -> ChannelError:
        tried = f" ({self._obstacle})" if self._obstacle else ""
        return ChannelError(
            f"there was no connection to your partner for {self._patience:.0f} seconds{tried}",
            "Run the command again while your partner runs theirs; what was done so far is kept.",
        )

    def _check(self) -> None:
        if self._failure:
            raise self._failure

    def _note(self, obstacle: str) -> None:
        self._obstacle = obstacle
        if obstacle == ENDED:  # as at the end of every session: worth a word only if the next try fails too
            self._told.clear()
        elif obstacle not in self._told:
            self._told.add(obstacle)
            self._tell(f"No answer at {self.endpoint} yet ({obstacle}). Trying again until it is there.")

    def _run(self) -> None:
        """Keep the connection, in the thread."""
        try:
            self._loop.run_until_complete(self._keeping)
        except asyncio.CancelledError:
            pass
        except AccountmapError as error:
            self._failure = error
        except Exception as error:
            self._failure = ChannelError(
                f"the connection failed ({type(error).__name__})", "Run this again; nothing is lost."
            )
        finally:
            with self._ending:
                self._ended = True
            self._loop.run_until_complete(_drop_what_was_asked())
            self._loop.close()
            self._changed.set()

    def _ask(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Run a coroutine in the connection's thread.

        Raises:
            AccountmapError: the connection has ended.
        """
        with self._ending:
            if not self._ended:
                return asyncio.run_coroutine_threadsafe(work, self._loop)
        work.close()
        self._check()
        raise ChannelError("the connection has ended", "Run this again; nothing is lost.")

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if writer.get_extra_info("ssl_object").selected_alpn_protocol() is None:
            writer.close()
            raise PeerError("the partner's program uses another version of the direct connection")
        talk = Conversation(reader, writer, self._spool, lambda: self._outgoing, self._changed.set)
        self._talks.add(talk)
        try:
            await talk.run()
        finally:
            self._talks.discard(talk)

    async def _offer(self) -> None:
        for talk in list(self._talks):
            with contextlib.suppress(OSError):
                await talk.offer()

    async def _take_leave(self) -> None:
        """Say goodbye, and wait a moment until the partner has read all that was sent."""
        with contextlib.suppress(OSError):
            for talk in list(self._talks):
                await talk.say_goodbye()
            async with asyncio.timeout(GOODBYE_SECONDS):
                while self._talks:
                    await asyncio.sleep(0.02)


async def _drop_what_was_asked() -> None:
    """Cancel what is still to be done, including what has not begun."""
    await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
