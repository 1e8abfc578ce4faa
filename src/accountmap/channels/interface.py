"""The interface of channels."""

from collections.abc import Iterator
from typing import Protocol


class Channel(Protocol):
    """A place in which both partners leave files for each other."""

    def names(self) -> Iterator[str]:
        """List the message files that are there, in a fixed order."""
        ...

    def head(self, name: str, size: int) -> tuple[bytes, int]:
        """Return the first bytes of a file, at most `size`, and the length of the whole file."""
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
