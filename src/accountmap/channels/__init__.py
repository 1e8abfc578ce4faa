"""Moving messages between the partners. Channels move bytes and know no protocol."""

from accountmap.channels.direct import DirectChannel
from accountmap.channels.endpoint import Endpoint
from accountmap.channels.folder import FolderChannel
from accountmap.channels.interface import Channel
from accountmap.channels.places import open_channel
from accountmap.channels.remote import RemoteChannel

__all__ = ["Channel", "DirectChannel", "Endpoint", "FolderChannel", "RemoteChannel", "open_channel"]
