"""Files and table cells of the workspace that only its owner can read: sealed under the storage key."""

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from accountmap.files import write_atomic
from accountmap.trust.sealed import Storage

_GROUP_ROWS: Final = 1 << 17
"""Rows that are encoded at once; encoding needs several times their size in memory."""

StorageOf = Callable[[], Storage]
"""Returns the storage; asks for the passphrase when it is first needed."""


@dataclass(frozen=True)
class SealedFile:
    """A file in the workspace folder.

    Attributes:
        folder: of the workspace.
        name: path in it. It is bound into the seal, so that one file cannot take the place of another.
    """

    folder: Path
    name: str
    storage: StorageOf

    @property
    def path(self) -> Path:
        """Its whole path."""
        return self.folder / self.name

    def exists(self) -> bool:
        """Return whether it is there."""
        return self.path.is_file()

    def write(self, parts: bytes | memoryview | Iterable[bytes | memoryview]) -> None:
        """Write it, replacing what was there; its folder is made if it is missing.

        Raises:
            OSError: it cannot be written; what was there before is kept.
        """
        whole = [parts] if isinstance(parts, bytes | memoryview) else parts
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(self.path, self.storage().seal(whole, self.name))

    def read(self) -> memoryview:
        """Return all of it, read-only.

        Raises:
            OSError: it cannot be read.
            WorkspaceError: it was sealed by another workspace or under another name, cut short or altered.
        """
        with self.path.open("rb") as file:
            return self.storage().open(file, self.name)

    def delete(self) -> None:
        """Delete it, if it is there."""
        self.path.unlink(missing_ok=True)

    def write_json(self, value: Any) -> None:
        """Write a value as JSON."""
        self.write(json.dumps(value).encode())

    def read_json(self) -> Any:
        """Read what `write_json` wrote.

        Raises:
            OSError, WorkspaceError: as `read`.
            ValueError: it is not JSON.
        """
        return json.loads(bytes(self.read()))

    def write_table(self, table: pa.Table) -> None:
        """Write a table as Parquet."""
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="zstd", row_group_size=_GROUP_ROWS)
        self.write(memoryview(buffer.getvalue()))

    def read_table(self) -> pa.Table:
        """Read what `write_table` wrote. `pyarrow.parquet.read_table` would load pandas first.

        Raises:
            OSError, WorkspaceError: as `read`.
            pyarrow.ArrowException: it is not Parquet.
        """
        with pq.ParquetFile(pa.BufferReader(pa.py_buffer(self.read()))) as file:
            return file.read()


FileOf = Callable[[str], SealedFile]
"""Returns the sealed file with a name."""


def seal_cell(storage: Storage, label: str, value: Any) -> bytes:
    """Seal a value of a table as JSON.

    Args:
        label: which cell it is.
    """
    return b"".join(storage.seal([json.dumps(value).encode()], label))


def open_cell(storage: Storage, label: str, cell: bytes) -> Any:
    """Read what `seal_cell` sealed.

    Raises:
        WorkspaceError: it was altered, or is another cell.
    """
    return json.loads(bytes(storage.open(io.BytesIO(cell), label)))
