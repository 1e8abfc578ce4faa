"""A list before its columns are understood, and reading one from Arrow, pandas or Parquet."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from accountmap.accounts.cells import as_text
from accountmap.accounts.schema import Remark
from accountmap.errors import InputError, UsageError

HEADER_SEARCH_ROWS: Final = 20
"""How far down in a file the row of headings may be, below titles and blank rows."""

TAKE: Final = "take"
LEAVE: Final = "leave"
"""What the user may want to do with rows that are not read unasked: hidden ones, private persons."""

CountKnown = Callable[[Sequence[str]], int]
"""Counts how many of a row's cells are headings that the program knows."""


@dataclass(frozen=True)
class RawList:
    """A list with its own headings.

    Attributes:
        table: one column for each heading, in the source's order, names distinct; each of strings or of numbers.
        rows: for each row of the table its number in the source, counted from 1 as a spreadsheet does.
        notes: what the reader decided, one sentence each.
        sheets: the sheet that each row comes from, if the list was put together from several; otherwise None.
        remarks: what the owner should look at.
    """

    table: pa.Table
    rows: npt.NDArray[np.int64]
    notes: tuple[str, ...] = ()
    sheets: pa.Array | None = None
    remarks: tuple[Remark, ...] = ()

    @classmethod
    def of_sheets(cls, names: Sequence[str], parts: Sequence["RawList"]) -> "RawList":
        """Put the sheets of a workbook below each other; a column that a sheet does not have is null there."""
        tables = _with_equal_types([part.table for part in parts])
        sheets = pa.array([name for name, part in zip(names, parts, strict=True) for _ in part.rows], pa.string())
        notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
        rows = np.concatenate([part.rows for part in parts])
        return cls(pa.concat_tables(tables, promote_options="default"), rows, notes, sheets)

    @property
    def labels(self) -> pa.Array:
        """Where each row is, for messages and evidence: "17", or if there are several sheets, "Customers-17"."""
        rows = pa.array(self.rows).cast(pa.string())
        return rows if self.sheets is None else pc.binary_join_element_wise(self.sheets, rows, "-")

    def filter(self, kept: npt.NDArray[np.bool_], *notes: str) -> "RawList":
        """Return the rows for which `kept` is true, with notes about the others."""
        sheets = None if self.sheets is None else self.sheets.filter(pa.array(kept))
        return replace(
            self,
            table=self.table.filter(pa.array(kept)),
            rows=self.rows[kept],
            notes=(*self.notes, *notes),
            sheets=sheets,
        )

    @property
    def blank_headings(self) -> list[str]:
        """Headings of the columns without any value."""

        def is_blank(column: pa.ChunkedArray) -> bool:
            return column.null_count == len(column) or (
                pa.types.is_string(column.type) and not pc.any(pc.not_equal(column, "")).as_py()
            )

        return [name for name in self.table.column_names if is_blank(self.table[name])]


def _with_equal_types(tables: Sequence[pa.Table]) -> list[pa.Table]:
    """Turn columns into text that are numbers in one table and text in another."""
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for column in table.schema:
            types.setdefault(column.name, set()).add(column.type)

    def made_equal(table: pa.Table) -> pa.Table:
        columns = {
            name: table[name] if len(types[name]) == 1 else as_text(table[name]) for name in table.column_names
        }
        return pa.table(columns)

    return [made_equal(table) for table in tables]


def find_header(rows: Sequence[Sequence[str]], count_known: CountKnown) -> int | None:
    """Find the row of headings: of the first rows, that with the most known headings, else the first not blank.

    Returns:
        The position in `rows`, or None if all are blank.
    """
    filled = [at for at, cells in enumerate(rows) if any(cells)]
    return max(filled, key=lambda at: count_known(rows[at]), default=None)


