"""The overlap: the own accounts beside their matches, in the order to work them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.overlap.columns import Rows
from accountmap.overlap.own_accounts import OwnAccounts
from accountmap.overlap.score import Points, score
from accountmap.overlap.tables import OVERLAP_SCHEMA, SCORE_PARTS
from accountmap.overlap.weights import Weights


def ranked_overlap(
    own: OwnAccounts, matches: pa.Table, shares: Mapping[str, Points], weights: Weights
) -> pa.Table:
    """Put each account beside each match of its entity, and rank by score; accounts of one match stay together.

    Args:
        matches: as from `matched_entities`, with lead, doubt and review.
        shares: for `score`, row for row with `matches`.

    Returns:
        OVERLAP_SCHEMA.
    """
    account, match = _pairs(own.entity, matches["entity"].to_numpy())
    # Those of the match come last: it has the entity's segment too.
    columns = own.table.take(pa.array(account)), matches.drop_columns(["segment"]).take(pa.array(match))
    scores = score(shares, weights)
    blank = pa.nulls(len(match), pa.float64())
    table = pa.table(
        {
            **{
                name: column
                for part in columns
                for name, column in zip(part.column_names, part.columns, strict=True)
            },
            **{f"score_{part}": blank for part in SCORE_PARTS},
            **{name: points[match] for name, points in scores.items()},
            "entity_amount": own.amount[own.entity[account]],
            "change": pa.nulls(len(match), pa.string()),
        }
    )
    ranked = table.sort_by(
        [
            ("score", "descending"),
            ("entity_amount", "descending"),
            ("entity_id", "ascending"),
            ("match_id", "ascending"),
            ("amount", "descending"),
            ("account_id", "ascending"),
        ]
    )
    return ranked.select(OVERLAP_SCHEMA.names).cast(OVERLAP_SCHEMA)


def _pairs(entity_of_account: Rows, entity_of_match: npt.NDArray[np.int32]) -> tuple[Rows, Rows]:
    """List all pairs of an account and a match of its entity, as two columns of row numbers."""
    order = np.argsort(entity_of_match, kind="stable")
    first, after = (
        np.searchsorted(entity_of_match[order], entity_of_account, side=side) for side in ("left", "right")
    )
    count = after - first
    account = np.repeat(np.arange(len(entity_of_account)), count)
    within = np.arange(len(account)) - np.repeat(np.cumsum(count) - count, count)
    return account, order[first[account] + within]
