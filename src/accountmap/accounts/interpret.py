"""From a list with its own headings to the account list."""

from collections.abc import Mapping
from functools import reduce
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.amounts import read_amounts
from accountmap.accounts.columns import choose_columns
from accountmap.accounts.dates import read_dates
from accountmap.accounts.employees import read_employees
from accountmap.accounts.flags import read_off_limits, read_registrations
from accountmap.accounts.identifiers import fill_ids
from accountmap.accounts.merging import merge_same_id
from accountmap.accounts.raw import RawList
from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.accounts.segments import read_segments
from accountmap.accounts.text import LONGEST, LONGEST_EXTRA, as_text, clean, count_true, drop_overlong
from accountmap.errors import InputError

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
