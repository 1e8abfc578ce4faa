"""The own prepared list as a session needs it: groups, points, keys and agreed fields.

Each field in the order of the agreement: its length in two bytes, big-endian, then UTF-8. A blank has length zero.

They are as secret as the list: whoever holds them can test guesses of its keys.
"""

import hashlib
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList
from accountmap.errors import PeerError
from accountmap.files import write_atomic
from accountmap.linkage.prepared import Prepared
from accountmap.psi.lazy import LazyMessages
from accountmap.psi.parameters import Curve, Groups
from accountmap.psi.suite import KEY_DST, POINT_BYTES, key_message, key_prefix
from accountmap.psi.tables import Order, Points

LEFT_OUT: Final = -1
"""In place of a segment's number: the entity takes no part."""


@dataclass(frozen=True)
class GroupOrder:
    """Which entity each group is.

    Attributes:
        entity: row of the entity, one entry a group, segment by segment.
        sizes: groups in each segment.
    """

    entity: Order
    sizes: tuple[int, ...]


def segment_of_entities(prepared: Prepared, segments: tuple[str, ...]) -> Order:
    """Return for each entity the number of its segment.

    Args:
        segments: in the order of the agreement.
    """
    found: Order = pc.index_in(prepared.entities["segment"], value_set=pa.array(segments)).to_numpy()
    return found.astype(np.int64)


def group_order(segment: Order, segments: tuple[str, ...], taking_part: Collection[str]) -> GroupOrder:
    """Order the entities of some segments by segment.

    Args:
        segment: of each entity the number of its segment, or LEFT_OUT.
        segments: in the order of the agreement.
        taking_part: those of which entities take part.
    """
    chosen = np.array([name in taking_part for name in segments], np.bool_)
    entity = np.flatnonzero((segment != LEFT_OUT) & chosen[segment])
    order = entity[np.argsort(segment[entity], kind="stable")]
    sizes = np.bincount(segment[entity], minlength=len(segments))
    return GroupOrder(order.astype(np.int64), tuple(sizes.tolist()))


def make_groups(prepared: Prepared, order: GroupOrder, slots: int, points: Points | None) -> Groups:
    """Lay the keys out in groups.

    Args:
        slots: how many of the profile's take part: all, or the first alone.
        points: of all keys of the list, one row a row of `keys`; they are needed for the first message only.
    """
    group_of = np.full(prepared.entities.num_rows, -1, np.int64)
    group_of[order.entity] = np.arange(len(order.entity))
    group = group_of[prepared.keys["entity"].to_numpy()]
    slot = prepared.keys["slot"].to_numpy().astype(np.int64)
    taking_part = np.flatnonzero((group >= 0) & (slot < slots))
    group, slot = group[taking_part], slot[taking_part]
    present = np.zeros((len(order.entity), slots), np.bool_)
    present[group, slot] = True
    if points is None:
        return Groups(order.sizes, present)
    row_major = np.argsort(group * slots + slot)
    return Groups(order.sizes, present, points[taking_part[row_major]])


FIELD_BYTES: Final = 200
"""Longer fields are cut at a character."""

_LENGTH: Final = 2


def payload_bytes(fields: int) -> int:
    """Return the greatest length of so many fields."""
    return fields * (_LENGTH + FIELD_BYTES)


def encode_payload(values: Sequence[str | None]) -> bytes:
    """Write the fields of an entity."""
    parts = []
    for value in values:
        raw = (value or "").encode()[:FIELD_BYTES].decode(errors="ignore").encode()
        parts.append(len(raw).to_bytes(_LENGTH, "big") + raw)
    return b"".join(parts)


def decode_payload(payload: bytes, fields: int) -> list[str | None]:
    """Read the partner's fields of an entity.

    Raises:
        PeerError: they are not what the agreement says.
    """
    values: list[str | None] = []
    start = 0
    try:
        for _ in range(fields):
            length = int.from_bytes(payload[start : start + _LENGTH], "big")
            raw = payload[start + _LENGTH : start + _LENGTH + length]
            if len(payload) < start + _LENGTH + length or length > FIELD_BYTES:
                raise ValueError("cut short")
            values.append(raw.decode() or None)
            start += _LENGTH + length
        if start != len(payload):
            raise ValueError("too long")
    except ValueError as error:
        raise PeerError("the partner's fields are not those that the agreement names") from error
    return values


_LABEL: Final = b"accountmap-kept-points-v1\x00"
_DIGEST_BYTES: Final = 32


def key_points(prepared: Prepared, curve: Curve) -> Points:
    """Map the keys of a list to points, one row a row of `keys`, shape (keys, 32)."""
    return curve.hash_to_curve(KEY_DST, _messages(prepared))


def kept_key_points(path: Path, prepared: Prepared, curve: Curve) -> Points:
    """Return the same from a file, or make them and leave them there.

    Args:
        path: a digest of keys and points, then the points. A file for other keys, a damaged one, or one that
            cannot be read or written only costs the time to make them.
    """
    keys = _digest(prepared)
    kept = _read(path, _DIGEST_BYTES + POINT_BYTES * prepared.keys.num_rows)
    if kept is not None and kept[:_DIGEST_BYTES] == _head(keys, memoryview(kept)[_DIGEST_BYTES:]):
        return np.frombuffer(kept, np.uint8, offset=_DIGEST_BYTES).reshape(-1, POINT_BYTES)
    points = key_points(prepared, curve)
    with suppress(OSError):
        raw = points.reshape(-1).data
        write_atomic(path, [_head(keys, raw), raw])
    return points


def _head(keys: bytes, points: bytes | memoryview) -> bytes:
    hashed = hashlib.sha256(keys)
    hashed.update(points)
    return hashed.digest()


def _read(path: Path, size: int) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size == size else None
    except OSError:
        return None


def _messages(prepared: Prepared) -> LazyMessages:
    prefixes = [key_prefix(slot.space.encode()) for slot in prepared.profile.slots]
    slots, values = prepared.keys["slot"].combine_chunks(), prepared.keys["value"].combine_chunks()

    def make(start: int, stop: int) -> list[bytes]:
        keys = zip(slots[start:stop].to_pylist(), values[start:stop].cast(pa.binary()).to_pylist(), strict=True)
        return [prefixes[slot] + value for slot, value in keys]

    return LazyMessages(len(values), make)


def _digest(prepared: Prepared) -> bytes:
    """Hash what the points are made of: the map's tag, the slots' name spaces, and slot and value of all keys.

    Arrow writes equal tables alike; a release that wrote them otherwise would only have the points made again.
    """
    spaces = b"".join(slot.space.encode() + b"\x00" for slot in prepared.profile.slots)
    keys, sink = prepared.keys.select(["slot", "value"]).combine_chunks(), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, keys.schema) as stream:
        stream.write_table(keys)
    hashed = hashlib.sha256(_LABEL + KEY_DST + b"\x00" + spaces)
    hashed.update(sink.getvalue())
    return hashed.digest()


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
