"""Files of a channel as bytes, for tests."""

import tempfile
from pathlib import Path

from accountmap.channels import Channel


def deliver(channel: Channel, name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        source.write_bytes(data)
        channel.deliver(name, source)


def fetch(channel: Channel, name: str, size: int) -> bytes:
    with channel.fetch(name, size) as file:
        return file.read()
