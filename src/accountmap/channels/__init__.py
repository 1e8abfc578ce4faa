"""Moving messages between the partners. Channels move bytes and know no protocol."""

from accountmap.channels.base import Channel, FolderChannel
from accountmap.channels.direct import DirectChannel
from accountmap.channels.direct_connection import Endpoint
from accountmap.channels.remote import RemoteChannel, open_channel

__all__ = ["Channel", "DirectChannel", "Endpoint", "FolderChannel", "RemoteChannel", "open_channel"]
