"""Reading a company's own deals (opportunities) from a file, a table or a SQL database, as accounts are read."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from os import PathLike
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.amounts import check_currency, find_currencies, read_amounts, read_currencies
from accountmap.accounts.cells import (
    NO,
    YES,
    as_text,
    clean,
    drop_overlong,
    read_each,
    read_employees,
    read_registrations,
)
from accountmap.accounts.dates import read_dates
from accountmap.accounts.headings import ListKind, choose_columns, fold
from accountmap.accounts.raw_table import ArrowStream, RawList
from accountmap.accounts.read import FileOptions, query_source, read_source
from accountmap.accounts.rows import decode_entities, drop_repeated_headings, drop_totals, unwrap
from accountmap.accounts.schema import (
    DEAL_SCHEMA,
    LOST,
    OPEN,
    OUTCOMES,
    STAGE_SCHEMA,
    TOUCH_SCHEMA,
    WON,
    DealList,
    Remark,
)
from accountmap.errors import InputError

_READ_ONLY: Final = ("amount_expected", "closed_lost", "is_won", "is_lost", "is_closed")
"""Columns that are read but not kept: others are made from them."""

DEALS: Final = ListKind(
    rows="deals",
    file="deal_headings.toml",
    columns=(*(name for name in DEAL_SCHEMA.names if name != "row"), *_READ_ONLY),
    identifying=frozenset({"account_id", "account_name"}),
    needs="No column that says which account a deal is with was recognised.",
    objects=("Deal", "Opportunity", "Potential", "Opportunité", "Affaire", "Trato", "Negócio", "商談", "取引"),
)

TOUCHES: Final = ListKind(
    rows="touches",
    file="touch_headings.toml",
    columns=tuple(TOUCH_SCHEMA.names),
    identifying=frozenset({"partner"}),
    needs="No column that names the partner was recognised.",
    objects=("Activity", "Task", "Event", "Aktivität", "Actividad", "Activité"),
)

_OUTCOME_WORDS: Final = {
    fold(value): outcome
    for outcome, values in tomllib.loads(
        files("accountmap.accounts").joinpath("deal_outcomes.toml").read_text("utf-8")
    ).items()
    for value in values
}


@dataclass(frozen=True)
class DealOptions:
    """How the user wants deals to be read.

    Attributes:
        mapping: column -> heading; an empty heading means: do not read the column.
        outcomes: value of the status or stage -> won, lost or open; takes precedence over the built-in ones.
        stage_dates: stage -> heading of the column with the day on which a deal entered it.
        preset: the CRM, or None to recognise it.
        currency: the currency of amounts that do not say theirs.
    """

    mapping: Mapping[str, str] | None = None
    outcomes: Mapping[str, str] | None = None
    stage_dates: Mapping[str, str] | None = None
    preset: str | None = None
    currency: str | None = None


def read_deals(
    source: str | PathLike[str] | ArrowStream,
    options: DealOptions = DealOptions(),
    *,
    sheet: str | Sequence[str] | None = None,
    hidden_rows: str | None = None,
    encoding: str | None = None,
) -> DealList:
    """Read deals from a file or a table; `sheet`, `hidden_rows` and `encoding` are those of `read_accounts`.

    Raises:
        InputError: it cannot be read as a list of deals.
        UsageError: it is neither a path nor a table.
    """
    raw, name = read_source(source, options.mapping, DEALS, FileOptions.of(sheet, hidden_rows, encoding))
    return replace(interpret_deals(raw, options), source=name)


def read_deals_sql(
    statement: str, dsn: str, options: DealOptions = DealOptions(), *, password: str | None = None
) -> DealList:
    """Read deals from PostgreSQL, SQLite or DuckDB, as `read_sql` reads accounts.

    Raises:
        InputError: the database refuses, or its rows cannot be read as a list of deals.
        BackendError: the driver is not installed.
    """
    raw, source = query_source(statement, dsn, password)
    return replace(interpret_deals(raw, options), source=source)


def interpret_deals(raw: RawList, options: DealOptions) -> DealList:
    """Recognise the columns of a list of deals, clean its cells, and find out what became of each deal.

    Raises:
        InputError: there is no deal, no column leads to accounts, or an option does not fit.
    """
    currency = check_currency(options.currency)
    raw = drop_repeated_headings(unwrap(raw))
    if not raw.table.num_rows:
        raise InputError("The list has headings but no deals.", "Check the filter of the export.")
    choice = choose_columns(
        raw.table.column_names, options.mapping, options.preset, raw.blank_headings, kind=DEALS
    )
    source = choice.source
    raw = drop_totals(raw, _as_of_accounts(source))
    columns, notes = _columns(raw, source)
    columns["outcome"], remarks = _outcomes(columns, options.outcomes or {})
    columns["amount"] = pc.coalesce(columns["amount"], columns.pop("amount_expected"))
    amounts = [source[name] for name in ("amount", "amount_expected") if name in source]
    columns["currency"] = find_currencies(raw.table, amounts, columns["currency"], currency)
    closed = pc.coalesce(columns["closed"], columns.pop("closed_lost"))
    columns["closed"] = pc.if_else(pc.equal(columns["outcome"], OPEN), pa.scalar(None, pa.date32()), closed)
    columns["row"] = pa.chunked_array([raw.labels])
    ids = columns["deal_id"]
    if ids.null_count:
        notes.append(f"Deals without an id, named by their row, such as row-17: {ids.null_count:,}.")
    columns["deal_id"] = pc.coalesce(ids, pc.binary_join_element_wise("row", columns["row"], "-"))
    table = pa.table({name: columns[name] for name in DEAL_SCHEMA.names}, schema=DEAL_SCHEMA)
    table, repeated = _once_each(table)
    stages, stage_notes = _stage_dates(raw, table, options.stage_dates or {})
    return DealList(
        table,
        stages,
        source_columns=source,
        notes=(*raw.notes, *choice.notes, *notes, *stage_notes),
        remarks=(*raw.remarks, *remarks, *repeated),
    )


def _as_of_accounts(source: Mapping[str, str]) -> dict[str, str]:
    """Give the columns that no row of totals fills the names that they have in an account list."""
    names = {"deal_id": "account_id", "account_name": "name", "created": "phone", "closed": "email"}
    return {names[column]: heading for column, heading in source.items() if column in names}


_DATES: Final = ("created", "closed", "closed_lost", "stage_since", "registered")
_FLAGS: Final = ("is_won", "is_lost", "is_closed")


def _columns(raw: RawList, source: Mapping[str, str]) -> tuple[dict[str, pa.ChunkedArray], list[str]]:
    """Read every column of DEALS; columns that the list does not have are null."""
    columns: dict[str, pa.ChunkedArray] = {}
    notes: list[str] = []
    for column in DEALS.columns:
        kind = _type_of(column)
        if column not in source:
            columns[column] = pa.chunked_array([pa.nulls(raw.table.num_rows, kind)])
            continue
        columns[column], of_column = _read_column(column, raw.table[source[column]], source[column])
        notes += of_column
    columns["account_id"] = pc.utf8_trim_whitespace(
        pc.replace_substring_regex(columns["account_id"], r"[;,].*$", "")
    )
    return columns, notes


def _type_of(column: str) -> pa.DataType:
    if column in DEAL_SCHEMA.names:
        return DEAL_SCHEMA.field(column).type
    return pa.date32() if column in _DATES else pa.float64() if column == "amount_expected" else pa.bool_()


def _read_column(column: str, cells: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    if column in _DATES:
        return read_dates(cells, heading)
    if column.startswith("amount"):
        return read_amounts(cells, heading)
    if column in _FLAGS:
        return _flags(cells), ()
    readers = {"currency": read_currencies, "employees": read_employees, "registered_deal": read_registrations}
    if column in readers:
        return readers[column](cells, heading)
    decoded, _ = decode_entities(clean(as_text(cells))[0])
    return drop_overlong(decoded)[0], ()


def _flags(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Read a column of yes and no; other cells are null."""
    cells = pc.utf8_lower(clean(as_text(column))[0])
    yes, no = (pc.is_in(cells, value_set=pa.array(sorted(words), pa.string())) for words in (YES, NO))
    return pc.if_else(yes, pa.scalar(True), pc.if_else(no, pa.scalar(False), pa.scalar(None, pa.bool_())))


