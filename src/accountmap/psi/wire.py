"""The bodies of the messages: fixed fields, then raw columns (psi-v1 §5).

The session refuses a body of a length that the parameters do not allow before anything here reads it.
"""

import numpy as np
import numpy.typing as npt

from accountmap.psi.matching import Tokens
from accountmap.psi.suite import TOKEN_BYTES
from accountmap.psi.tables import Bytes2D, Order


def body(*parts: bytes | Bytes2D | Tokens) -> bytes:
    """Put fields and tables one after another."""
    return b"".join([part if isinstance(part, bytes) else raw(part) for part in parts])


def raw(table: npt.NDArray[np.uint8]) -> memoryview:
    """Return a table's bytes where they lie."""
    return np.ascontiguousarray(table).reshape(-1).data


def split(body: bytes, *lengths: int) -> tuple[list[bytes], memoryview]:
    """Cut fields off the front of a body. What remains is not copied, for it may be most of the message."""
    fields, start = [], 0
    for length in lengths:
        fields.append(body[start : start + length])
        start += length
    return fields, memoryview(body)[start:]


def rows(field: memoryview, width: int) -> Bytes2D:
    """Read a column of byte strings, shape (n, width)."""
    return np.frombuffer(field, np.uint8).reshape(-1, width)


def token_table(field: memoryview, slots: int) -> Tokens:
    """Read a token table, shape (n, slots, 16)."""
    return np.frombuffer(field, np.uint8).reshape(-1, slots, TOKEN_BYTES)


def encode_indices(indices: Order) -> bytes:
    """Write row numbers, four bytes each, big-endian."""
    return indices.astype(">u4").tobytes()


def indices(field: memoryview) -> Order:
    """Read row numbers."""
    return np.frombuffer(field, ">u4").astype(np.int64)
