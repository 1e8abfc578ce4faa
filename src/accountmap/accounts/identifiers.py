"""Giving every account an id."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.text import count_true

_SHORTENED: Final = r"^\d([.,]\d+)?[eE]\+\d+$"
"""How a spreadsheet writes a long number: 1.23E+15."""


def fill_ids(ids: pa.ChunkedArray | None, rows: npt.NDArray[np.int64]) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Give accounts without an id the id "row-17", by their row in the source.

    Args:
        ids: cleaned text, or None if the list has no column of ids.
        rows: row numbers of the source.

    Returns:
        The ids, never null, and notes.
    """
    if ids is None:
        note = "No column holds account ids: accounts are named by their row, such as row-17."
        return pa.chunked_array([_by_row(rows)], pa.string()), (note,)
    notes = []
    if missing := ids.null_count:
        notes.append(f"Accounts without an id, named by their row, such as row-17: {missing}.")
    if shortened := count_true(pc.match_substring_regex(ids, _SHORTENED)):
        notes.append(
            f"Account ids that a spreadsheet has shortened, such as 1.23E+15: {shortened}. "
            "Export them as text to keep them apart."
        )
    return pc.coalesce(ids, pa.chunked_array([_by_row(rows)], pa.string())) if missing else ids, tuple(notes)


def _by_row(rows: npt.NDArray[np.int64]) -> pa.Array:
    return pc.binary_join_element_wise("row", pa.array(rows).cast(pa.string()), "-")
