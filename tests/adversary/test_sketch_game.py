"""The sketch as a game: two lists differ in one company, and a distinguisher guesses from the sketch which it was.

Whatever it computes, the odds of its guess change by a factor of at most e^ε (psi-v2 §12.2). The distinguishers
here are the best that are known: the answer at the company's position, the likelihood ratio with the density of
the whole array, and the density alone. The best must come near its own theory, or the game would show nothing.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from accountmap.model import Epsilon
from accountmap.psi.sketch import (
    VALUE_PREFIX,
    Sketch,
    SketchParameters,
    SketchSecret,
    Values,
    make_sketch,
)

ROWS = 200
ROUNDS = 800
TARGET = VALUE_PREFIX + b"thecompany"
OTHERS = [VALUE_PREFIX + f"other{number}".encode() for number in range(ROWS - 1)]
POWER = {Epsilon.TWO: 2.0, Epsilon.ONE: 1.0, Epsilon.HALF: 0.5, Epsilon.QUARTER: 0.25}


def listed(messages: list[bytes]) -> Values:
    return Values(messages, np.ones((len(messages), 1), np.bool_))


def sketch_of(messages: list[bytes], name: str, epsilon: Epsilon, rows: int = ROWS) -> Sketch:
    """Make a sketch with a seed and an id of its own, as a workspace would after each renewal."""
    drawn = hashlib.sha512(name.encode()).digest()
    secret = SketchSecret(bytes(32), drawn[32:48], drawn[:32])
    parameters = SketchParameters((rows,), epsilon)
    return Sketch.read(parameters, secret.card, make_sketch(parameters, secret, listed(messages)))


Distinguisher = Callable[[Sketch], bool]
"""Guesses whether the company is on the list."""


def by_its_bit(sketch: Sketch) -> bool:
    return bool(sketch.answers([TARGET])[0])


def by_likelihood(sketch: Sketch) -> bool:
    """Weigh the bit against how dense the array is: the dummy in the other list made it denser elsewhere."""
    m, epsilon = sketch.parameters.positions, POWER[sketch.parameters.epsilon]
    share = sketch.counts[0] / m
    with_company = math.exp(epsilon) if sketch.answers([TARGET])[0] else math.exp(-epsilon)
    with_dummy = share * math.exp(epsilon) + (1 - share) * math.exp(-epsilon)
    return with_company > with_dummy


def by_density(sketch: Sketch) -> bool:
    (if_so, if_not), m = sketch.parameters.chances(1), sketch.parameters.positions
    filled = 1 - (1 - 1 / m) ** ROWS
    return sketch.counts[0] > m * (if_not + (if_so - if_not) * filled) / 2**64


def by_neighbours(sketch: Sketch) -> bool:
    """Look also where other ids or encodings of the same company would lie, which is nowhere near."""
    related = [TARGET, TARGET + b"gmbh", TARGET[1:], TARGET.upper()]
    return bool(sketch.answers(related).sum() >= 2)


@dataclass(frozen=True)
class Score:
    """How often a distinguisher says yes."""

    when_listed: float
    when_not: float

    @property
    def worst_ratio(self) -> float:
        """The greater of the two ratios that ε bounds: of saying yes, and of saying no."""
        return max(self.when_listed / self.when_not, (1 - self.when_not) / (1 - self.when_listed))

    @property
    def deviation(self) -> float:
        """Of the logarithm of the ratio, from so many rounds."""
        rates = [self.when_listed, self.when_not]
        return max(
            math.sqrt(sum((1 - rate) / (rate * ROUNDS) for rate in rates)),
            math.sqrt(sum(rate / ((1 - rate) * ROUNDS) for rate in rates)),
        )

    @property
    def right(self) -> float:
        """How often it is right, if both lists are as likely."""
        return (self.when_listed + 1 - self.when_not) / 2


def play(distinguishers: list[Distinguisher], epsilon: Epsilon) -> list[Score]:
    said = np.zeros((2, len(distinguishers)))
    for number in range(ROUNDS):
        for world, messages in enumerate(([*OTHERS, TARGET], OTHERS)):
            sketch = sketch_of(messages, f"{epsilon} {world} {number}", epsilon)
            said[world] += [guess(sketch) for guess in distinguishers]
    return [Score(*(said[:, at] / ROUNDS)) for at in range(len(distinguishers))]


@pytest.mark.parametrize("epsilon", list(Epsilon))
def test_no_known_distinguisher_beats_epsilon(epsilon: Epsilon) -> None:
    guesses: list[Distinguisher] = [by_its_bit, by_likelihood, by_density, by_neighbours]
    scores = play(guesses, epsilon)
    power = POWER[epsilon]
    for guess, score in zip(guesses, scores, strict=True):
        print(f"ε = {epsilon}, {guess.__name__}: right {score.right:.3f}, ratio {score.worst_ratio:.2f}")
        assert math.log(score.worst_ratio) < power + 4 * score.deviation
        assert score.right < 1 / (1 + math.exp(-power)) + 0.04
    best = scores[0]
    assert math.log(best.worst_ratio) > 0.8 * power - 4 * best.deviation
    assert best.right > 0.5 + 0.7 * (1 / (1 + math.exp(-power)) - 0.5)


def test_averaging_sketches_gains_one_epsilon_a_sketch_and_sending_one_again_gains_nothing() -> None:
    epsilon, sketches = Epsilon.ONE, 5

    def votes(messages: list[bytes], number: int) -> int:
        return sum(
            by_its_bit(sketch_of(messages, f"average {number} {at} {len(messages)}", epsilon))
            for at in range(sketches)
        )

    rounds = 200
    right = sum(votes([*OTHERS, TARGET], number) > sketches / 2 for number in range(rounds))
    right += sum(votes(OTHERS, number) <= sketches / 2 for number in range(rounds))
    single = 1 / (1 + math.exp(-1))
    majority = sum(math.comb(5, k) * single**k * (1 - single) ** (5 - k) for k in range(3, 6))
    # Five sketches name the company far more often: that is why a workspace makes one, and why ε is added up.
    assert right / (2 * rounds) == pytest.approx(majority, abs=0.06)
    frozen = {sketch_of(OTHERS, "frozen", epsilon).data for _ in range(5)}
    assert len(frozen) == 1


def test_the_density_does_not_show_how_long_the_list_is() -> None:
    rows, rounds = 1000, 300

    def ones(values: int) -> list[int]:
        messages = [VALUE_PREFIX + f"company{number}".encode() for number in range(values)]
        return [sketch_of(messages, f"density {values} {n}", Epsilon.TWO, rows).counts[0] for n in range(rounds)]

    short, long = np.array(ones(50)), np.array(ones(1000))
    middle = np.median(np.concatenate([short, long]))
    right = ((long > middle).mean() + (short <= middle).mean()) / 2
    assert right == pytest.approx(0.5, abs=0.06)
    pooled = math.sqrt((short.var() + long.var()) / rounds)
    assert abs(short.mean() - long.mean()) < 4 * pooled


def test_a_reader_picks_out_as_many_as_the_documents_say() -> None:
    """Of 3,000 accounts of which 1,000 are listed it picks 1,270, and 58 in 100 of them are."""
    ours = [VALUE_PREFIX + f"shared{number}".encode() for number in range(1000)]
    rest = [VALUE_PREFIX + f"ours{number}".encode() for number in range(2000)]
    theirs = [*ours, *(VALUE_PREFIX + f"theirs{number}".encode() for number in range(2000))]
    sketch = sketch_of([*ours, *rest], "pick", Epsilon.ONE, 3072)
    picked = sketch.answers(theirs).astype(bool)
    print(f"picked {picked.sum()} of {len(theirs)}; {picked[:1000].sum() / picked.sum():.2f} of them are listed")
    assert picked.sum() == pytest.approx(1270, abs=130)
    assert picked[:1000].sum() / picked.sum() == pytest.approx(0.58, abs=0.05)
    right = (picked[:1000].sum() + 2000 - picked[1000:].sum()) / 3000
    assert right == pytest.approx(0.72, abs=0.03)
