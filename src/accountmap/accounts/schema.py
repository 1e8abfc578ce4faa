"""The columns of lists of accounts and of deals, and the types of lists that have been read."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_TOPS: Final = (10, 50, 200, 500, 1_000, 5_000, 10_000)
SIZE_BANDS: Final = ("1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001+")
"""From the smallest."""


def size_band(employees: int | None) -> str | None:
    """Return the band of a company with this many employees, or None if the number is not known."""
    return SIZE_BANDS[bisect_left(_TOPS, employees)] if employees and employees > 0 else None


SEGMENTS: Final = ("customer", "opportunity", "prospect")
"""The owner's relationship to an account, strongest first. Exclusive."""

IGNORE: Final = "ignore"
"""What a value may mean instead of a segment: the account takes part in nothing."""

PERSON_ACCOUNT: Final = "person_account"
"""A column that is read, but not kept: whether the row is a private person instead of a company."""

ACCOUNT_SCHEMA: Final = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("domain", pa.string()),
        pa.field("website", pa.string()),
        pa.field("email", pa.string()),
        pa.field("phone", pa.string()),
        pa.field("country", pa.string()),
        pa.field("region", pa.string()),
        pa.field("city", pa.string()),
        pa.field("postal_code", pa.string()),
        pa.field("lei", pa.string()),
        pa.field("vat", pa.string()),
        pa.field("duns", pa.string()),
        pa.field("segment", pa.string(), nullable=False),
        pa.field("owner_name", pa.string()),
        pa.field("owner_email", pa.string()),
        pa.field("amount", pa.float64()),
        pa.field("annual_revenue", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("industry", pa.string()),
        pa.field("employees", pa.int64()),
        pa.field("stage", pa.string()),
        pa.field("last_activity", pa.date32()),
        pa.field("registered_deal", pa.string()),
        pa.field("off_limits", pa.bool_()),
    ]
)
"""All columns that the program knows. Text is as the owner wrote it, stripped; a blank is null.

`amount` is the owner's business with the account, such as its open deals; `annual_revenue` is what the account
itself turns over in a year. `currency` is the currency of both, an ISO 4217 code, null where it is not known.
Amounts in different currencies must not be added up: `currencies` says which there are.

An account that is off limits takes no part in any session; null counts as false.
"""


def currencies(table: pa.Table) -> tuple[str, ...]:
    """List the currencies of the accounts that have an amount, most frequent first; "" where it is not known.

    Args:
        table: with the columns amount and currency.
    """
    of_amounts = pc.fill_null(table["currency"].filter(pc.is_valid(table["amount"])), "")
    counted = of_amounts.value_counts().to_pylist()
    return tuple(each["values"] for each in sorted(counted, key=lambda each: (-each["counts"], each["values"])))


def with_all_columns(table: pa.Table) -> pa.Table:
    """Complete a table made by an earlier version: columns that it did not know are null."""
    length = table.num_rows
    return pa.table(
        [table[f.name] if f.name in table.column_names else pa.nulls(length, f.type) for f in ACCOUNT_SCHEMA],
        schema=ACCOUNT_SCHEMA,
    )


@dataclass(frozen=True, repr=False)
class Remark:
    """Something that the reader noticed and the owner should look at.

    Attributes:
        kind: short and stable, for programs.
        what: one sentence, without account data.
        advice: what to do about it, one sentence.
        count: how many rows or cells are concerned.
        examples: some of them, as written. For the owner's own screen; they never leave the machine.
    """

    kind: str
    what: str
    advice: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class ListColumn:
    """One of the columns of the list as it came.

    Attributes:
        heading: as in the list.
        read_as: columns of ACCOUNT_SCHEMA, or PERSON_ACCOUNT, that were read from it; empty if none was.
        filled: how many cells are not blank.
        of: how many rows there are.
        values: the first distinct cells, five at most. Local only.
    """

    heading: str
    read_as: tuple[str, ...]
    filled: int
    of: int
    values: tuple[str, ...]


