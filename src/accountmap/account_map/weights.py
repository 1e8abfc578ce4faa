"""The user's weights for the score of a match, and the TOML file that holds them.

The figures are the probabilities with which Salesforce and HubSpot deliver their standard stages, as their
documentation lists them; a stage of one's own is given its worth in the weights.
"""

import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from accountmap.account_map.plays import PLAYS
from accountmap.account_map.schema import SCORE_PARTS
from accountmap.accounts.headings import fold
from accountmap.errors import InputError

_STAGES: Final = {
    "Prospecting": 0.1,
    "Qualification": 0.1,
    "Needs Analysis": 0.2,
    "Value Proposition": 0.5,
    "Id. Decision Makers": 0.6,
    "Perception Analysis": 0.7,
    "Proposal/Price Quote": 0.75,
    "Negotiation/Review": 0.9,
    "Appointment Scheduled": 0.2,
    "Qualified to Buy": 0.4,
    "Presentation Scheduled": 0.6,
    "Decision Maker Bought-In": 0.8,
    "Contract Sent": 0.9,
    "appointmentscheduled": 0.2,
    "qualifiedtobuy": 0.4,
    "presentationscheduled": 0.6,
    "decisionmakerboughtin": 0.8,
    "contractsent": 0.9,
    "Proposal": 0.75,
    "Negotiation": 0.9,
}
STAGES: Final = {fold(stage): worth for stage, worth in _STAGES.items()}
"""By folded name, 0 to 1."""

UNKNOWN_OPEN_STAGE: Final = 0.5
"""Of a stage that is open, but not in the table: halfway."""


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


_TABLES: Final = ("points", "worth", "stages", "ideal")
_IDEAL: Final = ("countries", "industries", "employees")
_CELLS: Final = {f"{mine} by {theirs}": (mine, theirs) for mine, theirs in PLAYS}


def read_weights(path: Path) -> Weights:
    """Read weights; what the file does not name stays as it stands.

    The tables are `points` (a number for each of SCORE_PARTS), `worth` (a number from 0 to 1 for a cell, such as
    "prospect by customer"), `stages` (likewise for a stage) and `ideal` (countries, industries, employees).

    Raises:
        InputError: it cannot be read, is no TOML, names what there is not, or a value is not usable.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError("The weights cannot be read as TOML.", "docs/reports.md has an example.") from None
    _only(tables, _TABLES, "table")
    points, worth, stages, ideal = (_table(tables, name) for name in _TABLES)
    _only(points, SCORE_PARTS, "part of the score")
    _only(worth, tuple(_CELLS), "cell")
    _only(ideal, _IDEAL, "thing to ask of the ideal customer")
    return Weights(
        **{part: _number(points[part], part) for part in points},
        worth={**STANDARD_WEIGHTS.worth, **{_CELLS[name]: _number(worth[name], name) for name in worth}},
        stages={name: _number(value, name) for name, value in stages.items()},
        ideal=IdealCustomer(
            countries=_words(ideal, "countries"),
            industries=_words(ideal, "industries"),
            employees=_bounds(ideal.get("employees", [0, 0])),
        ),
    )


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise InputError(f"'{name}' of the weights is not a table.", f"Write [{name}] and its values below it.")
    return table


def _only(given: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise InputError(f"The weights name '{unknown[0]}', which is no {what}.", f"Use: {', '.join(known)}.")


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"The weight of '{name}' is not a number.", "Give a number, such as 0.5.")
    return float(value)


def _words(ideal: dict[str, Any], name: str) -> tuple[str, ...]:
    value = ideal.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise InputError(f"The ideal customer's {name} are not a list of words.", f'Write {name} = ["..."].')
    return tuple(value)


def _bounds(value: object) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(type(bound) is int for bound in value):
        return value[0], value[1]
    raise InputError("The ideal customer's employees are not two numbers.", "Write employees = [51, 1000].")
