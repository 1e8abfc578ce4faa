"""The own entities as a session asks for them: match keys and agreed fields of one group at a time."""

from functools import cached_property

import numpy as np
import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList
from accountmap.canonical.prepared import Prepared
from accountmap.errors import PeerError
from accountmap.exchange.groups import GroupOrder
from accountmap.exchange.payload import decode_payload, encode_payload
from accountmap.psi.suite import key_message
from accountmap.psi.tables import Order


class EntityTables:
    """A prepared list, in which the keys and the accounts of one entity are found quickly and in place.

    What that takes is made when it is first asked for, which most steps of a session never do.
    """

    def __init__(self, accounts: AccountList, prepared: Prepared) -> None:
        self._slots, self._keys = prepared.profile.slots, prepared.keys
        self._accounts, self._all_members = accounts.table, prepared.members

    @cached_property
    def _by_place(self) -> tuple[Order, Order]:
        """Places of keys, entity by entity and slot by slot, and the row of each.

        64 bits, as what is searched for: otherwise searchsorted would convert the whole array at every call.
        """
        entity, slot = (self._keys[name].to_numpy().astype(np.int64) for name in ("entity", "slot"))
        place = entity * len(self._slots) + slot
        rows = np.argsort(place, kind="stable")
        return place[rows], rows

    @cached_property
    def _members(self) -> tuple[Order, Order]:
        """Entities of the accounts, in order, and the row of each account; those of one entity by id."""
        members = self._all_members.sort_by([("entity", "ascending"), ("account_id", "ascending")])
        rows = pc.index_in(members["account_id"], value_set=self._accounts["account_id"])
        return members["entity"].to_numpy().astype(np.int64), rows.to_numpy()

    def key(self, entity: int, slot: int) -> bytes:
        """Return a match key as the input of H."""
        places, rows = self._by_place
        row = int(rows[np.searchsorted(places, entity * len(self._slots) + slot)])
        return key_message(self._slots[slot].space.encode(), self._keys["value"][row].as_py().encode())

    def field(self, entity: int, name: str) -> str | None:
        """Return the first value of a column that is filled, among the accounts of an entity by id."""
        entities, rows = self._members
        first, last = np.searchsorted(entities, [entity, entity + 1])
        cells = (self._accounts[name][int(row)].as_py() for row in rows[first:last])
        return next((_text(cell) for cell in cells if cell is not None), None)


class ListEntities:
    """psi's OwnEntities port over a prepared list.

    Args:
        fields: columns of the account list that we show, in the order of the agreement.
        partner_fields: likewise of the partner's.
    """

    def __init__(
        self, tables: EntityTables, order: GroupOrder, fields: tuple[str, ...], partner_fields: tuple[str, ...]
    ) -> None:
        self._tables, self._entity = tables, order.entity
        self._fields, self._partner_fields = fields, len(partner_fields)

    def key(self, group: int, slot: int) -> bytes:
        """Return a match key as the input of H."""
        return self._tables.key(int(self._entity[group]), slot)

    def fields(self, group: int) -> bytes:
        """Return the agreed fields of an entity."""
        entity = int(self._entity[group])
        return encode_payload([self._tables.field(entity, name) for name in self._fields])

    def accepts(self, fields: bytes) -> bool:
        """Tell whether the partner's fields are as many as agreed, and text."""
        try:
            decode_payload(fields, self._partner_fields)
        except PeerError:
            return False
        return True


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
