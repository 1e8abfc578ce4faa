"""Integer noise, sampled exactly (psi-v2 §3.4)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from accountmap.psi.suite import derive, words

Uniform = Callable[[int], int]
"""Draws a number from 0 up to, and without, its argument, all equally likely."""

_WORDS: Final = 1 << 64
"""How many words there are."""
_WORDS_AT_ONCE: Final = 64


def uniform_of(key: bytes) -> Uniform:
    """Return a source of uniform numbers that uses the words of a key (psi-v2 §3.3) in order, each once."""
    return uniform_from(_in_order(key))


def uniform_from(source: Iterator[int]) -> Uniform:
    """Return a source of uniform numbers over uniform numbers of 64 bits."""

    def uniform(n: int) -> int:
        limit = _WORDS - _WORDS % n
        while (word := next(source)) >= limit:
            pass
        return word % n

    return uniform


def _in_order(key: bytes) -> Iterator[int]:
    first = 0
    while True:
        yield from words(key, _WORDS_AT_ONCE, first).tolist()
        first += _WORDS_AT_ONCE


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


def laplace_of(seed: bytes, name: str, parts: Sequence[bytes], t: int) -> int:
    """Draw noise from the words of (seed, name, parts): always the same for the same ones.

    Args:
        parts: as in `derive`.
        t: the scale.
    """
    return laplace(uniform_of(derive(seed, name, *parts)), t)
