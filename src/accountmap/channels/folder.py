"""A folder that both sides see: a network share, a synchronised folder, or one that mail attachments go into."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from accountmap.errors import ChannelError
from accountmap.files import write_atomic

SUFFIX: Final = ".amap"


class FolderChannel:
    """Messages as files in one folder. Other files, such as unfinished uploads, are not looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> Iterator[str]:
        """List the message files, by name."""
        try:
            yield from sorted(
                path.name for path in self.folder.iterdir() if path.suffix == SUFFIX and path.is_file()
            )
        except OSError as error:
            raise ChannelError(f"the folder {self.folder} cannot be read", "Check that it exists.") from error

    def head(self, name: str, size: int) -> tuple[bytes, int]:
        """Return the first bytes of a file and its length."""
        path = self.folder / name
        try:
            with path.open("rb") as file:
                return file.read(size), path.stat().st_size
        except OSError as error:
            raise ChannelError(f"{path} cannot be read", "Check the permissions of the file.") from error

    def fetch(self, name: str, size: int) -> bytes:
        """Return a file of exactly that many bytes."""
        path = self.folder / name
        try:
            with path.open("rb") as file:
                data = file.read(size + 1)
        except OSError as error:
            raise ChannelError(f"{path} cannot be read", "Check the permissions of the file.") from error
        if len(data) != size:
            raise ChannelError(f"{path} is still changing", "Run this again when the file has arrived.")
        return data

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
