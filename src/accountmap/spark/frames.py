"""What all transformations do with DataFrames: apply functions to batches, keep results, number rows."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.accounts.schema import ACCOUNT_SCHEMA, with_all_columns

_POSITION_BITS: Final = 33
"""Bits of `monotonically_increasing_id` that count within a partition (Spark SQL's documentation)."""


def checkpoint(frame: DataFrame, folder: str, name: str) -> DataFrame:
    """Write a result and read it back: it is computed once, and outlives the workers that computed it.

    Args:
        frame: what to compute.
        folder: where intermediate tables are, on storage that all workers can reach.
        name: name of the table; an existing one is replaced.
    """
    place = f"{folder.rstrip('/')}/{name}"
    frame.write.mode("overwrite").parquet(place)
    return frame.sparkSession.read.schema(frame.schema).parquet(place)


def map_tables(frame: DataFrame, function: Callable[[pa.Table], pa.Table], schema: str) -> DataFrame:
    """Apply a function to each batch of rows, on the workers.

    Args:
        frame: rows, handed over in batches of `spark.sql.execution.arrow.maxRecordsPerBatch`.
        function: a function of an importable module, or a `partial` of one, which returns a table with the columns
            of `schema`.
        schema: what it returns, as Spark's DDL.
    """
    return frame.mapInArrow(partial(_each_batch, function), schema)


def account_table(columns: pa.Table) -> pa.Table:
    """Give columns of an account list their types; segments are blank, and other missing columns are null.

    Args:
        columns: columns of ACCOUNT_SCHEMA by name, without segment, of types that can be cast to theirs.

    Returns:
        ACCOUNT_SCHEMA.
    """
    types = pa.schema([ACCOUNT_SCHEMA.field(name) for name in columns.column_names])
    return with_all_columns(columns.cast(types).append_column("segment", pa.repeat("", len(columns))))


def _each_batch(
    function: Callable[[pa.Table], pa.Table], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield from function(pa.Table.from_batches([batch])).combine_chunks().to_batches()


def map_partitions(frame: DataFrame, function: Callable[[pa.Table], pa.Table], schema: str) -> DataFrame:
    """Apply a function to each partition as one table, where rows of a partition belong together."""
    return frame.mapInArrow(partial(_whole_partition, function), schema)


def _whole_partition(
    function: Callable[[pa.Table], pa.Table], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    parts = list(batches)
    if parts:
        yield from function(pa.Table.from_batches(parts)).combine_chunks().to_batches()


def numbered(frame: DataFrame, order: list[str | Column], column: str, folder: str, name: str) -> DataFrame:
    """Sort rows and number them from zero, without bringing them to one place.

    Rows are sorted into partitions and numbered within each; from the few sizes of the partitions follows the
    first number of each. The sorted rows are written to storage between the two passes, so that both see the same
    partitions.

    Args:
        frame: rows of which no two are equal in `order`.
        order: what to sort by, ascending.
        column: name of the new column, a long.
        folder, name: where the sorted rows are kept.
    """
    placed = frame.orderBy(*order).withColumn("_placed", F.monotonically_increasing_id())
    settled = checkpoint(placed, folder, name)
    partition = F.shiftright("_placed", _POSITION_BITS)
    sizes = settled.groupBy(partition.alias("partition")).count().orderBy("partition").collect()
    first, starts = 0, []
    for row in sizes:
        starts.append((row["partition"], first))
        first += row["count"]
    offsets = frame.sparkSession.createDataFrame(starts, "_partition long, _first long")
    within = F.col("_placed").bitwiseAND(F.lit((1 << _POSITION_BITS) - 1))
    return (
        settled.join(F.broadcast(offsets), partition == F.col("_partition"))
        .withColumn(column, F.col("_first") + within)
        .drop("_placed", "_partition", "_first")
    )


def pieces(blob: bytes, ends: npt.NDArray[np.int64]) -> pa.Array:
    """Cut a byte string into an array; `ends` says where each piece begins, and where the last one ends."""
    return pa.Array.from_buffers(
        pa.binary(), len(ends) - 1, [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(blob)]
    )