def _outcomes(
    columns: dict[str, pa.ChunkedArray], wanted: Mapping[str, str]
) -> tuple[pa.ChunkedArray, tuple[Remark, ...]]:
    """Find out whether each deal is won, lost or open, and remove the flags from the columns.

    The user's own words come first, then the flag *won*, the status, the flag *lost*, and the stage. A deal that
    is only marked as closed is lost, because nothing says that it is won. All other deals are open.
    """
    for outcome in wanted.values():
        if outcome not in OUTCOMES:
            raise InputError(f"There is no outcome '{outcome}'.", f"Use one of: {', '.join(OUTCOMES)}.")
    own = {fold(value): outcome for value, outcome in wanted.items()}
    won, lost, is_closed = (columns.pop(name) for name in _FLAGS)
    status, stage = columns["outcome"], columns["stage"]
    nothing = pa.scalar(None, pa.string())
    found = pc.coalesce(
        _translated(status, own),
        _translated(stage, own),
        pc.if_else(pc.fill_null(won, False), WON, nothing),
        _translated(status, _OUTCOME_WORDS),
        pc.if_else(pc.fill_null(lost, False), LOST, nothing),
        _translated(stage, _OUTCOME_WORDS),
        pc.if_else(pc.fill_null(is_closed, False), LOST, nothing),
    )
    unknown = pc.and_(pc.is_valid(status), pc.is_null(found))
    values = status.filter(unknown).value_counts().to_pylist()
    remarks: tuple[Remark, ...] = ()
    if values:
        shown = sorted(values, key=lambda each: -each["counts"])[:_EXAMPLES]
        remarks = (
            Remark(
                "unknown_outcome",
                "Deals whose status is not a known word for won, lost or open; they count as open.",
                "Say what each means: --outcome 'VALUE=won', or =lost, =open.",
                sum(each["counts"] for each in values),
                tuple(f"{each['values']} ({each['counts']:,})" for each in shown),
            ),
        )
    return pc.fill_null(found, OPEN), remarks


