"""The bodies of the messages: fixed fields, then raw columns (psi-v1 §5).

The session refuses a body of a length that the parameters do not allow before anything here reads it.
"""

import numpy as np
import numpy.typing as npt

from accountmap.psi.matching import Tokens
from accountmap.psi.suite import TOKEN_BYTES
from accountmap.psi.tables import Bytes2D, Order

Body = bytes | memoryview
"""The body of a message, a section or a part of it."""


def parts(*values: bytes | Bytes2D | Tokens) -> tuple[Body, ...]:
    """Return fields and tables as the parts of a body, where they lie: a copy would double a message."""
    return tuple(value if isinstance(value, bytes) else raw(value) for value in values)


def raw(table: npt.NDArray[np.uint8]) -> memoryview:
    """Return a table's bytes where they lie."""
    return np.ascontiguousarray(table).reshape(-1).data


def split(body: Body, *lengths: int) -> tuple[list[bytes], memoryview]:
    """Cut fields off the front of a body. What remains is not copied, for it may be most of the message."""
    fields, rest = [], memoryview(body)
    for length in lengths:
        fields.append(bytes(rest[:length]))
        rest = rest[length:]
    return fields, rest


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
