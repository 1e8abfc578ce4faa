"""From a list with its own headings to the account list: segments, ids, and rows that belong to one account."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.amounts import (
    check_currency,
    find_currencies,
    mixed_currencies,
    read_amounts,
    read_currencies,
)
from accountmap.accounts.cells import (
    LONGEST,
    LONGEST_EXTRA,
    as_text,
    clean,
    count_true,
    drop_overlong,
    overlooked,
    read_employees,
    read_off_limits,
    read_registrations,
)
from accountmap.accounts.dates import read_dates
from accountmap.accounts.headings import choose_columns, fold
from accountmap.accounts.raw_table import TAKE, RawList
from accountmap.accounts.rows import decode_entities, drop_repeated_headings, drop_totals, marked_persons, unwrap
from accountmap.accounts.schema import (
    ACCOUNT_SCHEMA,
    PERSON_ACCOUNT,
    SEGMENTS,
    AccountList,
    ListColumn,
)
from accountmap.accounts.segments import Segments, read_segments
from accountmap.errors import InputError

_SHORTENED: Final = r"^\d([.,]\d+)?[eE]\+\d+$"
"""How a spreadsheet writes a long number: 1.23E+15."""


def fill_ids(columns: Mapping[str, pa.ChunkedArray], length: int) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Give accounts without an id one that is made from their name, such as "no-id-3f9a01c2d4e5".

    Unlike a row number, it stays the same in the next export, so that changes can be recognised.

    Args:
        columns: cleaned text, by column; without `account_id` if the list has no column of ids.
        length: the number of accounts.

    Returns:
        The ids, never null, and notes.
    """
    ids = columns.get("account_id")
    if ids is None:
        note = (
            "No column has account ids: accounts get ids made from their names. An account that is renamed "
            "counts as another one next time; export the ids to avoid that."
        )
        return pa.chunked_array([_made_ids(columns, np.ones(length, np.bool_))], pa.string()), (note,)
    notes = []
    if missing := ids.null_count:
        notes.append(f"Accounts without an id, which get one made from their names: {missing}.")
        made = _made_ids(columns, ids.is_null().to_numpy())
        ids = pc.coalesce(ids, pa.chunked_array([made], pa.string()))
    if shortened := count_true(pc.match_substring_regex(ids, _SHORTENED)):
        notes.append(
            f"Account ids that a spreadsheet has shortened, such as 1.23E+15: {shortened}. "
            "Export them as text, so that they stay distinct."
        )
    return ids, tuple(notes)


_NAMING: Final = ("name", "domain", "website", "email")
"""Columns that say which account it is; the first filled one counts."""


def _made_ids(columns: Mapping[str, pa.ChunkedArray], wanted: npt.NDArray[np.bool_]) -> pa.Array:
    """Make an id from name and country for each account that needs one, and null for the others.

    Accounts of the same name and country are numbered in their order.
    """
    rows = np.flatnonzero(wanted)
    blank = pa.nulls(len(wanted), pa.string())
    named = pc.coalesce(*(columns.get(each, blank) for each in _NAMING), pa.scalar(""))
    country = pc.fill_null(columns.get("country", blank), "")
    seen: Counter[str] = Counter()
    made: list[str | None] = [None] * len(wanted)
    for row, name, place in zip(
        rows.tolist(),
        named.take(pa.array(rows)).to_pylist(),
        country.take(pa.array(rows)).to_pylist(),
        strict=True,
    ):
        text = f"{fold(name) or name}\n{fold(place)}"
        digest = hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]
        seen[digest] += 1
        made[row] = f"no-id-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")
    return pa.array(made, pa.string())


_ID_DIGITS: Final = 12


_RANKS = pa.array(SEGMENTS)


def _merge(table: pa.Table) -> pa.Table:
    """Merge rows by id, in the order in which ids first occur.

    The first value of each column that is not null is kept, but the strongest segment, the largest amount and the
    latest activity; and if one row is off limits, so is the account.
    """
    at_segment = table.column_names.index("segment")
    ranked = table.set_column(at_segment, "segment", pc.index_in(table["segment"], _RANKS))
    how = {"segment": "min", "amount": "max", "annual_revenue": "max", "last_activity": "max", "off_limits": "any"}
    wanted = [(name, how.get(name, "first")) for name in table.column_names if name != "account_id"]
    grouped = ranked.group_by("account_id", use_threads=False).aggregate(wanted)  # one thread keeps the order
    columns = {
        name: grouped["account_id" if name == "account_id" else f"{name}_{how.get(name, 'first')}"]
        for name in table.column_names
    }
    columns["segment"] = _RANKS.take(columns["segment"])
    return pa.table(columns).cast(ACCOUNT_SCHEMA)


