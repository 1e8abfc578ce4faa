"""The score that ranks the overlap: a sum whose parts are shown and whose weights the user sets."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import Rows
from accountmap.account_map.plays import CELLS
from accountmap.account_map.schema import SCORE_PARTS
from accountmap.account_map.weights import UNKNOWN_OPEN_STAGE, IdealCustomer, Weights
from accountmap.accounts.headings import fold
from accountmap.accounts.segments import segment_of

FRESH_DAYS: Final = 30
STALE_DAYS: Final = 365
"""Up to the first age an activity gets all points, from the second on none, and falling linearly between them."""

Points = npt.NDArray[np.float64]


def deal_shares(own: pa.Table, entity: Rows, entities: int, today: date, weights: Weights) -> dict[str, Points]:
    """Return for each entity the part of the points that it gets for stage, recency and fit, 0 to 1.

    An entity counts by the best of its accounts. A part for which no account has a value is left out.

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
    if weights.ideal:
        parts["fit"] = _best(_fit(own, weights.ideal), entity, entities)
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


def _fit(own: pa.Table, ideal: IdealCustomer) -> Points:
    """Return for each account the part of the ideal customer's criteria that it meets."""
    least, most = ideal.employees
    met: list[pa.ChunkedArray] = []
    if ideal.countries:
        met.append(pc.is_in(own["territory"], value_set=pa.array(ideal.countries, pa.string())))
    if ideal.industries:
        wanted = pa.array([word.lower() for word in ideal.industries], pa.string())
        met.append(pc.is_in(pc.utf8_lower(own["industry"]), value_set=wanted))
    if least or most:
        enough = pc.greater_equal(own["employees"], least)
        met.append(pc.and_(enough, pc.less_equal(own["employees"], most)) if most else enough)
    shares = [flags.fill_null(False).to_numpy().astype(np.float64) for flags in met]
    fit: Points = np.mean(shares, axis=0)
    return fit


def score(shares: Mapping[str, Points], weights: Weights) -> dict[str, Points]:
    """Score matches.

    Args:
        shares: of the parts that are used, what part of its points each match gets, 0 to 1.

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
