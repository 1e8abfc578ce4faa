"""A model that is a sum of points, in log-odds, one number for each level of each feature.

Both the boosted model and its baseline become such tables, so that a model is kept as numbers that people can
read, and is applied without the libraries that made it. A pickle would run whatever is in the file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from accountmap.influence.facts import EXISTING, Floats
from accountmap.propensity.examples import (
    COUNTRY,
    FEATURES,
    INDUSTRY,
    LOST_BEFORE,
    NEVER,
    NOT_LISTED,
    OFTEN,
    ONCE,
    RELATION,
    SIZE,
    THEIR_SEGMENT,
)

Points = Mapping[str, Mapping[str, float]]
"""By feature and level."""


@dataclass(frozen=True)
class AdditiveModel:
    """Points for each level of each feature.

    What is not known, or was too rare to learn from, has no points: a blank says nothing. In a CRM, blanks are
    filled once there is a deal, so points for blanks would give the outcome away.

    Attributes:
        base: the log-odds of an account about which nothing is known.
        points: centred: for each feature, their mean over the accounts that the model was made from is zero.
    """

    base: float
    points: Points

    def contributions(self, table: pa.Table) -> Floats:
        """Return the points of each (row, feature), in the order of FEATURES."""
        return np.column_stack([_looked_up(table[name], self.points.get(name, {})) for name in FEATURES.names])

    def scores(self, table: pa.Table) -> Floats:
        """Return the log-odds of each row of FEATURES."""
        found: Floats = self.base + self.contributions(table).sum(axis=1)
        return found

    def probabilities(self, table: pa.Table) -> Floats:
        """Return the probability of each row of FEATURES."""
        return sigmoid(self.scores(table))

    def calibrated(self, shift: float, slope: float) -> Self:
        """Return the model whose score is shift + slope x score."""
        points = {
            name: {level: slope * value for level, value in levels.items()} for name, levels in self.points.items()
        }
        return type(self)(shift + slope * self.base, points)

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold; reading it gives the same model, to the last bit."""
        return {"base": self.base, "points": {name: dict(levels) for name, levels in self.points.items()}}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Read what `to_json` returned.

        Raises:
            ValueError, TypeError, KeyError: it is something else.
        """
        points = {
            str(name): {str(k): float(v) for k, v in each.items()} for name, each in written["points"].items()
        }
        numbers = [float(written["base"]), *(value for each in points.values() for value in each.values())]
        if not set(points) <= set(FEATURES.names) or not all(map(math.isfinite, numbers)):
            raise ValueError("no model")
        return cls(numbers[0], points)


def sigmoid(scores: Floats) -> Floats:
    """Return the probabilities of log-odds."""
    found: Floats = 1 / (1 + np.exp(-np.clip(scores, -35, 35)))
    return found


def _looked_up(column: pa.ChunkedArray, points: Mapping[str, float]) -> Floats:
    coded = column.combine_chunks().dictionary_encode()
    values = np.array([points.get(level, 0.0) for level in coded.dictionary.to_pylist()], np.float64)
    return values[coded.indices.to_numpy()] if len(values) else np.zeros(len(column))


_LEAST_FACTOR: Final = 1.1
_MOST_REASONS: Final = 3


def reasons(model: AdditiveModel, table: pa.Table, partner: str) -> list[str]:
    """Say for each account what raises and what lowers its odds most, compared with the mean account.

    Args:
        table: FEATURES.
        partner: the partner's name.
    """
    given = model.contributions(table)
    rows = table.to_pylist()
    order = np.argsort(-np.abs(given), axis=1, kind="stable")[:, :_MOST_REASONS].tolist()
    least = math.log(_LEAST_FACTOR)
    found = []
    for row, values, best in zip(rows, given.tolist(), order, strict=True):
        said = [
            f"{level_in_words(FEATURES.names[at], row[FEATURES.names[at]], partner)} ({factor(values[at])})"
            for at in best
            if abs(values[at]) >= least
        ]
        found.append("; ".join(said))
    return found


def factor(points: float) -> str:
    """Say what points do to the odds."""
    return f"odds × {math.exp(points):.1f}" if points >= 0 else f"odds ÷ {math.exp(-points):.1f}"


def level_in_words(feature: str, level: str, partner: str) -> str:
    """Say what a level of a feature is."""
    if feature == THEIR_SEGMENT:
        return f"not on the list of {partner}" if level == NOT_LISTED else f"{level} of {partner}"
    if feature == LOST_BEFORE:
        return {NEVER: "no deal lost before", ONCE: "a deal lost before", OFTEN: "several deals lost before"}[
            level
        ]
    if feature == RELATION:
        return "bought before" if level == EXISTING else "has not bought before"
    return {SIZE: "{} employees", COUNTRY: "in {}", INDUSTRY: "industry {}"}[feature].format(level)
