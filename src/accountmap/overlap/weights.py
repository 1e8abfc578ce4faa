"""What the user gives how much weight in the score of a match."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from accountmap.accounts.headings import fold
from accountmap.errors import InputError
from accountmap.overlap.plays import PLAYS
from accountmap.overlap.stages import STAGES
from accountmap.overlap.tables import SCORE_PARTS

MOST_POINTS: Final = 100.0


def _worth_by_rank() -> dict[tuple[str, str], float]:
    return {cell: (len(PLAYS) + 1 - play.rank) / len(PLAYS) for cell, play in PLAYS.items()}


@dataclass(frozen=True)
class IdealCustomer:
    """What the customers that one wants most have in common. An account fits by the part of this that it meets.

    Attributes:
        countries: ISO 3166 alpha-2 codes; empty if it does not matter.
        industries: as in the own list, compared without case; empty if it does not matter.
        employees: at least, and at most so many; 0 for no bound.

    Raises:
        InputError: the bounds are the wrong way round.
    """

    countries: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    employees: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        least, most = self.employees
        if least < 0 or most < 0 or (most and most < least):
            raise InputError(
                "The ideal customer's employees are not usable.", "Give two numbers from 0 up, the smaller first."
            )

    def __bool__(self) -> bool:
        return self != IdealCustomer()


@dataclass(frozen=True)
class Weights:
    """What counts how much; only the proportions of the parts matter.

    Stage and recency count only if some shared account has a stage or a last activity, and fit only if there is an
    ideal customer; else the others share their points.

    Attributes:
        play: of what the two segments are good for.
        amount: of the entity's amount in the own list.
        stage: of how far its open deal is.
        recency: of how recently something happened.
        fit: of how much it is like the ideal customer.
        evidence: of how good the evidence of the match is.
        worth: by (own segment, partner's segment), 0 to 1, what part of the points for the play a cell gets. As it
            stands, all for the first play and equal steps down to a ninth for the last.
        stages: by stage, 0 to 1, what part of the points for the stage it gets; besides `STAGES`, and before them.
        ideal: the ideal customer.

    Raises:
        InputError: a weight is negative or not a number, all are zero, or the worth of a cell or a stage is
            missing or not within 0 and 1.
    """

    play: float = 50.0
    amount: float = 30.0
    stage: float = 15.0
    recency: float = 15.0
    fit: float = 20.0
    evidence: float = 20.0
    worth: Mapping[tuple[str, str], float] = field(default_factory=_worth_by_rank)
    stages: Mapping[str, float] = field(default_factory=dict)
    ideal: IdealCustomer = field(default_factory=IdealCustomer)

    def __post_init__(self) -> None:
        parts = [self.of(part) for part in SCORE_PARTS]
        if not all(math.isfinite(part) and part >= 0 for part in parts) or not 0 < sum(parts) < math.inf:
            raise InputError("A weight is not usable.", "Give numbers from 0 up, at least one above 0.")
        if set(self.worth) != set(PLAYS) or not all(0 <= worth <= 1 for worth in self.worth.values()):
            raise InputError("A cell's worth is not usable.", "Give all nine cells a number from 0 to 1.")
        if not all(0 <= worth <= 1 for worth in self.stages.values()):
            raise InputError("A stage's worth is not usable.", "Give it a number from 0 to 1.")

    def of(self, part: str) -> float:
        """Give the weight of one of SCORE_PARTS."""
        return float(getattr(self, part))

    def points(self, part: str, used: Collection[str]) -> float:
        """Give the most points that a part can bring if the score is made of the parts in `used`."""
        whole = sum(self.of(each) for each in used)
        return MOST_POINTS * self.of(part) / whole if whole else 0.0

    def worth_of_stages(self) -> dict[str, float]:
        """Give what each known stage is worth, by its folded name."""
        return STAGES | {fold(stage): worth for stage, worth in self.stages.items()}


STANDARD_WEIGHTS: Final = Weights()
