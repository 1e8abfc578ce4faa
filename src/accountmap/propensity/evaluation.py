"""Training on the past and testing on later months: what a model is worth beside baseline and base rate."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Any, Final, Self

import numpy as np

from accountmap.account_map.holdout import wilson
from accountmap.errors import InputError
from accountmap.influence.facts import Floats, Ints, Mask, to_day
from accountmap.propensity.examples import THEIR_SEGMENT, Examples
from accountmap.propensity.fitting import STANDARD, Effort, Fit, base_rate, boosted, fit_calibrated, linear
from accountmap.propensity.model import AdditiveModel

BOOSTED: Final = "boosted model"
LINEAR: Final = "logistic regression"
BASE_RATE: Final = "base rate"
MODELS: Final = (BOOSTED, LINEAR, BASE_RATE)

LOG_LOSS: Final = "log loss"
BRIER: Final = "Brier score"

CONFIDENCE: Final = 0.9
LEAST_TRAINED: Final = 50
LEAST_TESTED: Final = 20
"""How many deals won, and how many not won, it takes in the earlier and in the later months."""

_LATER: Final = 0.25
"""The share of the deals, the latest ones, that a model is tested on."""

_GROUPS: Final = 5

_DAYS: Final = ("since", "until", "tested_from")


@dataclass(frozen=True)
class Measure:
    """How far a model's probabilities are from what became of the deals of the later months; less is better.

    Attributes:
        model: one of MODELS.
        measure: LOG_LOSS (natural logarithm) or BRIER (1950).
        value: the mean over the deals.
        less_than_base: by how much less than with the base rate of the earlier months for every deal.
        at_least, at_most: the interval of that difference, by companies.
    """

    model: str
    measure: str
    value: float
    less_than_base: float
    at_least: float
    at_most: float


@dataclass(frozen=True)
class Reliability:
    """Deals with about the same probability, and what became of them.

    Attributes:
        deals, won: how many.
        predicted: the mean of their probabilities.
        at_least, at_most: the interval of the rate at which such deals are won (Wilson 1927).
    """

    deals: int
    won: int
    predicted: float
    at_least: float
    at_most: float


_OFF: Final = 0.01


@dataclass(frozen=True)
class Trained:
    """A model, and what it was worth on deals that it had not seen.

    Attributes:
        model: made from all deals, by the procedure that was tested.
        horizon_days: the days within which a deal has to be won.
        since, until: the days on which the first and the last deal were created.
        tested_from: the deals created on or after this day were kept for the test.
        deals, won: all deals, and those won.
        trained, trained_won: those that the tested model was made from: their horizon was over on `tested_from`.
        tested, tested_won: those that it was tested on.
        measures: of MODELS.
        reliability: of the boosted model, from the lowest probability up.
        calibration: how likely it is that deals are as far from their probabilities as these, if the probabilities
            hold (Spiegelhalter 1986).
        young, without_account, described_later, placed: as in `Examples`.
        touched: whether only deals that the partner had touched are among them.
    """

    model: AdditiveModel
    horizon_days: int
    since: date
    until: date
    tested_from: date
    deals: int
    won: int
    trained: int
    trained_won: int
    tested: int
    tested_won: int
    measures: tuple[Measure, ...]
    reliability: tuple[Reliability, ...]
    calibration: float
    young: int
    without_account: int
    described_later: int
    placed: int
    touched: bool = False

    @property
    def uses_their_segment(self) -> bool:
        """Whether anything was learned from the partner's segment."""
        return any(self.model.points.get(THEIR_SEGMENT, {}).values())

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        days = {name: getattr(self, name).isoformat() for name in _DAYS}
        return asdict(self) | days | {"model": self.model.to_json()}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned.

        Raises:
            ValueError, TypeError, KeyError: it is something else.
        """
        given = dict(written)
        given |= {name: date.fromisoformat(given[name]) for name in _DAYS}
        given["model"] = AdditiveModel.from_json(given["model"])
        given["measures"] = tuple(Measure(**each) for each in given["measures"])
        given["reliability"] = tuple(Reliability(**each) for each in given["reliability"])
        return cls(**given)

    @property
    def is_off(self) -> bool:
        """Whether the probabilities did not hold in the later months, so that they rank accounts and no more.

        The test does not allow for how few deals the model was made from; hence the low limit of one in a hundred.
        """
        return self.calibration < _OFF

    @property
    def is_better(self) -> bool:
        """Whether the model was surely better than the base rate in the later months."""
        return any(
            each.at_least > 0 for each in self.measures if (each.model, each.measure) == (BOOSTED, LOG_LOSS)
        )


def train(
    examples: Examples, effort: Effort = STANDARD, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Trained:
    """Train on the earlier deals, test on the later ones, and make the model from all.

    The test is what it would have been then: on its first day, the outcome of a deal was known only if its horizon
    was over; deals whose horizon was not over are in neither part.

    Args:
        progress: called with the number of parts that are done, and of all parts.

    Raises:
        BackendError: interpret or scikit-learn is not installed.
        InputError: too few deals were won or not won in one of the parts.
    """
    fits: dict[str, Fit] = {BOOSTED: boosted(effort), LINEAR: linear()}
    start, earlier, later = _split(examples)
    past, future = examples.take(earlier), examples.take(later)
    _check_enough(examples, past, future)
    predicted: dict[str, Floats] = {BASE_RATE: base_rate(past.won).probabilities(future.table)}
    for done, (name, fit) in enumerate(fits.items()):
        progress(done, len(fits) + 1)
        predicted[name] = fit_calibrated(fit, past, effort).probabilities(future.table)
    progress(len(fits), len(fits) + 1)
    model = fit_calibrated(fits[BOOSTED], examples, effort)
    progress(len(fits) + 1, len(fits) + 1)
    return Trained(
        model=model,
        horizon_days=examples.horizon_days,
        since=_day(int(examples.day[0])),
        until=_day(int(examples.day[-1])),
        tested_from=start,
        deals=len(examples),
        won=int(examples.won.sum()),
        trained=len(past),
        trained_won=int(past.won.sum()),
        tested=len(future),
        tested_won=int(future.won.sum()),
        measures=tuple(_measures(predicted, future)),
        reliability=tuple(_reliability(predicted[BOOSTED], future.won)),
        calibration=_spiegelhalter(predicted[BOOSTED], future.won),
        young=examples.young,
        without_account=examples.without_account,
        described_later=examples.described_later,
        placed=examples.placed,
    )


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def _split(examples: Examples) -> tuple[date, Ints, Ints]:
    """Choose the month with which the test begins, and the rows before and after it."""
    if not len(examples):
        return date(1970, 1, 1), np.zeros(0, np.int64), np.zeros(0, np.int64)
    month = _day(int(np.quantile(examples.day, 1 - _LATER, method="lower"))).replace(day=1)
    start = to_day(month)
    return (
        month,
        np.flatnonzero(examples.day + examples.horizon_days <= start),
        np.flatnonzero(examples.day >= start),
    )


def _check_enough(examples: Examples, past: Examples, future: Examples) -> None:
    counts = [(int(each.won.sum()), int((~each.won).sum())) for each in (past, future)]
    if min(counts[0]) >= LEAST_TRAINED and min(counts[1]) >= LEAST_TESTED:
        return
    (won, lost), (later_won, later_lost) = counts
    raise InputError(
        f"There are too few outcomes to learn from: {won:,} deals won and {lost:,} not won in the earlier months, "
        f"{later_won:,} and {later_lost:,} in the later ones. It takes {LEAST_TRAINED} of each to learn and "
        f"{LEAST_TESTED} of each to test.",
        f"Prepare deals of more years, lost ones too. A deal counts {examples.horizon_days} days after its "
        f"creation; {examples.young:,} are younger: --within takes fewer days. {examples.without_account:,} have "
        "no account on your list. Until then, use rules, which need no model: accountmap ideal.",
    )


def _losses(probability: Floats, won: Mask) -> dict[str, Floats]:
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return {LOG_LOSS: -np.where(won, np.log(p), np.log1p(-p)), BRIER: (p - won) ** 2}


def _measures(predicted: dict[str, Floats], future: Examples) -> Sequence[Measure]:
    base = _losses(predicted[BASE_RATE], future.won)
    found = []
    for name in MODELS:
        for measure, loss in _losses(predicted[name], future.won).items():
            less, error = clustered_mean(base[measure] - loss, future.company)
            half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * error
            found.append(Measure(name, measure, float(loss.mean()), less, less - half, less + half))
    return found


def clustered_mean(values: Floats, company: Ints) -> tuple[float, float]:
    """Return a mean and its standard error; values of one company may depend on each other (Liang, Zeger 1986)."""
    mean = float(values.mean())
    _, at = np.unique(company, return_inverse=True)
    sums = np.bincount(at.ravel(), values - mean)
    companies = len(sums)
    return mean, float(np.sqrt((sums**2).sum() * companies / max(companies - 1, 1))) / len(values)


def _reliability(probability: Floats, won: Mask) -> Sequence[Reliability]:
    """Group the deals by probability, about as many in each; equal probabilities stay together."""
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, _GROUPS + 1)[1:-1]))
    group = np.searchsorted(edges, probability, side="right")
    found = []
    for each in np.unique(group):
        inside = group == each
        deals, count = int(inside.sum()), int(won[inside].sum())
        found.append(
            Reliability(deals, count, float(probability[inside].mean()), *wilson(count, deals, CONFIDENCE))
        )
    return found


def _spiegelhalter(probability: Floats, won: Mask) -> float:
    spread = ((1 - 2 * probability) ** 2 * probability * (1 - probability)).sum()
    if spread <= 0:
        return 1.0
    z = ((won - probability) * (1 - 2 * probability)).sum() / np.sqrt(spread)
    return float(2 * (1 - NormalDist().cdf(abs(z))))
