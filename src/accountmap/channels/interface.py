"""The interface of channels."""

from pathlib import Path
from typing import BinaryIO, Protocol


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
