"""Points and tokens in memory: the checks and joins that the protocol asks for, and psi's Tables over numpy."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.model import Says
from accountmap.psi.codec import COUNTRY_BIT, DOMAIN_BIT, Bits, Bytes2D, Order, RefusalError, raw, require, rows
from accountmap.psi.hash_to_curve import LazyMessages
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.parameters import Slot
from accountmap.psi.ports import Curve, Layout, Points, PointTable, TokenTable
from accountmap.psi.suite import DUMMY_SPACE, KEY_DST, POINT_BYTES, TOKEN_BYTES, Body, key_prefix, label

ROWS_AT_ONCE: Final = 8192
"""How many rows exist as Python objects at the same time."""

Present = npt.NDArray[np.bool_]

_TOP_WORD: Final = np.uint64(2**63 - 1)
_ONES: Final = np.uint64(2**64 - 1)
_LOWEST_NON_CANONICAL: Final = np.uint64(2**64 - 19)


def _words(table: Bytes2D) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(table).view("<u8").astype(np.uint64, copy=False)


def _first_words(table: Bytes2D) -> npt.NDArray[np.uint64]:
    """Return the first eight bytes of each row, which nearly always tell rows apart and are quick to sort by.

    A partner that makes them equal only makes the sort slower.
    """
    return np.ascontiguousarray(table[:, :8]).view("<u8")[:, 0].astype(np.uint64, copy=False)


def equal_pairs(a: Bytes2D, b: Bytes2D) -> tuple[Order, Order]:
    """Return the places of equal rows in two tables, neither of which has a row twice.

    The length of a row is a multiple of eight bytes. The tables are not joined, which would keep both in memory
    twice.
    """
    first = np.concatenate([_first_words(a), _first_words(b)])
    order = np.argsort(first)
    first = first[order]
    if bool((first[2:] == first[:-2]).any()):
        order = np.lexsort(np.concatenate([_words(a), _words(b)]).T[::-1])
    alike = np.flatnonzero(first[1:] == first[:-1])
    one, other = order[alike], order[alike + 1]
    in_a, in_b = np.minimum(one, other), np.maximum(one, other) - len(a)
    across = (in_a < len(a)) & (in_b >= 0)
    in_a, in_b = in_a[across], in_b[across]
    equal = (a[in_a] == b[in_b]).all(axis=1)
    return in_a[equal], in_b[equal]


def has_repeats(*tables: Bytes2D) -> bool:
    """Return whether any row occurs twice, in one table or in several."""
    first = np.concatenate([_first_words(table) for table in tables])
    first.sort()
    if not bool((first[1:] == first[:-1]).any()):
        return False
    words = np.concatenate([_words(table) for table in tables])
    ordered = words[np.lexsort(words.T[::-1])]
    return bool((ordered[1:] == ordered[:-1]).all(axis=1).any())


def check_points(points: Points, own: Points | None) -> None:
    """Refuse a partner's points unless they are canonical, distinct, and none of our own (psi-v2 §7.3).

    Points off the curve are let through: a product on the twist shows nothing of a clamped scalar either
    (RFC 7748 §7), and points of low order are caught by their product, which is zero.

    Raises:
        RefusalError: `canonical`, `repeated` or `own`.
    """
    words = _words(points)
    top = words[:, 3]
    over = (top == _TOP_WORD) & (words[:, 1:3] == _ONES).all(axis=1) & (words[:, 0] >= _LOWEST_NON_CANONICAL)
    require(not (over | (top > _TOP_WORD)).any(), "canonical", "a coordinate is not canonical")
    if has_repeats(points, *([] if own is None else [own])):  # own points are distinct
        require(not has_repeats(points), "repeated", "a point occurs twice")
        raise RefusalError("own", "a point is one of our own")


def check_products(products: Points) -> None:
    """Refuse zero, the product of a point of low order (RFC 7748 §6.1).

    Raises:
        RefusalError: `low-order`.
    """
    require(bool(products.any(axis=1).all()), "low-order", "a point has low order")


def hash_rows(prefix: bytes, columns: Sequence[Bytes2D], keep: int) -> Bytes2D:
    """Hash a prefix followed by each row with SHA-256.

    Args:
        prefix: what all inputs begin with.
        columns: the columns of the rows, side by side, all with as many rows.
        keep: how many bytes of each hash to return.

    Returns:
        Shape (n, keep).
    """
    sha256, width, total = hashlib.sha256, sum(column.shape[1] for column in columns), len(columns[0])
    made = np.empty((total, keep), np.uint8)
    for start in range(0, total, ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        flat = np.concatenate([column[part] for column in columns], axis=1).tobytes()
        hashes = b"".join([sha256(prefix + flat[i : i + width]).digest() for i in range(0, len(flat), width)])
        made[part] = np.frombuffer(hashes, np.uint8).reshape(-1, 32)[:, :keep]
    return made


def tokens(prefix: bytes, products: Points) -> Bytes2D:
    """Shorten doubly blinded values to tokens, shape (n, 16) (psi-v2 §3.2).

    The prefix has 16 bytes, so that prefix and value fill less than one block of SHA-256.
    """
    return hash_rows(prefix, [products], TOKEN_BYTES)


def number_column(numbers: Order, width: int) -> Bytes2D:
    """Write numbers in `width` bytes each, big-endian, shape (n, width); width is 1, 2 or 4."""
    return np.ascontiguousarray(numbers.astype(f">u{width}")).view(np.uint8).reshape(-1, width)


def segment_slices(sizes: Sequence[int]) -> list[slice]:
    """Return where each segment's rows are in a table that holds the segments one after another."""
    ends = np.cumsum([0, *sizes]).tolist()
    return [slice(start, end) for start, end in pairwise(ends)]


