"""Integer noise is exact: its probabilities are computed, not only sampled (psi-v2 §3.4)."""

import math
from collections import Counter
from collections.abc import Callable, Hashable
from contextlib import suppress

import pytest

from accountmap.psi.estimate import Uniform, bernoulli_exp, laplace, uniform_from, uniform_of
from accountmap.psi.suite import derive, words

SEED = bytes(range(32))


class TooRareError(Exception):
    """A path of draws is less likely than what is looked at."""


class Path:
    """Draws that are fixed at first, and then always 0; the other choices are noted.

    Attributes:
        weight: how likely the draws so far are.
        others: the beginnings of paths that are still to be followed.
    """

    def __init__(self, fixed: tuple[int, ...], rarest: float) -> None:
        self._draws, self._rarest = list(fixed), rarest
        self._at, self.weight = 0, 1.0
        self.others: list[tuple[int, ...]] = []

    def uniform(self, n: int) -> int:
        self.weight /= n
        if self._at == len(self._draws):
            if self.weight < self._rarest:
                raise TooRareError
            self.others += [(*self._draws, other) for other in range(1, n)]
            self._draws.append(0)
        self._at += 1
        return self._draws[self._at - 1]


def outcomes(draw: Callable[[Uniform], Hashable], rarest: float) -> tuple[Counter[Hashable], float]:
    """Follow every path of draws that is likelier than `rarest`.

    Returns:
        The probability of each result on these paths, and that of all the others together.
    """
    found: Counter[Hashable] = Counter()
    ahead: list[tuple[int, ...]] = [()]
    while ahead:
        path = Path(ahead.pop(), rarest)
        with suppress(TooRareError):
            found[draw(path.uniform)] += path.weight
        ahead += path.others
    return found, 1 - sum(found.values())


@pytest.mark.parametrize(("u", "t"), [(0, 1), (1, 1), (1, 2), (2, 2), (1, 6), (5, 6), (3, 16)])
def test_the_coin_has_exactly_its_probability(u: int, t: int) -> None:
    found, left = outcomes(lambda uniform: bernoulli_exp(uniform, u, t), 1e-7)
    assert left < 0.01
    assert found[True] <= math.exp(-u / t) + 1e-12
    assert found[False] <= 1 - math.exp(-u / t) + 1e-12


@pytest.mark.parametrize("t", [1, 2])
def test_laplace_noise_has_exactly_its_probabilities(t: int) -> None:
    found, left = outcomes(lambda uniform: laplace(uniform, t), 1e-6)
    assert left < 0.1
    whole = (math.exp(1 / t) - 1) / (math.exp(1 / t) + 1)
    for k, chance in found.items():
        assert isinstance(k, int)
        expected = whole * math.exp(-abs(k) / t)
        assert chance <= expected + 1e-12 <= chance + left + 2e-12
        assert chance == pytest.approx(found[-k], rel=1e-12)


@pytest.mark.parametrize("t", [2, 6, 16, 64])
def test_many_draws_fit_by_chi_squared(t: int) -> None:
    draws = 20_000
    uniform = uniform_of(derive(SEED, "many", bytes([t])))
    counted = Counter(laplace(uniform, t) for _ in range(draws))
    whole = (math.exp(1 / t) - 1) / (math.exp(1 / t) + 1)
    expected = {k: draws * whole * math.exp(-abs(k) / t) for k in range(-20 * t, 20 * t + 1)}
    cells = [k for k, count in expected.items() if count >= 10]
    rare = draws - sum(counted[k] for k in cells), draws - sum(expected[k] for k in cells)
    statistic = sum((counted[k] - expected[k]) ** 2 / expected[k] for k in cells)
    statistic += (rare[0] - rare[1]) ** 2 / rare[1]
    # The deviation of chi-squared with f degrees of freedom is √(2 f); four of them are one in ten thousand.
    assert statistic < len(cells) + 4 * math.sqrt(2 * len(cells))


def test_words_beyond_the_last_multiple_are_drawn_again() -> None:
    n = 3 << 62  # 2^64 mod n is 2^62: a quarter of the words must go
    uniform = uniform_from(iter([2**64 - 1, n, n - 1, 5]))
    assert [uniform(n), uniform(n)] == [n - 1, 5]


def test_one_choice_takes_a_word_too() -> None:
    uniform = uniform_from(iter([7, 8]))
    assert (uniform(1), uniform(10)) == (0, 8)


def test_the_words_of_a_key_are_used_in_order() -> None:
    uniform = uniform_of(SEED)
    assert [uniform(2**63) for _ in range(200)] == [word % 2**63 for word in words(SEED, 200).tolist()]
