"""Field elements modulo 2^255 - 19 in radix 2^52, eight lanes a batch, as libcrypto_mb keeps them.

A table has the shape (batches, 5, 8): element number i is lane i % 8 of batch i // 8, its limb of weight 2^(52·j)
stands at [i // 8, j, i % 8]. A table starts at a multiple of 64 bytes, and so does each of its batches of 320.
Nothing here branches on a value.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.psi.tables import Bytes2D, Points

LANES: Final = 8
LIMBS: Final = 5
LIMB_BITS: Final = 52
BATCH_BYTES: Final = LANES * LIMBS * 8
VECTOR_BYTES: Final = 64
"""A batch of one limb fills one register, whose loads and stores want its own alignment."""

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
    """Bring limbs below 2^63 under 2^52, and values under 2^255 + 2^52, in place."""
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
    """Return where each batch of a table stands in memory."""
    start = table.ctypes.data
    return range(start, start + len(table) * BATCH_BYTES, BATCH_BYTES)


def from_digests(digests: Bytes2D) -> Lanes:
    """Read big-endian integers of 48 bytes, shape (n, 48), modulo P; lanes left over hold zero."""
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
    """Return the bits of little-endian words from a place on, at least 52 of them where there are so many."""
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