def segment_of_rows(rows: Order, sizes: Sequence[int]) -> Order:
    """Return the number of the segment that each row is in."""
    return np.searchsorted(np.cumsum(sizes), rows, side="right").astype(np.int64)


def dummy_values(secret: bytes, row: Order, slot: Order) -> Bytes2D:
    """Return the values that fill empty cells of a segment, shape (n, 32) (psi-v2 §7.3).

    Args:
        secret: of the segment.
        row: number of the row in its padded segment before ordering.
        slot: number of the slot in the agreement.
    """
    return hash_rows(label("dummy") + secret, [number_column(row, 4), number_column(slot, 1)], 32)


def dummy_messages(secret: bytes, row: Order, slot: Order) -> list[bytes]:
    """Return the inputs of H for empty cells, as for `dummy_values`."""
    prefix, flat = key_prefix(DUMMY_SPACE), dummy_values(secret, row, slot).tobytes()
    return [prefix + flat[at : at + 32] for at in range(0, len(flat), 32)]


def presence_bits(slots: Sequence[Slot], present: Present, names_country: Present) -> Bits:
    """Return the presence bits of entities (psi-v2 §7.3).

    Args:
        slots: the ones that are sent.
        present: which of them hold a key, shape (entities, slots).
        names_country: which of them hold a key that ends in `|` and a country's code, same shape.
    """
    domain, country = (np.array([slot.says is says for slot in slots]) for says in (Says.DOMAIN, Says.COUNTRY))
    has_domain, has_country = (present & domain).any(axis=1), (names_country & country).any(axis=1)
    bits: Bits = (DOMAIN_BIT * has_domain + COUNTRY_BIT * has_country).astype(np.uint8)
    return bits


@dataclass(frozen=True, repr=False)
class Groups:
    """The own entities of one comparison as groups of slots, in their order.

    Attributes:
        present: which of the sent slots hold a key, shape (entities, slots).
        points: returns H of the keys that are present, in row-major order, shape (present.sum(), 32). It is called
            when the own table is blinded, and never again.
    """

    present: Present
    points: Callable[[], Points]


