"""How many own companies are on a partner's list, estimated from its sketch, with an interval (psi-v2 §5.5).

An estimate stays with the party that made it: if the sketch was crafted, it would answer a question about one
account.
Its noise is an integer, sampled exactly (psi-v2 §3.4).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from accountmap.psi.sketch import Sketch, SketchParameters, Values
from accountmap.psi.suite import derive, words

ALL_SEGMENTS: Final = 255
"""In the place of a segment: all own segments together."""

LEAST_SHOWN: Final = 100
"""With fewer own values, no estimate is shown."""

_WHOLE: Final = 1 << 64
_FRACTION: Final = 1 << 128
_SCALE: Final = {False: 2, True: 6}
"""Scale of the noise of an estimate, from a plain sketch and from one by segments."""
_TENFOLD_VARIANCE: Final = {False: 78, True: 718}


@dataclass(frozen=True)
class Estimate:
    """How many own values are on the partner's list: at least `low`, about `value`, at most `high`.

    Attributes:
        own: how many own values were looked for.
        hits: how many of them were found, with the noise of the estimate.
    """

    own: int
    hits: int
    value: int
    low: int
    high: int


def estimate_level(parameters: SketchParameters, level: int, count: int, own: int, hits: int) -> Estimate:
    """Estimate how many own values a partner lists with an answer of at least `level` (psi-v2 §5.5).

    Args:
        count: positions of the partner's sketch whose answer is at least `level`.
        own: how many own values were looked for.
        hits: how many of them were found there, with noise.
    """
    interval = _Interval(parameters, level, count, own, hits)
    value = interval.estimate()
    return Estimate(own, hits, value, interval.end(value, 0), interval.end(value, interval.most))


class _Interval:
    """The numbers of shared values that fit what was found (psi-v2 §5.5)."""

    def __init__(self, parameters: SketchParameters, level: int, count: int, own: int, hits: int) -> None:
        self._m, self._own, self._hits = parameters.positions, own, hits
        self._if_so, _ = parameters.chances(level)
        self._count = count
        self._noise = _TENFOLD_VARIANCE[parameters.by_segments]
        self.most = min(own, parameters.rows_from(level))

    def estimate(self) -> int:
        """Return the nearest whole number, within what is possible."""
        divisor = self._m * self._if_so - _WHOLE * self._count
        nearest = (2 * _WHOLE * (self._hits * self._m - self._own * self._count) + divisor) // (2 * divisor)
        return max(0, min(self.most, nearest))

    def end(self, inside: int, bound: int) -> int:
        """Return the last number that fits on the way from the estimate to a bound: they are consecutive."""
        if not self._fits(inside):
            return inside
        outside = bound + (1 if bound >= inside else -1)
        if self._fits(bound):
            return bound
        while abs(outside - inside) > 1:
            middle = (inside + outside) // 2
            if self._fits(middle):
                inside = middle
            else:
                outside = middle
        return inside

    def _fits(self, shared: int) -> bool:
        m, if_so, count, whole = self._m, self._if_so, self._count, _WHOLE * self._m
        others = self._own - shared
        off = abs(self._hits * whole - shared * if_so * m - others * count * _WHOLE)
        tenfold = 10 * shared * m**2 * if_so * (_WHOLE - if_so) + 10 * others * count * (m - count) * _FRACTION
        tenfold += self._noise * whole**2
        return 2 * off <= whole or 3125 * (2 * off - whole) ** 2 <= 4802 * tenfold


def estimates(sketch: Sketch, own_seed: bytes, values: Values) -> tuple[tuple[Estimate, ...], ...]:
    """Estimate for each own segment, and for all together, how many values the partner lists (psi-v2 §5.5).

    This is done once for a pair of sketches. The noise depends on nothing else, so repeating it gains nothing.

    Args:
        sketch: the partner's.
        own_seed: of the own sketch.
        values: of the own entities that take part.

    Returns:
        One row for each segment and one more for all of them, with one estimate for each level.
    """
    answers = sketch.answers(values.messages)
    segments = [*enumerate(values.in_segment.T), (ALL_SEGMENTS, values.in_segment.any(axis=1))]
    found = []
    for segment, chosen in segments:
        mine, row = answers[chosen], []
        for level, count in zip(sketch.parameters.levels, sketch.counts, strict=True):
            hits = int((mine >= level).sum()) + estimate_noise(sketch, own_seed, segment, level)
            row.append(estimate_level(sketch.parameters, level, count, len(mine), hits))
        found.append(tuple(row))
    return tuple(found)


def estimate_noise(sketch: Sketch, own_seed: bytes, segment: int, level: int) -> int:
    """Draw the noise of the estimate of an own segment; it is always the same for a pair of sketches."""
    parts = (sketch.card, sketch.id, bytes([segment]), bytes([level]))
    return laplace_of(own_seed, "estimate", parts, _SCALE[sketch.parameters.by_segments])


Uniform = Callable[[int], int]
"""Draws a number from 0 up to, but not including, its argument, all equally likely."""

_WORDS: Final = 1 << 64
"""How many words there are."""
_WORDS_AT_ONCE: Final = 64


def uniform_of(key: bytes) -> Uniform:
    """Return a source of uniform numbers that uses the words of a key (psi-v2 §3.3) in order, each once."""
    return uniform_from(_in_order(key))


def uniform_from(source: Iterator[int]) -> Uniform:
    """Return a source of uniform numbers that is made from uniform 64-bit numbers."""

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
    """Draw noise from the words of (seed, name, parts): the same arguments always give the same noise.

    Args:
        parts: as in `derive`.
        t: the scale.
    """
    return laplace(uniform_of(derive(seed, name, *parts)), t)
