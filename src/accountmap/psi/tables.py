"""Tables of points and tokens as byte arrays: the checks and orders that the protocol asks for."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.errors import PeerError

Bytes2D = npt.NDArray[np.uint8]
Points = npt.NDArray[np.uint8]
"""u-coordinates, shape (n, 32), little-endian."""

Order = npt.NDArray[np.int64]

_TOP_WORD: Final = np.uint64(2**63 - 1)
_ONES: Final = np.uint64(2**64 - 1)
_LOWEST_NON_CANONICAL: Final = np.uint64(2**64 - 19)


def _words(table: Bytes2D, byte_order: str) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(table).view(f"{byte_order}u8").astype(np.uint64, copy=False)


def _order(words: npt.NDArray[np.uint64], longest_run: int) -> Order:
    """Sort rows by their first word, and by all words if more than `longest_run` rows have the same first word.

    The first word alone nearly always tells rows apart, and is quick to sort by. A partner that makes it tell
    nothing only makes the sort slower.
    """
    order = np.argsort(words[:, 0])
    first = words[order, 0]
    if bool((first[longest_run:] == first[:-longest_run]).any()):
        order = np.lexsort(words.T[::-1])
    return order.astype(np.int64, copy=False)


def sorted_rows(table: Bytes2D) -> Bytes2D:
    """Sort rows as byte strings. Their length is a multiple of eight."""
    return table[_order(_words(table, ">"), longest_run=1)]


def equal_pairs(table: Bytes2D) -> tuple[Order, Order]:
    """Return the places of each two equal rows. Their length is a multiple of eight; no row stands three times."""
    words = _words(table, "<")
    order = _order(words, longest_run=2)
    ordered = words[order]
    twice = np.flatnonzero((ordered[1:] == ordered[:-1]).all(axis=1))
    return order[twice], order[twice + 1]


def has_repeats(table: Bytes2D) -> bool:
    """Tell whether any row stands twice."""
    words = _words(table, "<")
    first = np.sort(words[:, 0])
    if not bool((first[1:] == first[:-1]).any()):
        return False
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
    if own is not None and has_repeats(np.concatenate([points, own])):
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


def tokens(prefix: bytes, products: Points) -> Bytes2D:
    """Shorten doubly blinded values to tokens, shape (n, 16) (psi-v1 §3.3).

    The prefix has 16 bytes, so that prefix and value fill less than one block of SHA-256.
    """
    flat = np.ascontiguousarray(products).tobytes()
    sha256 = hashlib.sha256
    made = b"".join(sha256(prefix + flat[i : i + 32]).digest()[:16] for i in range(0, len(flat), 32))
    return np.frombuffer(made, np.uint8).reshape(-1, 16)


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
