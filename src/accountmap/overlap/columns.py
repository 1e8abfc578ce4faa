"""What the tables of the overlap need again and again: read each value once, take the first of each."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Rows = npt.NDArray[np.int64]
"""Row numbers."""


def codes(column: pa.ChunkedArray) -> tuple[Rows, int]:
    """Number the values of a column without nulls, in the order in which they first occur; and count them."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), len(coded.dictionary)


def first_of_each(column: pa.ChunkedArray) -> Rows:
    """Find for each value of a column without nulls the first row that has it, in the order of the rows."""
    first: Rows = np.unique(codes(column)[0], return_index=True)[1].astype(np.int64)
    return first


def mapped(column: pa.ChunkedArray, reading: Callable[[str], str | None]) -> pa.Array:
    """Read each cell of a column of text, and each different one only once; null stays null."""
    coded = column.combine_chunks().dictionary_encode()
    read = pa.array([reading(cell) for cell in coded.dictionary.to_pylist()], pa.string())
    return read.take(coded.indices)


def first_of_entity(column: pa.Array, entity: Rows, entities: int) -> pa.Array:
    """Give each entity the first value that any of its accounts has.

    Args:
        column: a value or null for each account.
        entity: the row of each account's entity.
        entities: how many there are.
    """
    filled = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    first = np.full(entities, -1, np.int64)
    first[entity[filled[::-1]]] = filled[::-1]  # Of several writes to one place the last one stays.
    return column.take(pa.array(first, mask=first < 0))
