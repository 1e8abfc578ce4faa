"""Theirs without me: how many other entities a side has, by country, industry and size (message-v1 §6.2).

The side that has them counts and suppresses; the other learns no more than this table. One row a count: segment
(1 byte), by (1), entities (4), length of the value (1), value in UTF-8; numbers are big-endian. Rows ascend by
segment, by and value; the value of length zero holds what is not known and what is too few to be shown apart.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.account_map.own_accounts import countries_of
from accountmap.account_map.schema import REST_SCHEMA
from accountmap.accounts.schema import AccountList, size_band
from accountmap.errors import PeerError
from accountmap.linkage.prepared import Prepared
from accountmap.session.own_list import GroupOrder
from accountmap.session.participants import entity_of_account

KINDS: Final = ("all", "country", "industry", "size", "account")
MOST_BYTES: Final = 1 << 20
"""Of a rest without names."""

VALUE_BYTES: Final = 80
"""Longer values are counted among those that are not shown apart."""

MOST_VALUES: Final = 1_000
"""So many values of a kind are shown apart in a segment: the largest."""

_FIXED_BYTES: Final = 7

Row = tuple[int, int, bytes, int]
"""Segment, kind, value, entities."""


@dataclass(frozen=True, repr=False)
class OwnRest:
    """psi's Rest port over a prepared list.

    Attributes:
        segments: of the agreement, in order.
        orders: of each session the entities that take part in it.
        smallest: fewer entities are not shown apart.
        shows, partner_shows: whether the agreement lets a side show counts.
        names, partner_names: whether it lets a side name its entities too.
    """

    accounts: AccountList
    prepared: Prepared
    segments: tuple[str, ...]
    orders: tuple[GroupOrder, ...]
    smallest: int
    shows: bool
    partner_shows: bool
    names: bool
    partner_names: bool

    def show(self, matched: Sequence[npt.NDArray[np.int64] | None]) -> bytes:
        """Count what takes part and does not match."""
        if not self.shows:
            return b""
        rest: set[int] = set()
        found: set[int] = set()
        for order, groups in zip(self.orders, matched, strict=True):
            if groups is not None:
                rest.update(order.entity.tolist())
                found.update(order.entity[groups].tolist())
        return encode_rest(self._rows(rest - found))

    def accepts(self, shown: bytes) -> bool:
        """Tell whether the partner's table has the form that the agreement gives it."""
        try:
            rest = decode_rest(shown, self.segments)
        except PeerError:
            return False
        named = "account" in rest["by"].to_pylist()
        return (self.partner_shows or not shown) and (self.partner_names or not named)

    def _rows(self, entities: set[int]) -> list[Row]:
        segment = self.prepared.entities["segment"].to_pylist()
        values = _values(self.accounts, self.prepared, entities)
        names = _names(self.accounts, self.prepared, entities) if self.names else {}
        rows: list[Row] = []
        for number, name in enumerate(self.segments):
            of_segment = [entity for entity in entities if segment[entity] == name]
            if len(of_segment) >= self.smallest:
                rows.append((number, 0, b"", len(of_segment)))
                for kind, column in enumerate(values, 1):
                    counted = Counter(column.get(entity) for entity in of_segment)
                    rows += [(number, kind, value, n) for value, n in suppressed(counted, self.smallest)]
            named = Counter(names[entity] for entity in of_segment if entity in names)
            rows += [(number, KINDS.index("account"), name, n) for name, n in sorted(named.items())]
        return rows


def most_bytes(rows: int, *, shows: bool, names: bool) -> int:
    """Return the most that a side with so many padded rows shows of its rest."""
    if not shows:
        return 0
    return MOST_BYTES + (rows * (_FIXED_BYTES + VALUE_BYTES) if names else 0)


def shown_of_rest(accounts: AccountList, prepared: Prepared, *, names: bool) -> tuple[tuple[str, ...], ...]:
    """Return for each entity what a rest counts it by, and its name where names are shown."""
    every = set(range(prepared.entities.num_rows))
    columns = _values(accounts, prepared, every)
    named = _names(accounts, prepared, every) if names else {}
    return tuple(
        (*(column.get(entity) or "" for column in columns), named.get(entity, b"").decode())
        for entity in range(prepared.entities.num_rows)
    )


