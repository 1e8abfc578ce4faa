"""Making one account of the rows that share an id, as in a report with one row for each opportunity."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS
from accountmap.errors import InputError

_RANKS = pa.array(SEGMENTS)


def _merge(table: pa.Table) -> pa.Table:
    """Merge rows by id, in the order in which ids first occur.

    Of each column the first value that is not null is kept; of segments the strongest, of amounts the largest, of
    activities the latest; and one row that is off limits makes the account so.
    """
    at_segment = table.column_names.index("segment")
    ranked = table.set_column(at_segment, "segment", pc.index_in(table["segment"], _RANKS))
    how = {"segment": "min", "amount": "max", "last_activity": "max", "off_limits": "any"}
    wanted = [(name, how.get(name, "first")) for name in table.column_names if name != "account_id"]
    grouped = ranked.group_by("account_id", use_threads=False).aggregate(wanted)  # One thread keeps the order.
    columns = {
        name: grouped["account_id" if name == "account_id" else f"{name}_{how.get(name, 'first')}"]
        for name in table.column_names
    }
    columns["segment"] = _RANKS.take(columns["segment"])
    return pa.table(columns).cast(ACCOUNT_SCHEMA)


def _check_one_company(
    names: pa.ChunkedArray,
    merged_names: pa.ChunkedArray,
    group: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int64],
) -> None:
    """Refuse rows that share an id but not a name: the ids are then not those of accounts."""
    kept = merged_names.take(pa.array(group))
    differs = pc.fill_null(pc.not_equal(pc.utf8_lower(names), pc.utf8_lower(kept)), False)
    bad = np.flatnonzero(differs.to_numpy())
    if len(bad):
        first = np.flatnonzero(
            (group == group[bad[0]]) & kept.is_valid().to_numpy() & names.is_valid().to_numpy()
        )[0]
        raise InputError(
            f"Rows {rows[first]} and {rows[bad[0]]} have the same account id but different names; "
            f"rows like this: {len(bad)}.",
            "Map account_id to a column that is unique for each account, or to nothing (account_id=) to use rows.",
        )


def merge_same_id(
    table: pa.Table, extras: pa.Table, rows: npt.NDArray[np.int64]
) -> tuple[pa.Table, pa.Table, tuple[str, ...]]:
    """Make one account of all rows with the same id.

    Args:
        table: ACCOUNT_SCHEMA, but account_id may repeat.
        extras: row for row with `table`; of a merged account the first row's are kept.
        rows: row numbers of the source.

    Returns:
        The two tables, and notes.

    Raises:
        InputError: rows with the same id have different names.
    """
    if pc.count_distinct(table["account_id"]).as_py() == len(table):
        return table, extras, ()
    # A dictionary numbers its values in the order in which they first occur.
    group = table["account_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    _, first = np.unique(group, return_index=True)
    merged = _merge(table)
    _check_one_company(table["name"], merged["name"], group, rows)
    note = (
        "Rows merged with an earlier one of the same account id (first value, strongest segment, largest amount, "
        f"latest activity, off limits if one is): {len(group) - len(first)}."
    )
    # Without columns, `take` would forget the number of rows.
    kept = extras.take(pa.array(first)) if extras.num_columns else extras.slice(0, len(first))
    return merged, kept, (note,)
