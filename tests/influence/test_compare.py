"""Intervals hold the truth as often as they say; planted effects are found, and none where none was planted.

benchmarks/influence.py does the same over more years than a test has time for.
"""

from dataclasses import replace
from functools import cache
from math import comb
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from accountmap.account_map.holdout import HIGHER, NOT_SHOWN, TOO_FEW, newcombe, wilson
from accountmap.influence import InfluenceRules
from accountmap.influence.attribution import Attribution, attribute
from accountmap.influence.compare import (
    AS_THEY_ARE,
    COX,
    DAYS,
    LIKE_WITH_LIKE,
    SHRUNK,
    SPEED,
    WIN_RATE,
    compare,
    shrink,
    time_rows,
)
from accountmap.influence.evidence import PartnerNames, gather_touches
from accountmap.influence.facts import DealFacts, deal_facts
from tests.influence.simulated import AS_OF, STANDARD, Company, simulated


def attributed(company: Company, rules: InfluenceRules = STANDARD) -> tuple[DealFacts, Attribution]:
    accounts = company.accounts.table["account_id"]
    whole = np.arange(len(accounts))
    facts = deal_facts(company.deals, company.accounts, AS_OF)
    names = PartnerNames({}, [])
    touches = gather_touches(facts, [company.deals.touches], accounts, whole, names, rules, company.deals.stages)
    return facts, attribute(facts, touches, company.shared, accounts, whole, names)


def compared(company: Company, rules: InfluenceRules = STANDARD) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = compare(*attributed(company, rules), rules)[0].to_pylist()
    return rows


def row(rows: list[dict[str, Any]], method: str, partner: str | None = None) -> dict[str, Any]:
    (found,) = [
        each
        for each in rows
        if (each["measure"], each["method"], each["partner_name"]) == (WIN_RATE, method, partner)
    ]
    return found


def holds(found: dict[str, Any], truth: float) -> bool:
    return bool(found["at_least"] <= truth <= found["at_most"])


@cache
def years(effect: float) -> list[list[dict[str, Any]]]:
    return [compared(simulated(1_200, seed, effect)) for seed in range(1000, 1040)]


def binomial_bounds(of: int, share: float) -> tuple[int, int]:
    """Where a count lies in 99.9 of 100 cases."""
    draws = np.random.default_rng(1).binomial(of, share, 100_000)
    low, high = np.quantile(draws, [0.0005, 0.9995])
    return int(low), int(high)


@pytest.mark.parametrize("effect", [0.0, 0.15])
def test_the_interval_like_with_like_holds_what_was_planted(effect: float) -> None:
    held = [holds(row(rows, LIKE_WITH_LIKE), effect) for rows in years(effect)]
    low, high = binomial_bounds(len(held), STANDARD.confidence)
    assert low <= sum(held) <= high, sum(held)


def test_as_they_are_the_deals_of_partners_look_better_than_they_are() -> None:
    """Partners meet larger companies, which are won more often: the plain rate shows an effect where none is."""
    plain = [row(rows, AS_THEY_ARE)["difference"] for rows in years(0.0)]
    matched = [row(rows, LIKE_WITH_LIKE)["difference"] for rows in years(0.0)]
    assert np.mean(plain) > 0.04
    assert abs(np.mean(matched)) < 3.3 * np.std(matched) / len(matched) ** 0.5


def test_no_effect_is_found_where_there_is_none_and_one_is_where_there_is() -> None:
    none = [row(rows, LIKE_WITH_LIKE)["verdict"] for rows in years(0.0)]
    planted = [row(rows, LIKE_WITH_LIKE)["verdict"] for rows in years(0.15)]
    _, most = binomial_bounds(len(none), 1 - STANDARD.confidence)
    assert len(none) - none.count(NOT_SHOWN) <= most
    assert planted.count(HIGHER) >= 0.85 * len(planted)


def test_of_partners_without_a_difference_shrinking_makes_fewer_stand_out() -> None:
    def apart(method: str) -> float:
        return float(
            np.mean([
                abs(row(rows, method, f"Partner {at}")["difference"] - np.mean(
                    [row(rows, method, f"Partner {other}")["difference"] for other in range(3)]))
                for rows in years(0.15) for at in range(3)
            ])
        )  # fmt: skip

    assert apart(SHRUNK) < 0.6 * apart(LIKE_WITH_LIKE)
    held = [holds(row(rows, SHRUNK, f"Partner {at}"), 0.15) for rows in years(0.15) for at in range(3)]
    assert np.mean(held) > 0.7


