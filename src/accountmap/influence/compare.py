"""Deals with and without a partner: how often they are won, how large they are and how long they take.

Both as they are, and like with like. How long they take needs the extra `influence` (statsmodels); deals that are
still open count for as long as they have been open.
"""

from importlib import import_module
from statistics import NormalDist
from typing import Any, Final
from warnings import catch_warnings, simplefilter

import numpy as np
import pyarrow as pa

from accountmap.account_map.holdout import HIGHER, LOWER, NOT_SHOWN, TOO_FEW, newcombe
from accountmap.errors import BackendError, install_command
from accountmap.influence.attribution import Attribution
from accountmap.influence.facts import EXISTING, DealFacts, Floats, Mask, minor_units
from accountmap.influence.matching import (
    BALANCE_SCHEMA,
    Cohort,
    Matched,
    Matcher,
    balance_rows,
    cohort_of,
    open_at_landmark,
    touched_by_landmark,
)
from accountmap.influence.rules import InfluenceRules

WIN_RATE: Final = "win rate"
SIZE: Final = "size of won deals"
AS_THEY_ARE: Final = "as they are"
LIKE_WITH_LIKE: Final = "like with like"
SHRUNK: Final = "like with like, shrunk"

COMPARISON_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string()),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("with_deals", pa.int64(), nullable=False),
        pa.field("without_deals", pa.int64(), nullable=False),
        pa.field("with_value", pa.float64()),
        pa.field("without_value", pa.float64()),
        pa.field("difference", pa.float64()),
        pa.field("at_least", pa.float64()),
        pa.field("at_most", pa.float64()),
        pa.field("verdict", pa.string(), nullable=False),
    ]
)
"""One row per comparison; a null `partner_name` is any partner. For a rate, values are shares and `difference` is
with minus without; for a size, values are in the currency with most deals and `difference` is the ratio; for days,
it is in days. `at_least` and `at_most` are its interval. All are null if the verdict is TOO_FEW."""

DOES_NOT_SHOW: Final = (
    "Which deals a partner joined was not decided by lot. Partners may join deals that would have been won "
    "anyway, or be asked into deals that are in trouble; this compares deals that are alike in relationship (new "
    "or existing customer), size of the company, country and quarter, and in nothing else. It shows a difference, "
    "not where it comes from."
)
"""What has to be said with every comparison."""


def compare(facts: DealFacts, found: Attribution, rules: InfluenceRules) -> tuple[pa.Table, pa.Table]:
    """Compare deals with any partner, and with each, to deals without; returns COMPARISON_SCHEMA,
    BALANCE_SCHEMA."""
    cohort = cohort_of(facts, found, rules)
    matcher = Matcher(cohort)
    rows: list[dict[str, Any]] = []
    balance: list[dict[str, Any]] = []
    by_partner: list[tuple[str, Matched]] = []
    together = 0.0
    for partner, name in ((None, None), *enumerate(found.names)):
        chosen = cohort.having(partner)
        rows.append(_plain_rate(cohort, chosen, name, rules))
        matched = matcher.match(chosen) if _enough(cohort, chosen, rules) else None
        rows.append(_matched_row(cohort, chosen, matched, name, LIKE_WITH_LIKE, rules))
        if matched:
            balance += balance_rows(cohort, chosen, matched, name)
            if name is None:
                together = matched.error
            else:
                by_partner.append((name, matched))
        rows.append(_size_row(facts, found, rules, partner, name))
    rows += _shrunk(by_partner, together, rules)
    order = {name: at for at, name in enumerate((None, *found.names))}
    methods = (AS_THEY_ARE, LIKE_WITH_LIKE, SHRUNK)
    rows.sort(
        key=lambda row: (row["measure"] != WIN_RATE, order[row["partner_name"]], methods.index(row["method"]))
    )
    return pa.Table.from_pylist(rows, schema=COMPARISON_SCHEMA), pa.Table.from_pylist(
        balance, schema=BALANCE_SCHEMA
    )


def _enough(cohort: Cohort, chosen: Mask, rules: InfluenceRules) -> bool:
    """Return whether both sides have the deals, and the outcomes of both kinds, that the rule asks for."""
    for mask in (chosen, cohort.without):
        won = cohort.success[mask].sum()
        if mask.sum() < rules.least_deals or min(won, mask.sum() - won) < rules.least_outcomes:
            return False
    return True


def row_of(
    partner: str | None,
    measure: str,
    method: str,
    deals: tuple[int, int],
    values: tuple[float, float, float, float, float] | None,
    nothing: float = 0.0,
) -> dict[str, Any]:
    """Make a row of COMPARISON_SCHEMA.

    Args:
        deals: with and without.
        values: with, without, difference, at least, at most; None if there are too few deals.
        nothing: the value that means no difference.
    """
    row: dict[str, Any] = {
        "partner_name": partner,
        "measure": measure,
        "method": method,
        "with_deals": deals[0],
        "without_deals": deals[1],
    }
    if values is None:
        return row | {"verdict": TOO_FEW}
    names = ("with_value", "without_value", "difference", "at_least", "at_most")
    verdict = HIGHER if values[3] > nothing else LOWER if values[4] < nothing else NOT_SHOWN
    return row | dict(zip(names, values, strict=True)) | {"verdict": verdict}


