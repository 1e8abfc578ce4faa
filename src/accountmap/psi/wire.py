"""The bodies of the messages: fixed fields, then raw columns (psi-v1 §5).

The session refuses a body of a length that the parameters do not allow before anything here reads it.
"""

from collections.abc import Sequence

import numpy as np

from accountmap.psi.matching import Tokens
from accountmap.psi.suite import TOKEN_BYTES
from accountmap.psi.tables import Bytes2D, Order


def split(body: bytes, lengths: Sequence[int]) -> list[bytes]:
    """Cut fields off the front of a body; the last element is what remains."""
    fields, start = [], 0
    for length in lengths:
        fields.append(body[start : start + length])
        start += length
    return [*fields, body[start:]]


def rows(field: bytes, width: int) -> Bytes2D:
    """Read a column of byte strings, shape (n, width)."""
    return np.frombuffer(field, np.uint8).reshape(-1, width)


def token_table(field: bytes, slots: int) -> Tokens:
    """Read a token table, shape (n, slots, 16)."""
    return np.frombuffer(field, np.uint8).reshape(-1, slots, TOKEN_BYTES)


def encode_indices(indices: Order) -> bytes:
    """Write row numbers, four bytes each, big-endian."""
    return indices.astype(">u4").tobytes()


def indices(field: bytes) -> Order:
    """Read row numbers."""
    return np.frombuffer(field, ">u4").astype(np.int64)
