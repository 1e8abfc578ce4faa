"""A table as CSV: RFC 4180, UTF-8 without a byte order mark, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.report.safe_text import spreadsheet_column

_BATCH_ROWS: Final = 16_384


def to_csv(table: pa.Table) -> Iterator[bytes]:
    """Write, in parts, a heading line and one line a row; null is empty, true and false are those words.

    A byte order mark would make the first heading unreadable to plain UTF-8 readers.
    """
    yield _lines([table.column_names])
    for batch in table.to_batches(max_chunksize=_BATCH_ROWS):
        part = pa.Table.from_batches([batch])
        yield _lines(zip(*(_cells(column) for column in part.columns), strict=True))


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    to = io.StringIO(newline="")
    csv.writer(to).writerows(rows)
    return to.getvalue().encode()


def _cells(column: pa.ChunkedArray) -> list[object]:
    if pa.types.is_string(column.type):
        column = spreadsheet_column(column)
    elif pa.types.is_boolean(column.type):
        column = column.cast(pa.string())
    elif pa.types.is_timestamp(column.type):
        column = pc.strftime(column.cast(pa.timestamp("s", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
    values: list[object] = column.to_pylist()
    if pa.types.is_floating(column.type):
        return [int(x) if isinstance(x, float) and x.is_integer() else x for x in values]
    return values
