"""A folder on a server, SFTP or an S3-compatible store; and opening the channel that the user names."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

from accountmap.channels.base import MAX_FILES, Address, Channel, Store, is_message_name
from accountmap.channels.local import FolderChannel
from accountmap.errors import AccountmapError, ChannelError

POLL_SECONDS: Final = 5.0
STORES: Final = {"sftp": "SftpStore", "s3": "S3Store"}
"""Classes of `stores`, which needs the libraries of the extra `remote`."""

Answer = TypeVar("Answer")


def open_store(address: Address) -> Store:
    """Connect to a store.

    Raises:
        ChannelError: its library is not installed.
    """
    try:
        stores = import_module("accountmap.channels.stores")
        store: Callable[[Address], Store] = getattr(stores, STORES[address.scheme])
        return store(address)
    except ImportError as error:
        raise ChannelError(
            f"{address.scheme} needs libraries that are not installed",
            'Install them with: pip install "accountmap[remote]"',
        ) from error


class RemoteChannel:
    """Messages as files in a folder of a store. It is connected when first used.

    Args:
        connect: makes the connection.
    """

    def __init__(self, address: Address, connect: Callable[[Address], Store] = open_store) -> None:
        self.address = address
        self._connect = connect
        self._store: Store | None = None

    def files(self) -> dict[str, int]:
        """List the message files, by name. Empty ones are uploads that have begun."""
        sizes = self._call(lambda store: store.sizes())
        if len(sizes) > MAX_FILES:
            raise ChannelError(
                f"{self.address} holds more than {MAX_FILES:,} files",
                "Use a folder of its own for this partner, or remove old files.",
            )
        return {name: sizes[name] for name in sorted(sizes) if is_message_name(name) and sizes[name]}

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of a file."""
        return self._call(lambda store: b"".join(store.read(name, size)))

    def fetch(self, name: str, size: int) -> BinaryIO:
        """Download a file of exactly that many bytes; the copy is gone when it is closed."""
        copy = tempfile.TemporaryFile()  # noqa: SIM115 the caller closes it
        try:
            if self._call(lambda store: _download(store.read(name, size + 1), copy)) != size:
                raise ChannelError(f"{name} is still changing", "Run this again when it has arrived.")
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return copy

    def deliver(self, name: str, source: Path) -> None:
        """Upload a file, whole or not at all."""
        self._call(lambda store: store.write(name, source))

    def pause(self, seconds: float) -> None:
        """Sleep until it is time to look again."""
        time.sleep(min(seconds, POLL_SECONDS))

    def close(self) -> None:
        """End the connection."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _call(self, ask: Callable[[Store], Answer]) -> Answer:
        """Ask the store; if a connection that once worked has died meanwhile, connect anew and ask once more.

        What the libraries raise has no common base and may repeat addresses and logins, so only the kind of error
        is passed on.
        """
        again = self._store is not None
        try:
            return self._ask(ask)
        except AccountmapError:
            raise
        except Exception as error:
            failure = error
        self.close()
        if again:
            return self._call(ask)
        raise ChannelError(
            f"{self.address} cannot be used ({type(failure).__name__})",
            "Check the address, your login and permissions (docs/channels.md), then run this again.",
        )

    def _ask(self, ask: Callable[[Store], Answer]) -> Answer:
        if self._store is None:
            self._store = self._connect(self.address)
        return ask(self._store)


def _download(parts: Iterable[bytes], copy: BinaryIO) -> int:
    """Write the parts into a file from its start on, and return how many bytes they are.

    Raises:
        ChannelError: this machine's disk does not take them.
    """
    copy.seek(0)
    copy.truncate()
    for part in parts:
        try:
            copy.write(part)
        except OSError as error:
            raise ChannelError(
                f"a message from the partner cannot be kept: {error.strerror}",
                f"Make room in {tempfile.gettempdir()}, then run this again; nothing is lost.",
            ) from error
    return copy.tell()


@contextmanager
def open_channel(place: Path | str | Channel) -> Iterator[Channel]:
    """Open the channel of a place and close it in the end; one that is open already stays so.

    Args:
        place: a folder, the address of a remote one (`sftp://`, `s3://`), or a channel.

    Raises:
        InputError: the address is malformed, or holds credentials.
    """
    if not isinstance(place, Path | str):
        yield place
        return
    channel: Channel
    if isinstance(place, str) and "://" in place:
        channel = RemoteChannel(Address.parse(place))
    else:
        channel = FolderChannel(Path(place))
    try:
        yield channel
    finally:
        channel.close()
