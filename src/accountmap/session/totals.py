"""What a side shows of its list besides matches: frozen noisy totals, and names if agreed (message-v2 §6.2).

One row for each count: by (1 byte), segment (1), entities (4), length of the value (1), value in UTF-8; numbers
are big-endian. Rows ascend by `by`, segment and value.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import countries_of, entity_of_account
from accountmap.account_map.schema import TOTALS_SCHEMA
from accountmap.accounts.schema import SIZE_BANDS, AccountList, size_band
from accountmap.errors import PeerError
from accountmap.linkage.data import read_pairs
from accountmap.linkage.prepared import Prepared
from accountmap.model import Epsilon
from accountmap.psi.estimate import laplace, uniform_of
from accountmap.psi.suite import derive
from accountmap.session.own_list import EntityTables
from accountmap.session.own_side import Flags

KINDS: Final = ("all", "country", "industry", "size", "name")
COUNTRY_CODES: Final = frozenset(read_pairs("countries.tsv").values()) - {"XK"}
"""The codes of ISO 3166, which has none for Kosovo."""

VALUE_BYTES: Final = 80
"""Longer values are not shown; longer names are cut."""

_NAME: Final = KINDS.index("name")
_NO_SEGMENT: Final = 255
_FIXED_BYTES: Final = 7

Row = tuple[int, int, bytes, int]
"""By, segment, value, entities."""


def totals_noise(epsilon: Epsilon) -> int:
    """Return t, the scale of the noise of totals: 4/epsilon (account-psi-v2 §5.6)."""
    return int(4 / epsilon.fraction)


def noisy_totals(
    accounts: AccountList, prepared: Prepared, taking_part: Flags, seed: bytes, epsilon: Epsilon
) -> bytes:
    """Count the entities of a sketch, in all and by country, industry and size, with noise (account-psi-v2 §5.6).

    Args:
        taking_part: one flag an entity.
        seed: the sketch's.
    """
    t = totals_noise(epsilon)
    counted = _counted(accounts, prepared, taking_part)

    def noisy(by: int, value: bytes) -> int:
        key = derive(seed, "totals", bytes([by]), value)
        return counted[by][value] + laplace(uniform_of(key), t)

    industries = [value for value in counted[2] if 0 < len(value) <= VALUE_BYTES]
    floors: list[tuple[int, Iterable[bytes], int]] = [
        (1, (code.encode() for code in COUNTRY_CODES), 4 * t),
        (2, industries, 16 * t),
        (3, (band.encode() for band in SIZE_BANDS), 4 * t),
    ]
    rows: list[Row] = [(0, _NO_SEGMENT, b"", max(0, noisy(0, b"")))]
    for by, values, floor in floors:
        rows += [(by, _NO_SEGMENT, value, n) for value in sorted(values) if (n := noisy(by, value)) >= floor]
    return encode_totals(rows)


def _counted(accounts: AccountList, prepared: Prepared, taking_part: Flags) -> tuple[Counter[bytes], ...]:
    """Count entities by each kind; if the accounts of one differ, the one with the smallest id decides."""
    table = accounts.table
    order = pc.sort_indices(table["account_id"]).to_numpy()
    entity = entity_of_account(accounts, prepared)[order]
    columns = (
        countries_of(table),
        _mapped(table["industry"], lambda cell: " ".join(cell.split()).lower()),
        _mapped(table["employees"], size_band),
    )
    counted: list[Counter[bytes]] = [Counter({b"": int(taking_part.sum())})]
    for column in columns:
        value = column.take(pa.array(order))
        filled = np.flatnonzero(value.is_valid().to_numpy(zero_copy_only=False) & taking_part[entity])
        _, first = np.unique(entity[filled], return_index=True)
        found = value.take(pa.array(filled[first])).value_counts()
        pairs = zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)
        counted.append(Counter({text.encode(): count for text, count in pairs}))
    return tuple(counted)


def _mapped(column: pa.ChunkedArray, read: Callable[[Any], str | None]) -> pa.Array:
    """Read each different cell of a column once; null stays null."""
    coded = column.combine_chunks().dictionary_encode()
    return pa.array(map(read, coded.dictionary.to_pylist()), pa.string()).take(coded.indices)


@dataclass(frozen=True, repr=False)
class UnmatchedNames:
    """The names of the own entities without a match, where the agreement lets a side show them.

    Attributes:
        entities: those that take part, each with the number of its segment.
    """

    tables: EntityTables
    entities: Sequence[tuple[int, int]]

    def rows(self, matched: frozenset[int]) -> bytes:
        """Return the rows of those that are in no match.

        Args:
            matched: rows of own entities that are revealed or asked about.
        """
        counted: Counter[tuple[int, bytes]] = Counter()
        left = [(entity, segment) for entity, segment in self.entities if entity not in matched]
        names = self.tables.fields_of(np.array([entity for entity, _ in left], np.int64), ["name"])
        for (_, segment), (name,) in zip(left, names, strict=True):
            if name:
                counted[segment, name.encode()[:VALUE_BYTES].decode(errors="ignore").encode()] += 1
        return encode_totals([(_NAME, segment, name, n) for (segment, name), n in sorted(counted.items())])


def encode_totals(rows: Sequence[Row]) -> bytes:
    """Write the rows."""
    return b"".join(
        bytes([by, segment]) + n.to_bytes(4, "big") + bytes([len(value)]) + value for by, segment, value, n in rows
    )


def split_totals(shown: bytes) -> tuple[bytes, bytes]:
    """Cut totals into the frozen rows, without names, and the names of one session.

    Raises:
        PeerError: they are cut short.
    """
    rows = _rows(shown)
    frozen = encode_totals([row for row in rows if row[0] != _NAME])
    return frozen, shown[len(frozen) :]


def decode_totals(shown: bytes, segments: tuple[str, ...], *, totals: bool, names: bool) -> pa.Table:
    """Read the partner's totals.

    Args:
        totals, names: what the agreement lets the partner show.

    Returns:
        TOTALS_SCHEMA.

    Raises:
        PeerError: they are not as message-v2 §6.2 says.
    """
    rows = _rows(shown)
    checks: list[Callable[[Row], bool]] = [
        lambda row: row[0] < len(KINDS),
        lambda row: (row[1] < len(segments)) if row[0] == _NAME else row[1] == _NO_SEGMENT,
        lambda row: bool(row[2]) == (row[0] != 0),
        lambda row: row[0] != 1 or row[2].decode() in COUNTRY_CODES,
        lambda row: row[0] != KINDS.index("size") or row[2].decode() in SIZE_BANDS,
        lambda row: names if row[0] == _NAME else totals,
    ]
    try:
        values = [row[2].decode() or None for row in rows]
        known = all(check(row) for row in rows for check in checks)
    except UnicodeDecodeError as error:
        raise PeerError("the partner's totals are not text") from error
    in_order = all(one[:3] < other[:3] for one, other in pairwise(rows))
    frozen = [row for row in rows if row[0] != _NAME]
    if not known or not in_order or (frozen and frozen[0][0] != 0):
        raise PeerError("the partner's totals are out of order, or count what cannot be counted")
    columns = {
        "by": [KINDS[row[0]] for row in rows],
        "their_segment": [segments[row[1]] if row[0] == _NAME else None for row in rows],
        "value": values,
        "entities": [row[3] for row in rows],
    }
    return pa.table(columns, schema=TOTALS_SCHEMA)


def _rows(shown: bytes) -> list[Row]:
    rows: list[Row] = []
    at = 0
    while at < len(shown):
        head = shown[at : at + _FIXED_BYTES]
        length = head[-1] if len(head) == _FIXED_BYTES else 0
        value = shown[at + _FIXED_BYTES : at + _FIXED_BYTES + length]
        if len(head) + len(value) != _FIXED_BYTES + length or length > VALUE_BYTES:
            raise PeerError("the partner's totals are cut short")
        rows.append((head[0], head[1], value, int.from_bytes(head[2:6], "big")))
        at += _FIXED_BYTES + length
    return rows
