"""From what the user names to the channel that it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from accountmap.channels.folder import FolderChannel
from accountmap.channels.interface import Channel
from accountmap.channels.remote import RemoteChannel
from accountmap.channels.store import Address


@contextmanager
def open_channel(place: Path | str | Channel) -> Iterator[Channel]:
    """Open the channel of a place and close it in the end; one that is open already stays so.

    Args:
        place: a folder, the address of a remote one (`sftp://`, `s3://`), or a channel.

    Raises:
        InputError: the address is malformed, or holds credentials.
    """
    if not isinstance(place, Path | str):
        yield place
        return
    channel: Channel
    if isinstance(place, str) and "://" in place:
        channel = RemoteChannel(Address.parse(place))
    else:
        channel = FolderChannel(Path(place))
    try:
        yield channel
    finally:
        channel.close()
