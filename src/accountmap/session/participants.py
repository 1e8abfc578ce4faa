"""Which entities take part in a session, and how sizes are rounded up."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.account_map.own_accounts import countries_of, entity_of_account
from accountmap.account_map.schema import OFF_LIMITS, OUTSIDE, WITHHELD_SCHEMA
from accountmap.accounts.schema import AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.trust.sharing import JointFilter

SMALLEST: Final = 16


def padded_size(rows: int) -> int:
    """Return the least of 2**i and 3 * 2**(i-1) that is at least 5/4 of some rows; at least 16 (trust-v2 §4.5).

    The quarter leaves room to grow before a new agreement is needed.
    """
    wanted = max(SMALLEST, -(-5 * rows // 4))
    power = 1 << (wanted - 1).bit_length()
    return power if wanted > 3 * power // 4 else 3 * power // 4


def padded_sizes(rows: Mapping[str, int]) -> dict[str, int]:
    """Round up the size of each segment."""
    return {segment: padded_size(count) for segment, count in rows.items()}


Flags = npt.NDArray[np.bool_]


def withheld(accounts: AccountList, prepared: Prepared, joint: JointFilter) -> pa.Table:
    """Return which entities take no part, and why.

    An entity is off limits if one of its accounts is, and inside the filter if one of its accounts is.

    Returns:
        WITHHELD_SCHEMA.
    """
    entity = entity_of_account(accounts, prepared)
    size = prepared.entities.num_rows
    off_limits = _any(entity, _flags(accounts.table["off_limits"]), size)
    outside = ~_any(entity, inside(accounts.table, joint), size)
    rows = np.flatnonzero(off_limits | outside)
    reasons = [OFF_LIMITS if off_limits[row] else OUTSIDE for row in rows]
    return pa.table({"entity": rows, "reason": reasons}).cast(WITHHELD_SCHEMA)


def left_out(prepared: Prepared, withheld: pa.Table) -> Flags:
    """Return the same as one flag an entity."""
    flags = np.zeros(prepared.entities.num_rows, np.bool_)
    flags[withheld["entity"].to_numpy()] = True
    return flags


def inside(accounts: pa.Table, joint: JointFilter) -> Flags:
    """Return which accounts are inside a filter: one flag for each row of a table of ACCOUNT_SCHEMA."""
    flags = np.ones(accounts.num_rows, np.bool_)
    if joint.countries:
        flags &= np.array([code in joint.countries for code in countries_of(accounts).to_pylist()], np.bool_)
    if joint.industries:
        wanted = {word.casefold() for word in joint.industries}
        flags &= np.array(
            [(cell or "").casefold() in wanted for cell in accounts["industry"].to_pylist()], np.bool_
        )
    least, most = joint.employees
    if least or most:
        employees = accounts["employees"].fill_null(-1).to_numpy()
        flags &= (employees >= max(least, 0)) & (employees <= (most or np.iinfo(np.int64).max))
    return flags


def _flags(column: pa.ChunkedArray) -> Flags:
    found: Flags = column.fill_null(False).to_numpy()
    return found


def _any(entity: npt.NDArray[np.int64], flags: Flags, size: int) -> Flags:
    """Return for each entity whether any of its accounts has the flag."""
    return np.bincount(entity[flags], minlength=size) > 0
