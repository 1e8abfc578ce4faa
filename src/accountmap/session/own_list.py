"""The own prepared list as a session needs it: groups of keys, their points, the entities behind them, and the
file in which it is frozen for an auditor (account-psi-v2 §6.2).

Points are as secret as the list: whoever has them can test guesses of its keys.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from accountmap.account_map.own_accounts import entity_of_account
from accountmap.accounts.schema import AccountList
from accountmap.errors import PeerError, WorkspaceError
from accountmap.linkage.prepared import Prepared
from accountmap.psi.codec import Order
from accountmap.psi.hash_to_curve import LazyMessages
from accountmap.psi.parameters import Slot
from accountmap.psi.ports import Curve, Points
from accountmap.psi.suite import KEY_DST, POINT_BYTES, key_prefix
from accountmap.psi.tables import ROWS_AT_ONCE, Groups, presence_bits
from accountmap.session.parameters import decode_payload, encode_payload
from accountmap.workspace import Workspace
from accountmap.workspace.sealed_files import SealedFile

Found = TypeVar("Found")

LEFT_OUT: Final = -1
"""In place of a segment's number: the entity takes no part."""

ENTITY_ID: Final = "entity_id"
"""The column of a frozen list that says which accounts are one company: the smallest id among them."""

_NAMES_COUNTRY: Final = r"\|[A-Z]{2}$"
"""The end of a key that contains a country (account-psi-v2 §7.3)."""


@dataclass(frozen=True)
class GroupOrder:
    """Which entity each group is.

    Attributes:
        entity: row of the entity, one entry a group, segment by segment.
        sizes: groups in each segment of the agreement.
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
        segment: number of each entity's segment, or LEFT_OUT.
        segments: in the order of the agreement.
        taking_part: the segments whose entities take part.
    """
    chosen = np.array([name in taking_part for name in segments], np.bool_)
    entity = np.flatnonzero((segment != LEFT_OUT) & chosen[segment])
    order = entity[np.argsort(segment[entity], kind="stable")]
    sizes = np.bincount(segment[entity], minlength=len(segments))
    return GroupOrder(order.astype(np.int64), tuple(sizes.tolist()))


@dataclass(frozen=True, repr=False)
class GroupKeys:
    """The keys of the groups of one comparison: which row of the list's keys is in which place.

    Attributes:
        present: whether there is a key in a sent slot, shape (groups, sent slots).
        row: rows of the prepared keys, in row-major order of the places that are present.
        names_country: shape as `present`: the key contains a country.
    """

    present: npt.NDArray[np.bool_]
    row: Order
    names_country: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, prepared: Prepared, order: GroupOrder, sent: Sequence[int]) -> "GroupKeys":
        """Lay the keys of the sent slots out in groups."""
        group_of = np.full(prepared.entities.num_rows, -1, np.int64)
        group_of[order.entity] = np.arange(len(order.entity))
        column_of = np.full(max(len(prepared.profile.slots), max(sent, default=0) + 1), -1, np.int64)
        column_of[list(sent)] = np.arange(len(sent))
        group = group_of[prepared.keys["entity"].to_numpy()]
        column = column_of[prepared.keys["slot"].to_numpy().astype(np.int64)]
        taking_part = np.flatnonzero((group >= 0) & (column >= 0))
        group, column = group[taking_part], column[taking_part]
        row = taking_part[np.argsort(group * len(sent) + column)]
        present = np.zeros((len(order.entity), len(sent)), np.bool_)
        present[group, column] = True
        names_country = np.zeros_like(present)
        values = prepared.keys["value"].take(pa.array(row))
        names_country[present] = pc.match_substring_regex(values, _NAMES_COUNTRY).to_numpy(zero_copy_only=False)
        return cls(present, row, names_country)

    def groups(self, points: Callable[[], Points]) -> Groups:
        """Return them with their points.

        Args:
            points: called when they are blinded; returns the points of all keys of the list, one for each row of
                `keys`.
        """
        return Groups(self.present, lambda: points()[self.row])


_LABEL: Final = b"accountmap-kept-points-v2\x00"
_DIGEST_BYTES: Final = 32


def key_points(prepared: Prepared, curve: Curve) -> Points:
    """Map the keys of a list to points, one for each row of `keys`, shape (keys, 32)."""
    return curve.hash_to_curve(KEY_DST, _messages(prepared))


