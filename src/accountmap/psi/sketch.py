"""The frozen noisy copy of a list that may leave before consent: making it, and reading a partner's (psi-v2 §5).

Each position of a sketch has an answer. In a plain sketch it is 1 where the list has a value, else 0; in one by
segments it is 3, 2 or 1 for a value of segment 0, 1 or 2, and 0 where there is none. Every answer is then replaced
by another one with a fixed probability. No step uses floating point, so that every program makes the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from itertools import pairwise, repeat
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from accountmap.errors import UsageError
from accountmap.model import Epsilon
from accountmap.psi.codec import require
from accountmap.psi.suite import DIGEST_BYTES, Words, derive, digest, key_prefix, label, words

SKETCH_ID_BYTES: Final = 16
LEAST_POSITIONS: Final = 4096
POSITIONS_A_ROW: Final = 16
MOST_ROWS: Final = 10**8
VALUE_PREFIX: Final = key_prefix(b"name")
"""What the key message of every value begins with; the squashed full name follows."""

_SEGMENTS: Final = 3
_WHOLE: Final = 1 << 64
_FRACTION: Final = 1 << 128
_BYTE: Final = 8
_POSITIONS_AT_ONCE: Final = 1 << 20

Positions = npt.NDArray[np.int64]
Answers = npt.NDArray[np.uint8]


_CHANGE: Final = {
    Epsilon.TWO: (2198905795380358826, 1775593845874822304),
    Epsilon.ONE: (4961093570831980854, 3225924259609386020),
    Epsilon.HALF: (6964396094736529935, 3968132955179597173),
    Epsilon.QUARTER: (8076418037615682946, 4305937122093904037),
}
"""How many of 2^64 words turn an answer into one particular other: in a plain sketch, and in one by segments."""


@dataclass(frozen=True)
class SketchParameters:
    """What an agreement says of one party's sketch.

    Attributes:
        rows: padded rows: one number for a plain sketch, three for one by segments.
        epsilon: as in the agreement.

    Raises:
        UsageError: they are out of range.
    """

    rows: tuple[int, ...]
    epsilon: Epsilon

    def __post_init__(self) -> None:
        if len(self.rows) not in (1, _SEGMENTS) or min(self.rows) < 1 or sum(self.rows) > MOST_ROWS:
            raise UsageError("the rows of a sketch are out of range")

    @property
    def by_segments(self) -> bool:
        """Whether positions say which segment a value is in."""
        return len(self.rows) > 1

    @property
    def positions(self) -> int:
        """How many positions there are, m: a power of two."""
        return max(LEAST_POSITIONS, 1 << (POSITIONS_A_ROW * sum(self.rows) - 1).bit_length())

    @property
    def bits(self) -> int:
        """How many bits an answer has."""
        return 2 if self.by_segments else 1

    @property
    def length(self) -> int:
        """The length of a sketch, in bytes."""
        return SKETCH_ID_BYTES + self.positions * self.bits // _BYTE

    @property
    def levels(self) -> range:
        """The levels at which a reader counts: all answers but 0."""
        return range(1, 1 << self.bits)

    @property
    def change(self) -> int:
        """How many of 2^64 words turn an answer into one particular other."""
        return _CHANGE[self.epsilon][self.by_segments]

    def answer(self, segment: int) -> int:
        """Return the answer for values of a segment."""
        return _SEGMENTS - segment if self.by_segments else 1

    def chances(self, level: int) -> tuple[int, int]:
        """Return how often, of 2^64, an answer is at least `level`: if it was before the noise, and if not."""
        return _WHOLE - level * self.change, ((1 << self.bits) - level) * self.change

    def rows_from(self, level: int) -> int:
        """Return the padded rows whose answer is at least `level`."""
        return sum(rows for segment, rows in enumerate(self.rows) if self.answer(segment) >= level)


@dataclass(frozen=True, repr=False)
class Values:
    """The different values of a list.

    Attributes:
        messages: their key messages, each once.
        in_segment: whether some entity of the segment has the value, shape (values, segments).
    """

    messages: Sequence[bytes]
    in_segment: npt.NDArray[np.bool_]

    def dump(self) -> bytes:
        """Write the numbers of values and segments, the length of each message, the messages, and `in_segment`."""
        lengths = np.array([len(message) for message in self.messages], ">u2")
        head = len(self.messages).to_bytes(4, "big") + bytes([self.in_segment.shape[1]])
        flags = self.in_segment.astype(np.uint8)
        return b"".join([head, lengths.tobytes(), *self.messages, flags.tobytes()])

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read what `dump` wrote.

        Raises:
            ValueError: it is something else.
        """
        count, segments = int.from_bytes(data[:4], "big"), data[4] if len(data) > 4 else 0
        start = 5 + 2 * count
        ends = start + np.cumsum(np.frombuffer(data[5:start], ">u2").astype(np.int64))
        end = int(ends[-1]) if count else start
        flags = np.frombuffer(data[end:], np.uint8)
        if len(data) < 5 or len(ends) != count or len(flags) != count * segments or (flags > 1).any():
            raise ValueError("not the values of a sketch")
        places = pairwise([start, *ends.tolist()])
        return cls([data[one:other] for one, other in places], flags.astype(np.bool_).reshape(count, segments))

    def digest(self) -> bytes:
        """Return the digest of the key messages that an input commitment binds (psi-v2 §6.2)."""
        return sha256(b"".join(sha256(message).digest() for message in sorted(self.messages))).digest()


