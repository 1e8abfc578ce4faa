"""Folders on SFTP servers, through fsspec and paramiko."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import fsspec
import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from accountmap.channels.base import MAX_FILES, Address

LOGIN_SECONDS: Final = 20
ANSWER_SECONDS: Final = 60
PART_BYTES: Final = 1 << 20
REQUESTS_AT_ONCE: Final = 64
"""Answers of 32 KiB that are asked for ahead."""


class KnownHosts(paramiko.MissingHostKeyPolicy):
    """Talk only to servers whose key stands in the user's known_hosts, as ssh does when nobody is there to ask."""

    def missing_host_key(self, _client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Refuse a server that is not known under this key."""
        file = Path.home() / ".ssh" / "known_hosts"
        known = paramiko.HostKeys(str(file) if file.exists() else None)
        if not known.check(hostname, key):
            raise UnknownHostError


class UnknownHostError(paramiko.SSHException):
    """The server's key is not in known_hosts."""


class SftpStore:
    """A folder of an SFTP server. Logins are the user's own: of ssh-agent, ~/.ssh, or fsspec's configuration."""

    def __init__(self, address: Address) -> None:
        options: dict[str, Any] = {"port": address.port} if address.port else {}
        if address.user:
            options["username"] = address.user
        self._folder = address.path or "/"
        self._fs: SFTPFileSystem = fsspec.filesystem(
            "sftp",
            host=address.host,
            host_key_policy=KnownHosts(),
            timeout=LOGIN_SECONDS,
            auth_timeout=LOGIN_SECONDS,
            skip_instance_cache=True,
            **options,
        )
        try:
            self._fs.ftp.get_channel().settimeout(ANSWER_SECONDS)
            self._fs.makedirs(self._folder, exist_ok=True)
        except BaseException:
            self.close()
            raise

    def sizes(self) -> dict[str, int]:
        """Return name and length of the first files in the folder."""
        listed = islice(self._fs.ftp.listdir_iter(self._folder), MAX_FILES + 1)
        return {entry.filename: entry.st_size or 0 for entry in listed}

    def read(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the first bytes of a file, asking ahead, so that it is not waited for each answer."""
        with self._fs.open(self._path(name), "rb") as file:
            left = min(size, file.stat().st_size or 0)
            file.prefetch(left, REQUESTS_AT_ONCE)
            while left and (part := bytes(file.read(min(left, PART_BYTES)))):
                left -= len(part)
                yield part

    def write(self, name: str, source: Path) -> None:
        """Write under another name, then rename."""
        part = self._path(f".{name}.{secrets.token_hex(4)}.part")
        try:
            with source.open("rb") as own, self._fs.open(part, "wb") as file:
                file.set_pipelined(True)
                shutil.copyfileobj(own, file, PART_BYTES)
            self._rename(part, self._path(name))
        except BaseException:
            with contextlib.suppress(OSError, paramiko.SSHException, EOFError):
                self._fs.ftp.remove(part)
            raise

    def _rename(self, part: str, path: str) -> None:
        """Replace in one step where the server can; elsewhere rename, which works while the name is free."""
        try:
            self._fs.mv(part, path)
        except OSError:
            self._fs.ftp.rename(part, path)

    def _path(self, name: str) -> str:
        return f"{self._folder.rstrip('/')}/{name}"

    def close(self) -> None:
        """End the connection."""
        self._fs.client.close()
