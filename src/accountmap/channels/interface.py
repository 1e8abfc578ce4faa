"""The interface of channels."""

from typing import Protocol


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

    def fetch(self, name: str, size: int) -> bytes:
        """Return a file of exactly that many bytes.

        Raises:
            ChannelError: it is of another length by now, or cannot be read.
        """
        ...

    def deliver(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all.

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
