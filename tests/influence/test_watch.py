"""A change is found, and none is where there is none, at the rate that is stated."""

import numpy as np
import pytest

from accountmap.influence.watch import (
    CHANGED,
    FALSE_ALARMS,
    INTRODUCTIONS,
    LEAST_MONTHS,
    TOO_FEW,
    TOUCHES,
    UNCHANGED,
    find_change,
    watch,
)
from tests.influence.simulated import simulated
from tests.influence.test_compare import attributed


def test_a_change_of_level_is_found_with_its_month_and_size() -> None:
    draw = np.random.default_rng(1)
    series = np.concatenate([draw.poisson(4, 15), draw.poisson(12, 9)])
    change = find_change(series.tolist())
    assert change is not None
    assert change.at in (14, 15, 16)
    assert change.by_chance < 0.01
    assert (change.before, change.after) == pytest.approx((4, 12), abs=2)


def test_false_alarms_are_as_rare_as_stated() -> None:
    draw = np.random.default_rng(2)
    found = [find_change(draw.poisson(5, 24).tolist()) for _ in range(120)]
    alarms = sum(each is not None and each.by_chance <= 0.1 for each in found)
    assert 3 <= alarms <= 24, "a tenth of 120, give or take"


@pytest.mark.parametrize("months", range(LEAST_MONTHS))
def test_few_months_say_nothing(months: int) -> None:
    assert find_change([0.0] * (months // 2) + [100.0] * (months - months // 2)) is None


def test_a_level_line_has_no_change() -> None:
    assert find_change([3.0] * 24) is None


def test_every_partner_is_watched_and_six_months_are_too_few() -> None:
    series, changes = watch(*attributed(simulated(600, 3, days=900)))
    assert set(changes["verdict"].to_pylist()) <= {UNCHANGED, CHANGED}
    assert set(series["partner_name"].to_pylist()) == {"Partner 0", "Partner 1", "Partner 2"}
    touches = [row for row in series.to_pylist() if row["series"] == TOUCHES]
    assert sum(row["value"] for row in touches) > 200
    assert not sum(row["value"] for row in series.to_pylist() if row["series"] == INTRODUCTIONS)
    _, short = watch(*attributed(simulated(200, 3, days=200)))
    assert set(short["verdict"].to_pylist()) == {TOO_FEW}
    assert 0 < FALSE_ALARMS < 0.1