_EXAMPLES: Final = 5


def _translated(column: pa.ChunkedArray, words: Mapping[str, str]) -> pa.ChunkedArray:
    return read_each(column, lambda cell: words.get(fold(cell)), pa.string())


def _once_each(table: pa.Table) -> tuple[pa.Table, tuple[Remark, ...]]:
    """Keep the first row of each deal; reports with products or contacts list a deal several times."""
    group = table["deal_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    _, first = np.unique(group, return_index=True)
    if len(first) == table.num_rows:
        return table, ()
    same = pc.equal(table["amount"], table["amount"].take(pa.array(first)).take(pa.array(group)))
    others = int((~pc.fill_null(same, True).to_numpy(zero_copy_only=False)).sum())
    remark = Remark(
        "repeated_deal",
        "Rows with the id of an earlier deal; the first row of each deal was kept, and amounts were not added up."
        + (f" In {others:,} of them the amount differs from that of the first." if others else ""),
        "Export one row for each deal, without products and contacts, or map deal_id to a column that is unique.",
        table.num_rows - len(first),
    )
    return table.take(pa.array(first)), (remark,)


_STAGE_HEADING: Final = re.compile(
    r"""^(?:date\ entered|entered\ stage|stage\ date)[:\s]+["'“‘]?(.+?)["'”’]?(?:\s*\([^()]*\))?["'”’]?$""",
    re.IGNORECASE | re.VERBOSE,
)
"""HubSpot writes: Date entered "Contract Sent (Sales Pipeline)"."""


def _stage_dates(raw: RawList, table: pa.Table, wanted: Mapping[str, str]) -> tuple[pa.Table, tuple[str, ...]]:
    """Read the days on which deals entered their stages, from one column for each stage.

    Raises:
        InputError: there is no such heading.
    """
    headings = {match[1]: each for each in raw.table.column_names if (match := _STAGE_HEADING.match(each))}
    for stage, heading in wanted.items():
        if heading not in raw.table.column_names:
            raise InputError(
                f"The day of the stage '{stage}' cannot be read from '{heading}': there is no such heading.",
                f"The headings found are: {', '.join(raw.table.column_names)}.",
            )
        headings[stage] = heading
    rows = pc.index_in(table["row"], value_set=raw.labels)
    parts = [STAGE_SCHEMA.empty_table()]
    notes: list[str] = []
    for stage, heading in headings.items():
        days, of_column = read_dates(raw.table[heading], heading)
        notes += of_column
        part = pa.table([table["deal_id"], days.take(rows)], names=["deal_id", "entered"])
        part = part.filter(pc.is_valid(part["entered"]))
        part = part.add_column(1, "stage", pa.repeat(pa.scalar(stage, pa.string()), part.num_rows))
        parts.append(part.cast(STAGE_SCHEMA))
    return pa.concat_tables(parts), tuple(notes)


def read_touches(source: str | PathLike[str] | ArrowStream, mapping: Mapping[str, str] | None = None) -> pa.Table:
    """Read what partners did, from the company's own CRM: partner, kind, day, and the deal or account.

    Args:
        mapping: column of TOUCH_SCHEMA -> heading.

    Returns:
        TOUCH_SCHEMA. Rows without a partner, a kind, a day, or any deal or account are left out.

    Raises:
        InputError: it cannot be read as a list of touches, or no row is left.
    """
    raw, name = read_source(source, mapping, TOUCHES, FileOptions())
    raw = drop_repeated_headings(unwrap(raw))
    choice = choose_columns(raw.table.column_names, mapping, None, raw.blank_headings, kind=TOUCHES)
    missing = {"kind", "date"} - set(choice.source)
    if missing or not {"deal_id", "account_id"} & set(choice.source):
        raise InputError(
            "A list of touches needs columns for the partner, the kind, the day, and the deal or the account.",
            f"Use these headings, or --map-touches kind=HEADING. Found: {', '.join(raw.table.column_names)}.",
        )
    columns = {
        column: pa.chunked_array([pa.nulls(raw.table.num_rows, TOUCH_SCHEMA.field(column).type)])
        for column in TOUCHES.columns
    }
    for column, heading in choice.source.items():
        cells = raw.table[heading]
        columns[column] = read_dates(cells, heading)[0] if column == "date" else clean(as_text(cells))[0]
    place = pc.binary_join_element_wise(f"{name}, row", pa.chunked_array([raw.labels]), " ")
    columns["record"] = pc.coalesce(pc.binary_join_element_wise(place, columns["record"], ", "), place)
    table = pa.table(columns).select(TOUCH_SCHEMA.names)
    whole = pc.and_(pc.is_valid(table["partner"]), pc.and_(pc.is_valid(table["kind"]), pc.is_valid(table["date"])))
    placed = pc.or_(pc.is_valid(table["deal_id"]), pc.is_valid(table["account_id"]))
    table = table.filter(pc.and_(whole, placed))
    if not table.num_rows:
        raise InputError(
            "No row of the touches is complete.", "Each needs a partner, a kind, a day, and a deal or account."
        )
    return table.cast(TOUCH_SCHEMA)
