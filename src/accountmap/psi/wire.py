"""The bodies of the messages: fixed fields, then raw columns (psi-v1 §5).

Every body but the last two has one length, known from the parameters; a reader refuses any other before it
looks further.
"""

from collections.abc import Sequence

import numpy as np

from accountmap.errors import PeerError
from accountmap.psi.matching import Tokens
from accountmap.psi.tables import Bytes2D, Order


def split(body: bytes, lengths: Sequence[int], what: str) -> list[bytes]:
    """Cut a body into fields.

    Raises:
        PeerError: the body is shorter or longer than the fields.
    """
    if len(body) != sum(lengths):
        raise PeerError(f"{what} has {len(body)} bytes where the agreement makes it {sum(lengths)}")
    view = memoryview(body)
    fields, start = [], 0
    for length in lengths:
        fields.append(bytes(view[start : start + length]))
        start += length
    return fields


def rows(field: bytes, width: int) -> Bytes2D:
    """Read a column of byte strings, shape (n, width)."""
    return np.frombuffer(field, np.uint8).reshape(-1, width)


def token_table(field: bytes, slots: int) -> Tokens:
    """Read a token table, shape (n, slots, 16)."""
    return np.frombuffer(field, np.uint8).reshape(-1, slots, 16)


def encode_indices(indices: Order) -> bytes:
    """Write row numbers, four bytes each, big-endian."""
    return indices.astype(">u4").tobytes()


def indices(field: bytes) -> Order:
    """Read row numbers."""
    return np.frombuffer(field, ">u4").astype(np.int64)
