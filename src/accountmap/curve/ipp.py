"""X25519, field elements and Elligator 2 of libcrypto_mb, eight points at a time, with AVX-512 IFMA.

A table has the shape (batches, 5, 8): element number i is lane i % 8 of batch i // 8, and its limb of weight
2^(52·j) is at [i // 8, j, i % 8]. A table starts at a multiple of 64 bytes, and so does each of its batches of 320
bytes.

The map is that of psi.hash_to_curve, arranged so that one power gives both the quadratic character and the
inverse, and so that nothing branches on a value. With d = 1 + 2u², m = d(d - J²) + J² and s = m·d, none of them
zero:

- gx1 = -J·m/d³ is a square where χ = s^((p-1)/2) is -1, because -1 is a square and J is not.
- With r = s^((p-5)/8) and q = r⁴·s, χ = q·s and 1/d = m/s = χ·m·q.
- x1 = -J/d where χ = -1, and x2 = J(1-d)/d where χ = 1: both are -J/2·m·q·(d + χ·d - 2).

libcrypto_mb gives wrong products for some points a little below p or p/2 (docs/backends.md): for -1, for example,
whose product is zero. OpenSSL therefore multiplies all points that may be among these: those near 0, p/2 and p,
and one in 33,000 of the others.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.curve import openssl
from accountmap.curve.ipp_library import CryptoMb, FieldFunctions
from accountmap.errors import BackendError
from accountmap.parallel import PART_POINTS, Executor, Jobs, Progress, SerialExecutor, joined, slices
from accountmap.psi.codec import Bytes2D
from accountmap.psi.hash_to_curve import FIELD_ELEMENT_BYTES, expand
from accountmap.psi.ports import Points

LANES: Final = 8
LIMBS: Final = 5
LIMB_BITS: Final = 52
BATCH_BYTES: Final = LANES * LIMBS * 8
VECTOR_BYTES: Final = 64
"""One limb of a batch fills one register of so many bytes, and is loaded and stored at a multiple of that."""

P: Final = 2**255 - 19

Lanes = npt.NDArray[np.uint64]
"""Shape (batches, 5, 8)."""

_BITS: Final = np.uint64(LIMB_BITS)
_MASK: Final = np.uint64(2**LIMB_BITS - 1)
_TOP_BITS: Final = np.uint64(255 - 4 * LIMB_BITS)
_TOP_MASK: Final = np.uint64(2**47 - 1)
_FOLD_255: Final = np.uint64(19)
"""2^255 modulo P."""
_FOLD_260: Final = np.uint64(19 * 2**5)
"""2^260 modulo P."""


def empty(batches: int) -> Lanes:
    """Return a table whose contents are arbitrary."""
    memory = np.empty(batches * BATCH_BYTES + VECTOR_BYTES, np.uint8)
    start = -memory.ctypes.data % VECTOR_BYTES
    return memory[start : start + batches * BATCH_BYTES].view(np.uint64).reshape(batches, LIMBS, LANES)


def constant(value: int) -> Lanes:
    """Return one batch that holds a value, below 2^260, in each lane."""
    batch = empty(1)
    for limb in range(LIMBS):
        batch[0, limb] = value >> (LIMB_BITS * limb) & int(_MASK)
    return batch


def carry(table: Lanes) -> None:
    """Reduce limbs that are below 2^63 to below 2^52, and values to below 2^255 + 2^52, in place."""
    _propagate(table)
    top = table[:, LIMBS - 1]
    table[:, 0] += (top >> _TOP_BITS) * _FOLD_255
    top &= _TOP_MASK
    _propagate(table)


def _propagate(table: Lanes) -> None:
    for limb in range(LIMBS - 1):
        table[:, limb + 1] += table[:, limb] >> _BITS
        table[:, limb] &= _MASK


def addresses(table: Lanes) -> range:
    """Return the address of each batch of a table."""
    start = table.ctypes.data
    return range(start, start + len(table) * BATCH_BYTES, BATCH_BYTES)


def from_digests(digests: Bytes2D) -> Lanes:
    """Read big-endian integers of 48 bytes, shape (n, 48), modulo P; lanes that are left over hold zero."""
    count = len(digests)
    words = np.ascontiguousarray(digests[:, ::-1]).view("<u8").astype(np.uint64, copy=False)
    limbs = [_bits(words, LIMB_BITS * i) & _MASK for i in range(8)]
    table = empty(-(-count // LANES))
    flat = np.zeros((LIMBS, len(table) * LANES), np.uint64)
    for i in range(LIMBS):
        flat[i, :count] = limbs[i]
    for i in range(LIMBS, 8):
        flat[i - LIMBS, :count] += limbs[i] * _FOLD_260
    table[:] = flat.reshape(LIMBS, len(table), LANES).transpose(1, 0, 2)
    carry(table)
    return table


def _bits(words: npt.NDArray[np.uint64], start: int) -> npt.NDArray[np.uint64]:
    """Return the bits of little-endian words from a position on: at least 52, where there are so many."""
    word, shift = divmod(start, 64)
    bits = words[:, word] >> np.uint64(shift)
    if shift > 64 - LIMB_BITS and word + 1 < words.shape[1]:
        bits |= words[:, word + 1] << np.uint64(64 - shift)
    return bits


def to_points(table: Lanes, count: int) -> Points:
    """Write the first elements, which are below P, as little-endian bytes, shape (count, 32)."""
    limbs = table.transpose(1, 0, 2).reshape(LIMBS, -1)[:, :count]
    words = np.empty((count, 4), "<u8")
    for word in range(4):
        # Word number w begins at bit 64·w, which is bit 12·w of limb w.
        words[:, word] = limbs[word] >> np.uint64(12 * word) | limbs[word + 1] << np.uint64(52 - 12 * word)
    return words.view(np.uint8)


J: Final = 486662

_ONE: Final = constant(1)
_MINUS_TWO: Final = constant(P - 2)
_J_SQUARED: Final = constant(J * J)
_MINUS_J_SQUARED: Final = constant(P - J * J)
_MINUS_HALF_J: Final = constant(P - J // 2)


def map_digests(field: FieldFunctions, digests: Bytes2D) -> Points:
    """Map expanded messages to u-coordinates.

    Args:
        field: the library's field functions.
        digests: output of expand_message_xmd, shape (n, 48).

    Returns:
        Canonical u-coordinates, shape (n, 32).
    """
    table = from_digests(digests)
    _elligator2(field, table)
    return to_points(table, len(digests))


def _elligator2(field: FieldFunctions, table: Lanes) -> None:
    """Replace each u by its u-coordinate, fully reduced."""
    add, multiply, square, power = field.add, field.multiply, field.square, field.power
    constants = (_ONE, _MINUS_TWO, _J_SQUARED, _MINUS_J_SQUARED, _MINUS_HALF_J)
    one, minus_two, j_squared, minus_j_squared, minus_half_j = (addresses(batch)[0] for batch in constants)
    scratch = empty(4)
    d, m, s, q = addresses(scratch)
    for u in addresses(table):
        square(d, u)
        add(d, d, d)
        add(d, d, one)

        add(m, d, minus_j_squared)
        multiply(m, m, d)
        add(m, m, j_squared)

        multiply(s, m, d)
        power(q, s)
        square(q, q)
        square(q, q)
        multiply(q, q, s)

        multiply(s, s, q)  # χ
        multiply(s, s, d)
        add(s, s, d)
        add(s, s, minus_two)

        multiply(s, s, m)
        multiply(s, s, q)
        multiply(s, s, minus_half_j)
        field.reduce(u, s)


LOW_ORDER: Final = 4
"""MBX_STATUS_LOW_ORDER_ERR in crypto_mb/status.h: the product is zero."""

BASE_POINT: Final = 9
"""The u-coordinate that fills lanes that are left over. Its order is large, so its product is not zero."""

_STATUS_BITS: Final = np.arange(0, 4 * LANES, 4, dtype=np.uint32)
_STATUS_MASK: Final = np.uint32(15)


def multiply_in_lanes(x25519: Callable[[int, int, int], int], scalars: Bytes2D, points: Points) -> Points:
    """Multiply points with X25519.

    Args:
        x25519: as in CryptoMb.
        scalars: one for all points, shape (1, 32), or one each, shape (n, 32).
        points: shape (n, 32).

    Returns:
        Products, shape (n, 32); that of a low-order point is a zero row.

    Raises:
        BackendError: the library reports a status other than success or low order.
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
        product = openssl.multiply(factors[row].tobytes(), points[row].tobytes())
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


