"""Planted effects are found on later months, none where there is none, and probabilities hold."""

import json
import sys
from unittest import mock

import numpy as np
import pytest

from accountmap.errors import BackendError, InputError
from accountmap.propensity import AdditiveModel, Effort, Trained, reasons, train
from accountmap.propensity.evaluation import BOOSTED, LINEAR, LOG_LOSS, clustered_mean
from accountmap.propensity.fitting import calibration
from accountmap.propensity.model import sigmoid
from tests.propensity.simulated import Company, simulated

QUICK = Effort(bags=1, rounds=800, folds=3)
"""Enough for effects of this size."""


@pytest.fixture(scope="module")
def company() -> Company:
    return simulated(1_000, 1)


@pytest.fixture(scope="module")
def trained(company: Company) -> Trained:
    return train(company.examples(), QUICK)


def test_a_planted_effect_is_found_in_months_that_the_model_had_not_seen(
    company: Company, trained: Trained
) -> None:
    assert trained.is_better
    assert {(each.model, each.measure) for each in trained.measures if each.at_least > 0} >= {
        (BOOSTED, LOG_LOSS),
        (LINEAR, LOG_LOSS),
    }
    points = trained.model.points
    assert points["their_segment"]["customer"] > 0.3 > points["their_segment"]["prospect"]
    assert points["size"]["5001-10000"] > 0.2 > -0.2 > points["size"]["1-10"]
    examples = company.examples()
    found = trained.model.probabilities(examples.table)
    assert np.corrcoef(found, company.chance[examples.deal])[0, 1] > 0.85


def test_the_probabilities_hold(company: Company, trained: Trained) -> None:
    assert trained.calibration > 0.05
    for group in trained.reliability:
        assert group.at_least - 0.1 < group.predicted < group.at_most + 0.1
    examples = company.examples()
    found = trained.model.probabilities(examples.table)
    assert found.mean() == pytest.approx(company.chance[examples.deal].mean(), abs=0.04)


def test_the_test_is_of_later_deals_whose_past_was_over(trained: Trained, company: Company) -> None:
    examples = company.examples()
    assert trained.deals == len(examples)
    assert trained.tested + trained.trained < trained.deals, "what was not over on the day is in neither"
    assert sum(group.deals for group in trained.reliability) == trained.tested
    assert 0.2 < trained.tested / trained.deals < 0.35
    assert trained.since < trained.tested_from < trained.until


def test_nothing_is_found_where_there_is_nothing() -> None:
    found = [train(simulated(600, seed, effect=0.0).examples(), QUICK) for seed in (11, 12)]
    assert not any(each.is_better for each in found)
    for each in found:
        assert all(abs(points) < 0.35 for levels in each.model.points.values() for points in levels.values())


def test_the_same_deals_give_the_same_model(trained: Trained) -> None:
    again = train(simulated(1_000, 1).examples(), QUICK)
    assert again == trained
    assert Trained.from_json(json.loads(json.dumps(again.to_json()))) == trained


def test_reasons_are_the_points_of_the_account_in_words(trained: Trained, company: Company) -> None:
    table = company.examples().table
    said = reasons(trained.model, table, "Globex")
    scores = trained.model.scores(table)
    assert np.allclose(scores, trained.model.base + trained.model.contributions(table).sum(axis=1))
    best = said[int(np.argmax(scores))]
    assert "customer of Globex (odds ×" in best
    assert "odds ÷" in said[int(np.argmin(scores))]


def test_a_blank_says_nothing() -> None:
    model = AdditiveModel(-1.0, {"size": {"1-10": 0.5}, "their_segment": {"customer": 2.0}})
    blank = simulated(200, 1, known_days=0).examples().table
    assert set(blank["their_segment"].to_pylist()) == {""}
    assert set(model.scores(blank).tolist()) == {-1.0, -0.5}
    small = model.calibrated(0.25, 2.0)
    assert (small.base, small.points["size"]["1-10"]) == (-1.75, 1.0)


def test_too_few_outcomes_are_refused_with_the_numbers() -> None:
    with pytest.raises(InputError, match="too few outcomes") as caught:
        train(simulated(150, 1).examples(), QUICK)
    assert "It takes 50 of each to learn and 20 of each to test." in str(caught.value)
    assert "--within" in caught.value.hint
    nothing = simulated(150, 1).examples().take(np.zeros(0, np.int64))
    with pytest.raises(InputError, match="0 deals won and 0 not won"):
        train(nothing, QUICK)


@pytest.mark.parametrize(
    ("missing", "named"), [("interpret.glassbox", "interpret"), ("sklearn.linear_model", "scikit")]
)
def test_without_the_extra_it_says_what_to_install(missing: str, named: str) -> None:
    with mock.patch.dict(sys.modules, {missing: None}), pytest.raises(BackendError, match=named) as caught:
        train(simulated(150, 1).examples(), QUICK)
    assert caught.value.hint == 'Install it with: pip install "accountmap[models]"'


@pytest.mark.parametrize(
    "written",
    [
        {"base": float("nan"), "points": {}},
        {"base": 0.0, "points": {"amount": {"1": 1.0}}},
        {"base": 0.0, "points": {"size": {"1-10": float("inf")}}},
        {"base": 0.0},
        {"base": "x", "points": {}},
    ],
)
def test_what_is_no_model_is_refused(written: dict[str, object]) -> None:
    with pytest.raises((ValueError, KeyError)):
        AdditiveModel.from_json(written)


def test_calibration_takes_back_what_a_score_says_too_strongly() -> None:
    draw = np.random.default_rng(1)
    score = draw.normal(0, 1, 4_000)
    won = draw.random(4_000) < sigmoid(0.5 * score - 1)
    shift, slope = calibration(2 * score, won)
    assert (shift, slope) == (pytest.approx(-1, abs=0.15), pytest.approx(0.25, abs=0.05))
    assert calibration(-score, won)[1] == 0.0, "a score that is the wrong way round says nothing"
    assert sigmoid(np.array([calibration(-score, won)[0]]))[0] == pytest.approx(won.mean())


def test_deals_of_one_company_do_not_count_as_many() -> None:
    values = np.repeat([0.0, 1.0], 50)
    alone = clustered_mean(values, np.arange(100))[1]
    together = clustered_mean(values, np.repeat(np.arange(10), 10))[1]
    assert alone == pytest.approx(values.std(ddof=1) / 10)
    assert together == pytest.approx(alone * 10**0.5, rel=0.1)
