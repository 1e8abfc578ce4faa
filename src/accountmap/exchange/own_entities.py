"""The own entities as a session asks for them: match keys and agreed fields of one group at a time."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList
from accountmap.canonical.prepared import Prepared
from accountmap.errors import PeerError
from accountmap.exchange.groups import GroupOrder
from accountmap.exchange.payload import decode_payload, encode_payload
from accountmap.psi.suite import key_message


class EntityTables:
    """A prepared list, so arranged that keys and accounts of one entity are found quickly and in place."""

    def __init__(self, accounts: AccountList, prepared: Prepared) -> None:
        self._slots = prepared.profile.slots
        self._accounts = accounts.table
        # 64 bits, as what is searched for: otherwise searchsorted would convert the whole array at every call
        entity, slot = (prepared.keys[name].to_numpy().astype(np.int64) for name in ("entity", "slot"))
        place = entity * len(self._slots) + slot
        by_place = np.argsort(place, kind="stable")
        self._places, self._values = place[by_place], prepared.keys["value"].take(pa.array(by_place))
        members = prepared.members.sort_by([("entity", "ascending"), ("account_id", "ascending")])
        self._entities = members["entity"].to_numpy().astype(np.int64)
        self._rows = pc.index_in(members["account_id"], value_set=accounts.table["account_id"])

    def key(self, entity: int, slot: int) -> bytes:
        """Return a match key as the input of H."""
        row = int(np.searchsorted(self._places, entity * len(self._slots) + slot))
        return key_message(self._slots[slot].space.encode(), self._values[row].as_py().encode())

    def field(self, entity: int, name: str) -> str | None:
        """Return the first value of a column that is filled, among the accounts of an entity by id."""
        first, last = np.searchsorted(self._entities, [entity, entity + 1])
        cells = (self._accounts[name][self._rows[row].as_py()].as_py() for row in range(first, last))
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
