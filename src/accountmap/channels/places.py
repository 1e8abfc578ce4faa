"""From what the user names to the channel that it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accountmap.channels.folder import FolderChannel
from accountmap.channels.interface import Channel


@contextmanager
def open_channel(place: Path | str | Channel) -> Iterator[Channel]:
    """Open the channel of a place and close it in the end; one that is open already stays so.

    Args:
        place: a folder, or a channel.
    """
    if not isinstance(place, Path | str):
        yield place
        return
    channel = FolderChannel(Path(place))
    try:
        yield channel
    finally:
        channel.close()
