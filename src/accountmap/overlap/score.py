"""How promising a shared entity is: a score whose parts are shown and whose weights are the user's."""

import numpy as np
import numpy.typing as npt

from accountmap.overlap.account_map import TIERS
from accountmap.overlap.plays import CELLS
from accountmap.overlap.weights import Weights

Points = npt.NDArray[np.float64]


def score(
    cell: npt.NDArray[np.int64], amount: npt.NDArray[np.float64], tier: npt.NDArray[np.int64], weights: Weights
) -> dict[str, Points]:
    """Score entities.

    The part for the amount is the share of the entities with a positive amount that have no more than this one, so
    that one giant does not make all others equal; without a positive amount it is nothing. The part for the
    evidence goes down from the best tier in equal steps.

    Args:
        cell: positions in CELLS.
        amount: sums of each entity's amounts, finite.
        tier: positions in TIERS.

    Returns:
        Columns `score`, `score_play`, `score_amount` and `score_evidence`, in points with one decimal; the first
        is the sum of the others.
    """
    ordered = np.sort(amount[amount > 0])
    position = np.searchsorted(ordered, amount, side="right") / max(len(ordered), 1)
    shares = {
        "score_play": weights.points(weights.play) * np.array([weights.worth[name] for name in CELLS])[cell],
        "score_amount": weights.points(weights.amount) * position,
        "score_evidence": weights.points(weights.evidence) * (1 - tier / len(TIERS)),
    }
    parts = {name: np.round(share, 1) for name, share in shares.items()}
    return {"score": np.round(sum(parts.values(), np.zeros(len(cell))), 1), **parts}
