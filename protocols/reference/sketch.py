"""Sketches, what a reader makes of them, and exact noise (psi-v2 §3.4, §5)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from protocols.reference.suite import derive, digest, key_message, word, words

PLAIN, SEGMENTS = "plain", "segments"
FLIP = {"2": 2198905795380358826, "1": 4961093570831980854, "1/2": 6964396094736529935, "1/4": 8076418037615682946}
"""T of each epsilon: a bit flips if its word is below (psi-v2 §5.1)."""
WRONG = {
    "2": 1775593845874822304,
    "1": 3225924259609386020,
    "1/2": 3968132955179597173,
    "1/4": 4305937122093904037,
}
"""T4 of each epsilon: how many words give each wrong answer (psi-v2 §5.2)."""
TOTALS_SCALE = {"2": 2, "1": 4, "1/2": 8, "1/4": 16}
ESTIMATE_SCALE = {PLAIN: 2, SEGMENTS: 6}
TENFOLD_VARIANCE = {PLAIN: 78, SEGMENTS: 718}
"""Ten times the variance of the noise of an estimate."""
WHOLE = 1 << 64
FRACTION = 1 << 128


def uniform(source: Iterator[int], n: int) -> int:
    """Draw a number below n from words of 64 bits (psi-v2 §3.4)."""
    while True:
        drawn = next(source)
        if drawn < WHOLE - WHOLE % n:
            return drawn % n


def bernoulli_exp(source: Iterator[int], u: int, t: int) -> bool:
    """Draw true with probability exp(-u/t) (psi-v2 §3.4)."""
    k = 1
    while uniform(source, t * k) < u:
        k += 1
    return k % 2 == 1


def laplace(source: Iterator[int], t: int) -> int:
    """Draw k with probability proportional to exp(-|k|/t) (psi-v2 §3.4)."""
    while True:
        u = uniform(source, t)
        if not bernoulli_exp(source, u, t):
            continue
        v = 0
        while bernoulli_exp(source, 1, 1):
            v += 1
        negative, x = uniform(source, 2), u + t * v
        if not (negative and x == 0):
            return -x if negative else x


@dataclass(frozen=True)
class SketchTerms:
    """What an agreement says of one party's sketch.

    Attributes:
        kind: PLAIN or SEGMENTS.
        rows: padded rows; one number, or one for each segment.
        epsilon: "2", "1", "1/2" or "1/4".
    """

    kind: str
    rows: tuple[int, ...]
    epsilon: str

    @property
    def positions(self) -> int:
        """Return m."""
        m = 4096
        while m < 16 * sum(self.rows):
            m *= 2
        return m

    @property
    def levels(self) -> list[int]:
        """Return the values of v that a reader looks at."""
        return [1] if self.kind == PLAIN else [1, 2, 3]

    def chances(self, v: int) -> tuple[int, int]:
        """Return a and b: how often an answer is at least v, of positions that are and that are not, of 2^64."""
        if self.kind == PLAIN:
            return WHOLE - FLIP[self.epsilon], FLIP[self.epsilon]
        wrong = WRONG[self.epsilon]
        return WHOLE - v * wrong, (4 - v) * wrong

    def rows_from(self, v: int) -> int:
        """Return N_v': the padded rows whose answer is at least v."""
        return self.rows[0] if self.kind == PLAIN else sum(self.rows[: 4 - v])

    @property
    def length(self) -> int:
        """Return the bytes of a sketch."""
        return 16 + self.positions // (8 if self.kind == PLAIN else 4)


@dataclass(frozen=True)
class SketchSecret:
    """What its owner keeps of a sketch: id, seed, and the digest of the owner's card."""

    id: bytes
    seed: bytes
    card: bytes


def value_message(value: str) -> bytes:
    """Encode a full name as a sketch takes it (psi-v2 §5.1)."""
    return key_message("name", value)


def position(card: bytes, sketch_id: bytes, message: bytes, m: int) -> int:
    """Return the position of a value (psi-v2 §5.1)."""
    return int.from_bytes(digest("sketch", card, sketch_id, message)[:8], "big") % m


def distinct(segments: Sequence[Iterable[str]]) -> list[list[str]]:
    """Return the values of each segment, each value in the strongest segment alone, in ascending order."""
    seen = set[str]()
    found = []
    for segment in segments:
        found.append(sorted(set(segment) - seen))
        seen |= set(segment)
    return found


def noiseless(terms: SketchTerms, secret: SketchSecret, segments: Sequence[Iterable[str]]) -> list[int]:
    """Set the positions of values and dummies (psi-v2 §5.1, §5.2, without the last steps)."""
    m = terms.positions
    values = distinct(segments)
    if terms.kind == PLAIN:
        values = [[value for segment in values for value in segment]]
    dummies = words(secret.seed, "sketch-dummies", secret.id)
    answers = [0] * m
    for number, (segment, rows) in enumerate(zip(values, terms.rows, strict=True)):
        if len(segment) > rows:
            raise ValueError("more values than padded rows")
        answer = 1 if terms.kind == PLAIN else 3 - number
        places = [position(secret.card, secret.id, value_message(value), m) for value in segment]
        places += [next(dummies) % m for _ in range(rows - len(segment))]
        for p in places:
            answers[p] = max(answers[p], answer)
    return answers


