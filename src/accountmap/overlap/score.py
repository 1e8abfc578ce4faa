"""How promising a match is: a score whose parts are shown and whose weights are the user's."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from accountmap.overlap.plays import CELLS
from accountmap.overlap.tables import SCORE_PARTS, TIERS
from accountmap.overlap.weights import Weights

Points = npt.NDArray[np.float64]


def score(shares: Mapping[str, Points], weights: Weights) -> dict[str, Points]:
    """Score matches.

    Args:
        shares: of the parts that are used, what part of its points each match gets, 0 to 1.

    Returns:
        Columns `score` and `score_play` and so on, in points with one decimal; the first is the sum of the others.
    """
    parts = {
        f"score_{part}": np.round(weights.points(part, shares) * shares[part], 1)
        for part in SCORE_PARTS
        if part in shares
    }
    length = len(next(iter(shares.values())))
    return {"score": np.round(sum(parts.values(), np.zeros(length)), 1), **parts}


def play_share(cell: npt.NDArray[np.int64], weights: Weights) -> Points:
    """Give what the cells are worth.

    Args:
        cell: positions in CELLS.
    """
    worth: Points = np.array([weights.worth[name] for name in CELLS])[cell]
    return worth


def amount_share(amount: Points, of_entities: Points) -> Points:
    """Give the share of the entities with a positive amount that have no more than this one.

    So one giant does not make all others equal. Without a positive amount it is nothing.

    Args:
        amount: of each match.
        of_entities: of each entity that has a match, once.
    """
    ordered = np.sort(of_entities[of_entities > 0])
    share: Points = np.searchsorted(ordered, amount, side="right") / max(len(ordered), 1)
    return share


def evidence_share(tier: npt.NDArray[np.int64]) -> Points:
    """Go down from the best tier in equal steps.

    Args:
        tier: positions in TIERS.
    """
    share: Points = 1 - tier / len(TIERS)
    return share
