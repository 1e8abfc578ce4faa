"""The columns of an account list, and the type that carries one through the program."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

_TOPS: Final = (10, 50, 200, 500, 1_000, 5_000, 10_000)
SIZE_BANDS: Final = ("1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001+")
"""From the smallest."""


def size_band(employees: int | None) -> str | None:
    """Return the band of a company with so many employees, or None if that is not known."""
    return SIZE_BANDS[bisect_left(_TOPS, employees)] if employees and employees > 0 else None


SEGMENTS: Final = ("customer", "opportunity", "prospect")
"""The owner's relationship to an account, strongest first. Exclusive."""

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
        pa.field("industry", pa.string()),
        pa.field("employees", pa.int64()),
        pa.field("stage", pa.string()),
        pa.field("last_activity", pa.date32()),
        pa.field("registered_deal", pa.string()),
        pa.field("off_limits", pa.bool_()),
    ]
)
"""All columns that the program knows. Text is as the owner wrote it, stripped; a blank is null.

An account that is off limits takes no part in any session; null counts as false.
"""


def with_all_columns(table: pa.Table) -> pa.Table:
    """Complete a table that an earlier version made: the columns that it did not know are null."""
    length = table.num_rows
    return pa.table(
        [table[f.name] if f.name in table.column_names else pa.nulls(length, f.type) for f in ACCOUNT_SCHEMA],
        schema=ACCOUNT_SCHEMA,
    )


@dataclass(frozen=True, repr=False)
class AccountList:
    """One company's accounts.

    Attributes:
        table: one row an account, exactly the columns of ACCOUNT_SCHEMA; account_id is unique.
        extras: the owner's other columns, as text, row for row with `table`. They stay on this machine.
        source_columns: for each recognised column, the heading that it was read from.
        notes: what the reader decided or noticed, one sentence each, without account data.
        source: what it was read from, for people: the name of a file, the address of a database. Nothing secret.
    """

    table: pa.Table
    extras: pa.Table
    source_columns: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    source: str = ""

    def __len__(self) -> int:
        return int(self.table.num_rows)
