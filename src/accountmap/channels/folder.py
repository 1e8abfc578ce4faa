"""A folder that both sides see: a network share, a synchronised folder, or one that mail attachments go into."""

import time
from pathlib import Path
from typing import Final

from accountmap.channels.names import is_message_name
from accountmap.errors import ChannelError
from accountmap.files import write_atomic

POLL_SECONDS: Final = 1.0


class FolderChannel:
    """Messages as files in one folder. Other files, such as unfinished uploads, are not looked at."""

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
        return self._read(name, size)

    def fetch(self, name: str, size: int) -> bytes:
        """Return a file of exactly that many bytes."""
        data = self._read(name, size + 1)
        if len(data) != size:
            raise ChannelError(f"{self.folder / name} is still changing", "Run this again when it has arrived.")
        return data

    def _read(self, name: str, size: int) -> bytes:
        path = self.folder / name
        try:
            with path.open("rb") as file:
                return file.read(size)
        except MemoryError as error:
            raise ChannelError(f"{path} is larger than this machine can hold", "Use a larger machine.") from error
        except OSError as error:
            raise ChannelError(f"{path} cannot be read", "Check the permissions of the file.") from error

    def deliver(self, name: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomic(self.folder / name, data, 0o644)
        except OSError as error:
            raise ChannelError(
                f"the message cannot be written to {self.folder}: {error.strerror}",
                "Make room or check the permissions, then run this again; nothing is lost.",
            ) from error

    def pause(self, seconds: float) -> None:
        """Sleep until it is time to look again."""
        time.sleep(min(seconds, POLL_SECONDS))

    def close(self) -> None:
        """There is nothing to let go of."""
