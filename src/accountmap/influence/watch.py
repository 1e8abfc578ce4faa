"""Series by partner, and whether one of them has changed, at a stated rate of false alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa

from accountmap.influence.attribution import Attribution
from accountmap.influence.compare import main_currency
from accountmap.influence.evidence import PartnerNames, Texts
from accountmap.influence.facts import NO_DAY, DealFacts, Floats, Ints, Mask, minor_units
from accountmap.influence.rules import INTRODUCTION

SERIES_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("series", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
"""One row for each partner, series and month, as 2026-03. Months without anything are 0 where the series counts
what happened in a month; where it holds what was observed (COMPANIES, GROWTH, ANSWERS), they have no row."""

CHANGE_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("series", pa.string(), nullable=False),
        pa.field("months", pa.int64(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("since", pa.string()),
        pa.field("mean_before", pa.float64()),
        pa.field("mean_after", pa.float64()),
        pa.field("by_chance", pa.float64()),
    ]
)
"""One row for each partner and series that is watched. `months` are those with a value; `by_chance` is how often
months in a random order show as large a change."""

TOUCHES: Final = "touches that count"
INTRODUCTIONS: Final = "introductions"
SOURCED_PIPELINE: Final = "pipeline sourced"
COMPANIES: Final = "companies shared"
GROWTH: Final = "growth of companies shared"
ANSWERS: Final = "days to an answer"

OBSERVED_SCHEMA: Final = pa.schema(
    [
        pa.field("partner", pa.string(), nullable=False),
        pa.field("series", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
"""What sessions and conversations show: COMPANIES on the day of a session, and ANSWERS, the days that one answer
took, on the day on which it came."""

CHANGED: Final = "changed"
UNCHANGED: Final = "no change shown"
TOO_FEW: Final = "too few months"
LEAST_MONTHS: Final = 10
"""Below this nothing is said: of six months, hardly any order is rarer than one in twenty."""

MOST_MONTHS: Final = 36
_SHORTEST: Final = 3
"""Months on either side of a change."""

FALSE_ALARMS: Final = 0.05
"""In how many reports in which nothing has changed any series is said to have changed."""

_SHUFFLES: Final = 4_999
_MOST_SHUFFLES: Final = 99_999
"""Random orders, where a series among many has to be rarer than one of _SHUFFLES can show."""

_SEED: Final = 20_261_128


@dataclass(frozen=True)
class Change:
    """The largest change of level in a series: the first month after it, the means, and how likely by chance."""

    at: int
    before: float
    after: float
    by_chance: float


def find_change(values: Sequence[float], shuffles: int = _SHUFFLES) -> Change | None:
    """Find where the level of a series changes most; None if it is too short or all values are equal.

    The statistic is the largest difference of the means before and after, over all months at which it may change,
    weighed by how many months there are on both sides (CUSUM; Page, 1955). How often chance brings as much is
    counted over random orders of the same months. That is exact if months are exchangeable, needs no distribution,
    and twenty lines; a library of change points finds places, and says nothing of false alarms. Seasons and trends
    show as changes.
    """
    series = np.asarray(values, np.float64)
    if len(series) < LEAST_MONTHS or np.ptp(series) == 0:
        return None
    draw = np.random.default_rng(_SEED)
    shuffled = draw.permuted(np.tile(series, (shuffles, 1)), axis=1)
    largest = _statistics(shuffled).max(axis=1)
    own = _statistics(series[None, :])[0]
    at = int(own.argmax()) + _SHORTEST
    by_chance = (1 + int((largest >= own.max() - 1e-12).sum())) / (1 + shuffles)
    return Change(at, float(series[:at].mean()), float(series[at:].mean()), by_chance)


def _statistics(rows: Floats) -> Floats:
    n = rows.shape[1]
    at = np.arange(_SHORTEST, n - _SHORTEST + 1)
    sums = rows.cumsum(axis=1)
    before = sums[:, at - 1] / at
    after = (sums[:, -1:] - sums[:, at - 1]) / (n - at)
    found: Floats = np.abs(after - before) * np.sqrt(at * (n - at) / n)
    return found


Points = list[tuple[int, float]]
"""Months since 1970-01, in order, and values."""


def watch(
    facts: DealFacts, found: Attribution, observed: pa.Table, names: PartnerNames
) -> tuple[pa.Table, pa.Table]:
    """Gather by month what each partner did, and say what has changed; returns SERIES_SCHEMA and CHANGE_SCHEMA.

    Series end with the last whole month and go back MOST_MONTHS. What is counted begins with the first month in
    which any partner did anything. How many companies are shared is a level that lasts, of which one month is like
    the one before; so its growth is watched, and the level only shown.

    Args:
        observed: OBSERVED_SCHEMA.
    """
    last = int(_months(np.array([facts.as_of]))[0]) - 1
    series = _counted(facts, found, last) | _observed(observed, names, last)
    watched = {key: points for key, points in series.items() if key[1] != COMPANIES}
    rows = [
        {"partner_name": partner, "series": kind, "month": _month(at), "value": value}
        for (partner, kind), points in series.items()
        for at, value in points
    ]
    tested = sum(len(points) >= LEAST_MONTHS and len({v for _, v in points}) > 1 for points in watched.values())
    changes = [_change_row(partner, kind, points, tested) for (partner, kind), points in watched.items()]
    return pa.Table.from_pylist(rows, schema=SERIES_SCHEMA), pa.Table.from_pylist(changes, schema=CHANGE_SCHEMA)


def _month(at: int) -> str:
    return str(np.datetime64(at, "M"))


def _counted(facts: DealFacts, found: Attribution, last: int) -> dict[tuple[str, str], Points]:
    """Count what each partner did, month by month without a gap."""
    touches = found.touches
    first = int(_months(touches.day[touches.day != NO_DAY]).min(initial=last + 1))
    first = max(first, last - MOST_MONTHS + 1)
    if first > last:
        return {}
    return {
        (name, kind): list(enumerate(values.tolist(), first))
        for partner, name in enumerate(found.names)
        for kind, values in _of_partner(facts, found, partner, first, last - first + 1).items()
    }


def _observed(observed: pa.Table, names: PartnerNames, last: int) -> dict[tuple[str, str], Points]:
    """Give each month with observations one value: the last level, and the mean of answers."""
    found: dict[tuple[str, str], dict[int, list[float]]] = {}
    for row in observed.sort_by("day").to_pylist():
        at = int(np.datetime64(row["day"], "M").astype(np.int64))
        if last - MOST_MONTHS < at <= last:
            key = names.names[names.number(row["partner"])], row["series"]
            found.setdefault(key, {}).setdefault(at, []).append(row["value"])
    series: dict[tuple[str, str], Points] = {}
    for (partner, kind), months in found.items():
        of_month = (lambda values: values[-1]) if kind == COMPANIES else np.mean
        series[partner, kind] = points = [(at, float(of_month(values))) for at, values in months.items()]
        if kind == COMPANIES:
            series[partner, GROWTH] = _growth(points)
    return series


def _growth(points: Points) -> Points:
    """Return by how much a level has grown a month since the observation before."""
    return [(at, (value - before) / (at - since)) for (since, before), (at, value) in pairwise(points)]


def _months(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _of_partner(facts: DealFacts, found: Attribution, partner: int, first: int, months: int) -> dict[str, Floats]:
    touches = found.touches
    own = (touches.partner == partner) & (touches.day != NO_DAY)
    introduced = own & (touches.kind == INTRODUCTION)
    currency = main_currency(facts)
    sourced = (found.sourcing_partner == partner) & (facts.created != NO_DAY) & (facts.currency == currency)
    money = facts.minor[sourced] / minor_units(currency)
    return {
        TOUCHES: _count(touches.day[_first_of_each(touches.record, own)], first, months),
        INTRODUCTIONS: _count(touches.day[_first_of_each(touches.record, introduced)], first, months),
        SOURCED_PIPELINE: _count(facts.created[sourced], first, months, money),
    }


def _first_of_each(records: Texts, chosen: Mask) -> Ints:
    """Return one row a record: a touch of an account is one of several deals."""
    rows = np.flatnonzero(chosen)
    return rows[np.unique(records[rows].astype(str), return_index=True)[1]]


def _count(days: Ints, first: int, months: int, weights: Floats | None = None) -> Floats:
    at = _months(days) - first
    inside = (at >= 0) & (at < months)
    return np.bincount(at[inside], None if weights is None else weights[inside], minlength=months).astype(
        np.float64
    )


def _change_row(partner: str, kind: str, points: Points, tested: int) -> dict[str, object]:
    row: dict[str, object] = {"partner_name": partner, "series": kind, "months": len(points)}
    if len(points) < LEAST_MONTHS:
        return row | {"verdict": TOO_FEW}
    values = [value for _, value in points]
    change = find_change(values, _SHUFFLES)
    if change and FALSE_ALARMS / tested < change.by_chance == 1 / (1 + _SHUFFLES):
        change = find_change(values, _MOST_SHUFFLES)
    if change is None or change.by_chance > FALSE_ALARMS / tested:
        return row | {"verdict": UNCHANGED, "by_chance": change.by_chance if change else None}
    return row | {
        "verdict": CHANGED,
        "since": _month(points[change.at][0]),
        "mean_before": change.before,
        "mean_after": change.after,
        "by_chance": change.by_chance,
    }