def kept_key_points(file: SealedFile, prepared: Prepared, curve: Curve) -> Points:
    """Return the points of a list's keys from a file of the workspace, or make them and keep them there.

    Args:
        file: a digest of the keys, then the points. If the file is for other keys, damaged, or cannot be read or
            written, that only costs the time to make the points.
    """
    keys, kept = _digest(prepared), _read(file)
    if kept is not None and kept[:_DIGEST_BYTES] == keys:
        return np.frombuffer(kept, np.uint8, offset=_DIGEST_BYTES).reshape(-1, POINT_BYTES)
    points = key_points(prepared, curve)
    with suppress(OSError):
        file.write([keys, points.reshape(-1).data])
    return points


def _read(file: SealedFile) -> memoryview | None:
    try:
        return file.read() if file.exists() else None
    except (OSError, WorkspaceError):
        return None


def _messages(prepared: Prepared) -> LazyMessages:
    prefixes = [key_prefix(slot.space.encode()) for slot in prepared.profile.slots]
    slots, values = prepared.keys["slot"].combine_chunks(), prepared.keys["value"].combine_chunks()

    def make(start: int, stop: int) -> list[bytes]:
        keys = zip(slots[start:stop].to_pylist(), values[start:stop].cast(pa.binary()).to_pylist(), strict=True)
        return [prefixes[slot] + value for slot, value in keys]

    return LazyMessages(len(values), make)


def _digest(prepared: Prepared) -> bytes:
    """Hash what the points are made from: the map's tag, the slots' name spaces, and slot and value of all keys.

    Arrow writes equal tables alike; if a release wrote them differently, the points would only be made again.
    """
    spaces = b"".join(slot.space.encode() + b"\x00" for slot in prepared.profile.slots)
    keys, sink = prepared.keys.select(["slot", "value"]).combine_chunks(), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, keys.schema) as stream:
        stream.write_table(keys)
    hashed = hashlib.sha256(_LABEL + KEY_DST + b"\x00" + spaces)
    hashed.update(sink.getvalue())
    return hashed.digest()


class EntityTables:
    """A prepared list in which the keys and accounts of an entity are found quickly, without a copy of the list.

    The indexes for that are made on first use; most steps of a session need none.
    """

    def __init__(self, accounts: AccountList, prepared: Prepared) -> None:
        self._slots, self._keys = prepared.profile.slots, prepared.keys
        self._accounts, self._all_members = accounts.table, prepared.members

    @cached_property
    def _by_place(self) -> tuple[Order, Order]:
        """Places of keys, entity by entity and slot by slot, and the row of each."""
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

    def keys_of(self, entities: Order) -> list[list[bytes | None]]:
        """Return the key message of each slot of some entities, None where it is empty."""
        width, (places, rows) = len(self._slots), self._by_place
        first, last = (np.searchsorted(places, width * (entities + end)) for end in (0, 1))
        held = _ranges(first, last)
        values = self._keys["value"].take(pa.array(rows[held])).cast(pa.binary()).to_pylist()
        prefixes = [key_prefix(slot.space.encode()) for slot in self._slots]
        messages: list[list[bytes | None]] = [[None] * width for _ in entities]
        at = np.repeat(np.arange(len(entities)), last - first).tolist()
        for n, slot, value in zip(at, (places[held] % width).tolist(), values, strict=True):
            messages[n][slot] = prefixes[slot] + value
        return messages

    def key(self, entity: int, slot: int) -> bytes | None:
        """Return the key message of a slot, or None if it is empty."""
        return self.keys_of(np.array([entity]))[0][slot]

    def cells_of(self, entities: Order, names: Sequence[str]) -> list[list[list[Any]]]:
        """Return the cells of some columns, by entity, then by column, then by account in the order of ids."""
        of_account, rows = self._members
        first, last = (np.searchsorted(of_account, entities, side=side) for side in ("left", "right"))
        wanted = pa.array(rows[_ranges(first, last)])
        columns = [self._accounts[name].take(wanted).to_pylist() for name in names]
        ends = np.cumsum(last - first).tolist()
        return [[column[start:end] for column in columns] for start, end in pairwise([0, *ends])]

    def accounts(self, entity: int) -> list[int]:
        """Return the rows of an entity's accounts, by account id."""
        entities, rows = self._members
        first, last = np.searchsorted(entities, [entity, entity + 1])
        return [int(row) for row in rows[first:last]]

    def account_ids(self, entity: int) -> list[str]:
        """Return the ids of an entity's accounts, ascending."""
        ids: list[str] = self.cells_of(np.array([entity]), ["account_id"])[0][0]
        return ids

    def fields_of(self, entities: Order, names: Sequence[str]) -> list[list[str | None]]:
        """Return for each entity the first value in each column, looking through its accounts by id."""
        return [
            [next((_text(cell) for cell in cells if cell is not None), None) for cells in columns]
            for columns in self.cells_of(entities, names)
        ]

    def field(self, entity: int, name: str) -> str | None:
        """Return the first value in a column, looking through the accounts of an entity by id."""
        return self.fields_of(np.array([entity]), [name])[0][0]


