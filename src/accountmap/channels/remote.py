"""A folder on an SFTP server or in an S3-compatible store; and opening the channel that the user names."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final, Protocol, Self, TypeVar
from urllib.parse import urlsplit

from accountmap.channels.base import Channel, FolderChannel, is_message_name
from accountmap.errors import AccountmapError, ChannelError, InputError, install_command

STORES: Final = {"sftp": "SftpStore", "s3": "S3Store"}
"""Classes of `stores`, which needs the libraries of the extra `remote`, by the scheme of their addresses."""

MAX_FILES: Final = 1_000
"""A folder with more files is not looked through: somebody else who writes there could keep us busy."""


class Store(Protocol):
    """The few things that are asked of a remote store. `RemoteChannel` translates whatever it raises."""

    def sizes(self) -> dict[str, int]:
        """Return name and length of at most MAX_FILES + 1 files directly in the folder."""
        ...

    def read(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the first bytes of a file, at most `size`, in parts."""
        ...

    def write(self, name: str, source: Path) -> None:
        """Upload a file so that nobody ever sees a part of it under its name."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


@dataclass(frozen=True)
class Address:
    """Where a remote folder is: never with a password, and shown without the user."""

    scheme: str
    user: str | None
    host: str
    port: int | None
    path: str

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}{self.path}"

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `sftp://[user@]host[:port]/path` or `s3://bucket/prefix`.

        Raises:
            InputError: it is neither, or it has a password in it. The message does not repeat the address.
        """
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError as error:
            raise InputError("the address of the folder is malformed", "Write sftp://host/path.") from error
        if parts.password is not None or (parts.scheme == "s3" and parts.username is not None):
            raise InputError(
                "the address of the folder has credentials in it, which would end up in logs and histories",
                "Leave them out; docs/channels.md says where they are taken from.",
            )
        if parts.scheme not in STORES or not host or parts.query or parts.fragment:
            raise InputError(
                "this is not an address of a remote folder", "Write sftp://user@host/path or s3://bucket/prefix."
            )
        bucket = parts.netloc if parts.scheme == "s3" else host
        return cls(parts.scheme, parts.username, bucket, port, parts.path.rstrip("/"))


POLL_SECONDS: Final = 5.0

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
            f"Install them with: {install_command('remote')}",
        ) from error


class RemoteChannel:
    """Messages as files in a folder of a store. It connects when first used.

    Args:
        connect: makes the connection.
    """

    def __init__(self, address: Address, connect: Callable[[Address], Store] = open_store) -> None:
        self.address = address
        self._connect = connect
        self._store: Store | None = None

    def files(self) -> dict[str, int]:
        """List the message files, by name, without the empty ones, which are uploads that have begun."""
        sizes = self._call(lambda store: store.sizes())
        if len(sizes) > MAX_FILES:
            raise ChannelError(
                f"{self.address} has more than {MAX_FILES:,} files in it",
                "Use a separate folder for this partner, or remove old files.",
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
        """Ask the store; if a connection that worked before has died meanwhile, connect anew and ask once more.

        The libraries' exceptions have no common base and may repeat addresses and logins, so only the kind of
        error is passed on.
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
        ChannelError: they cannot be written to this machine's disk.
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
    """Open the channel of a place and close it in the end; a channel that is passed in stays open.

    Args:
        place: a folder, the address of a remote one (`sftp://`, `s3://`), or a channel.

    Raises:
        InputError: the address is malformed, or has credentials in it.
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
