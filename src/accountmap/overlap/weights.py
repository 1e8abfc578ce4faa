"""What the user gives how much weight in the score of a shared entity."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from accountmap.errors import InputError
from accountmap.overlap.plays import PLAYS

MOST_POINTS: Final = 100.0


def _worth_by_rank() -> dict[tuple[str, str], float]:
    return {cell: (len(PLAYS) + 1 - play.rank) / len(PLAYS) for cell, play in PLAYS.items()}


@dataclass(frozen=True)
class Weights:
    """What counts how much; only the proportions of the first three matter.

    Attributes:
        play: of what the two segments are good for.
        amount: of the entity's amount in the own list.
        evidence: of how good the evidence of the match is.
        worth: by (own segment, partner's segment), 0 to 1, what part of the points for the play a cell gets. As it
            stands, all for the first play and equal steps down to a ninth for the last.

    Raises:
        InputError: a weight is negative or not a number, all are zero, or a cell is missing or not within 0 and 1.
    """

    play: float = 50.0
    amount: float = 30.0
    evidence: float = 20.0
    worth: Mapping[tuple[str, str], float] = field(default_factory=_worth_by_rank)

    def __post_init__(self) -> None:
        parts = (self.play, self.amount, self.evidence)
        if not all(math.isfinite(part) and part >= 0 for part in parts) or not 0 < sum(parts) < math.inf:
            raise InputError("A weight is not usable.", "Give numbers from 0 up, at least one above 0.")
        if set(self.worth) != set(PLAYS) or not all(0 <= worth <= 1 for worth in self.worth.values()):
            raise InputError("A cell's worth is not usable.", "Give all nine cells a number from 0 to 1.")

    def points(self, part: float) -> float:
        """Give the most points that one of the three parts can bring."""
        return MOST_POINTS * part / (self.play + self.amount + self.evidence)


STANDARD_WEIGHTS: Final = Weights()