def _in_first_currency(
    table: pa.Table, group: npt.NDArray[np.int32], first: npt.NDArray[np.int64]
) -> tuple[pa.Table, int]:
    """Blank amounts that are not in the currency of their account's first row: they cannot be compared with it."""
    currency = pc.fill_null(table["currency"], "")
    differs = pc.not_equal(currency, currency.take(pa.array(first)).take(pa.array(group)))
    of_amounts = pc.and_(differs, pc.or_(pc.is_valid(table["amount"]), pc.is_valid(table["annual_revenue"])))
    if not (count := count_true(of_amounts)):
        return table, 0
    for name in ("amount", "annual_revenue"):
        blanked = pc.if_else(of_amounts, pa.scalar(None, pa.float64()), table[name])
        table = table.set_column(table.column_names.index(name), name, blanked)
    return table, count


def _check_one_company(
    names: pa.ChunkedArray,
    merged_names: pa.ChunkedArray,
    group: npt.NDArray[np.int32],
    labels: pa.Array,
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
            f"Rows {labels[int(first)]} and {labels[int(bad[0])]} have the same account id but different names; "
            f"rows like this: {len(bad):,}.",
            "Map account_id to a column that is unique for each account, or to nothing (--map account_id=) to use "
            "ids made from names.",
        )


def merge_same_id(
    table: pa.Table, extras: pa.Table, labels: pa.Array
) -> tuple[pa.Table, pa.Table, tuple[str, ...]]:
    """Merge all rows with the same id into one account.

    Args:
        table: ACCOUNT_SCHEMA, but account_id may repeat.
        extras: row for row with `table`; those of a merged account's first row are kept.
        labels: where each row is in the source.

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
    in_one_currency, foreign = _in_first_currency(table, group, first)
    merged = _merge(in_one_currency)
    _check_one_company(table["name"], merged["name"], group, labels)
    notes = [
        "Rows merged with an earlier one of the same account id (first value, strongest segment, largest amount, "
        f"latest activity, off limits if one is): {len(group) - len(first):,}."
    ]
    if foreign:
        notes.append(
            f"Amounts of merged rows in another currency than the account's first row, left out: {foreign:,}."
        )
    # Without columns, `take` would forget the number of rows.
    kept = extras.take(pa.array(first)) if extras.num_columns else extras.slice(0, len(first))
    return merged, kept, tuple(notes)


_IDENTIFYING: Final = ("name", "domain", "website", "email", "phone", "lei", "vat", "duns")
_READERS: Final = {
    "amount": read_amounts,
    "annual_revenue": read_amounts,
    "currency": read_currencies,
    "employees": read_employees,
    "last_activity": read_dates,
    "registered_deal": read_registrations,
    "off_limits": read_off_limits,
}
"""The columns that are not plain text."""


def _in_one(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Join the chunks of a column, if they fit into one."""
    return pa.table([column], names=["column"]).combine_chunks()["column"]


def _text_columns(raw: RawList, source: Mapping[str, str]) -> tuple[dict[str, pa.ChunkedArray], list[str]]:
    """Clean the recognised columns of text."""
    columns: dict[str, pa.ChunkedArray] = {}
    notes = []
    invisible = encoded = 0
    for column, heading in source.items():
        if column in _READERS or column == PERSON_ACCOUNT:
            continue
        cleaned, count = clean(as_text(raw.table[heading]))
        decoded, of_entities = decode_entities(cleaned)
        invisible, encoded = invisible + count, encoded + of_entities
        kept, overlong = drop_overlong(decoded)
        columns[column] = _in_one(kept)
        if dropped := count_true(overlong):
            row = raw.labels[pc.index(overlong, True).as_py()]
            notes.append(
                f"'{heading}': cells over {LONGEST:,} characters, left blank: {dropped:,}, the first in row {row}."
            )
    if invisible:
        notes.append(f"Cells with control or text-direction characters, which were removed: {invisible:,}.")
    if encoded:
        notes.append(f"Cells with HTML entities such as &amp;, which were decoded: {encoded:,}.")
    return columns, notes


def _extras(table: pa.Table, read: set[str]) -> pa.Table:
    """Keep the owner's other columns as text, without those that are entirely blank."""
    kept = table.select([heading for heading in table.column_names if heading not in read])
    columns = {heading: clean(as_text(kept[heading]))[0] for heading in kept.column_names}
    filled = {heading: cells for heading, cells in columns.items() if cells.null_count < len(cells)}
    cut = {heading: pc.utf8_slice_codeunits(cells, 0, LONGEST_EXTRA) for heading, cells in filled.items()}
    return pa.table(cut) if cut else table.select([])


def _unread_notes(extras: pa.Table) -> tuple[str, ...]:
    if not extras.num_columns:
        return ()
    quoted = ", ".join(f"'{heading}'" for heading in extras.column_names)
    return (f"Columns with values that were not read; they stay on this machine: {quoted}.",)


def _count_unmatchable(table: pa.Table) -> tuple[str, ...]:
    count = count_true(reduce(pc.and_, (pc.is_null(table[name]) for name in _IDENTIFYING)))
    return (f"Accounts with neither name nor domain nor anything else to match by: {count:,}.",) if count else ()


