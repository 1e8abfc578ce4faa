"""Giving every account an id, and making one account of the rows that share one."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.accounts.text import count_true
from accountmap.errors import InputError

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
    by_row = pc.binary_join_element_wise("row", pa.array(rows).cast(pa.string()), "-")
    if ids is None:
        note = "No column holds account ids: accounts are named by their row, such as row-17."
        return pa.chunked_array([by_row], pa.string()), (note,)
    notes = []
    if missing := ids.null_count:
        notes.append(f"Accounts without an id, named by their row, such as row-17: {missing}.")
    if shortened := count_true(pc.match_substring_regex(ids, _SHORTENED)):
        notes.append(
            f"Account ids that a spreadsheet has shortened, such as 1.23E+15: {shortened}. "
            "Export them as text to keep them apart."
        )
    return pc.coalesce(ids, pa.chunked_array([by_row], pa.string())), tuple(notes)


def _check_one_company(table: pa.Table, rows: npt.NDArray[np.int64], first: npt.NDArray[np.int64]) -> None:
    """Refuse rows that share an id but not a name: the ids are then not those of accounts."""
    names = pc.utf8_lower(table["name"])
    differs = pc.fill_null(pc.not_equal(names, names.take(pa.array(first))), False)
    bad = np.flatnonzero(differs.to_numpy(zero_copy_only=False))
    if len(bad):
        one, other = rows[first[bad[0]]], rows[bad[0]]
        raise InputError(
            f"Rows {one} and {other} have the same account id but different names; rows like this: {len(bad)}.",
            "Map account_id to a column that is unique for each account, or to nothing (account_id=) to use rows.",
        )


def merge_same_id(
    table: pa.Table, extras: pa.Table, rows: npt.NDArray[np.int64]
) -> tuple[pa.Table, pa.Table, tuple[str, ...]]:
    """Make one account of all rows with the same id, as in a report with one row for each opportunity.

    Args:
        table: ACCOUNT_SCHEMA.
        extras: row for row with `table`; of a merged account the first row's are kept.
        rows: row numbers of the source.

    Returns:
        The two tables, in the order in which ids first occur, and notes.

    Raises:
        InputError: rows with the same id have different names.
    """
    codes = table["account_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    _, first_of_code = np.unique(codes, return_index=True)
    if len(first_of_code) == len(codes):
        return table, extras, ()
    first = first_of_code[codes]
    _check_one_company(table, rows, first)
    ranked = table.set_column(
        table.column_names.index("segment"), "segment", pc.index_in(table["segment"], pa.array(SEGMENTS))
    )
    how = {"segment": "min", "amount": "max"}
    wanted = [(name, how.get(name, "first")) for name in table.column_names if name != "account_id"]
    # One thread keeps the order; "first" passes over nulls.
    grouped = ranked.group_by("account_id", use_threads=False).aggregate(wanted)
    merged = grouped.rename_columns(
        [name.rsplit("_", 1)[0] if name != "account_id" else name for name in grouped.column_names]
    )
    segments = pa.array(SEGMENTS).take(merged["segment"])
    merged = merged.set_column(merged.column_names.index("segment"), "segment", segments).select(
        table.column_names
    )
    kept = pa.array(np.sort(first_of_code))
    note = (
        "Rows merged with an earlier one of the same account id (first value, strongest segment, largest amount): "
        f"{len(codes) - len(kept)}."
    )
    # Without columns, `take` would forget the number of rows.
    kept_extras = extras.take(kept) if extras.num_columns else extras.slice(0, len(kept))
    return merged.cast(table.schema), kept_extras, (note,)
