"""The interface of channels, and the two on this machine: a folder, and bytes that somebody else carries.

The folder may be a network share, a synchronised one, or one that mail attachments go into.
"""

import hashlib
import os
import time
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from accountmap.errors import ChannelError
from accountmap.files import parts_of, write_atomic

SUFFIX: Final = ".amap"
MAX_NAME: Final = 200


def is_message_name(name: str) -> bool:
    """Return whether a file's name, which the partner may have chosen, is that of a message.

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
            ChannelError: its length has changed, or it cannot be read.
        """
        ...

    def deliver(self, name: str, source: Path) -> None:
        """Copy a file of this machine there, whole or not at all.

        Raises:
            ChannelError: it cannot be written.
        """
        ...

    def pause(self, seconds: float) -> None:
        """Return when `files` may have changed, or after so many seconds at the latest."""
        ...

    def close(self) -> None:
        """Close connections. The channel is not used afterwards."""
        ...


POLL_SECONDS: Final = 1.0


class FolderChannel:
    """Messages as files in one folder. Other files, such as unfinished uploads, are ignored."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self) -> dict[str, int]:
        """List the message files, by name."""
        try:
            found = [path for path in self.folder.iterdir() if is_message_name(path.name) and path.is_file()]
            return {path.name: path.stat().st_size for path in sorted(found)}
        except OSError as error:
            raise ChannelError(f"the folder {self.folder} cannot be read", "Check that it exists.") from error

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of a file."""
        with self._open(name) as file:
            try:
                return file.read(size)
            except OSError as error:
                raise self._unreadable(name) from error

    def fetch(self, name: str, size: int) -> BinaryIO:
        """Open a file of exactly that many bytes."""
        file = self._open(name)
        if os.fstat(file.fileno()).st_size != size:
            file.close()
            raise ChannelError(f"{self.folder / name} is still changing", "Run this again when it has arrived.")
        return file

    def _open(self, name: str) -> BinaryIO:
        try:
            return (self.folder / name).open("rb")
        except OSError as error:
            raise self._unreadable(name) from error

    def _unreadable(self, name: str) -> ChannelError:
        return ChannelError(f"{self.folder / name} cannot be read", "Check the permissions of the file.")

    def deliver(self, name: str, source: Path) -> None:
        """Copy a file there, whole or not at all."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(self.folder / name, parts_of(source), 0o644)
        except OSError as error:
            raise ChannelError(
                f"the message cannot be written to {self.folder}: {error.strerror}",
                "Make room or check the permissions, then run this again; nothing is lost.",
            ) from error

    def pause(self, seconds: float) -> None:
        """Sleep until it is time to look again."""
        time.sleep(min(seconds, POLL_SECONDS))

    def close(self) -> None:
        """Do nothing: there is no connection."""


_HEAD_BYTES: Final = 4096
"""How many bytes of a message that was taken out are kept, so that it is still listed."""


class MemoryChannel:
    """Messages in memory, for a caller that carries them."""

    def __init__(self) -> None:
        self._received: dict[str, bytes] = {}
        self._out: dict[str, bytes] = {}
        self._gone: dict[str, tuple[int, bytes]] = {}

    def put(self, message: bytes) -> str:
        """Put in a message of the partner, and return its name; the same bytes have the same name."""
        name = hashlib.sha256(message).hexdigest() + SUFFIX
        self._received[name] = message
        return name

    def take(self) -> list[bytes]:
        """Take out the messages for the partner, in order."""
        taken = list(self._out.values())
        self._gone |= {name: (len(data), data[:_HEAD_BYTES]) for name, data in self._out.items()}
        self._out.clear()
        return taken

    def forget(self, name: str) -> None:
        """Drop a message of the partner that is no longer needed."""
        self._received.pop(name, None)

    def files(self) -> dict[str, int]:
        """List all messages, including those taken out."""
        here = {name: len(data) for name, data in {**self._received, **self._out}.items()}
        return {name: size for name, (size, _) in self._gone.items()} | here

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of a message."""
        heads = {**self._received, **self._out} | {gone: head for gone, (_, head) in self._gone.items()}
        return heads[name][:size]

    def fetch(self, name: str, size: int) -> BinaryIO:
        """Open a message of exactly that many bytes, which are not copied."""
        data = self._received.get(name, b"")
        if len(data) != size:
            raise ChannelError("the message is incomplete", "Hand it over again.")
        return BytesIO(data)

    def deliver(self, name: str, source: Path) -> None:
        """Keep a message for the partner until it is taken out.

        Raises:
            ChannelError: the file cannot be read.
        """
        try:
            self._out[name] = source.read_bytes()
        except OSError as error:
            raise ChannelError("the stored message cannot be read", "Check the workspace folder.") from error

    def pause(self, seconds: float) -> None:
        """Return at once: nothing arrives until somebody puts it in."""

    def close(self) -> None:
        """Do nothing: there is no connection."""