def distinct_headings(headings: Iterable[str]) -> tuple[list[str], list[str]]:
    """Name every column, and each differently: blanks become "column 3", a second "Name" becomes "Name (2)".

    Returns:
        The names, and the headings that occurred more than once.
    """
    names: list[str] = []
    repeated: dict[str, None] = {}
    for number, heading in enumerate(headings, start=1):
        stem = " ".join(heading.split()) or f"column {number}"
        name, copy = stem, 1
        while name in names:
            repeated[stem] = None
            copy += 1
            name = f"{stem} ({copy})"
        names.append(name)
    return names, list(repeated)


def heading_notes(repeated: Sequence[str]) -> tuple[str, ...]:
    """Say which headings occur more than once."""
    if not repeated:
        return ()
    quoted = ", ".join(f"'{heading}'" for heading in repeated)
    return (f"Headings that occur more than once were numbered: {quoted}.",)


class ArrowStream(Protocol):
    """A table that can hand itself to Arrow (the Arrow PyCapsule interface): pandas, pyarrow, Polars, DuckDB."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Export the table as an ArrowArrayStream."""


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Reduce a column to numbers or strings.

    Raises:
        pa.ArrowNotImplementedError, pa.ArrowInvalid: it has lists, structs or bytes that are not text.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _decoded(column)
    if isinstance(kind, pa.UuidType):  # a cast would read the sixteen bytes as text
        ids = [None if each is None else str(each) for each in column.to_pylist()]
        return pa.chunked_array([ids], pa.string())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return column
    return column.cast(pa.string())


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Replace the numbers of a dictionary by their values; Arrow has no cast for Polars' categories."""
    parts = [_plain(pa.chunked_array([part.dictionary])).take(part.indices) for part in column.chunks]
    return pa.chunked_array(
        [chunk for part in parts for chunk in part.chunks], parts[0].type if parts else pa.string()
    )


def from_arrow(table: pa.Table) -> RawList:
    """Read an Arrow table as a list; its rows are counted from 1."""
    names, repeated = distinct_headings(table.column_names)
    columns, notes = {}, list(heading_notes(repeated))
    for name, column in zip(names, table.columns, strict=True):
        try:
            columns[name] = _plain(column)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            notes.append(f"'{name}' was left out: it has no text, numbers or dates.")
    return RawList(pa.table(columns), np.arange(1, table.num_rows + 1), tuple(notes))


def from_stream(table: ArrowStream) -> RawList:
    """Read any table that offers the Arrow PyCapsule interface; the index of pandas is not a column.

    Raises:
        InputError: a column has objects of several types, or text that is not Unicode.
        UsageError: it is not such a table.
    """
    if not hasattr(table, "__arrow_c_stream__"):
        raise UsageError(
            f"A {type(table).__name__} is not a table.",
            "Pass the path of a file or a table: pandas, pyarrow, Polars (not lazy), a DuckDB relation.",
        )
    try:
        arrow = pa.RecordBatchReader.from_stream(table).read_all()
        arrow.validate(full=True)  # text that others made may not be UTF-8
    except (ValueError, pa.ArrowTypeError):  # from pandas or Arrow, whose messages quote cells
        raise InputError(
            "The table cannot be handed over: a column has values of several types or text that is not Unicode, "
            "or two columns have the same name.",
            "Pass a table, not a single column; give every column one type, for example with astype(str), text "
            "without surrogates, and a name of its own.",
        ) from None
    index = [name for name in arrow.column_names if name.startswith("__index_level_")]
    return from_arrow(arrow.drop_columns(index))


def read_parquet(path: Path) -> RawList:
    """Read a Parquet file that this company wrote, never one that came from a partner.

    Raises:
        InputError: the file is damaged.
    """
    try:
        table = pq.ParquetFile(path).read()
        table.validate(full=True)  # text in a damaged file may not be UTF-8
        return from_arrow(table)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise InputError(
            f"The Parquet file is damaged or cut off ({type(error).__name__}).", "Write it again."
        ) from None