class NumpyTokens:
    """psi's TokenTable in memory."""

    def __init__(self, cells: Bytes2D, columns: int) -> None:
        self._cells, self._columns = cells, columns

    def arranged(self, order: Order) -> Body:
        """Return the tokens with their rows in another order."""
        return raw(self._cells.reshape(-1, self._columns * TOKEN_BYTES)[order])

    def shared_with(self, tokens: Body) -> tuple[Order, Order] | None:
        """Find the cells that hold the same token here and in another table, ascending here."""
        other = rows(tokens, TOKEN_BYTES)
        if has_repeats(other):
            return None
        here, there = equal_pairs(self._cells, other)
        ascending = np.argsort(here)
        return here[ascending].astype(np.int64), there[ascending].astype(np.int64)

    def dump(self) -> Body:
        """Return all tokens, without copying them."""
        return raw(self._cells)


class NumpyPoints:
    """psi's PointTable in memory."""

    def __init__(self, curve: Curve, points: Points, columns: int) -> None:
        self._curve, self._points, self._columns = curve, points, columns

    @property
    def body(self) -> Body:
        """The points as a message carries them."""
        return raw(self._points)

    def tokens_of(self, points: Body, scalar: bytes, prefix: bytes) -> TokenTable:
        """Check the partner's points, multiply them, and shorten the products."""
        theirs = rows(points, POINT_BYTES)
        check_points(theirs, self._points)
        made, start = np.empty((len(theirs), TOKEN_BYTES), np.uint8), 0
        for products in self._curve.multiply_parts(scalar, theirs):
            check_products(products)
            made[start : start + len(products)] = tokens(prefix, products)
            start += len(products)
        # Tokens are equal where products are, and nowhere else unless SHA-256, cut to 16 bytes, collides.
        require(not has_repeats(made), "same-product", "two points have the same product")
        return NumpyTokens(made, self._columns)

    def dump(self) -> Body:
        """Return all points, without copying them."""
        return raw(self._points)


class NumpyTables:
    """psi's Tables in memory."""

    def __init__(self, curve: Curve, groups: Groups) -> None:
        self._curve, self._groups = curve, groups

    def blind(self, layout: Layout, secrets: ComparisonSecrets) -> PointTable:
        """Lay out the own points and dummies, and multiply them by the secret."""
        count, columns = len(layout.entity), len(layout.slots)
        present = np.zeros((count, columns), np.bool_)
        present[layout.entity >= 0] = self._groups.present
        place = np.empty(count, np.int64)
        place[layout.order] = np.arange(count)
        cell = (place[:, None] * columns + np.arange(columns)).astype(np.min_scalar_type(count * columns))
        table = np.empty((count * columns, POINT_BYTES), np.uint8)
        table[cell[present]] = self._groups.points()
        table[cell[~present]] = self._dummies(~present, layout, secrets)
        del cell
        start = 0  # products take the place of the points
        for products in self._curve.multiply_parts(secrets.scalar, table):
            table[start : start + len(products)] = products
            start += len(products)
        return NumpyPoints(self._curve, table, columns)

    def _dummies(self, absent: Present, layout: Layout, secrets: ComparisonSecrets) -> Points:
        """Return the points of the empty cells, row by row before ordering."""
        cells = np.flatnonzero(absent).astype(np.min_scalar_type(absent.size))
        slots = np.array(layout.slots, np.int64)
        segments = segment_slices(layout.sizes)

        def make(begin: int, end: int) -> list[bytes]:
            row, column = np.divmod(cells[begin:end].astype(np.int64), len(slots))
            of_segment, made = segment_of_rows(row, layout.sizes), list[bytes]()
            for segment in np.unique(of_segment).tolist():
                here = of_segment == segment
                at, slot = row[here] - segments[segment].start, slots[column[here]]
                made += dummy_messages(secrets.dummies(segment), at, slot)
            return made

        return self._curve.hash_to_curve(KEY_DST, LazyMessages(len(cells), make))

    def load_points(self, saved: Body) -> PointTable:
        """Return a table of points that was dumped."""
        return NumpyPoints(self._curve, rows(saved, POINT_BYTES), self._groups.present.shape[1])

    def load_tokens(self, saved: Body) -> TokenTable:
        """Return a table of tokens that was dumped."""
        return NumpyTokens(rows(saved, TOKEN_BYTES), self._groups.present.shape[1])
