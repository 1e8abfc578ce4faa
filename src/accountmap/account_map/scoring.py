"""The score that ranks the overlap: a sum whose parts are shown and whose weights the user sets in a TOML file.

The figures for stages are the default probabilities that Salesforce and HubSpot give their standard stages, as
their documentation lists them; the weights can say what other stages are worth.
"""

import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import Rows
from accountmap.account_map.plays import CELLS, PLAYS
from accountmap.account_map.schema import SCORE_PARTS
from accountmap.accounts.headings import fold
from accountmap.accounts.segments import segment_of
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
"""What an open stage that is not in the table is worth: half."""


MOST_POINTS: Final = 100.0


def _worth_by_rank() -> dict[tuple[str, str], float]:
    return {cell: (len(PLAYS) + 1 - play.rank) / len(PLAYS) for cell, play in PLAYS.items()}


@dataclass(frozen=True)
class Weights:
    """How much each part of the score counts; only the proportions matter.

    Stage and recency count only if some shared account has a stage or a last activity, fit only if there is an
    ideal customer, and propensity only if there is a model; otherwise the other parts share their points.

    Attributes:
        play: the weight of what the two segments are good for.
        amount: of the entity's amount in the own list.
        stage: of how far its open deal is.
        recency: of how recently something happened.
        fit: of how well it fits the ideal customer.
        propensity: of how likely it is to buy.
        evidence: of how good the evidence of the match is.
        worth: by (own segment, partner's segment), the part of the points for the play that a cell gets, 0 to 1.
            By default all of them for the first play, in equal steps down to a ninth for the last.
        stages: by stage, the part of the points for the stage that it gets, 0 to 1; added to `STAGES`, or in place
            of what they say.

    Raises:
        InputError: a weight is negative or not a number, all are zero, or the worth of a cell or a stage is
            missing or not within 0 and 1.
    """

    play: float = 50.0
    amount: float = 30.0
    stage: float = 15.0
    recency: float = 15.0
    fit: float = 20.0
    propensity: float = 30.0
    evidence: float = 20.0
    worth: Mapping[tuple[str, str], float] = field(default_factory=_worth_by_rank)
    stages: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = [self.of(part) for part in SCORE_PARTS]
        if not all(math.isfinite(part) and part >= 0 for part in parts) or not 0 < sum(parts) < math.inf:
            raise InputError("A weight is not usable.", "Give numbers from 0 up, at least one above 0.")
        if set(self.worth) != set(PLAYS) or not all(0 <= worth <= 1 for worth in self.worth.values()):
            raise InputError("A cell's worth is not usable.", "Give all nine cells a number from 0 to 1.")
        if not all(0 <= worth <= 1 for worth in self.stages.values()):
            raise InputError("A stage's worth is not usable.", "Give it a number from 0 to 1.")

    def of(self, part: str) -> float:
        """Return the weight of one of SCORE_PARTS."""
        return float(getattr(self, part))

    def points(self, part: str, used: Collection[str]) -> float:
        """Return the most points that a part can bring if the score is made of the parts in `used`."""
        whole = sum(self.of(each) for each in used)
        return MOST_POINTS * self.of(part) / whole if whole else 0.0

    def worth_of_stages(self) -> dict[str, float]:
        """Return what each known stage is worth, by its folded name."""
        return STAGES | {fold(stage): worth for stage, worth in self.stages.items()}


STANDARD_WEIGHTS: Final = Weights()


_TABLES: Final = ("points", "worth", "stages")
_CELLS: Final = {f"{mine} by {theirs}": (mine, theirs) for mine, theirs in PLAYS}


