"""What influence is computed from: deals with what is known about their accounts, as columns of equal length."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.deal_findings import account_rows
from accountmap.accounts.schema import OPEN, SIZE_BANDS, WON, AccountList, DealList, size_band
from accountmap.linkage.places import country_code

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

NO_DAY: Final = np.iinfo(np.int64).min // 4
"""The day of a deal without one: before every window, and far enough from the least integer to subtract days."""

_WITHOUT: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS: Final = "BHD IQD JOD KWD LYD OMR TND"
_MINOR_DIGITS: Final = dict.fromkeys(_WITHOUT.split(), 0) | dict.fromkeys(_THOUSANDTHS.split(), 3)
"""Digits after the decimal point, by currency; two in all others (ISO 4217)."""

EXISTING: Final = "existing customer"
NEW: Final = "new customer"


def minor_units(currency: str) -> int:
    """Return how many of its smallest units a currency has."""
    return int(10 ** _MINOR_DIGITS.get(currency, 2))


def to_day(day: date) -> int:
    """Return a day as days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


@dataclass(frozen=True, repr=False)
class DealFacts:
    """Deals, row for row with the table of the `DealList`.

    Attributes:
        deals: what they were made from.
        as_of: the day on which the list was prepared, in days since 1970-01-01: nothing later is known.
        account: row in the account list, -1 where there is none.
        entity: the company of that account, -1 where there is none: its accounts share touches and overlaps.
        created, closed: days since 1970-01-01, or NO_DAY.
        won, is_open: what became of the deal; a deal that is neither is lost.
        minor: the amount in the smallest unit of its currency; 0 where it is not known or negative.
        currency: ISO 4217 code, or empty.
        relation: EXISTING if the company had a won deal that closed before this one was created, else NEW. Not the
            segment in the account list: that is today's, and a won deal makes a customer.
        size: position in SIZE_BANDS, -1 where it is not known.
        country: ISO 3166 code or empty.
    """

    deals: pa.Table
    as_of: int
    account: Ints
    entity: Ints
    created: Ints
    closed: Ints
    won: Mask
    is_open: Mask
    minor: Ints
    currency: npt.NDArray[np.object_]
    relation: npt.NDArray[np.object_]
    size: Ints
    country: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.created)

    @property
    def lost(self) -> Mask:
        """Whether each deal is lost."""
        return ~self.won & ~self.is_open

    @property
    def known_until(self) -> Ints:
        """The last day up to which each deal is known: that on which it closed, or that of the list."""
        return np.where((self.closed != NO_DAY) & ~self.is_open, self.closed, self.as_of)


def deal_facts(deals: DealList, accounts: AccountList, as_of: date, entity_of: Ints | None = None) -> DealFacts:
    """Put deals and what is known about their accounts side by side.

    Args:
        accounts: the own account list.
        as_of: the day on which the deals were prepared.
        entity_of: for each account the number of its company; by default each account is a company of its own.
    """
    table = deals.table
    account = pc.fill_null(account_rows(table, accounts.table), -1).to_numpy().astype(np.int64)
    entity = account if entity_of is None else np.append(entity_of, -1)[account]
    created, closed = _days(table["created"]), _days(table["closed"])
    outcome = table["outcome"].to_numpy()
    won = outcome == WON
    currency = pc.fill_null(table["currency"], "").to_numpy().astype(object)
    return DealFacts(
        deals=table,
        as_of=to_day(as_of),
        account=account,
        entity=entity,
        created=created,
        closed=closed,
        won=won,
        is_open=outcome == OPEN,
        minor=_minor(table["amount"], currency),
        currency=currency,
        relation=_relation(entity, created, closed, won),
        size=_sizes(_beside(table, accounts.table, "employees", account)),
        country=_countries(_beside(table, accounts.table, "country", account)),
    )


def _days(column: pa.ChunkedArray) -> Ints:
    days = column.cast(pa.int32()).cast(pa.int64())
    found: Ints = pc.fill_null(days, NO_DAY).to_numpy()
    return found


def _minor(amounts: pa.ChunkedArray, currency: npt.NDArray[np.object_]) -> Ints:
    units = {code: minor_units(code) for code in set(currency.tolist())}
    factor = np.array([units[code] for code in currency.tolist()], np.float64)
    values = pc.fill_null(amounts, 0.0).to_numpy()
    minor: Ints = np.rint(np.clip(values, 0, 2**52 / 1000) * factor).astype(np.int64)
    return minor


def _relation(entity: Ints, created: Ints, closed: Ints, won: Mask) -> npt.NDArray[np.object_]:
    first_won = np.full(entity.max(initial=-1) + 2, np.iinfo(np.int64).max)
    counted = won & (entity >= 0) & (closed != NO_DAY)
    np.minimum.at(first_won, entity[counted], closed[counted])
    existing = (entity >= 0) & (first_won[entity] < created)
    return np.where(existing, EXISTING, NEW).astype(object)


def _beside(deals: pa.Table, accounts: pa.Table, name: str, account: Ints) -> list[Any]:
    """Take a column of the deals' accounts, or where that is blank, of the deals."""
    at = pa.array(account, mask=account < 0)
    values: list[Any] = pc.coalesce(
        accounts[name].combine_chunks().take(at), deals[name].combine_chunks()
    ).to_pylist()
    return values


def _sizes(employees: list[int | None]) -> Ints:
    bands: Mapping[str | None, int] = {band: at for at, band in enumerate(SIZE_BANDS)}
    return np.array([bands.get(size_band(each), -1) for each in employees], np.int64)


def _countries(countries: list[str | None]) -> npt.NDArray[np.object_]:
    codes = {each: country_code(each) or "" for each in set(countries)}
    return np.array([codes[each] for each in countries], object)
