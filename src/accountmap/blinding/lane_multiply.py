"""X25519 of tables of points through a function that takes eight addresses of each at a time.

libcrypto_mb gives wrong products of some points below p or p/2 (docs/backends.md), of -1 for example, whose
product is zero. Points that may be such are therefore multiplied by OpenSSL: all near 0, p/2 and p, and of
arbitrary points one in 33,000.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.blinding import parts
from accountmap.blinding.lanes import LANES
from accountmap.errors import BackendError
from accountmap.psi.tables import Bytes2D, Points

LOW_ORDER: Final = 4
"""MBX_STATUS_LOW_ORDER_ERR in crypto_mb/status.h: the product is zero."""

BASE_POINT: Final = 9
"""The u-coordinate that fills lanes left over: of large order, so that it has a product as others have."""

_STATUS_BITS: Final = np.arange(0, 4 * LANES, 4, dtype=np.uint32)
_STATUS_MASK: Final = np.uint32(15)


def multiply_in_lanes(x25519: Callable[[int, int, int], int], scalars: Bytes2D, points: Points) -> Points:
    """Multiply points with X25519.

    Args:
        x25519: as CryptoMb has it.
        scalars: one for all points, shape (1, 32), or one each, shape (n, 32).
        points: shape (n, 32).

    Returns:
        Products, shape (n, 32); that of a low-order point is a zero row.

    Raises:
        BackendError: the library reports another status than success or low order.
    """
    count = len(points)
    batches = -(-count // LANES)
    filled = np.zeros((batches * LANES, 32), np.uint8)
    filled[:, 0] = BASE_POINT
    filled[:count] = points
    factors = np.zeros((batches * LANES, 32), np.uint8)
    factors[:count] = scalars
    products = np.empty_like(filled)
    tables = [_addresses(table) for table in (products, factors, filled)]
    size = LANES * 8
    starts = (range(table.ctypes.data, table.ctypes.data + batches * size, size) for table in tables)
    statuses = [x25519(*at) for at in zip(*starts, strict=True)]
    _clear_low_order(np.array(statuses, np.uint32), products)
    for row in np.flatnonzero(_special(points)):
        product = parts.multiply(factors[row].tobytes(), points[row].tobytes())
        products[row] = np.frombuffer(product, np.uint8)
    return products[:count]


def _addresses(table: Bytes2D) -> npt.NDArray[np.uint64]:
    """Return the address of each row."""
    return np.arange(len(table), dtype=np.uint64) * np.uint64(32) + np.uint64(table.ctypes.data)


def _special(points: Points) -> npt.NDArray[np.bool_]:
    """Mark points whose bits 232 to 247 are all alike: those within 2^232 of 0, p/2 or p, and few others."""
    high = points[:, 29:31]
    same: npt.NDArray[np.bool_] = (high == 0).all(axis=1) | (high == 255).all(axis=1)
    return same


def _clear_low_order(statuses: npt.NDArray[np.uint32], products: Points) -> None:
    """Check the status of each lane, and make sure that the products of low-order points are zero."""
    each = (statuses[:, None] >> _STATUS_BITS & _STATUS_MASK).reshape(-1)
    low = each == LOW_ORDER
    if not bool((low | (each == 0)).all()):
        raise BackendError("libcrypto_mb refused a multiplication", "Use another backend: accountmap backends")
    products[low] = 0
