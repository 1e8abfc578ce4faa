"""The interface of channels and of remote stores, and which files are messages."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol, Self
from urllib.parse import urlsplit

from accountmap.errors import InputError

SUFFIX: Final = ".amap"
MAX_NAME: Final = 200


def is_message_name(name: str) -> bool:
    """Return whether a file may be a message, by its name, which the partner may have chosen.

    Only names that are safe in a path and on a screen: no separators, nothing hidden, no control characters.
    """
    return (
        name.endswith(SUFFIX)
        and len(name) <= MAX_NAME
        and name.isprintable()
        and not name.startswith(".")
        and not set(name) & set("/\\:")
    )


class Channel(Protocol):
    """A place in which both partners leave files for each other."""

    def files(self) -> dict[str, int]:
        """List the message files that are there, in a fixed order: name and length in bytes.

        Raises:
            ChannelError: the place cannot be read.
        """
        ...

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of a file, at most `size`.

        Raises:
            ChannelError: it cannot be read.
        """
        ...

    def fetch(self, name: str, size: int) -> BinaryIO:
        """Open a file of exactly that many bytes for reading, at any place in it. The caller closes it.

        Raises:
            ChannelError: it is of another length by now, or cannot be read.
        """
        ...

    def deliver(self, name: str, source: Path) -> None:
        """Copy a file of this machine there, whole or not at all.

        Raises:
            ChannelError: it cannot be written.
        """
        ...

    def pause(self, seconds: float) -> None:
        """Return when `files` may have changed, after so many seconds at the latest."""
        ...

    def close(self) -> None:
        """Let go of connections. The channel is not used after it."""
        ...


SCHEMES: Final = ("sftp", "s3")
MAX_FILES: Final = 1_000
"""A place with more files than that is not looked through: whoever else writes there could keep us busy."""


class Store(Protocol):
    """The few things that are asked of a remote store. Whatever it raises, `RemoteChannel` translates."""

    def sizes(self) -> dict[str, int]:
        """Return name and length of at most MAX_FILES + 1 files directly in the place."""
        ...

    def read(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the first bytes of a file, at most `size`, in parts."""
        ...

    def write(self, name: str, source: Path) -> None:
        """Copy a file of this machine there so that nobody ever sees a part of it under its name."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


@dataclass(frozen=True)
class Address:
    """Where a remote place is: never with a password, and shown without the user."""

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
            InputError: it is neither, or holds a password. The message does not repeat it.
        """
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname
        except ValueError as error:
            raise InputError("the address of the folder is malformed", "Write sftp://host/path.") from error
        if parts.password is not None or (parts.scheme == "s3" and parts.username is not None):
            raise InputError(
                "the address of the folder holds credentials, which would end up in logs and histories",
                "Leave them out; docs/channels.md says where they are taken from.",
            )
        if parts.scheme not in SCHEMES or not host or parts.query or parts.fragment:
            raise InputError(
                "this is no address of a remote folder", "Write sftp://user@host/path or s3://bucket/prefix."
            )
        bucket = parts.netloc if parts.scheme == "s3" else host
        return cls(parts.scheme, parts.username, bucket, port, parts.path.rstrip("/"))
