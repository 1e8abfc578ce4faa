"""From a list with its own headings to the account list: segments, ids, and rows that belong to one account."""

import tomllib
from collections.abc import Mapping
from functools import reduce
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.amounts import read_amounts
from accountmap.accounts.cells import (
    LONGEST,
    LONGEST_EXTRA,
    as_text,
    clean,
    count_true,
    drop_overlong,
    read_employees,
    read_off_limits,
    read_registrations,
)
from accountmap.accounts.dates import read_dates
from accountmap.accounts.headings import choose_columns, fold
from accountmap.accounts.raw_table import RawList
from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.errors import InputError

WEAKEST: Final = SEGMENTS[-1]


def _load() -> dict[str, tuple[str, ...]]:
    text = files("accountmap.accounts").joinpath("segments.toml").read_text("utf-8")
    return {segment: tuple(values) for segment, values in tomllib.loads(text).items()}


SEGMENT_VALUES: Final[Mapping[str, tuple[str, ...]]] = _load()
"""Segment -> the values that mean it."""

_BUILT_IN: Final = {fold(value): segment for segment, values in SEGMENT_VALUES.items() for value in values}


def segment_of(value: str) -> str | None:
    """Give the segment that a stage, type or status is known to mean, or None."""
    return _BUILT_IN.get(fold(value))


def _check(segments: Mapping[str, str]) -> dict[str, str]:
    for segment in segments.values():
        if segment not in SEGMENTS:
            raise InputError(f"There is no segment {segment!r}.", f"Use one of: {', '.join(SEGMENTS)}.")
    return {fold(value): segment for value, segment in segments.items()}


def read_segments(
    column: pa.ChunkedArray | None, heading: str, length: int, segments: Mapping[str, str] | None = None
) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read segments: the user's own values first, then the built-in ones; all else is the weakest.

    Args:
        column: cleaned text, or None if the list has no such column.
        heading: where the column stands, for notes.
        length: the number of accounts.
        segments: the owner's value -> segment; wins over the built-in table.

    Returns:
        The segments, never null, and notes.

    Raises:
        InputError: `segments` names a segment that does not exist.
    """
    meaning = _BUILT_IN | _check(segments or {})
    if column is None:
        note = f"No column says what an account is to you: all count as {WEAKEST}."
        return pa.chunked_array([pa.repeat(WEAKEST, length)], pa.string()), (note,)
    counts = {entry["values"]: entry["counts"] for entry in column.drop_null().value_counts().to_pylist()}
    values = pa.array(counts, pa.string())
    answers = pa.array([meaning.get(fold(value), WEAKEST) for value in counts] + [WEAKEST], pa.string())
    named = answers.take(pc.fill_null(pc.index_in(column, value_set=values), len(values)))
    unknown = [value for value in counts if fold(value) not in meaning]
    if not unknown:
        return named, ()
    rows = sum(counts[value] for value in unknown)
    return named, (
        f"'{heading}': rows whose value is not known as a segment, read as {WEAKEST}: {rows}; different values: "
        f'{len(unknown)}. Say what they mean with segments={{"value": "customer"}} or --segment value=customer.',
    )


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


_IDENTIFYING: Final = ("name", "domain", "website", "email", "phone", "lei", "vat", "duns")
_READERS: Final = {
    "amount": read_amounts,
    "employees": read_employees,
    "last_activity": read_dates,
    "registered_deal": read_registrations,
    "off_limits": read_off_limits,
}
"""The columns whose cells say more than their text."""


def _in_one(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Put the chunks of a column together, as far as they fit into one."""
    return pa.table([column], names=["column"]).combine_chunks()["column"]


def _text_columns(raw: RawList, source: Mapping[str, str]) -> tuple[dict[str, pa.ChunkedArray], list[str]]:
    """Clean the recognised columns of text."""
    columns: dict[str, pa.ChunkedArray] = {}
    notes = []
    invisible = 0
    for column, heading in source.items():
        if column in _READERS:
            continue
        cleaned, count = clean(as_text(raw.table[heading]))
        invisible += count
        kept, overlong = drop_overlong(cleaned)
        columns[column] = _in_one(kept)
        if dropped := count_true(overlong):
            row = raw.rows[pc.index(overlong, True).as_py()]
            notes.append(
                f"'{heading}': cells over {LONGEST:,} characters, left blank: {dropped}, the first in row {row}."
            )
    if invisible:
        notes.append(f"Cells with control or text-direction characters, which were taken out: {invisible}.")
    return columns, notes


def _extras(table: pa.Table, read: set[str]) -> pa.Table:
    """Keep the owner's other columns as text, without those that are blank throughout."""
    kept = table.select([heading for heading in table.column_names if heading not in read])
    columns = {heading: clean(as_text(kept[heading]))[0] for heading in kept.column_names}
    filled = {heading: cells for heading, cells in columns.items() if cells.null_count < len(cells)}
    cut = {heading: pc.utf8_slice_codeunits(cells, 0, LONGEST_EXTRA) for heading, cells in filled.items()}
    return pa.table(cut) if cut else table.select([])


def _count_unmatchable(table: pa.Table) -> tuple[str, ...]:
    count = count_true(reduce(pc.and_, (pc.is_null(table[name]) for name in _IDENTIFYING)))
    return (f"Accounts with neither name nor domain nor anything else to match by: {count}.",) if count else ()


def _known_columns(
    raw: RawList, source: Mapping[str, str], segments: Mapping[str, str] | None
) -> tuple[pa.Table, list[str]]:
    """Read the recognised columns into ACCOUNT_SCHEMA; what the list does not have is null."""
    length = raw.table.num_rows
    columns, notes = _text_columns(raw, source)
    columns["account_id"], id_notes = fill_ids(columns.get("account_id"), raw.rows)
    columns["segment"], segment_notes = read_segments(
        columns.get("segment"), source.get("segment", ""), length, segments
    )
    notes += [*id_notes, *segment_notes]
    for column, read in _READERS.items():
        if column in source:
            columns[column], column_notes = read(raw.table[source[column]], source[column])
            notes += column_notes
    blank = {field.type: pa.nulls(length, field.type) for field in ACCOUNT_SCHEMA}  # one for all of a type
    arrays = [columns.get(field.name, blank[field.type]) for field in ACCOUNT_SCHEMA]
    return pa.table(arrays, schema=ACCOUNT_SCHEMA), notes


def interpret(
    raw: RawList,
    mapping: Mapping[str, str] | None = None,
    segments: Mapping[str, str] | None = None,
    preset: str | None = None,
) -> AccountList:
    """Recognise the columns of a list, clean its cells and give every account an id and a segment.

    Raises:
        InputError: no account, no column that identifies companies, ids that are not those of accounts, or a
            mapping, segment or preset that does not fit.
    """
    if not raw.table.num_rows:
        raise InputError("The list has headings but no accounts.", "Check the filter of the export.")
    choice = choose_columns(raw.table.column_names, mapping, preset, raw.blank_headings)
    read, notes = _known_columns(raw, choice.source, segments)
    extras = _extras(raw.table, set(choice.source.values()))
    table, extras, merge_notes = merge_same_id(read, extras, raw.rows)
    all_notes = (*raw.notes, *choice.notes, *notes, *merge_notes, *_count_unmatchable(table))
    return AccountList(table, extras, choice.source, all_notes)