def suppressed(counted: Counter[str | None], smallest: int) -> list[tuple[bytes, int]]:
    """Put the values that are too few together with what is not known, until these are enough too.

    Were only one value left out, the total would tell it: so what is put together is never between zero and
    `smallest`, unless all of it is.
    """
    other = counted.pop(None, 0)
    kept: list[tuple[bytes, int]] = []
    for value, n in sorted(counted.items(), key=lambda item: (-item[1], item[0] or "")):
        raw = (value or "").encode()
        if n < smallest or not 0 < len(raw) <= VALUE_BYTES or len(kept) == MOST_VALUES:
            other += n
        else:
            kept.append((raw, n))
    while kept and 0 < other < smallest:
        other += kept.pop()[1]
    return sorted([*kept, *([(b"", other)] if other else [])])


def encode_rest(rows: Sequence[Row]) -> bytes:
    """Write the rows."""
    return b"".join(
        bytes([segment, kind]) + n.to_bytes(4, "big") + bytes([len(value)]) + value
        for segment, kind, value, n in rows
    )


def decode_rest(shown: bytes, segments: tuple[str, ...]) -> pa.Table:
    """Read the partner's rows.

    Returns:
        REST_SCHEMA.

    Raises:
        PeerError: they are not as message-v1 §6.2 says.
    """
    rows: list[Row] = []
    at = 0
    while at < len(shown):
        head = shown[at : at + _FIXED_BYTES]
        length = head[-1] if len(head) == _FIXED_BYTES else 0
        value = shown[at + _FIXED_BYTES : at + _FIXED_BYTES + length]
        if len(head) + len(value) != _FIXED_BYTES + length or length > VALUE_BYTES:
            raise PeerError("the partner's counts are cut short")
        rows.append((head[0], head[1], value, int.from_bytes(head[2:6], "big")))
        at += _FIXED_BYTES + length
    places = [row[:3] for row in rows]
    known = all(segment < len(segments) and kind < len(KINDS) for segment, kind, _, _ in rows)
    valued = any(kind == 0 and value for _, kind, value, _ in rows)
    if not known or valued or any(one >= other for one, other in pairwise(places)):
        raise PeerError("the partner's counts are not in order, or not of what can be counted")
    try:
        values = [value.decode() or None for _, _, value, _ in rows]
    except UnicodeDecodeError as error:
        raise PeerError("the partner's counts are not text") from error
    columns = {
        "their_segment": [segments[segment] for segment, _, _, _ in rows],
        "by": [KINDS[kind] for _, kind, _, _ in rows],
        "value": values,
        "entities": [n for _, _, _, n in rows],
    }
    return pa.table(columns, schema=REST_SCHEMA)


def _values(accounts: AccountList, prepared: Prepared, entities: set[int]) -> tuple[dict[int, str | None], ...]:
    """Return country, industry and size band of entities: of each the first that some account of it has."""
    table = accounts.table
    columns: tuple[list[str | None], ...] = (
        countries_of(table).to_pylist(),
        [" ".join(cell.split()) if cell else None for cell in table["industry"].to_pylist()],
        [size_band(n) for n in table["employees"].to_pylist()],
    )
    found: tuple[dict[int, str | None], ...] = ({}, {}, {})
    for row, entity in enumerate(entity_of_account(accounts, prepared).tolist()):
        if entity in entities:
            for kind, column in enumerate(columns):
                if found[kind].get(entity) is None:
                    found[kind][entity] = column[row]
    return found


def _names(accounts: AccountList, prepared: Prepared, entities: set[int]) -> dict[int, bytes]:
    """Return the name of entities: the first that some account of it has, cut at a character."""
    names = accounts.table["name"].to_pylist()
    found: dict[int, bytes] = {}
    for row, entity in enumerate(entity_of_account(accounts, prepared).tolist()):
        if entity in entities and entity not in found and names[row]:
            found[entity] = names[row].encode()[:VALUE_BYTES].decode(errors="ignore").encode()
    return found