def read_weights(path: Path) -> Weights:
    """Read weights; what the file does not name keeps its default.

    The tables are `points` (a number for each of SCORE_PARTS), `worth` (a number from 0 to 1 for a cell, such as
    "prospect by customer") and `stages` (likewise for a stage).

    Raises:
        InputError: it cannot be read, is not TOML, has an unknown name, or a value is not usable.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError("The weights cannot be read as TOML.", "docs/reports.md has an example.") from None
    _only(tables, _TABLES, "table")
    points, worth, stages = (_table(tables, name) for name in _TABLES)
    _only(points, SCORE_PARTS, "part of the score")
    _only(worth, tuple(_CELLS), "cell")
    return Weights(
        **{part: _number(points[part], part) for part in points},
        worth={**STANDARD_WEIGHTS.worth, **{_CELLS[name]: _number(worth[name], name) for name in worth}},
        stages={name: _number(value, name) for name, value in stages.items()},
    )


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise InputError(f"'{name}' of the weights is not a table.", f"Write [{name}] and its values below it.")
    return table


def _only(given: dict[str, Any], known: tuple[str, ...], what: str) -> None:
    if unknown := sorted(set(given) - set(known)):
        raise InputError(f"The weights name '{unknown[0]}', which is not a {what}.", f"Use: {', '.join(known)}.")


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"The weight of '{name}' is not a number.", "Give a number, such as 0.5.")
    return float(value)


FRESH_DAYS: Final = 30
STALE_DAYS: Final = 365
"""An activity gets all points up to the first age, none from the second on, and linearly fewer in between."""

Points = npt.NDArray[np.float64]


def deal_shares(own: pa.Table, entity: Rows, entities: int, today: date, weights: Weights) -> dict[str, Points]:
    """Return for each entity the share of the points that it gets for stage and recency, 0 to 1.

    An entity gets the share of its best account. A part for which no account has a value is left out.

    Args:
        own: the accounts, with the columns of the own list and `territory`.
        entity: the row of each account's entity.
        entities: how many there are.
        today: the day of the session.
    """
    parts: dict[str, Points] = {}
    if own["stage"].null_count < own.num_rows:
        parts["stage"] = _best(_stages(own["stage"], weights.worth_of_stages()), entity, entities)
    if own["last_activity"].null_count < own.num_rows:
        parts["recency"] = _best(_recency(own["last_activity"], today), entity, entities)
    return parts


def _best(shares: Points, entity: Rows, entities: int) -> Points:
    best = np.zeros(entities)
    np.maximum.at(best, entity, shares)
    return best


def _stages(stage: pa.ChunkedArray, worth: dict[str, float]) -> Points:
    """Look stages up: an unknown one gets half if it is open, and nothing if it is closed."""
    coded = stage.combine_chunks().dictionary_encode()
    shares = [worth.get(fold(text), _of_unknown(text)) for text in coded.dictionary.to_pylist()]
    found: Points = (
        pa.array(shares, pa.float64()).take(coded.indices).fill_null(0.0).to_numpy(zero_copy_only=False)
    )
    return found


def _of_unknown(stage: str) -> float:
    return UNKNOWN_OPEN_STAGE if segment_of(stage) in (None, "opportunity") else 0.0


def _recency(last_activity: pa.ChunkedArray, today: date) -> Points:
    days = pc.days_between(last_activity, pa.scalar(today, pa.date32())).cast(pa.float64())
    age: Points = days.fill_null(float(STALE_DAYS)).to_numpy()
    return np.clip((STALE_DAYS - age) / (STALE_DAYS - FRESH_DAYS), 0.0, 1.0)


def score(shares: Mapping[str, Points], weights: Weights) -> dict[str, Points]:
    """Score matches.

    Args:
        shares: for each part that is used, the share of its points that each match gets, 0 to 1.

    Returns:
        `score` and `score_play` and so on, in points with one decimal; the first is the sum of the others.
    """
    parts = {
        f"score_{part}": np.round(weights.points(part, shares) * shares[part], 1)
        for part in SCORE_PARTS
        if part in shares
    }
    length = len(next(iter(shares.values())))
    return {"score": np.round(sum(parts.values(), np.zeros(length)), 1), **parts}


def play_share(cell: npt.NDArray[np.int64], weights: Weights) -> Points:
    """Return what the cells are worth, 0 to 1.

    Args:
        cell: positions in CELLS.
    """
    worth: Points = np.array([weights.worth[name] for name in CELLS])[cell]
    return worth


def amount_share(amount: Points, currency: Rows) -> Points:
    """Return the share of the entities with a positive amount in the same currency that have no more than it.

    A share of ranks, so that one giant does not make all others equal. Without a positive amount it is 0.

    Args:
        amount: of each entity that has a match.
        currency: of each of these amounts, numbered.
    """
    share = np.zeros(len(amount))
    for number in np.unique(currency):
        same = currency == number
        ordered = np.sort(amount[same & (amount > 0)])
        share[same] = np.searchsorted(ordered, amount[same], side="right") / max(len(ordered), 1)
    return share


def evidence_share(match_score: Points) -> Points:
    """Return the match score, 0 to 100, as a share."""
    share: Points = match_score / 100
    return share