def _plain_rate(cohort: Cohort, chosen: Mask, name: str | None, rules: InfluenceRules) -> dict[str, Any]:
    deals = int(chosen.sum()), int(cohort.without.sum())
    if not _enough(cohort, chosen, rules):
        return row_of(name, WIN_RATE, AS_THEY_ARE, deals, None)
    won = int(cohort.success[chosen].sum()), int(cohort.success[cohort.without].sum())
    low, high = newcombe(won[0], deals[0], won[1], deals[1], rules.confidence)
    rates = won[0] / deals[0], won[1] / deals[1]
    return row_of(name, WIN_RATE, AS_THEY_ARE, deals, (*rates, rates[0] - rates[1], low, high))


def _matched_row(
    cohort: Cohort, chosen: Mask, matched: Matched | None, name: str | None, method: str, rules: InfluenceRules
) -> dict[str, Any]:
    without = int((matched.weights > 0).sum()) if matched else int(cohort.without.sum())
    if matched is None or matched.matched < rules.least_deals:
        return row_of(name, WIN_RATE, method, (int(chosen.sum()), without), None)
    half = NormalDist().inv_cdf((1 + rules.confidence) / 2) * matched.error
    difference = matched.difference
    values = (matched.with_rate, matched.without_rate, difference, difference - half, difference + half)
    return row_of(name, WIN_RATE, method, (matched.matched, without), values)


def _shrunk(by_partner: list[tuple[str, Matched]], together: float, rules: InfluenceRules) -> list[dict[str, Any]]:
    """Shrink the differences of the partners, so that the best of ten is not best by luck alone."""
    if len(by_partner) < 3:
        return []
    values = np.array([matched.difference for _, matched in by_partner])
    variance = np.maximum(np.array([matched.error for _, matched in by_partner]) ** 2, 1e-9)
    shrunk, error = shrink(values, variance, together)
    z = NormalDist().inv_cdf((1 + rules.confidence) / 2)
    return [
        row_of(
            name,
            WIN_RATE,
            SHRUNK,
            (matched.matched, int((matched.weights > 0).sum())),
            (matched.without_rate + float(s), matched.without_rate, float(s), float(s - z * e), float(s + z * e)),
        )
        for (name, matched), s, e in zip(by_partner, shrunk, error, strict=True)
    ]


_SPREADS: Final = 200
"""Steps between no spread and three times the spread that the differences suggest."""


def shrink(values: Floats, variance: Floats, together: float) -> tuple[Floats, Floats]:
    """Shrink differences towards their mean: the less is known about one, the more.

    The model is that of Rubin (1981): the true differences are normal around the mean of all. How far they spread
    is not known, least of all with few partners; so all spreads count by how well they fit (with a uniform prior;
    Gelman, 2006). Intervals from a single estimate of the spread held the truth in only 78 of 100 cases.

    All partners are compared with the same deals, and some deals belong to two partners: so the mean is known no
    better than the difference of all partners together.

    Args:
        variance: of each difference.
        together: standard error of the difference of all partners together.

    Returns:
        Posterior means, and their standard deviations.
    """
    most = 3 * max(float(values.std()), float(np.sqrt(variance).mean()))
    between = np.linspace(0, most, _SPREADS)[:, None] ** 2
    weights = 1 / (variance + between)
    of_middle = 1 / weights.sum(axis=1, keepdims=True)
    middle = of_middle * (weights * values).sum(axis=1, keepdims=True)
    fit = np.log(weights).sum(axis=1) - (weights * (values - middle) ** 2).sum(axis=1)
    likely = (fit + np.log(of_middle[:, 0])) / 2
    share = np.exp(likely - likely.max())[:, None]
    share /= share.sum()
    kept = between * weights
    means = middle + kept * (values - middle)
    spreads = kept * variance + (1 - kept) ** 2 * np.maximum(of_middle, together**2)
    mean: Floats = (share * means).sum(axis=0)
    return mean, np.sqrt((share * (spreads + means**2)).sum(axis=0) - mean**2)


def main_currency(facts: DealFacts) -> str:
    """Return the currency in which most deals have an amount."""
    codes, counts = np.unique(facts.currency[facts.minor > 0].astype(str), return_counts=True)
    return str(codes[counts.argmax()]) if len(codes) else ""