def _ranges(first: Order, last: Order) -> Order:
    """Return all numbers from each `first` up to, but not including, its `last`."""
    counts = last - first
    numbers: Order = np.arange(counts.sum()) + np.repeat(first - np.cumsum(counts) + counts, counts)
    return numbers


class _Opened:
    """psi's OpenedEntities port: some entities, in a given order.

    They are asked for in this order, and looked up a block at a time: one by one takes ten times as long.
    """

    def __init__(self, tables: EntityTables, entities: Order, shown: tuple[str, ...]) -> None:
        self._keys = _Blocks(entities, tables.keys_of)
        self._fields = _Blocks(entities, lambda part: tables.fields_of(part, shown))

    def key(self, n: int, slot: int) -> bytes | None:
        """Return the key message of the n-th of them."""
        return self._keys[n][slot]

    def fields(self, n: int) -> bytes:
        """Return the agreed fields of the n-th of them."""
        return encode_payload(self._fields[n])


class _Blocks(Generic[Found]):
    """What is looked up about entities, a block of them at a time; only the last block is kept."""

    def __init__(self, entities: Order, look_up: Callable[[Order], list[Found]]) -> None:
        self._entities, self._look_up = entities, look_up
        self._first, self._found = 0, list[Found]()

    def __getitem__(self, n: int) -> Found:
        if not self._first <= n < self._first + len(self._found):
            self._first = n - n % ROWS_AT_ONCE
            self._found = self._look_up(self._entities[self._first : self._first + ROWS_AT_ONCE])
        return self._found[n - self._first]


class ListEntities:
    """psi's OwnEntities port over a prepared list, for one rectangle.

    Args:
        slots: the sent slots, as parameters.
        shown: columns of the account list that we show, in the order of the agreement.
        partner_fields: how many fields the partner shows.
    """

    def __init__(
        self,
        tables: EntityTables,
        order: GroupOrder,
        keys: GroupKeys,
        slots: Sequence[Slot],
        shown: tuple[str, ...],
        partner_fields: int,
    ) -> None:
        self.sizes = order.sizes
        self._tables, self._entity, self._keys, self._slots = tables, order.entity, keys, slots
        self._shown, self._partner_fields = shown, partner_fields

    def bits(self) -> npt.NDArray[np.uint8]:
        """Return the presence bits, one entry an entity."""
        return presence_bits(self._slots, self._keys.present, self._keys.names_country)

    def open(self, groups: Order) -> _Opened:
        """Look entities up, in this order."""
        return _Opened(self._tables, self._entity[groups], self._shown)

    def accepts(self, fields: bytes) -> bool:
        """Return whether the partner's fields are as many as agreed, and text."""
        try:
            decode_payload(fields, self._partner_fields)
        except PeerError:
            return False
        return True


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)


def freeze_list(workspace: Workspace, list_id: int) -> bytes:
    """Return the SHA-256 of a prepared list as a CSV file, which is written once and kept sealed.

    The file has the accounts and the id of each one's entity; an auditor makes the keys again from it. It stays as
    it was written, so the digest does not depend on the version of any library. Call inside a transaction.
    """
    file = frozen_list(workspace, list_id)
    if not file.exists():
        file.write(as_csv(*workspace.load_list(list_id)))
    return hashlib.sha256(file.read()).digest()


def frozen_list(workspace: Workspace, list_id: int) -> SealedFile:
    """Return the file of a frozen list, which may not have been written yet."""
    return workspace.sealed(f"lists/{list_id}/frozen.csv")


def as_csv(accounts: AccountList, prepared: Prepared) -> bytes:
    """Write accounts as CSV with the program's own headings; the last column is the id of each one's entity."""
    entity_ids = prepared.entities["entity_id"].take(pa.array(entity_of_account(accounts, prepared)))
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(accounts.table.append_column(ENTITY_ID, entity_ids), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content
