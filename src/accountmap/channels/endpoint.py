"""Where a direct connection is listened for, or made to."""

import socket
from dataclasses import dataclass
from typing import Self

from accountmap.errors import ChannelError, InputError


@dataclass(frozen=True)
class Endpoint:
    """A host, by name or number, and a TCP port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `HOST:PORT` or `[IPV6]:PORT`.

        Raises:
            InputError: it is neither.
        """
        host, colon, port = text.strip().rpartition(":")
        host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
            raise InputError("this is no address to connect to", "Write HOST:PORT, such as maps.example.com:7443.")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def listener(self) -> socket.socket:
        """Return a socket that listens here.

        Raises:
            ChannelError: the port is taken, or the host is not this machine.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            listener = socket.create_server((self.host, self.port), family=family, backlog=8)
        except OSError as error:
            raise ChannelError(
                f"nothing can listen on {self}: {error.strerror}",
                "Choose another port, or 0.0.0.0 as the host for all addresses of this machine.",
            ) from error
        listener.setblocking(False)
        return listener
