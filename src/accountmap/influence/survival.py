"""How long deals take, with and without a partner; what is still open counts as long as it has been open so far.

Needs the extra `influence` (statsmodels).
"""

from importlib import import_module
from statistics import NormalDist
from typing import Any, Final
from warnings import catch_warnings, simplefilter

import numpy as np

from accountmap.errors import BackendError
from accountmap.influence.attribution import Attribution
from accountmap.influence.compare import AS_THEY_ARE, row_of
from accountmap.influence.facts import EXISTING, DealFacts, Floats, Mask
from accountmap.influence.matching import open_at_landmark, touched_by_landmark
from accountmap.influence.rules import InfluenceRules

DAYS: Final = "median days to a decision"
SPEED: Final = "chance of being won, day by day"
COX: Final = "at equal size and relationship"
MISSING: Final = (
    "How long deals take is left out: it needs statsmodels. Install it with: pip install 'accountmap[influence]'"
)


def time_rows(facts: DealFacts, found: Attribution, rules: InfluenceRules) -> list[dict[str, object]]:
    """Compare the time from the landmark to the decision, and the rate at which open deals are won.

    The median is that of Kaplan & Meier (1958), with a decision, won or lost, as the event; the interval of the
    difference puts those of both medians together (Zou & Donner, 2008). The rate is that of Cox (1972), with being
    won as the event and amount and relationship beside it: 1.2 says that on any day on which two like deals are
        both
    open, the one with a partner is won 1.2 times as often.

    Returns:
        Rows of COMPARISON_SCHEMA, for any partner.

    Raises:
        BackendError: statsmodels is not installed.
    """
    try:
        hazards = import_module("statsmodels.duration.hazard_regression")
        functions = import_module("statsmodels.duration.survfunc")
    except ImportError:
        raise BackendError("statsmodels is not installed.", "pip install 'accountmap[influence]'") from None
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
    """Return the median and its interval, or None if not half of the deals are decided or it has no end."""
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
