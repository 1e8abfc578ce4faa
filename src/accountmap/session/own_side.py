"""What this side brings into a session: who takes part, in which rectangle, and what it commits to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.account_map.own_accounts import countries_of, entity_of_account
from accountmap.account_map.schema import OFF_LIMITS, OUTSIDE, WITHHELD_SCHEMA
from accountmap.accounts.schema import AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.model import Role
from accountmap.psi.codec import Order
from accountmap.psi.inputs import row_record
from accountmap.psi.parameters import Parameters
from accountmap.psi.ports import Curve, Points, Side
from accountmap.psi.tables import ROWS_AT_ONCE, NumpyTables, segment_slices
from accountmap.session.own_list import (
    LEFT_OUT,
    EntityTables,
    GroupKeys,
    GroupOrder,
    ListEntities,
    group_order,
    segment_of_entities,
)
from accountmap.trust.agreement import Agreement
from accountmap.trust.sharing import JointFilter, Rectangle
from accountmap.trust.terms import Terms

SMALLEST: Final = 16


MOST_ROOM: Final = 1_500
"""The most rows that a segment may grow by, beyond a quarter of it."""


def padded_size(rows: int) -> int:
    """Return the least of 2**i and 3 * 2**(i-1) that is at least 5/4 of some rows; at least 16."""
    return _rounded_up(-(-5 * rows // 4))


def agreed_size(rows: int) -> int:
    """Return the most rows that a segment may have under a new agreement (trust-v2 §4.5).

    It is rounded up from twice the rows, so that an agreement lasts for a year in which a list grows by a few
    percent a month. For large segments, which change less, it is rounded up from 5/4 of the rows and 1,500 more.
    """
    return _rounded_up(min(2 * rows, -(-5 * rows // 4) + MOST_ROOM))


def _rounded_up(rows: int) -> int:
    """Return the least of 2**i and 3 * 2**(i-1) that is not below some rows; at least 16."""
    wanted = max(SMALLEST, rows)
    power = 1 << (wanted - 1).bit_length()
    return power if wanted > 3 * power // 4 else 3 * power // 4


def agreed_sizes(rows: Mapping[str, int]) -> dict[str, int]:
    """Round up the size of each segment."""
    return {segment: agreed_size(count) for segment, count in rows.items()}


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
    """Return what `withheld` returned as one flag for each entity."""
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


@dataclass(frozen=True, repr=False)
class OwnSide:
    """The own list under an agreement.

    Attributes:
        prepared: the list.
        withheld: entities that take no part (account_map.schema.WITHHELD_SCHEMA).
        orders: for each rectangle, which entity each group is.
        sizes: entities that take part, by segment.
        parameters: of the session.
        rectangles: as agreed.
        role: of this side.
        tables: finds keys and accounts of one entity.
    """

    prepared: Prepared
    withheld: pa.Table
    orders: tuple[GroupOrder, ...]
    sizes: dict[str, int]
    parameters: Parameters
    rectangles: tuple[Rectangle, ...]
    role: Role
    tables: EntityTables

    @classmethod
    def of(
        cls, agreement: Agreement, role: Role, accounts: AccountList, prepared: Prepared, parameters: Parameters
    ) -> "OwnSide":
        """Arrange a prepared list for all rectangles."""
        terms = agreement.terms
        held_back = withheld(accounts, prepared, terms.sharing.joint_filter)
        segment = segment_of_entities(prepared, terms.segments)
        segment[left_out(prepared, held_back)] = LEFT_OUT
        return cls(
            prepared=prepared,
            withheld=held_back,
            orders=tuple(
                group_order(segment, terms.segments, rectangle.segments[role])
                for rectangle in terms.sharing.rectangles
            ),
            sizes=_sizes(segment, terms.segments),
            parameters=parameters,
            rectangles=tuple(terms.sharing.rectangles),
            role=role,
            tables=EntityTables(accounts, prepared),
        )

    def sides(self, curve: Curve, points: Callable[[], Points]) -> list[Side]:
        """Return what takes part in each rectangle.

        Args:
            points: returns those of all keys of the list; called when the own table is blinded.
        """
        sent = self.parameters.sent
        slots = [self.parameters.slots[number] for number in sent]
        made = []
        for order, rectangle in zip(self.orders, self.rectangles, strict=True):
            keys = GroupKeys.of(self.prepared, order, sent)
            entities = ListEntities(
                self.tables,
                order,
                keys,
                slots,
                rectangle.fields[self.role],
                len(rectangle.fields[self.role.other]),
            )
            made.append(Side(entities, NumpyTables(curve, keys.groups(points))))
        return made

    def key_table(self) -> bytes:
        """Return the records of all rows that take part in any rectangle, joined (account-psi-v2 §6.2).

        Each is preceded by its length in four bytes, so that they can be told apart again.
        """
        return b"".join(len(record).to_bytes(4, "big") + record for record in self._records())

    def _records(self) -> Iterator[bytes]:
        order, sent = self._everybody(), self.parameters.sent
        keys = GroupKeys.of(self.prepared, order, sent)
        slots = [self.parameters.slots[number] for number in sent]
        bits = ListEntities(self.tables, order, keys, slots, (), 0).bits()
        for segment, groups in enumerate(segment_slices(order.sizes)):
            for start in range(groups.start, groups.stop, ROWS_AT_ONCE):
                part = slice(start, min(start + ROWS_AT_ONCE, groups.stop))
                ids = self.tables.cells_of(order.entity[part], ["account_id"])
                made = self.tables.keys_of(order.entity[part])
                numbers = range(start - groups.start, part.stop - groups.start)
                for row, bit, (own,), each in zip(numbers, bits[part].tolist(), ids, made, strict=True):
                    yield row_record(segment, row, bit, [id_.encode() for id_ in own], [each[at] for at in sent])

    def _everybody(self) -> GroupOrder:
        """Return the order of the entities of all segments that are in some rectangle."""
        by_segment: dict[int, Order] = {}
        for order in self.orders:
            start = 0
            for segment, size in enumerate(order.sizes):
                if size:
                    by_segment[segment] = order.entity[start : start + size]
                start += size
        segments = len(self.orders[0].sizes) if self.orders else 0
        none = np.zeros(0, np.int64)
        parts = [by_segment.get(segment, none) for segment in range(segments)]
        return GroupOrder(np.concatenate([none, *parts]), tuple(len(part) for part in parts))

    def entities(self) -> set[int]:
        """Return the entities that take part in some rectangle."""
        return {entity for order in self.orders for entity in order.entity.tolist()}

    def taking_part(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return them as one flag for each entity."""
        flags = np.zeros(self.prepared.entities.num_rows, np.bool_)
        flags[list(self.entities())] = True
        return flags


def key_records(key_table: bytes) -> Iterator[bytes]:
    """Cut what `OwnSide.key_table` wrote into its records."""
    at = 0
    while at < len(key_table):
        length = int.from_bytes(key_table[at : at + 4], "big")
        yield key_table[at + 4 : at + 4 + length]
        at += 4 + length


def sizes_taking_part(accounts: AccountList, prepared: Prepared, terms: Terms) -> dict[str, int]:
    """Count by segment the entities of a list that take part under an agreement."""
    segment = segment_of_entities(prepared, terms.segments)
    segment[left_out(prepared, withheld(accounts, prepared, terms.sharing.joint_filter))] = LEFT_OUT
    return _sizes(segment, terms.segments)


def _sizes(segment: Order, segments: tuple[str, ...]) -> dict[str, int]:
    counted = np.bincount(segment[segment != LEFT_OUT], minlength=len(segments))
    return dict(zip(segments, counted.tolist(), strict=True))