@dataclass(frozen=True, repr=False)
class SketchSecret:
    """What a sketch is made with, besides its values.

    Attributes:
        card: digest of the maker's card.
        id: 16 random bytes, which its readers see.
        seed: 32 random bytes, which only its maker and an auditor see.
    """

    card: bytes
    id: bytes
    seed: bytes


def positions_of(card: bytes, sketch_id: bytes, messages: Sequence[bytes], positions: int) -> Positions:
    """Return the position of each value in a sketch of this id, made by the owner of this card.

    Args:
        card: digest of the maker's card.
        positions: m, a power of two.
    """
    head = label("sketch") + card + sketch_id
    parts = []
    for start in range(0, len(messages), _POSITIONS_AT_ONCE):
        part = messages[start : start + _POSITIONS_AT_ONCE]
        digests = np.frombuffer(b"".join([sha256(head + message).digest() for message in part]), ">u8")
        first = digests[:: DIGEST_BYTES // digests.itemsize].astype(np.uint64)
        parts.append((first & np.uint64(positions - 1)).astype(np.int64))
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def make_sketch(parameters: SketchParameters, secret: SketchSecret, values: Values) -> bytes:
    """Make a sketch (psi-v2 §5.1, §5.2).

    Raises:
        UsageError: there are more values than padded rows.
    """
    place = positions_of(secret.card, secret.id, values.messages, parameters.positions)
    return make_sketch_at(parameters, secret, place, values.in_segment)


def make_sketch_at(
    parameters: SketchParameters,
    secret: SketchSecret,
    place: Positions,
    in_segment: npt.NDArray[np.bool_],
) -> bytes:
    """Make a sketch of values whose positions are known.

    Args:
        place: position of each value.
        in_segment: as in `Values`.

    Raises:
        UsageError: there are more values than padded rows.
    """
    strongest = in_segment.argmax(axis=1)
    answer = np.array([parameters.answer(segment) for segment in range(in_segment.shape[1])], np.uint8)[strongest]
    dummy_place, dummy_answer = _dummies(parameters, secret, _values_by_part(parameters, strongest))
    place, answer = np.concatenate([place, dummy_place]), np.concatenate([answer, dummy_answer])
    order = np.lexsort((answer, place))
    place, answer = place[order], answer[order]
    noise = derive(secret.seed, "sketch-noise", secret.id)
    packed = [secret.id]
    for start in range(0, parameters.positions, _POSITIONS_AT_ONCE):
        stop = min(start + _POSITIONS_AT_ONCE, parameters.positions)
        first, last = np.searchsorted(place, (start, stop))
        answers = np.zeros(stop - start, np.uint8)
        answers[place[first:last] - start] = answer[first:last]  # the last of equal positions has the greatest
        _change(answers, words(noise, stop - start, start), parameters)
        packed.append(_pack(answers, parameters.bits))
    return b"".join(packed)


def _values_by_part(parameters: SketchParameters, strongest: npt.NDArray[np.intp]) -> list[int]:
    parts = len(parameters.rows)
    counted = np.bincount(strongest, minlength=parts).tolist() if parameters.by_segments else [len(strongest)]
    if any(count > rows for count, rows in zip(counted, parameters.rows, strict=True)):
        raise UsageError(
            "the list has more companies than its sketch has padded rows",
            "Make a new agreement whose sizes fit the list.",
        )
    return counted


def _dummies(parameters: SketchParameters, secret: SketchSecret, counted: list[int]) -> tuple[Positions, Answers]:
    """Return position and answer of the dummies that bring the values up to the padded rows."""
    missing = [rows - count for rows, count in zip(parameters.rows, counted, strict=True)]
    key = derive(secret.seed, "sketch-dummies", secret.id)
    place = words(key, sum(missing)) & np.uint64(parameters.positions - 1)
    answers = [parameters.answer(segment) for segment in range(len(missing))]
    return place.astype(np.int64), np.repeat(np.array(answers, np.uint8), missing)


def _change(answers: Answers, drawn: Words, parameters: SketchParameters) -> None:
    """Add the noise to answers, in place."""
    others = (1 << parameters.bits) - 1
    changed = np.flatnonzero(drawn < np.uint64(others * parameters.change))
    step = drawn[changed] // np.uint64(parameters.change) + np.uint64(1)
    answers[changed] = (answers[changed] + step.astype(np.uint8)) & others


def _pack(answers: Answers, bits: int) -> bytes:
    if bits == 1:
        return np.packbits(answers).tobytes()
    return np.packbits(np.stack([answers >> 1, answers & 1], axis=1).reshape(-1)).tobytes()


@dataclass(frozen=True, repr=False)
class Sketch:
    """A partner's sketch whose length and density were checked.

    Attributes:
        parameters: what the agreement says of it.
        card: digest of its maker's card.
        data: its bytes, with the id.
    """

    parameters: SketchParameters
    card: bytes
    data: bytes

    @classmethod
    def read(cls, parameters: SketchParameters, card: bytes, data: bytes) -> Self:
        """Check a partner's sketch (psi-v2 §5.4).

        Raises:
            PeerError: it does not have the length, or not the density, of a sketch with these parameters.
        """
        require(len(data) == parameters.length, "length", "the sketch does not have the agreed length")
        sketch = cls(parameters, card, data)
        holds = map(density_holds, repeat(parameters), parameters.levels, sketch.counts)
        require(all(holds), "density", "the sketch does not have the density of a list of the agreed size")
        return sketch

    @property
    def id(self) -> bytes:
        """Its id."""
        return self.data[:SKETCH_ID_BYTES]

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """For each level, the number of positions whose answer is at least that."""
        total = np.zeros(1 << self.parameters.bits, np.int64)
        for start in range(0, self.parameters.positions, _POSITIONS_AT_ONCE):
            stop = min(start + _POSITIONS_AT_ONCE, self.parameters.positions)
            total += np.bincount(self.answers_at(np.arange(start, stop)), minlength=len(total))
        return tuple(int(total[level:].sum()) for level in self.parameters.levels)

    def answers_at(self, place: Positions) -> Answers:
        """Return the answers at some positions."""
        bits = self.parameters.bits
        packed = np.frombuffer(self.data, np.uint8, offset=SKETCH_ID_BYTES)
        a_byte = _BYTE // bits
        shift = (a_byte - 1 - place % a_byte) * bits
        return packed[place // a_byte] >> shift.astype(np.uint8) & np.uint8((1 << bits) - 1)

    def answers(self, messages: Sequence[bytes]) -> Answers:
        """Return the answers at the positions of some values."""
        return self.answers_at(positions_of(self.card, self.id, messages, self.parameters.positions))


def all_miss(rows: int, positions: int) -> int:
    """Return the chance that `rows` uniform positions all miss a given one, in units of 2^-128 (psi-v2 §5.4)."""
    base, chance = _FRACTION - _FRACTION // positions, _FRACTION
    for bit in f"{rows:b}":
        chance = chance * chance // _FRACTION
        if bit == "1":
            chance = chance * base // _FRACTION
    return chance


def density_holds(parameters: SketchParameters, level: int, count: int) -> bool:
    """Return whether a count is within six standard deviations of its expected value (psi-v2 §5.4)."""
    m, (if_so, if_not), rows = parameters.positions, parameters.chances(level), parameters.rows_from(level)
    filled = _FRACTION - all_miss(rows, m)
    off = count * (1 << 192) - m * (if_not * _FRACTION + (if_so - if_not) * filled)
    variance = m * if_not * (_WHOLE - if_not) * (1 << 256) + rows * (1 << 384)
    return off**2 <= 36 * variance


def sketch_inputs(secret: SketchSecret, list_digest: bytes, values_digest: bytes) -> bytes:
    """Return what an input commitment binds of a sketch (psi-v2 §6.2).

    Args:
        list_digest: SHA-256 of the list of the sketch.
        values_digest: of its values (`Values.digest`).
    """
    return digest("sketch-inputs", secret.id, secret.seed, list_digest, values_digest)