def _known_columns(
    raw: RawList, source: Mapping[str, str], segments: Mapping[str, str] | None, currency: str | None
) -> tuple[pa.Table, Segments, list[str]]:
    """Read the recognised columns into ACCOUNT_SCHEMA; columns that the list does not have are null."""
    length = raw.table.num_rows
    columns, notes = _text_columns(raw, source)
    columns["account_id"], id_notes = fill_ids(columns, length)
    read = read_segments(columns.get("segment"), source.get("segment", ""), length, segments)
    columns["segment"] = read.column
    notes += id_notes
    for column, reader in _READERS.items():
        if column in source:
            columns[column], column_notes = reader(raw.table[source[column]], source[column])
            notes += column_notes
    amounts = [source[name] for name in ("amount", "annual_revenue") if name in source]
    columns["currency"] = find_currencies(raw.table, amounts, columns.get("currency"), currency)
    blank = {field.type: pa.nulls(length, field.type) for field in ACCOUNT_SCHEMA}  # one for all of a type
    arrays = [columns.get(field.name, blank[field.type]) for field in ACCOUNT_SCHEMA]
    return pa.table(arrays, schema=ACCOUNT_SCHEMA), read, notes


def _without_persons(raw: RawList, heading: str | None, persons: str | None) -> RawList:
    """Leave out the rows that are marked as private persons, unless the user wants them."""
    if heading is None or persons == TAKE or not (marked := marked_persons(raw, heading)).any():
        return raw
    return raw.filter(
        ~marked,
        f"'{heading}': rows that are private persons, left out: {marked.sum():,}. --persons take reads them too.",
    )


_SHOWN: Final = 5
_LOOKED_THROUGH: Final = 5_000
"""How many rows from the top are searched for values to show."""


def _list_columns(raw: RawList, source: Mapping[str, str]) -> tuple[ListColumn, ...]:
    """Describe all columns of the list as it came."""

    def describe(heading: str) -> ListColumn:
        column = raw.table[heading]
        filled = pc.is_valid(column)
        if pa.types.is_string(column.type):
            filled = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False)
        first = clean(as_text(column.slice(0, _LOOKED_THROUGH)))[0].drop_null().unique()
        read_as = tuple(name for name, read_from in source.items() if read_from == heading)
        values = tuple(value[:LONGEST] for value in first.slice(0, _SHOWN).to_pylist())
        return ListColumn(heading, read_as, count_true(filled), raw.table.num_rows, values)

    return tuple(map(describe, raw.table.column_names))


@dataclass(frozen=True)
class ReadingOptions:
    """How the user wants a list to be read.

    Attributes:
        mapping: column -> heading to read it from; an empty heading means: do not read the column.
        segments: value of the segment column -> customer, opportunity, prospect or ignore.
        preset: the CRM, or None to recognise it.
        currency: the currency of amounts that do not say theirs.
        persons: TAKE, or None to leave out rows that are marked as private persons.
    """

    mapping: Mapping[str, str] | None = None
    segments: Mapping[str, str] | None = None
    preset: str | None = None
    currency: str | None = None
    persons: str | None = None


def interpret(raw: RawList, options: ReadingOptions = ReadingOptions()) -> AccountList:
    """Recognise the columns of a list, clean its cells and give every account an id and a segment.

    Raises:
        InputError: no account, no column that identifies companies, ids that are not those of accounts, or a
            mapping, segment, preset or currency that does not fit.
    """
    currency = check_currency(options.currency)
    raw = drop_repeated_headings(unwrap(raw))
    if not raw.table.num_rows:
        raise InputError("The list has headings but no accounts.", "Check the filter of the export.")
    choice = choose_columns(raw.table.column_names, options.mapping, options.preset, raw.blank_headings)
    raw = drop_totals(raw, choice.source)
    columns = _list_columns(raw, choice.source)
    raw = _without_persons(raw, choice.source.get(PERSON_ACCOUNT), options.persons)
    read, segments, notes = _known_columns(raw, choice.source, options.segments, currency)
    extras = _extras(raw.table, set(choice.source.values()))
    labels = raw.labels
    if segments.ignored.any():
        kept = pa.array(~segments.ignored)
        read, extras, labels = (
            read.filter(kept),
            extras.filter(kept) if extras.num_columns else extras,
            labels.filter(kept),
        )
    if not len(read):
        raise InputError(
            "No account is left: every row is marked as a private person or has a value that you ignore.",
            "See --persons and --segment.",
        )
    table, extras, merge_notes = merge_same_id(read, extras, labels)
    return AccountList(
        table,
        extras,
        {column: heading for column, heading in choice.source.items() if column != PERSON_ACCOUNT},
        (
            *raw.notes,
            *choice.notes,
            *notes,
            *segments.notes,
            *merge_notes,
            *_unread_notes(extras),
            *_count_unmatchable(table),
        ),
        columns,
        segments.values,
        (*raw.remarks, *overlooked(extras, choice.source), *segments.remarks, *mixed_currencies(table)),
    )