@dataclass(frozen=True, repr=False)
class SegmentValue:
    """What one value of the segment column was taken for.

    Attributes:
        value: as written, in the most frequent spelling; None for blank cells. Local only.
        count: how many rows have it.
        segment: one of SEGMENTS, or IGNORE.
        known: whether the user or the built-in table says so; unknown values count as the weakest segment.
    """

    value: str | None
    count: int
    segment: str
    known: bool


@dataclass(frozen=True, repr=False)
class AccountList:
    """One company's accounts.

    Attributes:
        table: one row for each account, exactly the columns of ACCOUNT_SCHEMA; account_id is unique.
        extras: the owner's other columns, as text, row for row with `table`. They stay on this machine.
        source_columns: for each recognised column, the heading that it was read from.
        notes: what the reader decided or noticed, one sentence each, without account data.
        columns: all columns of the list as it came, in its order.
        segment_values: the values of the segment column, the most frequent first.
        remarks: what the owner should look at.
        source: what it was read from, for people: the name of a file, the address of a database. Nothing secret.
    """

    table: pa.Table
    extras: pa.Table
    source_columns: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    columns: tuple[ListColumn, ...] = ()
    segment_values: tuple[SegmentValue, ...] = ()
    remarks: tuple[Remark, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return int(self.table.num_rows)


WON: Final = "won"
LOST: Final = "lost"
OPEN: Final = "open"
OUTCOMES: Final = (WON, LOST, OPEN)

DEAL_SCHEMA: Final = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("name", pa.string()),
        pa.field("account_id", pa.string()),
        pa.field("account_name", pa.string()),
        pa.field("amount", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("created", pa.date32()),
        pa.field("closed", pa.date32()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("stage", pa.string()),
        pa.field("stage_since", pa.date32()),
        pa.field("source", pa.string()),
        pa.field("partner", pa.string()),
        pa.field("registered_deal", pa.string()),
        pa.field("registered", pa.date32()),
        pa.field("owner_name", pa.string()),
        pa.field("country", pa.string()),
        pa.field("industry", pa.string()),
        pa.field("employees", pa.int64()),
        pa.field("row", pa.string(), nullable=False),
    ]
)
"""One row for each deal. `amount` is in `currency`, an ISO 4217 code, null where it is not known. `outcome` is one
of OUTCOMES; `closed` is the day of a won or lost deal, null for an open one, whose day in the CRM is only
expected. `registered_deal` is the id of a registration, or any text that says that there is one, and `registered`
is its day; `row` is where the deal is in the source."""

STAGE_SCHEMA: Final = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("stage", pa.string(), nullable=False),
        pa.field("entered", pa.date32(), nullable=False),
    ]
)
"""One row for each stage of a deal whose day is in the list."""

TOUCH_SCHEMA: Final = pa.schema(
    [
        pa.field("deal_id", pa.string()),
        pa.field("account_id", pa.string()),
        pa.field("partner", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("date", pa.date32(), nullable=False),
        pa.field("record", pa.string(), nullable=False),
    ]
)
"""One row for each thing that a partner did with a deal or an account, from the company's own CRM; `record` says
where it is there."""


@dataclass(frozen=True, repr=False)
class DealList:
    """One company's deals.

    Attributes:
        table: DEAL_SCHEMA; deal_id is unique.
        stages: STAGE_SCHEMA.
        touches: TOUCH_SCHEMA.
        source_columns: for each recognised column, the heading that it was read from.
        notes: what the reader decided or noticed, one sentence each, without account data.
        remarks: what the owner should look at.
        source: what it was read from, for people.
    """

    table: pa.Table
    stages: pa.Table = field(default_factory=STAGE_SCHEMA.empty_table)
    touches: pa.Table = field(default_factory=TOUCH_SCHEMA.empty_table)
    source_columns: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    remarks: tuple[Remark, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return int(self.table.num_rows)
