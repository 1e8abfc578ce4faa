"""A table as CSV: RFC 4180, UTF-8 without a byte order mark, safe to open in a spreadsheet."""

import csv
import io

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.report.safe_text import spreadsheet_column


def to_csv(table: pa.Table) -> bytes:
    """Write a heading line and one line a row; null is empty, true and false are those words.

    A byte order mark would make the first heading unreadable to plain UTF-8 readers.
    """
    to = io.BytesIO()
    with io.TextIOWrapper(to, encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(table.column_names)
        for batch in table.to_batches(max_chunksize=65_536):
            part = pa.Table.from_batches([batch])
            writer.writerows(zip(*(_cells(column) for column in part.columns), strict=True))
        text.flush()
        return to.getvalue()


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
