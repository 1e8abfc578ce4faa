"""The own entities as a session asks for them: match keys and agreed fields of one group at a time."""

from accountmap.accounts.schema import AccountList
from accountmap.canonical.prepared import Prepared
from accountmap.errors import PeerError
from accountmap.exchange.groups import GroupOrder
from accountmap.exchange.payload import decode_payload, encode_payload
from accountmap.psi.suite import key_message


class ListEntities:
    """psi's OwnEntities port over a prepared list.

    Args:
        fields: columns of the account list, in the order of the agreement.
    """

    def __init__(
        self, accounts: AccountList, prepared: Prepared, order: GroupOrder, fields: tuple[str, ...]
    ) -> None:
        self._slots = prepared.profile.slots
        self._entity = order.entity
        self._keys = {
            (entity, slot): value
            for entity, slot, value in zip(
                *(prepared.keys[name].to_pylist() for name in ("entity", "slot", "value")), strict=True
            )
        }
        row_of = {account: row for row, account in enumerate(accounts.table["account_id"].to_pylist())}
        self._rows: dict[int, list[int]] = {}
        members = zip(*(prepared.members[name].to_pylist() for name in ("account_id", "entity")), strict=True)
        for account, entity in sorted(members):
            self._rows.setdefault(entity, []).append(row_of[account])
        self._fields = len(fields)
        self._columns = [accounts.table[name].to_pylist() for name in fields]

    def key(self, group: int, slot: int) -> bytes:
        """Return a match key as the input of H."""
        value = self._keys[int(self._entity[group]), slot]
        return key_message(self._slots[slot].space.encode(), value.encode())

    def fields(self, group: int) -> bytes:
        """Return the agreed fields: of each the first that is filled, among the accounts of the entity by id."""
        rows = self._rows[int(self._entity[group])]
        return encode_payload(
            [next((_text(column[r]) for r in rows if column[r] is not None), None) for column in self._columns]
        )

    def accepts(self, fields: bytes) -> bool:
        """Tell whether the partner's fields are as many as agreed, and text."""
        try:
            decode_payload(fields, self._fields)
        except PeerError:
            return False
        return True


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
