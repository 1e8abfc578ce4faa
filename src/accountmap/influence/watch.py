"""Series by partner, and whether one of them has changed, at a stated rate of false alarms."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, pairwise
from typing import Final

import numpy as np
import pyarrow as pa

from accountmap.accounts.headings import fold
from accountmap.influence.attribution import Attribution
from accountmap.influence.compare import main_currency
from accountmap.influence.evidence import PartnerNames, Texts, Touches
from accountmap.influence.facts import NO_DAY, DealFacts, Floats, Ints, Mask, minor_units, to_day
from accountmap.influence.rules import INTRODUCTION, REGISTERED, InfluenceRules

SERIES_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("series", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
"""One row for each partner, series and month, as 2026-03. Months without anything are 0 in a series that counts
what happened in a month; in one that holds what was observed (COMPANIES, GROWTH, ANSWERS), they have no row."""

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
"""One row for each partner and series that is watched. `months` is the number of months with a value; `by_chance`
is how often the same values in random order show as large a change."""

TOUCHES: Final = "first touches"
INTRODUCTIONS: Final = "introductions"
SOURCED_PIPELINE: Final = "pipeline sourced"
COMPANIES: Final = "companies shared"
GROWTH: Final = "growth of companies shared"
ANSWERS: Final = "days to an answer"

LONGEST_WAIT: Final = 30
"""The most days that an answer takes in ANSWERS: questions asked less than this many days ago are left out, and
those without an answer by then count as this many. Otherwise the last months would hold only quick answers."""

OBSERVED_SCHEMA: Final = pa.schema(
    [
        pa.field("partner", pa.string(), nullable=False),
        pa.field("series", pa.string(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
    ]
)
"""What sessions and conversations show: COMPANIES on the day of a session; and ANSWERS, the days that one answer
took, up to LONGEST_WAIT, on the day on which it was asked for. Those of one day come in an order that has nothing
to do with how long they took."""

CHANGED: Final = "changed"
UNCHANGED: Final = "no change shown"
TOO_FEW: Final = "too few months"
LEAST_MONTHS: Final = 10
"""With fewer, nothing is said: six months have so few orders that hardly any change is rarer than one in
twenty."""

MOST_MONTHS: Final = 36
_SHORTEST: Final = 3
"""The fewest months on either side of a change."""

FALSE_ALARMS: Final = 0.05
"""In what share of the reports in which nothing has changed some series may be said to have changed."""

_SHUFFLES: Final = 4_999
_MOST_SHUFFLES: Final = 99_999
"""How many random orders are tried where a change in one series among many has to be rarer than _SHUFFLES can
show."""

_SEED: Final = 20_261_128


@dataclass(frozen=True)
class Change:
    """The largest change of level in a series: the first month after it, and how likely by chance."""

    at: int
    by_chance: float


def find_change(months: Sequence[Sequence[float]], shuffles: int = _SHUFFLES) -> Change | None:
    """Find where the level of a series changes most; None if it is too short or all values are equal.

    The statistic is the largest difference of the means before and after, over all months at which it may change,
    weighted by how many values there are on both sides (CUSUM; Page, 1955). How often chance brings as much is
    counted over random orders of the same values, with each month keeping as many as it has. That is exact if the
    values are exchangeable, however unequal the months, and needs no distribution; libraries for change points
    find places, and say nothing about false alarms. Seasons and trends show as changes.

    Args:
        months: for each month its values, at least one.
    """
    values = np.array([value for month in months for value in month], np.float64)
    if len(months) < LEAST_MONTHS or np.ptp(values) == 0:
        return None
    ends = np.cumsum([len(month) for month in months])[_SHORTEST - 1 : -_SHORTEST]
    own = _statistics(values[None, :], ends)[0]
    least = own.max() * (1 - 1e-9)
    draw = np.random.default_rng(_SEED)
    as_large, block = 0, max(1, _CELLS // len(values))
    for done in range(0, shuffles, block):
        rows = np.tile(values, (min(block, shuffles - done), 1))
        as_large += int((_statistics(draw.permuted(rows, axis=1), ends).max(axis=1) >= least).sum())
    return Change(int(own.argmax()) + _SHORTEST, (1 + as_large) / (1 + shuffles))


_CELLS: Final = 4_000_000
"""How many values are put into random order at a time, so that a long series takes no more memory."""


def _statistics(rows: Floats, ends: Ints) -> Floats:
    """Return for each row and each end of a month how far apart the means before and after it are."""
    n = rows.shape[1]
    sums = rows.cumsum(axis=1)
    before = sums[:, ends - 1]
    found: Floats = np.abs(before - sums[:, -1:] * ends / n) / np.sqrt(ends * (n - ends) / n)
    return found


@dataclass(frozen=True)
class Points:
    """A series.

    Attributes:
        months: as months since 1970-01, ascending.
        values: one for each month, as shown.
        tested: for each month, the values in which a change is looked for.
        weights: those of the values in the mean of several months.
    """

    months: tuple[int, ...]
    values: tuple[float, ...]
    tested: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, values: Mapping[int, float], weights: Sequence[float] = ()) -> "Points":
        """Make a series of one value per month."""
        shown = tuple(values.values())
        return cls(tuple(values), shown, tuple((each,) for each in shown), tuple(weights) or (1.0,) * len(shown))

    def mean(self, first: int, last: int | None) -> float:
        """Return the mean of some of the months, by their positions."""
        return float(np.average(self.values[first:last], weights=self.weights[first:last]))

    @property
    def can_change(self) -> bool:
        """Whether there are enough months, and not all alike."""
        return len(self.months) >= LEAST_MONTHS and len(set(chain.from_iterable(self.tested))) > 1


Series = dict[tuple[str, str], Points]
"""By partner and kind."""


def watch(
    facts: DealFacts,
    found: Attribution,
    touches: Touches,
    listed: Iterable[pa.Table],
    observed: pa.Table,
    names: PartnerNames,
    rules: InfluenceRules,
) -> tuple[pa.Table, pa.Table]:
    """Gather by month what each partner did, and say what has changed; returns SERIES_SCHEMA and CHANGE_SCHEMA.

    Series end with the last whole month and go back MOST_MONTHS. What is counted begins with the first whole month
    after any partner did anything. How many companies are shared is a level, much the same from one month to the
    next; so its growth is watched, and the level is only shown.

    Args:
        touches: all, as `gather_touches` judged them.
        listed: TOUCH_SCHEMA each: what the touches of deals were made from, and touches that led to no deal.
        observed: OBSERVED_SCHEMA.
    """
    last = int(_months(np.array([facts.as_of]))[0]) - 1
    series = _counted(facts, found, _acts(facts, touches, listed, names, rules), last, rules)
    series |= _observed(observed, names, last)
    watched = {key: points for key, points in series.items() if key[1] != COMPANIES}
    rows = [
        {"partner_name": partner, "series": kind, "month": _month(at), "value": value}
        for (partner, kind), points in series.items()
        for at, value in zip(points.months, points.values, strict=True)
    ]
    tested = sum(points.can_change for points in watched.values())
    changes = [_change_row(partner, kind, points, tested) for (partner, kind), points in watched.items()]
    return pa.Table.from_pylist(rows, schema=SERIES_SCHEMA), pa.Table.from_pylist(changes, schema=CHANGE_SCHEMA)


def _month(at: int) -> str:
    return str(np.datetime64(at, "M"))


def _months(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


@dataclass(frozen=True, repr=False)
class _Acts:
    """What partners did, whether or not a deal came of it. `about` names the deal, or else the account."""

    partner: Ints
    day: Ints
    introduction: Mask
    about: Texts
    record: Texts


def _acts(
    facts: DealFacts, touches: Touches, listed: Iterable[pa.Table], names: PartnerNames, rules: InfluenceRules
) -> _Acts:
    """Gather what partners did of the kinds that the rule names.

    Touches of accounts without a deal are among them: if only touches that led to a deal counted, the last months
    would always show fewer, since their deals are still to come.
    """
    kinds = {fold(kind) for kind in rules.kinds}
    own = touches.take(np.flatnonzero(touches.counts & (touches.day != NO_DAY)))
    known = set(own.record.tolist())
    rest = [
        (names.number(row["partner"]), to_day(row["date"]), row["kind"], _about(row), row["record"])
        for table in listed
        for row in table.to_pylist()
        if row["record"] not in known and fold(row["kind"]) in kinds
    ]
    partner, day, kind, about, record = zip(*rest, strict=True) if rest else ((),) * 5
    kinds_done = [*own.kind.tolist(), *kind]
    deals = facts.deals["deal_id"].take(pa.array(own.deal)).to_pylist()
    return _Acts(
        np.concatenate([own.partner, np.array(partner, np.int64)]),
        np.concatenate([own.day, np.array(day, np.int64)]),
        np.array([fold(each) == fold(INTRODUCTION) for each in kinds_done], bool),
        np.array([*(f"deal {deal}" for deal in deals), *about], object),
        np.array([*own.record.tolist(), *record], object),
    )


def _about(row: Mapping[str, str | None]) -> str:
    return f"deal {row['deal_id']}" if row["deal_id"] else f"account {row['account_id']}"


def _counted(facts: DealFacts, found: Attribution, acts: _Acts, last: int, rules: InfluenceRules) -> Series:
    """Count what each partner did, month by month without a gap."""
    begun = int(_months(acts.day).min(initial=last)) + 1
    first = max(begun, last - MOST_MONTHS + 1)
    series: Series = {}
    for partner, name in enumerate(found.names):
        own = np.flatnonzero(acts.partner == partner)
        firsts = _first_days(acts.about[own], acts.day[own])
        introduced = own[acts.introduction[own]]
        introductions = _first_days(acts.record[introduced], acts.day[introduced])
        created, money = _sourced(facts, found, partner)
        # A deal may still be registered: the last months are not known yet.
        settled = last if REGISTERED not in rules.sourced_by else _last_settled(facts.as_of, rules)
        spans = {
            TOUCHES: (firsts, max(first, begun + _BACKLOG), last, None),
            INTRODUCTIONS: (introductions, first, last, None),
            SOURCED_PIPELINE: (created, first, settled, money),
        }
        for kind, (days, since, until, weights) in spans.items():
            if since <= until:
                series[name, kind] = _by_month(days, since, until, weights)
    return series


_BACKLOG: Final = 6
"""Months at the beginning of the records whose first touches are not counted: many of their deals were touched
before."""


def _last_settled(as_of: int, rules: InfluenceRules) -> int:
    return int(_months(np.array([as_of - rules.registration_days]))[0]) - 1


def _first_days(things: Texts, days: Ints) -> Ints:
    """Return for each thing its first day."""
    order = np.argsort(days, kind="stable")
    found: Ints = days[order][np.unique(things[order].astype(str), return_index=True)[1]]
    return found


def _sourced(facts: DealFacts, found: Attribution, partner: int) -> tuple[Ints, Floats]:
    """Return the days and amounts of the deals that a partner sourced, in the currency with most deals."""
    currency = main_currency(facts)
    sourced = (found.sourcing_partner == partner) & (facts.created != NO_DAY) & (facts.currency == currency)
    return facts.created[sourced], facts.minor[sourced] / minor_units(currency)


def _by_month(days: Ints, first: int, last: int, weights: Floats | None) -> Points:
    at = _months(days) - first
    inside = (at >= 0) & (at <= last - first)
    sums = np.bincount(at[inside], None if weights is None else weights[inside], minlength=last - first + 1)
    return Points.of(dict(enumerate(sums.astype(np.float64).tolist(), first)))


def _observed(observed: pa.Table, names: PartnerNames, last: int) -> Series:
    """Make series from what sessions and conversations show; months without anything have no value."""
    found: dict[tuple[str, str], dict[int, dict[date, list[float]]]] = {}
    for row in observed.sort_by("day").to_pylist():
        at = int(np.datetime64(row["day"], "M").astype(np.int64))
        if last - MOST_MONTHS < at <= last:
            key = names.names[names.number(row["partner"])], row["series"]
            found.setdefault(key, {}).setdefault(at, {}).setdefault(row["day"], []).append(row["value"])
    series: Series = {}
    for (partner, kind), months in found.items():
        if kind == COMPANIES:
            levels = {at: list(days.values())[-1][-1] for at, days in months.items()}
            series[partner, kind] = Points.of(levels)
            series[partner, GROWTH] = _growth(levels)
        else:
            series[partner, kind] = _answers(months)
    return series


def _answers(months: Mapping[int, Mapping[date, Sequence[float]]]) -> Points:
    """Show the mean of each month, and test one answer for each day on which something was asked.

    Questions asked on one day are often answered together, so that they are one observation and not twenty. Which
    one of them is tested has nothing to do with how long it took, so that large and small requests count alike.
    """
    answers = [[value for day in days.values() for value in day] for days in months.values()]
    return Points(
        tuple(months),
        tuple(float(np.mean(values)) for values in answers),
        tuple(tuple(day[0] for day in days.values()) for days in months.values()),
        tuple(float(len(values)) for values in answers),
    )


def _growth(levels: Mapping[int, float]) -> Points:
    """Return by how much a level has grown per month since the observation before."""
    steps = list(pairwise(levels.items()))
    rates = {at: (value - before) / (at - since) for (since, before), (at, value) in steps}
    return Points.of(rates, [float(at - since) for (since, _), (at, _) in steps])


def _change_row(partner: str, kind: str, points: Points, tested: int) -> dict[str, object]:
    row: dict[str, object] = {"partner_name": partner, "series": kind, "months": len(points.months)}
    if len(points.months) < LEAST_MONTHS:
        return row | {"verdict": TOO_FEW}
    change = find_change(points.tested, _SHUFFLES)
    if change and FALSE_ALARMS / tested < change.by_chance == 1 / (1 + _SHUFFLES):
        change = find_change(points.tested, _MOST_SHUFFLES)
    if change is None or change.by_chance > FALSE_ALARMS / tested:
        return row | {"verdict": UNCHANGED, "by_chance": change.by_chance if change else None}
    return row | {
        "verdict": CHANGED,
        "since": _month(points.months[change.at]),
        "mean_before": points.mean(0, change.at),
        "mean_after": points.mean(change.at, None),
        "by_chance": change.by_chance,
    }
