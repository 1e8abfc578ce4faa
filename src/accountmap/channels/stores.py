"""Remote stores through fsspec: folders on SFTP servers (paramiko), prefixes in S3-compatible stores (s3fs)."""

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import fsspec
import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from accountmap.channels.remote import MAX_FILES, Address

if TYPE_CHECKING:
    from s3fs import S3FileSystem  # takes half a second to load, for nothing on SFTP

LOGIN_SECONDS: Final = 20
ANSWER_SECONDS: Final = 60
PART_BYTES: Final = 1 << 20
REQUESTS_AT_ONCE: Final = 64
"""How many answers of 32 KiB are requested ahead."""


class KnownHosts(paramiko.MissingHostKeyPolicy):
    """Talk only to servers whose key is in the user's known_hosts, as ssh does when nobody is there to ask."""

    def missing_host_key(self, _client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Refuse a server that is not known under this key."""
        file = Path.home() / ".ssh" / "known_hosts"
        known = paramiko.HostKeys(str(file) if file.exists() else None)
        if not known.check(hostname, key):
            raise UnknownHostError


class UnknownHostError(paramiko.SSHException):
    """The server's key is not in known_hosts."""


class SftpStore:
    """A folder of an SFTP server. Logins are the user's own: from ssh-agent, ~/.ssh, or fsspec's configuration."""

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
        """Yield the first bytes of a file, with several requests under way at once, to save waiting."""
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
        """Replace in one step where the server can; elsewhere rename, which works if the name is free."""
        try:
            self._fs.mv(part, path)
        except OSError:
            self._fs.ftp.rename(part, path)

    def _path(self, name: str) -> str:
        return f"{self._folder.rstrip('/')}/{name}"

    def close(self) -> None:
        """End the connection."""
        self._fs.client.close()


OBJECT_PART_BYTES: Final = 1 << 24
"""How much of a large object one request moves: an upload may have 10,000 parts, so 160 GB."""

PARTS_AT_ONCE: Final = 2


class S3Store:
    """A prefix in a bucket. Credentials are the user's own: from the configuration of AWS or of fsspec.

    An object appears only once all of it has been uploaded, even if it was sent in parts.
    """

    def __init__(self, address: Address) -> None:
        self._bucket, self._prefix = address.host, f"{address.path.strip('/')}/".lstrip("/")
        self._fs: S3FileSystem = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)

    def sizes(self) -> dict[str, int]:
        """Return name and length of the first objects directly under the prefix.

        One page of the store's answer has at most MAX_FILES; if there are more, one empty name represents them.
        """
        page = self._fs.call_s3(
            "list_objects_v2", Bucket=self._bucket, Prefix=self._prefix, Delimiter="/", MaxKeys=MAX_FILES
        )
        found = {item["Key"].removeprefix(self._prefix): int(item["Size"]) for item in page.get("Contents", ())}
        return found | ({"": 0} if page.get("IsTruncated") else {})

    def read(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the first bytes of an object.

        The last byte is never requested alone: a request beyond the end of an object would be an error.
        """
        start, stop = 0, 0
        while start == stop < size:
            stop = size if size - start <= OBJECT_PART_BYTES + 1 else start + OBJECT_PART_BYTES
            part = bytes(self._fs.cat_file(self._path(name), start=start, end=stop))
            start += len(part)
            yield part

    def write(self, name: str, source: Path) -> None:
        """Upload an object."""
        self._fs.put_file(
            str(source), self._path(name), chunksize=OBJECT_PART_BYTES, max_concurrency=PARTS_AT_ONCE
        )

    def _path(self, name: str) -> str:
        return f"{self._bucket}/{self._prefix}{name}"

    def close(self) -> None:
        """End the connection."""
        self._fs.close_session(self._fs.loop, self._fs.s3)
