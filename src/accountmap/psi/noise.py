"""Derivation of secret streams from a seed, and exact sampling of integer noise (psi-v2 §3.3, §3.4)."""

import hmac
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final

import numpy as np
import numpy.typing as npt

from accountmap.psi.suite import label

KeyStream = Callable[[bytes, int, int], bytes]
"""Returns the key stream of AES-256 in counter mode (NIST SP 800-38A) for a key of 32 bytes, the number of the
first block, and how many blocks of 16 bytes. The counter is the number of the block, in 16 bytes, big-endian."""

Words = npt.NDArray[np.uint64]

Uniform = Callable[[int], int]
"""Draws a number from 0 up to, and without, its argument, all equally likely."""

WORD_BYTES: Final = 8
BLOCK_BYTES: Final = 16
_WORDS_A_BLOCK: Final = BLOCK_BYTES // WORD_BYTES
_WORDS: Final = 1 << 64
"""How many words there are."""
_WORDS_AT_ONCE: Final = 64


def derive(seed: bytes, name: str, *parts: bytes) -> bytes:
    """Derive 32 bytes with HKDF-SHA256 (RFC 5869), without salt.

    Args:
        name: its label is what the info begins with.
        parts: what follows, all but the last of a fixed length.
    """
    key = hmac.digest(bytes(32), seed, sha256)
    return hmac.digest(key, label(name) + b"".join(parts) + b"\x01", sha256)


def words(key_stream: KeyStream, key: bytes, start: int, stop: int) -> Words:
    """Return the words of a key from one number up to, and without, another."""
    first = start // _WORDS_A_BLOCK
    blocks = -(-stop // _WORDS_A_BLOCK) - first
    stream = np.frombuffer(key_stream(key, first, blocks), ">u8").astype(np.uint64)
    return stream[start - first * _WORDS_A_BLOCK : stop - first * _WORDS_A_BLOCK]


def uniform_of(key_stream: KeyStream, key: bytes) -> Uniform:
    """Return a source of uniform numbers that uses the words of a key in order, each once."""
    source = _in_order(key_stream, key)

    def uniform(n: int) -> int:
        limit = _WORDS - _WORDS % n
        while (word := next(source)) >= limit:
            pass
        return word % n

    return uniform


def _in_order(key_stream: KeyStream, key: bytes) -> Iterator[int]:
    start = 0
    while True:
        yield from words(key_stream, key, start, start + _WORDS_AT_ONCE).tolist()
        start += _WORDS_AT_ONCE


def bernoulli_exp(uniform: Uniform, u: int, t: int) -> bool:
    """Return true with probability exp(-u/t), exactly (Canonne, Kamath, Steinke 2020, algorithm 1).

    Args:
        u: 0 to t.
    """
    k = 1
    while uniform(t * k) < u:
        k += 1
    return k % 2 == 1


def laplace(uniform: Uniform, t: int) -> int:
    """Draw k with probability proportional to exp(-|k|/t), exactly (as above, algorithm 2)."""
    while True:
        u = uniform(t)
        if not bernoulli_exp(uniform, u, t):
            continue
        v = 0
        while bernoulli_exp(uniform, 1, 1):
            v += 1
        negative, size = uniform(2), u + t * v
        if not (negative and size == 0):
            return -size if negative else size