def _size_row(
    facts: DealFacts, found: Attribution, rules: InfluenceRules, partner: int | None, name: str | None
) -> dict[str, Any]:
    """Compare the amounts of won deals in the main currency by the ratio of their geometric means (Welch,
    1947)."""
    currency = main_currency(facts)
    usable = open_at_landmark(facts, rules) & facts.won & (facts.minor > 0) & (facts.currency == currency)
    touched = touched_by_landmark(facts, found, rules)
    chosen = usable & (touched.any(axis=1) if partner is None else touched[:, partner])
    others = usable & ~touched.any(axis=1)
    deals = int(chosen.sum()), int(others.sum())
    if min(deals) < rules.least_deals:
        return row_of(name, SIZE, AS_THEY_ARE, deals, None, 1.0)
    logs = [np.log(facts.minor[mask] / minor_units(currency)) for mask in (chosen, others)]
    means = [float(each.mean()) for each in logs]
    error = sum(float(each.var(ddof=1)) / len(each) for each in logs) ** 0.5
    half = NormalDist().inv_cdf((1 + rules.confidence) / 2) * error
    ratio = means[0] - means[1]
    values = (*np.exp(means).tolist(), *np.exp([ratio, ratio - half, ratio + half]).tolist())
    return row_of(name, SIZE, AS_THEY_ARE, deals, values, 1.0)


DAYS: Final = "median days to a decision"
SPEED: Final = "chance of being won, day by day"
COX: Final = "at equal size and relationship"
MISSING: Final = (
    f"How long deals take is left out: it needs statsmodels. Install it with: {install_command('influence')}"
)


def time_rows(facts: DealFacts, found: Attribution, rules: InfluenceRules) -> list[dict[str, object]]:
    """Compare the time from the landmark to the decision, and the rate at which open deals are won.

    The median is that of Kaplan & Meier (1958), with a decision, won or lost, as the event; the interval of the
    difference combines those of both medians (Zou & Donner, 2008). The rate is that of Cox (1972), with winning as
    the event, and amount and relationship as covariates: 1.2 says that on any day on which two similar deals are
    both open, the one with a partner is 1.2 times as likely to be won.

    Returns:
        Rows of COMPARISON_SCHEMA, for any partner.

    Raises:
        BackendError: statsmodels is not installed.
    """
    try:
        hazards = import_module("statsmodels.duration.hazard_regression")
        functions = import_module("statsmodels.duration.survfunc")
    except ImportError:
        raise BackendError(
            "statsmodels is not installed.", f"Install it with: {install_command('influence')}"
        ) from None
    usable = open_at_landmark(facts, rules)
    chosen: Mask = np.asarray(touched_by_landmark(facts, found, rules).any(axis=1))
    time = (facts.known_until - facts.created - rules.landmark_days).astype(np.float64)
    sides = usable & chosen, usable & ~chosen
    deals = int(sides[0].sum()), int(sides[1].sum())
    decided = [int((side & ~facts.is_open).sum()) for side in sides]
    won = [int((side & facts.won).sum()) for side in sides]
    days = speed = None
    if min(deals) >= rules.least_deals and min(decided) >= rules.least_deals:
        medians = [
            _median(functions.SurvfuncRight, time[side], ~facts.is_open[side], rules.confidence) for side in sides
        ]
        days = _difference(*medians) if all(medians) else None
    if min(deals) >= rules.least_deals and min(won) >= rules.least_outcomes:
        speed = _hazard_ratio(hazards.PHReg, facts, time, usable, chosen, rules.confidence)
    return [
        row_of(None, DAYS, AS_THEY_ARE, deals, days),
        row_of(None, SPEED, COX, deals, speed, 1.0),
    ]


def _median(estimator: Any, time: Floats, decided: Mask, confidence: float) -> tuple[float, float, float] | None:
    """Return the median and its interval; None if fewer than half of the deals are decided or it has no end."""
    with catch_warnings():
        simplefilter("ignore", RuntimeWarning)  # It takes the logarithm of a survival of 0 or 1, at both ends.
        estimated = estimator(time, decided.astype(np.int64))
        median = float(estimated.quantile(0.5))
        low, high = (float(each) for each in estimated.quantile_ci(0.5, alpha=1 - confidence))
    return (median, low, high) if np.isfinite([median, low, high]).all() else None


def _difference(
    one: tuple[float, float, float] | None, other: tuple[float, float, float] | None
) -> tuple[float, float, float, float, float] | None:
    if one is None or other is None:
        return None
    (a, a_low, a_high), (b, b_low, b_high) = one, other
    down = ((a - a_low) ** 2 + (b_high - b) ** 2) ** 0.5
    up = ((a_high - a) ** 2 + (b - b_low) ** 2) ** 0.5
    return a, b, a - b, a - b - down, a - b + up


def _hazard_ratio(
    estimator: Any, facts: DealFacts, time: Floats, usable: Mask, chosen: Mask, confidence: float
) -> tuple[float, float, float, float, float] | None:
    amount = np.log1p(facts.minor[usable].astype(np.float64))
    columns = [chosen[usable], facts.relation[usable] == EXISTING, amount - amount.mean()]
    design = np.column_stack([np.asarray(each, np.float64) for each in columns])
    varying = design.std(axis=0) > 1e-9
    fitted = estimator(time[usable], design[:, varying], status=facts.won[usable].astype(np.int64)).fit(disp=0)
    value, error = float(fitted.params[0]), float(fitted.bse[0])
    if not np.isfinite([value, error]).all():
        return None
    half = NormalDist().inv_cdf((1 + confidence) / 2) * error
    ratio, low, high = np.exp([value, value - half, value + half]).tolist()
    return ratio, 1.0, ratio, low, high
