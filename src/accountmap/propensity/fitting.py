"""Fitting the two models, and turning their scores into probabilities that hold (calibration)."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, Final
from warnings import catch_warnings, simplefilter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SIZE_BANDS
from accountmap.errors import BackendError, install_command
from accountmap.influence.facts import Floats, Ints, Mask
from accountmap.propensity.examples import FEATURES, SIZE, UNKNOWN, Examples
from accountmap.propensity.model import AdditiveModel, sigmoid

SEED: Final = 20_260_101
"""The seed of everything that is drawn, so that the same deals give the same model with the same versions."""

LEAST_OF_LEVEL: Final = 15
"""How many deals a level needs for anything to be learned about it."""


@dataclass(frozen=True)
class Effort:
    """How much work goes into the boosted model; less is for tests.

    Attributes:
        bags: models of random parts of the deals, which are averaged.
        rounds: the most rounds of boosting; it stops by itself.
        folds: parts of the deals, each predicted by a model of the others, for the calibration.
    """

    bags: int = 4
    rounds: int = 2_000
    folds: int = 5


STANDARD: Final = Effort()

Fit = Callable[[pa.Table, Mask], AdditiveModel]


def _library(name: str) -> Any:
    try:
        with catch_warnings():
            simplefilter("ignore")  # Their imports warn about libraries of their own.
            return import_module(name)
    except ImportError:
        raise BackendError(
            f"{name.partition('.')[0].replace('sklearn', 'scikit-learn')} is not installed.",
            f"Install it with: {install_command('models')}",
        ) from None


def boosted(effort: Effort) -> Fit:
    """Return a function that fits an explainable boosting machine (Lou, Caruana & Gehrke 2012; Nori et al. 2019).

    It has no interactions, so that each feature gives its points whatever the others are, and the reasons are
    complete.

    Raises:
        BackendError: interpret is not installed.
    """
    glassbox = _library("interpret.glassbox")

    def fit(table: pa.Table, won: Mask) -> AdditiveModel:
        if not (levels := _levels(table)):
            return base_rate(won)
        kinds = ["continuous" if name == SIZE else "nominal" for name in levels]
        machine = glassbox.ExplainableBoostingClassifier(
            feature_names=list(levels),
            feature_types=kinds,
            interactions=0,
            outer_bags=effort.bags,
            max_rounds=effort.rounds,
            n_jobs=1,
            random_state=SEED,
        )
        with catch_warnings():
            simplefilter("ignore")  # It warns that its own charts leave blanks out.
            machine.fit(_codes(table, levels), won.astype(np.int64))
        given = machine.eval_terms(_probe(levels))
        return _summed(table, levels, float(machine.intercept_[0]), given)

    return fit


def linear() -> Fit:
    """Return a function that fits a logistic regression of the same levels, with the usual ridge: the baseline.

    Raises:
        BackendError: scikit-learn is not installed.
    """
    models = _library("sklearn.linear_model")

    def fit(table: pa.Table, won: Mask) -> AdditiveModel:
        if not (levels := _levels(table)):
            return base_rate(won)
        regression = models.LogisticRegression(C=1.0, max_iter=1_000)
        regression.fit(_indicators(_codes(table, levels), levels), won.astype(np.int64))
        probe = _indicators(_probe(levels), levels) * regression.coef_[0]
        ends = np.cumsum([0, *map(len, levels.values())]).tolist()
        given = np.column_stack([probe[:, begin:end].sum(axis=1) for begin, end in pairwise(ends)])
        return _summed(table, levels, float(regression.intercept_[0]), given)

    return fit


def base_rate(won: Mask) -> AdditiveModel:
    """Return the model that gives every account the overall rate."""
    rate = float(np.clip(won.mean(), 1e-9, 1 - 1e-9))
    return AdditiveModel(math.log(rate / (1 - rate)), {})


def _levels(table: pa.Table) -> dict[str, list[str]]:
    """List for each feature the levels that enough deals have; a feature with fewer than two says nothing."""
    found = {}
    for name in FEATURES.names:
        counted = table[name].value_counts().to_pylist()
        often = {each["values"] for each in counted if each["counts"] >= LEAST_OF_LEVEL} - {UNKNOWN}
        ordered = [band for band in SIZE_BANDS if band in often] if name == SIZE else sorted(often)
        if len(ordered) > 1:
            found[name] = ordered
    return found


def _codes(table: pa.Table, levels: dict[str, list[str]]) -> Floats:
    """Number the levels; NaN is an unknown one. Sizes are numbered by their place in SIZE_BANDS."""
    columns = []
    for name, known in levels.items():
        at = pc.index_in(table[name], value_set=pa.array(known, pa.string())).cast(pa.float64())
        columns.append(pc.fill_null(at, np.nan).to_numpy())
    return np.column_stack(columns).astype(np.float64)


def _probe(levels: dict[str, list[str]]) -> Floats:
    """Return one row for each level of each feature, in which all other features are unknown."""
    rows = np.full((sum(map(len, levels.values())), len(levels)), np.nan)
    at = 0
    for column, known in enumerate(levels.values()):
        rows[at : at + len(known), column] = np.arange(len(known))
        at += len(known)
    return rows


def _indicators(codes: Floats, levels: dict[str, list[str]]) -> Floats:
    parts = [codes[:, [at]] == np.arange(len(known)) for at, known in enumerate(levels.values())]
    return np.column_stack(parts).astype(np.float64)


def _summed(table: pa.Table, levels: dict[str, list[str]], base: float, given: Floats) -> AdditiveModel:
    """Make a sum from what a model gives the levels, centred over the deals in which they are known.

    Args:
        given: (level as in `_probe`, feature).
    """
    points: dict[str, dict[str, float]] = {}
    codes = _codes(table, levels)
    at = 0
    for column, (name, known) in enumerate(levels.items()):
        values = given[at : at + len(known), column]
        at += len(known)
        code = codes[:, column]
        mean = float(values[code[~np.isnan(code)].astype(np.int64)].mean()) if (~np.isnan(code)).any() else 0.0
        points[name] = {level: float(value - mean) for level, value in zip(known, values, strict=True)}
        base += mean
    return AdditiveModel(base, points)


def fit_calibrated(fit: Fit, examples: Examples, effort: Effort) -> AdditiveModel:
    """Fit a model and calibrate it on what models of other companies predict (Platt 1999, out of fold).

    If these predictions say nothing, the slope is zero, and every account gets the overall rate.
    """
    fold = _folds(examples.company, effort.folds)
    scores = np.zeros(len(examples))
    for each in range(effort.folds):
        inside = fold == each
        if inside.any() and 0 < examples.won[~inside].sum() < (~inside).sum():
            model = fit(examples.table.filter(pa.array(~inside)), examples.won[~inside])
            scores[inside] = model.scores(examples.table.filter(pa.array(inside)))
    return fit(examples.table, examples.won).calibrated(*calibration(scores, examples.won))


def _folds(company: Ints, folds: int) -> Ints:
    """Draw the fold of each deal; a company's deals are in one fold, so that none of them predicts another."""
    different, at = np.unique(company, return_inverse=True)
    drawn: Ints = np.random.default_rng(SEED).permutation(len(different))[at.ravel()] % folds
    return drawn


_STEEPEST: Final = 2.0


def calibration(scores: Floats, won: Mask) -> tuple[float, float]:
    """Return shift and slope of the logistic regression of the outcome on the score, with a slope from 0 to 2."""
    slope = float(np.clip(_newton(scores, won), 0.0, _STEEPEST))
    shift = 0.0
    for _ in range(50):
        p = sigmoid(shift + slope * scores)
        shift += float((won - p).sum() / max((p * (1 - p)).sum(), 1e-9))
    return shift, slope


def _newton(scores: Floats, won: Mask) -> float:
    design = np.column_stack([np.ones(len(scores)), scores - scores.mean()])
    at = np.zeros(2)
    for _ in range(50):
        p = sigmoid(design @ at)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-6 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (won - p))
        at += np.clip(step, -2, 2)
    return float(at[1])
