"""The columns of message bodies as files of several parts, in a folder or an object store.

A part has the bytes of consecutive rows as in the message, and a name with its number: the parts, one after
another, are the column. If a worker dies, its part is written again under the same name.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from typing import Final
from uuid import uuid4

import numpy as np
import pyarrow as pa
from pyarrow import fs
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.errors import ChannelError, PeerError
from accountmap.psi.codec import Bytes2D
from accountmap.spark.frames import checkpoint, pieces

PART_BYTES: Final = 64 << 20
"""Approximate size of a part in bytes: a worker has one at a time in memory."""

SLICE_ROWS: Final = 8192
"""How many rows are read at a time."""


def write_column(rows: DataFrame, column: str, width: int, folder: str) -> int:
    """Write a column in the order of its rows.

    Args:
        rows: row (a long, counted from zero without gaps) and the column.
        column: its name; binary, of `width` bytes.
        width: bytes of a row.
        folder: an empty folder that all workers can reach, as `file:///path` or `s3://bucket/prefix`.

    Returns:
        The number of parts.

    Raises:
        ChannelError: a row was missing.
    """
    each = max(1, PART_BYTES // width)
    parts = rows.select(F.expr(f"row div {each}").alias("part"), "row", F.col(column).alias("cell")).repartition(
        "part"
    )
    ordered = parts.sortWithinPartitions("row")
    written = ordered.mapInArrow(partial(_write_parts, folder), "part long, first long, rows long").collect()
    written.sort(
        key=lambda row: row["part"]
    )  # sorted here, because Spark would write all parts twice, to sample what it sorts by
    expected = 0
    for part in written:
        if part["first"] != expected or (part["rows"] < each and part is not written[-1]):
            raise ChannelError("a row of the column is missing", "Run the step again.")
        expected += part["rows"]
    return len(written)


def lay_out(column: memoryview, width: int, folder: str) -> None:
    """Write a column that the driver has in memory, in parts, replacing what was in the folder.

    Args:
        width: bytes of a row; no part ends within a row.
        folder: as in `write_column`.
    """
    store, root = fs.FileSystem.from_uri(folder)
    store.create_dir(root)
    store.delete_dir_contents(root)
    each = max(1, PART_BYTES // width) * width
    for part, start in enumerate(range(0, len(column), each)):
        with store.open_output_stream(f"{root}/part-{part:08d}") as stream:
            stream.write(column[start : start + each])


def read_back(folder: str) -> Bytes2D:
    """Return the bytes of a column that is stored in parts, shape (n,); the driver keeps them in memory once."""
    store, root = fs.FileSystem.from_uri(folder)
    column = np.empty(sum(file.size for file in _parts(store, root)), np.uint8)
    at = 0
    for chunk in chunks(folder):
        column[at : at + len(chunk)] = np.frombuffer(chunk, np.uint8)
        at += len(chunk)
    return column


def chunks(folder: str) -> Iterator[bytes]:
    """Yield a column that is stored in parts, a mebibyte at a time."""
    store, root = fs.FileSystem.from_uri(folder)
    for file in _parts(store, root):
        with store.open_input_stream(file.path) as stream:
            while chunk := stream.read(1 << 20):
                yield chunk


def _parts(store: fs.FileSystem, root: str) -> list[fs.FileInfo]:
    found = store.get_file_info(fs.FileSelector(root))
    return sorted((f for f in found if f.base_name.startswith("part-")), key=lambda f: f.base_name)


def _write_parts(folder: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    store, root = fs.FileSystem.from_uri(folder)
    store.create_dir(root)
    cells = (
        (part, row, cell)
        for batch in batches
        for part, row, cell in zip(*(c.to_pylist() for c in batch.columns), strict=True)
    )
    for part, group in groupby(cells, key=lambda cell: cell[0]):
        unfinished = f"{root}/.{part:08d}-{uuid4().hex}"
        count, first = 0, -1
        with store.open_output_stream(unfinished) as stream:
            for _, row, cell in group:
                stream.write(cell)
                first = row if count == 0 else first
                count += 1
        store.move(unfinished, f"{root}/part-{part:08d}")
        yield pa.record_batch({"part": [part], "first": [first], "rows": [count]})


def read_column(spark: SparkSession, folder: str, column: str, width: int, rows: int, own: str) -> DataFrame:
    """Copy a column that is stored in parts into a table of our own: what is checked then is what is used.

    Args:
        spark: the Spark session.
        folder: where the parts are.
        column: the name that the column gets.
        width: bytes of a row.
        rows: how many rows there must be, as the agreement says.
        own: folder for the table, which the partner cannot write to.

    Returns:
        Rows with `row` and the column.

    Raises:
        PeerError: there are more or fewer bytes, or a part ends within a row.
    """
    store, root = fs.FileSystem.from_uri(folder)
    files = _parts(store, root)
    if any(file.size % width for file in files) or sum(file.size for file in files) != rows * width:
        raise PeerError("the column does not have the length that the agreement says")
    slices, first = [], 0
    for file in files:
        for at in range(0, file.size // width, SLICE_ROWS):
            slices.append((file.base_name, at, min(SLICE_ROWS, file.size // width - at), first + at))
        first += file.size // width
    listed = spark.createDataFrame(slices, "name string, at long, rows long, first long")
    spread = listed.repartition(max(1, len(files)), "name")
    read = spread.mapInArrow(partial(_read_slices, folder, column, width), f"row long, {column} binary")
    return checkpoint(read, own, f"read-{column}")


def _read_slices(
    folder: str, column: str, width: int, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    store, root = fs.FileSystem.from_uri(folder)
    for piece in (piece for batch in batches for piece in batch.to_pylist()):
        with store.open_input_file(f"{root}/{piece['name']}") as file:
            cells = file.read_at(piece["rows"] * width, piece["at"] * width)
        numbers = np.arange(piece["first"], piece["first"] + piece["rows"])
        ends = np.arange(piece["rows"] + 1) * width
        yield pa.record_batch([pa.array(numbers), pieces(cells, ends)], names=["row", column])
