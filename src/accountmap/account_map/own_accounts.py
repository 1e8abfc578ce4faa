"""The own accounts beside their entities, and how columns of both are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.schema import OWN_COLUMNS
from accountmap.accounts.schema import AccountList, currencies
from accountmap.errors import UsageError
from accountmap.linkage.places import country_code, country_of_domain
from accountmap.linkage.prepared import Prepared

Rows = npt.NDArray[np.int64]
"""Row numbers."""


def codes(column: pa.ChunkedArray) -> tuple[Rows, int]:
    """Number the values of a column without nulls, in the order in which they first occur; and count them."""
    coded = column.combine_chunks().dictionary_encode()
    return coded.indices.to_numpy(zero_copy_only=False).astype(np.int64), len(coded.dictionary)


def first_of_each(column: pa.ChunkedArray) -> Rows:
    """Find for each value of a column without nulls the first row that has it, in the order of the rows."""
    newest = np.maximum.accumulate(codes(column)[0])
    return np.flatnonzero(np.diff(newest, prepend=-1))


def mapped(column: pa.ChunkedArray, reading: Callable[[str], str | None]) -> pa.Array:
    """Read each cell of a column of text, and each distinct value only once; null stays null."""
    coded = column.combine_chunks().dictionary_encode()
    read = pa.array([reading(cell) for cell in coded.dictionary.to_pylist()], pa.string())
    return read.take(coded.indices)


def first_of_entity(column: pa.Array, entity: Rows, entities: int) -> pa.Array:
    """Give each entity the first value that any of its accounts has.

    Args:
        column: a value or null for each account.
        entity: the row of each account's entity.
        entities: how many there are.
    """
    filled = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    first = np.full(entities, -1, np.int64)
    first[entity[filled[::-1]]] = filled[::-1]  # Of several writes to one place, the last one wins.
    return column.take(pa.array(first, mask=first < 0))


def countries_of(accounts: pa.Table) -> pa.Array:
    """Return each account's country as an ISO 3166 code: from its country, else from its domain, else null."""
    known = mapped(accounts["country"], country_code)
    unknown = pc.if_else(known.is_null(), accounts["domain"].combine_chunks(), pa.scalar(None, pa.string()))
    return pc.coalesce(known, mapped(pa.chunked_array([unknown]), country_of_domain))


@dataclass(frozen=True, repr=False)
class OwnAccounts:
    """The own list, as reports show it.

    Attributes:
        table: one row per account: OWN_COLUMNS, account_id and account_segment; and entity_id, segment and
            territory of its entity.
        entity: for each account the row of its entity.
        territory: for each entity its country as an ISO 3166 code, or null.
        currency: the one that most amounts have, as an ISO 4217 code; empty if the list does not say.
        amount_currency: for each entity the currency of its first account with an amount, numbered.
        amount: for each entity the sum of its accounts' amounts in that currency.
    """

    table: pa.Table
    entity: Rows
    territory: pa.Array
    currency: str
    amount_currency: Rows
    amount: npt.NDArray[np.float64]


def own_accounts(accounts: AccountList, prepared: Prepared) -> OwnAccounts:
    """Put each account beside its entity.

    Raises:
        UsageError: the prepared list was made from another one.
    """
    own, entities = accounts.table, prepared.entities.num_rows
    entity = entity_of_account(accounts, prepared)
    territory = first_of_entity(countries_of(own), entity, entities)
    of_account = prepared.entities.take(pa.array(entity))
    # One infinite or undefined amount would make every sum that it enters useless.
    amount = pc.if_else(pc.is_finite(own["amount"]), own["amount"], pa.scalar(None, pa.float64()))
    columns = {name: own[name] for name in OWN_COLUMNS} | {
        "account_id": own["account_id"],
        "account_segment": own["segment"],
        "entity_id": of_account["entity_id"],
        "segment": of_account["segment"],
        "territory": territory.take(pa.array(entity)),
        "amount": amount,
    }
    code, _ = codes(pc.fill_null(own["currency"], ""))
    with_amount = pa.array(code, mask=amount.is_null().to_numpy())
    of_entity = first_of_entity(with_amount, entity, entities).fill_null(0).to_numpy()
    summed = np.where(code == of_entity[entity], amount.fill_null(0.0).to_numpy(), 0.0)
    return OwnAccounts(
        table=pa.table(columns),
        entity=entity,
        territory=territory,
        currency=next(iter(currencies(own)), ""),
        amount_currency=of_entity,
        amount=np.bincount(entity, weights=summed, minlength=entities).astype(np.float64),
    )


_COUNTED: Final = ("segment", "their_segment", "territory", "play", "status")
_IDS: Final = ("account_id", "entity_id", "match_id")


def to_count(table: pa.Table, currency: str) -> pa.Table:
    """Keep the columns that a table is counted by, its amounts, and its ids as numbers: these are faster to count.

    Args:
        table: OVERLAP_SCHEMA or WHITESPACE_SCHEMA.
        currency: amounts in others become null, so that those that are left can be added up.
    """
    same = pc.equal(pc.fill_null(table["currency"], ""), currency)
    columns = {name: table[name] for name in _COUNTED if name in table.column_names}
    columns |= {name: pa.array(codes(table[name])[0]) for name in _IDS if name in table.column_names}
    return pa.table(columns | {"amount": pc.if_else(same, table["amount"], pa.scalar(None, pa.float64()))})


def entity_of_account(accounts: AccountList, prepared: Prepared) -> Rows:
    """Return the row of each account's entity.

    Raises:
        UsageError: the prepared list was made from another one.
    """
    members = prepared.members
    at = pc.index_in(accounts.table["account_id"], value_set=members["account_id"])
    if at.null_count or members.num_rows != len(accounts):
        raise UsageError(
            "The prepared list was made from another account list.",
            "Use the account list that the session ran on.",
        )
    entity: Rows = members["entity"].take(at).to_numpy().astype(np.int64)
    return entity