class IppCurve:
    """psi's Curve port with libcrypto_mb.

    Args:
        library: the loaded library.
        executor: where the parts of a large job run: threads, since the library releases Python's lock, and its
            functions cannot be sent to other processes.
        progress: told how far each large job has got.
    """

    def __init__(
        self, library: CryptoMb, executor: Executor | None = None, progress: Progress | None = None
    ) -> None:
        self._library = library
        self._jobs = Jobs(executor or SerialExecutor(), progress, large=PART_POINTS)

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        """Map messages to u-coordinates, shape (n, 32)."""
        each = (messages[part] for part in slices(len(messages)))
        field = self._library.field
        function = partial(_hash_part, field, dst) if field else partial(openssl.hash_to_curve, dst)
        return self._jobs.run(function, each, len(messages))

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply by a scalar with X25519, shape (n, 32); a low-order point gives a zero row."""
        return joined(self.multiply_parts(scalar, points), len(points))

    def multiply_parts(self, scalar: bytes, points: Points) -> Iterator[Points]:
        """Yield what `multiply` returns, part by part."""
        scalars = np.frombuffer(scalar, np.uint8).reshape(1, 32)
        each = ((scalars, points[part]) for part in slices(len(points)))
        return self._jobs.each(self._multiply_part, each, len(points))

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point by a scalar of its own, shapes (n, 32)."""
        each = ((scalars[part], points[part]) for part in slices(len(points)))
        return self._jobs.run(self._multiply_part, each, len(points))

    def _multiply_part(self, part: tuple[Bytes2D, Points]) -> bytes:
        return multiply_in_lanes(self._library.x25519, *part).tobytes()


def _hash_part(field: FieldFunctions, dst: bytes, messages: Sequence[bytes]) -> bytes:
    digests = np.frombuffer(b"".join(expand(dst, messages)), np.uint8).reshape(-1, FIELD_ELEMENT_BYTES)
    return map_digests(field, digests).tobytes()