@pytest.mark.parametrize("partners", [3, 8])
@pytest.mark.parametrize("spread", [0.0, 0.05, 0.1])
def test_intervals_of_shrunk_differences_hold_whether_or_not_partners_differ(partners: int, spread: float) -> None:
    """Where they do not, the intervals are wider than they would have to be: nobody knows that beforehand."""
    draw, held = np.random.default_rng(3), []
    z = NormalDist().inv_cdf(0.95)
    for _ in range(250):
        errors = draw.uniform(0.035, 0.08, partners)
        true = 0.05 + spread * draw.standard_normal(partners)
        means, deviations = shrink(true + errors * draw.standard_normal(partners), errors**2, 0.0)
        held += (np.abs(means - true) <= z * deviations).tolist()
    assert 0.85 <= np.mean(held) <= 0.99


@pytest.mark.parametrize("rates", [(0.2, 0.2), (0.5, 0.35), (0.05, 0.1)])
@pytest.mark.parametrize("deals", [(25, 40), (200, 500)])
def test_newcombes_interval_holds_the_difference_of_rates(
    rates: tuple[float, float], deals: tuple[int, int]
) -> None:
    """Exactly: over all outcomes, weighed by their probability."""

    def chances(n: int, p: float) -> np.ndarray:
        exact = np.array([comb(n, k) for k in range(n + 1)], object)
        return np.array([float(c * (p**k) * (1 - p) ** (n - k)) for k, c in enumerate(exact)])

    draw = np.random.default_rng(4)
    won = draw.choice(deals[0] + 1, 1_500, p=chances(deals[0], rates[0]))
    lost = draw.choice(deals[1] + 1, 1_500, p=chances(deals[1], rates[1]))
    held = [
        low <= rates[0] - rates[1] <= high
        for a, b in zip(won.tolist(), lost.tolist(), strict=True)
        for low, high in [newcombe(a, deals[0], b, deals[1], 0.9)]
    ]
    assert 0.87 <= np.mean(held) <= 0.95


def test_wilsons_interval_is_that_of_its_paper() -> None:
    """Newcombe (1998, "Interval estimation for the single proportion", table I): 81 of 263, and 1 of 29."""
    assert wilson(81, 263, 0.95) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(1, 29, 0.95) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert newcombe(56, 70, 48, 80, 0.95) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_of_few_deals_nothing_is_claimed() -> None:
    rows = compared(simulated(60, 1, 0.5))
    assert {each["verdict"] for each in rows} == {TOO_FEW}
    assert all(each["difference"] is None and each["at_least"] is None for each in rows)


def test_both_sides_are_alike_after_matching() -> None:
    company = simulated(1_500, 2)
    balance = compare(*attributed(company), STANDARD)[1].to_pylist()
    size = next(each for each in balance if each["attribute"] == "size" and each["partner_name"] is None)
    assert size["apart_before"] > 0.15
    assert size["apart_after"] < 0.02
    assert size["matched"] > 100


def later(company: Company, days: int) -> Company:
    """The same company, with every touch so many days later."""
    touches = company.deals.touches
    moved = pc.add(touches["date"].cast(pa.int32()), pa.scalar(days, pa.int32())).cast(pa.date32())
    touches = touches.set_column(touches.column_names.index("date"), touches.schema.field("date"), moved)
    return replace(company, deals=replace(company.deals, touches=touches))


def test_a_deal_is_not_with_a_partner_because_it_lived_long_enough_to_meet_one() -> None:
    """With touches long after creation only deals that live long are met; a landmark behind them finds nothing."""
    company = later(simulated(3_000, 8, 0.0), 40)
    found = row(compared(company, InfluenceRules(landmark_days=70, confidence=0.99)), LIKE_WITH_LIKE)
    assert holds(found, 0.0)
    assert row(compared(company), LIKE_WITH_LIKE)["verdict"] == TOO_FEW, "nobody was met by the thirtieth day"


def measured(effect: float, seed: int) -> dict[str, dict[str, Any]]:
    facts, found = attributed(simulated(1_500, seed, effect))
    return {each["method"] + each["measure"]: each for each in time_rows(facts, found, STANDARD)}


def test_deals_with_a_planted_effect_are_won_at_a_higher_rate() -> None:
    rows = measured(0.3, 1)
    assert rows[COX + SPEED]["verdict"] == HIGHER
    days = rows[AS_THEY_ARE + DAYS]
    assert days["verdict"] == NOT_SHOWN, "the days are drawn alike for both sides"
    assert 60 < days["with_value"] < 90
    assert days["at_least"] < 0 < days["at_most"]


def test_without_an_effect_the_rate_of_winning_is_that_of_the_others_at_equal_size() -> None:
    """What confounds is the size of the company, which the amount does not follow; so only the range is sure."""
    found = measured(0.0, 4)[COX + SPEED]
    assert 0.8 < found["difference"] < 1.6
