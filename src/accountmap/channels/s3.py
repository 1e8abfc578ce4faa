"""Prefixes in S3-compatible stores, through fsspec and s3fs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import fsspec
from s3fs import S3FileSystem

from accountmap.channels.base import MAX_FILES, Address

PART_BYTES: Final = 1 << 24
"""What one request takes or brings of a large object: an upload may have 10,000 parts, so 160 GB."""

PARTS_AT_ONCE: Final = 2


class S3Store:
    """A prefix in a bucket. Credentials are the user's own: of the AWS configuration or of fsspec's.

    An object appears when it has been uploaded whole, and not before, also if it was sent in parts.
    """

    def __init__(self, address: Address) -> None:
        self._bucket, self._prefix = address.host, f"{address.path.strip('/')}/".lstrip("/")
        self._fs: S3FileSystem = fsspec.filesystem("s3", skip_instance_cache=True, use_listings_cache=False)

    def sizes(self) -> dict[str, int]:
        """Return name and length of the first objects directly under the prefix.

        One page of the store's answer, which has at most MAX_FILES; if there are more, one name stands for them.
        """
        page = self._fs.call_s3(
            "list_objects_v2", Bucket=self._bucket, Prefix=self._prefix, Delimiter="/", MaxKeys=MAX_FILES
        )
        found = {item["Key"].removeprefix(self._prefix): int(item["Size"]) for item in page.get("Contents", ())}
        return found | ({"": 0} if page.get("IsTruncated") else {})

    def read(self, name: str, size: int) -> Iterator[bytes]:
        """Yield the first bytes of an object.

        The last byte never stands alone: to ask for what lies behind the end of an object is an error.
        """
        start, stop = 0, 0
        while start == stop < size:
            stop = size if size - start <= PART_BYTES + 1 else start + PART_BYTES
            part = bytes(self._fs.cat_file(self._path(name), start=start, end=stop))
            start += len(part)
            yield part

    def write(self, name: str, source: Path) -> None:
        """Upload an object."""
        self._fs.put_file(str(source), self._path(name), chunksize=PART_BYTES, max_concurrency=PARTS_AT_ONCE)

    def _path(self, name: str) -> str:
        return f"{self._bucket}/{self._prefix}{name}"

    def close(self) -> None:
        """End the connection."""
        self._fs.close_session(self._fs.loop, self._fs.s3)
