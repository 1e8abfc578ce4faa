"""Tables of points and tokens as byte arrays: the checks and orders that the protocol asks for."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.errors import PeerError
from accountmap.psi.suite import TOKEN_BYTES

Bytes2D = npt.NDArray[np.uint8]
Points = npt.NDArray[np.uint8]
"""u-coordinates, shape (n, 32), little-endian."""

Order = npt.NDArray[np.int64]

ROWS_AT_ONCE: Final = 8192
"""Rows that Python objects are made of at the same time."""

_TOP_WORD: Final = np.uint64(2**63 - 1)
_ONES: Final = np.uint64(2**64 - 1)
_LOWEST_NON_CANONICAL: Final = np.uint64(2**64 - 19)


def _words(table: Bytes2D, byte_order: str) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(table).view(f"{byte_order}u8").astype(np.uint64, copy=False)


def _first_words(table: Bytes2D, byte_order: str) -> npt.NDArray[np.uint64]:
    """Return the first eight bytes of each row, which nearly always tell rows apart, and are quick to sort by.

    A partner that makes them tell nothing only makes the sort slower.
    """
    return np.ascontiguousarray(table[:, :8]).view(f"{byte_order}u8")[:, 0].astype(np.uint64, copy=False)


def sorted_rows(table: Bytes2D) -> Bytes2D:
    """Sort rows as byte strings. Their length is a multiple of eight."""
    first = _first_words(table, ">")
    order = np.argsort(first)
    first = first[order]
    if bool((first[1:] == first[:-1]).any()):
        order = np.lexsort(_words(table, ">").T[::-1])
    return table[order]


def equal_pairs(a: Bytes2D, b: Bytes2D) -> tuple[Order, Order]:
    """Return the places of equal rows in two tables, in each of which no row stands twice.

    Their length is a multiple of eight. The tables are not put together, which would hold both twice.
    """
    first = np.concatenate([_first_words(a, "<"), _first_words(b, "<")])
    order = np.argsort(first)
    first = first[order]
    if bool((first[2:] == first[:-2]).any()):
        order = np.lexsort(np.concatenate([_words(a, "<"), _words(b, "<")]).T[::-1])
    alike = np.flatnonzero(first[1:] == first[:-1])
    one, other = order[alike], order[alike + 1]
    in_a, in_b = np.minimum(one, other), np.maximum(one, other) - len(a)
    across = (in_a < len(a)) & (in_b >= 0)
    in_a, in_b = in_a[across], in_b[across]
    equal = (a[in_a] == b[in_b]).all(axis=1)
    return in_a[equal], in_b[equal]


def has_repeats(*tables: Bytes2D) -> bool:
    """Tell whether any row stands twice, in one table or in several."""
    first = np.concatenate([_first_words(table, "<") for table in tables])
    first.sort()
    if not bool((first[1:] == first[:-1]).any()):
        return False
    words = np.concatenate([_words(table, "<") for table in tables])
    ordered = words[np.lexsort(words.T[::-1])]
    return bool((ordered[1:] == ordered[:-1]).all(axis=1).any())


def is_strictly_increasing(table: Bytes2D) -> bool:
    """Tell whether each row is greater than the one before, as byte strings of 16 bytes."""
    words = _words(table, ">")
    high, low = words[:, 0], words[:, 1]
    greater = (high[1:] > high[:-1]) | ((high[1:] == high[:-1]) & (low[1:] > low[:-1]))
    return bool(greater.all())


def check_points(points: Points, own: Points | None, what: str) -> None:
    """Refuse a partner's points unless they are canonical, distinct, and none of our own (psi-v1 §5.1).

    Points off the curve are let through: on the twist a clamped scalar shows nothing either (RFC 7748 §7), and
    points of low order are caught by their zero result.

    Raises:
        PeerError: a check failed.
    """
    words = _words(points, "<")
    top = words[:, 3]
    over = (top == _TOP_WORD) & (words[:, 1:3] == _ONES).all(axis=1) & (words[:, 0] >= _LOWEST_NON_CANONICAL)
    if bool((over | (top > _TOP_WORD)).any()):
        raise PeerError(f"{what} holds a coordinate that is not canonical")
    if has_repeats(points):
        raise PeerError(f"{what} holds the same value twice")
    if own is not None and has_repeats(points, own):
        raise PeerError(f"{what} holds one of our own values")


def check_products(points: Points, what: str) -> None:
    """Refuse zero, the product of a point of low order (RFC 7748 §6.1), and products that are equal (psi-v1 §5.1).

    Points that differ by one of low order, such as u and 1/u, have the same product and would have the same token.

    Raises:
        PeerError: a row is zero.
    """
    if not points.any(axis=1).all():
        raise PeerError(f"{what} holds a point of low order")
    if has_repeats(points):
        raise PeerError(f"{what} holds two points with the same product")


def hash_rows(prefix: bytes, columns: Sequence[Bytes2D], keep: int) -> Bytes2D:
    """Hash each row behind a prefix with SHA-256.

    Args:
        prefix: what all inputs begin with.
        columns: what each input goes on with, side by side; equally many rows each.
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
    """Shorten doubly blinded values to tokens, shape (n, 16) (psi-v1 §3.3).

    The prefix has 16 bytes, so that prefix and value fill less than one block of SHA-256.
    """
    return hash_rows(prefix, [products], TOKEN_BYTES)


def segment_slices(sizes: Sequence[int]) -> list[slice]:
    """Return where each segment's rows stand in a table that holds the segments one after another."""
    ends = np.cumsum([0, *sizes]).tolist()
    return [slice(start, end) for start, end in pairwise(ends)]


def segment_of_rows(sizes: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return for each row of a table the number of its segment."""
    return np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)


def shuffle_within(sizes: Sequence[int], random: bytes) -> Order:
    """Return a random order of the rows that leaves each in its segment.

    Args:
        sizes: rows in each segment.
        random: eight secret uniform bytes a row.

    Returns:
        For each place the row that stands there now.
    """
    keys = np.frombuffer(random, "<u8")
    return np.lexsort((keys, segment_of_rows(sizes))).astype(np.int64)