def noisy(answer: int, drawn: int, terms: SketchTerms) -> int:
    """Put the noise of one word on one answer."""
    if terms.kind == PLAIN:
        return 1 - answer if drawn < FLIP[terms.epsilon] else answer
    wrong = WRONG[terms.epsilon]
    return (answer + 1 + drawn // wrong) % 4 if drawn < 3 * wrong else answer


def pack(answers: Sequence[int], terms: SketchTerms) -> bytes:
    """Write answers of one or two bits, from the most significant bit of the first byte on."""
    bits = 1 if terms.kind == PLAIN else 2
    number = 0
    for answer in answers:
        number = number << bits | answer
    return number.to_bytes(len(answers) * bits // 8, "big")


def unpack(data: bytes, terms: SketchTerms) -> list[int]:
    """Read the answers of a sketch, without its id."""
    bits = 1 if terms.kind == PLAIN else 2
    return [byte >> shift & (1 << bits) - 1 for byte in data for shift in range(8 - bits, -1, -bits)]


def make(terms: SketchTerms, secret: SketchSecret, segments: Sequence[Iterable[str]]) -> bytes:
    """Make a sketch (psi-v2 §5.1, §5.2).

    Args:
        segments: full names of the entities, the strongest segment first.
    """
    key = derive(secret.seed, "sketch-noise", secret.id)
    answers = noiseless(terms, secret, segments)
    return secret.id + pack([noisy(answer, word(key, p), terms) for p, answer in enumerate(answers)], terms)


def all_miss(rows: int, m: int) -> int:
    """Return (1 - 1/m)^rows in units of 2^-128, rounded as psi-v2 §5.4 says."""
    base, r = FRACTION - FRACTION // m, FRACTION
    for bit in f"{rows:b}":
        r = r * r // FRACTION
        if bit == "1":
            r = r * base // FRACTION
    return r


def count_from(sketch: bytes, terms: SketchTerms, v: int) -> int:
    """Count the positions whose answer is at least v."""
    return sum(answer >= v for answer in unpack(sketch[16:], terms))


def density_holds(c: int, terms: SketchTerms, v: int) -> bool:
    """Return whether a count is no further than six deviations from what is expected (psi-v2 §5.4)."""
    m, (a, b), rows = terms.positions, terms.chances(v), terms.rows_from(v)
    delta = c * (1 << 192) - m * (b * FRACTION + (a - b) * (FRACTION - all_miss(rows, m)))
    return delta**2 <= 36 * (m * b * (WHOLE - b) * (1 << 256) + rows * (1 << 384))


@dataclass(frozen=True)
class Estimate:
    """How many own values are on the partner's list: at least `low`, about `value`, at most `high`."""

    value: int
    low: int
    high: int


def estimate(terms: SketchTerms, v: int, c: int, n: int, noisy_hits: int) -> Estimate:
    """Estimate from a partner's sketch (psi-v2 §5.5), trying every number.

    Args:
        terms: of the partner's sketch.
        c: positions of it whose answer is at least v.
        n: own values.
        noisy_hits: H.
    """
    m, (a, _), most = terms.positions, terms.chances(v), min(n, terms.rows_from(v))
    den = m * a - WHOLE * c
    value = max(0, min(most, (2 * WHOLE * (noisy_hits * m - n * c) + den) // (2 * den)))
    whole = WHOLE * m

    def fits(matches: int) -> bool:
        off = abs(noisy_hits * whole - matches * a * m - (n - matches) * c * WHOLE)
        spread = 10 * matches * m**2 * a * (WHOLE - a) + 10 * (n - matches) * c * (m - c) * FRACTION
        spread += TENFOLD_VARIANCE[terms.kind] * whole**2
        return 2 * off <= whole or 3125 * (2 * off - whole) ** 2 <= 4802 * spread

    fitting = [matches for matches in range(most + 1) if fits(matches)] or [value]
    return Estimate(value, fitting[0], fitting[-1])


def estimate_noise(
    kind: str, own_seed: bytes, partner_card: bytes, partner_sketch_id: bytes, segment: int, v: int
) -> int:
    """Draw the noise of one estimate (psi-v2 §5.5)."""
    source = words(own_seed, "estimate", partner_card, partner_sketch_id, bytes([segment]), bytes([v]))
    return laplace(source, ESTIMATE_SCALE[kind])


def hits(terms: SketchTerms, v: int, sketch: bytes, partner_card: bytes, values: Iterable[str]) -> int:
    """Count own values at whose position the partner's answer is at least v."""
    answers, m = unpack(sketch[16:], terms), terms.positions
    return sum(answers[position(partner_card, sketch[:16], value_message(x), m)] >= v for x in set(values))


def noisy_total(epsilon: str, seed: bytes, by: int, value: str, entities: int) -> int:
    """Put its noise on a total (psi-v2 §5.6)."""
    return entities + laplace(words(seed, "totals", bytes([by]), value.encode()), TOTALS_SCALE[epsilon])
