"""The score of a partner: a sum of parts that are shown, each a rate that is drawn to the usual if data are few.

Each part is k of n. With little data a rate says little, so it is shrunk: the prior is a Beta distribution
around the rate of all partners together, worth PRIOR observations (empirical Bayes; Casella 1985, "An
introduction to empirical Bayes data analysis"). The part is the mean of the posterior, and its interval holds 95 %
of it. Parts count as independent, so the variances of their points add up to that of the score.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.account_map import IdealCustomer
from accountmap.account_map.ideal import fit_accounts
from accountmap.account_map.own_accounts import OwnAccounts
from accountmap.portfolio.coverage import Coverage
from accountmap.portfolio.facts import INTRODUCE, THEM, Exchange, PartnerFacts

PRIOR: Final = 6.0
"""How many observations the usual rate counts as."""

ANSWER_DAYS: Final = 7
"""An answer within this many days is in time; after them, it is late."""

LEAST_DAYS: Final = 60
"""The fewest days between the first and the last session for growth to say anything."""

NOT_ENOUGH: Final = "not enough data"
LABELS: Final = (("strong", 60.0), ("solid", 35.0), ("limited", 0.0))
"""What a partner is called, and the least score for it."""

WIDEST: Final = 30.0
"""A score whose interval is wider than this many points has no label."""

LEAST_OBSERVED: Final = 5
LEAST_KNOWN: Final = 0.6
"""Parts with at least LEAST_OBSERVED observations must bring this share of all points, or there is no label."""

_NORMAL_95: Final = 1.96
_GRID: Final = (np.arange(4_000) + 0.5) / 4_000

Rates = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """A part of the score.

    Attributes:
        weight: its points, of 100, if all parts are there.
        meaning: what it is, in one sentence.
        points: maps a rate to the share of the points that it gets, 0 to 1, rising.
        usual: what the rate is shrunk towards; None for the rate of all partners together.
    """

    weight: float
    meaning: str
    points: Callable[[Rates], Rates]
    usual: float | None = None


def _full_from(share: float) -> Callable[[Rates], Rates]:
    return lambda rate: np.minimum(1.0, rate / share)


def _growth(rate: Rates) -> Rates:
    """Read "now" as a share of "now and a year before": half is no growth, two thirds is twice as many."""
    return np.clip((rate - 0.5) / (2 / 3 - 0.5), 0.0, 1.0)


PARTS: Final = {
    "fit": Part(25, "of the companies that you share, how many are your ideal customers.", _full_from(1.0)),
    "pipeline": Part(
        30,
        "of your companies with an open amount, how many you share; full points from a quarter up.",
        _full_from(0.25),
    ),
    "reciprocity": Part(
        20, "of the introductions made either way, how many they made; full points from half up.", _full_from(0.5)
    ),
    "answers": Part(
        15, f"of what you asked them, how much they answered within {ANSWER_DAYS} days.", _full_from(1.0)
    ),
    "growth": Part(
        10,
        "how much the number of shared companies grew in a year; full points if it doubled.",
        _growth,
        usual=0.5,
    ),
}
"""The parts, and what each is."""

SCORES_SCHEMA: Final = pa.schema(
    [
        *(pa.field(name, pa.string(), nullable=False) for name in ("partner", "partner_name", "part")),
        pa.field("points", pa.float64(), nullable=False),
        pa.field("at_least", pa.float64(), nullable=False),
        pa.field("at_most", pa.float64(), nullable=False),
        pa.field("most_points", pa.float64(), nullable=False),
        pa.field("hits", pa.int64(), nullable=False),
        pa.field("observed", pa.int64(), nullable=False),
    ]
)
"""One row for each mapped partner and part of its score: the points, the interval that holds them in 95 of 100
cases, the most points of the part, and the hits among what was observed."""


@dataclass(frozen=True)
class Observed:
    """How many hits there are among how many observations."""

    hits: int = 0
    of: int = 0


@dataclass(frozen=True)
class Score:
    """The score of one partner.

    Attributes:
        label: of LABELS, or NOT_ENOUGH.
        rows: of SCORES_SCHEMA.
    """

    score: float
    at_least: float
    at_most: float
    label: str
    rows: tuple[dict[str, Any], ...]


def beta_moments(
    hits: float, misses: float, points: Callable[[Rates], Rates]
) -> tuple[float, float, float, float]:
    """Return mean, variance and the limits of the middle 95 % of the points of a rate with a Beta distribution.

    Args:
        hits, misses: its parameters, above zero.
    """
    logs = (hits - 1) * np.log(_GRID) + (misses - 1) * np.log1p(-_GRID)
    density = np.exp(logs - logs.max())
    density /= density.sum()
    value = points(_GRID)
    mean = float(density @ value)
    variance = float(density @ (value - mean) ** 2)
    low, high = np.interp((0.025, 0.975), density.cumsum(), _GRID)
    least, most = points(np.array([low, high])).tolist()
    return mean, variance, least, most


def score_partners(coverage: Coverage, ideal: IdealCustomer, now: datetime) -> dict[str, Score]:
    """Score the partners that were mapped.

    A part that nobody has any data for is left out, and the others share its points.

    Args:
        ideal: the ideal customer; empty leaves out `fit`.
        now: an answer that is not there by now is late, or may still come.

    Returns:
        By short name.
    """
    mapped = [at for at, partner in enumerate(coverage.partners) if partner.mappings]
    seen = {coverage.partners[at].slug: observe(coverage, at, ideal, now) for at in mapped}
    used = [part for part in PARTS if any(each[part].of for each in seen.values())]
    usual = {part: _usual(part, [each[part] for each in seen.values()]) for part in used}
    names = {partner.slug: partner.name for partner in coverage.partners}
    return {slug: _score(slug, names[slug], observed, usual) for slug, observed in seen.items()}


def _usual(part: str, observed: Sequence[Observed]) -> float:
    """Return the rate of all partners together, kept away from 0 and 1."""
    fixed = PARTS[part].usual
    if fixed is not None:
        return fixed
    return (sum(each.hits for each in observed) + 1) / (sum(each.of for each in observed) + 2)


def _score(slug: str, name: str, observed: Mapping[str, Observed], usual: Mapping[str, float]) -> Score:
    whole = sum(PARTS[part].weight for part in usual)
    rows, total, variance = [], 0.0, 0.0
    for part, rate in usual.items():
        most = 100 * PARTS[part].weight / whole
        seen = observed[part]
        hits, misses = seen.hits + PRIOR * rate, seen.of - seen.hits + PRIOR * (1 - rate)
        mean, spread, least, top = beta_moments(hits, misses, PARTS[part].points)
        total, variance = total + most * mean, variance + most**2 * spread
        rows.append(
            {"partner": slug, "partner_name": name, "part": part, "points": round(most * mean, 1)}
            | {"at_least": round(most * least, 1), "at_most": round(most * top, 1), "most_points": round(most, 1)}
            | {"hits": seen.hits, "observed": seen.of}
        )
    half = _NORMAL_95 * math.sqrt(variance)
    low, high = max(0.0, total - half), min(100.0, total + half)
    known = sum(PARTS[part].weight for part in usual if observed[part].of >= LEAST_OBSERVED)
    enough = rows and high - low <= WIDEST and known >= LEAST_KNOWN * whole
    label = next(each for each, least in LABELS if total >= least) if enough else NOT_ENOUGH
    return Score(round(total, 1), round(low, 1), round(high, 1), label, tuple(rows))


def observe(coverage: Coverage, at: int, ideal: IdealCustomer, now: datetime) -> dict[str, Observed]:
    """Count what the parts of a partner's score are made of.

    Args:
        at: the partner's column.
    """
    partner, shared = coverage.partners[at], coverage.shares[:, at]
    open_amount = coverage.own.amount > 0
    return {
        "fit": Observed(int((is_ideal(coverage.own, ideal) & shared).sum()), int(shared.sum()))
        if ideal
        else Observed(),
        "pipeline": Observed(int((open_amount & shared).sum()), int(open_amount.sum())),
        "reciprocity": reciprocity(partner.exchanges),
        "answers": answers_in_time(partner.exchanges, now),
        "growth": growth(partner),
    }


def is_ideal(own: OwnAccounts, ideal: IdealCustomer) -> npt.NDArray[np.bool_]:
    """Return which entities fit the ideal customer: one of their accounts has enough points."""
    fit = fit_accounts(own.table, ideal).of_entities(own.entity, len(own.amount))
    return np.asarray(fit.points >= ideal.fits_from)


def reciprocity(exchanges: Sequence[Exchange]) -> Observed:
    """Count the introductions that were made, and those that the partner made."""
    made = [each for each in exchanges if each.kind == INTRODUCE and each.made_by]
    return Observed(sum(each.made_by == THEM for each in made), len(made))


def answers_in_time(exchanges: Sequence[Exchange], now: datetime) -> Observed:
    """Count what we asked that is answered or late, and what was answered in time."""
    limit = timedelta(days=ANSWER_DAYS)
    asked = [each for each in exchanges if each.ours and (each.answered or now - each.asked > limit)]
    return Observed(sum(bool(each.answered and each.answered - each.asked <= limit) for each in asked), len(asked))


def median_answer(exchanges: Sequence[Exchange]) -> float | None:
    """Return the median number of days that the answers to what we asked took; None if there are none."""
    days = sorted(
        (each.answered - each.asked) / timedelta(days=1) for each in exchanges if each.ours and each.answered
    )
    return float(np.median(days)) if days else None


def growth(partner: PartnerFacts) -> Observed:
    """Count the shared companies of the last session among these and those of a year before.

    Those of a year before follow from the first session: longer and shorter times are converted to a year at the
    same rate of growth.
    """
    if len(partner.mappings) < 2:
        return Observed()
    first, last = partner.mappings[0], partner.mappings[-1]
    days = (last.finished - first.finished).days
    then, now = len(first.entity_ids), len(last.entity_ids)
    if days < LEAST_DAYS or not then or not now:
        return Observed()
    year_before = now / (now / then) ** (365 / days)
    return Observed(now, now + max(1, round(year_before)))
