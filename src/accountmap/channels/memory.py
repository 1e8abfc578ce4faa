"""Messages that somebody else carries: bytes put in, bytes taken out."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from accountmap.channels.base import SUFFIX
from accountmap.errors import ChannelError

_HEAD_BYTES: Final = 4096
"""What is kept of a message that was taken out, so that it is known to have been here."""


class MemoryChannel:
    """A place that lives as long as the object."""

    def __init__(self) -> None:
        self._received: dict[str, bytes] = {}
        self._out: dict[str, bytes] = {}
        self._gone: dict[str, tuple[int, bytes]] = {}

    def put(self, message: bytes) -> str:
        """Lay a message of the partner in, and return its name; the same bytes twice are one."""
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
        """Let go of a message of the partner that is done with."""
        self._received.pop(name, None)

    def files(self) -> dict[str, int]:
        """List all messages, those taken out too."""
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
            raise ChannelError("the message is not there as a whole", "Hand it over again.")
        return BytesIO(data)

    def deliver(self, name: str, source: Path) -> None:
        """Lay a message out for the partner.

        Raises:
            ChannelError: the file cannot be read.
        """
        try:
            self._out[name] = source.read_bytes()
        except OSError as error:
            raise ChannelError("the stored message cannot be read", "Check the workspace folder.") from error

    def pause(self, seconds: float) -> None:
        """Return at once: nothing comes while nobody puts it in."""

    def close(self) -> None:
        """There is nothing to let go of."""
