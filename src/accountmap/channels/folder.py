"""A folder that both sides see: a network share, a synchronised folder, or one that mail attachments go into."""

import os
import time
from pathlib import Path
from typing import BinaryIO, Final

from accountmap.channels.base import is_message_name
from accountmap.errors import ChannelError
from accountmap.files import parts_of, write_atomic

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
        """There is nothing to let go of."""
