"""The segment matrix, what each of its cells is good for, and the joint-marketing list that follows from it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import Rows, codes
from accountmap.account_map.schema import (
    BUDGET_SCHEMA,
    CAMPAIGN_SCHEMA,
    COUNTS,
    LEVELS,
    MATRIX_SCHEMA,
    NAMES,
    SessionResult,
)
from accountmap.accounts.schema import SEGMENTS, size_band


@dataclass(frozen=True)
class Play:
    """What to do with the accounts of one cell.

    Attributes:
        name: a few words, lower case; cells that call for the same thing share it.
        sentence: what to do, in plain words; "you" owns the list, "they" are the partner.
        rank: 1 is worked first; no two cells have the same.
        introduces: who can introduce whom: "them" if you can open the door, "you" if they can, else empty.
    """

    name: str
    sentence: str
    rank: int
    introduces: str = ""


PLAYS: Final = {
    ("opportunity", "customer"): Play(
        "ask for an introduction",
        "They serve the company that you are selling to: ask for an introduction now.",
        rank=1,
        introduces="you",
    ),
    ("opportunity", "opportunity"): Play(
        "sell together",
        "Both of you have an open deal here: compare notes and see whether one offer wins both.",
        rank=2,
    ),
    ("prospect", "customer"): Play(
        "ask for an introduction",
        "They serve a company that you want to reach: ask for an introduction.",
        rank=3,
        introduces="you",
    ),
    ("customer", "opportunity"): Play(
        "introduce them",
        "They are selling to your customer: offer an introduction now.",
        rank=4,
        introduces="them",
    ),
    ("customer", "prospect"): Play(
        "introduce them",
        "They want to reach your customer: offer an introduction where it helps the customer.",
        rank=5,
        introduces="them",
    ),
    ("customer", "customer"): Play(
        "integrate",
        "Both of you serve this company: connect the products and look after the renewal together.",
        rank=6,
    ),
    ("opportunity", "prospect"): Play(
        "bring them in",
        "You are selling where they want to be: bring them in if a joint offer is stronger.",
        rank=7,
    ),
    ("prospect", "opportunity"): Play(
        "join their deal",
        "They are selling where you want to be: ask to be brought in.",
        rank=8,
    ),
    ("prospect", "prospect"): Play(
        "market together",
        "Neither of you is in yet: share an event or a campaign.",
        rank=9,
    ),
}
"""The play of each cell, by (own segment, partner's segment)."""

CELLS: Final = tuple((mine, theirs) for mine in SEGMENTS for theirs in SEGMENTS)
"""The nine cells, strongest segments first."""


def level(cell: tuple[str, str], result: SessionResult) -> str:
    """Return what the session shows of a cell, one of LEVELS."""
    return NAMES if cell in result.named_cells else COUNTS if cell in result.counted_cells else LEVELS[-1]


def segment_matrix(overlap: pa.Table, possible: pa.Table, result: SessionResult) -> pa.Table:
    """Count the overlap in each of the nine cells.

    An entity has at most one match in a cell, so that both partners find the same number there.

    Args:
        overlap: OVERLAP_SCHEMA.
        possible: the rows of POSSIBLE_SCHEMA that were not answered *no*.

    Returns:
        MATRIX_SCHEMA.
    """
    sums = overlap.group_by(["segment", "their_segment"]).aggregate(
        [("match_id", "count_distinct"), ("account_id", "count"), ("amount", "sum")]
    )
    asked = possible.group_by(["segment", "their_segment"]).aggregate([("match_id", "count_distinct")])
    found = {(row["segment"], row["their_segment"]): row for row in sums.to_pylist()}
    open_matches = {(row["segment"], row["their_segment"]): row for row in asked.to_pylist()}
    estimates = {(row["segment"], row["their_segment"]): row for row in result.estimates.to_pylist()}
    rows: list[dict[str, Any]] = []
    for cell in CELLS:
        held, named = found.get(cell, {}), cell in result.named_cells
        estimate = estimates.get(cell, {})
        rows.append(
            {
                "segment": cell[0],
                "their_segment": cell[1],
                "play": PLAYS[cell].name,
                "level": level(cell, result),
                "entities": held.get("match_id_count_distinct", 0) if named else None,
                "accounts": held.get("account_id_count", 0) if named else None,
                "amount": held.get("amount_sum"),
                "possible": open_matches.get(cell, {}).get("match_id_count_distinct", 0) if named else None,
                **{name: estimate.get(name) for name in ("estimate", "at_least", "at_most")},
            }
        )
    return pa.Table.from_pylist(rows, schema=MATRIX_SCHEMA)


CELLS_OF_A_CAMPAIGN: Final = (("prospect", "prospect"), ("prospect", "customer"), ("customer", "prospect"))
"""Both prospect, or one serves and the other prospects."""

_BY: Final = ("territory", "industry", "size")


def campaign(overlap: pa.Table) -> pa.Table:
    """List the entities for joint marketing, as ranked; each by its first account that has a name.

    An entity with an open deal on either side is left to the sellers.

    Args:
        overlap: OVERLAP_SCHEMA.

    Returns:
        CAMPAIGN_SCHEMA.
    """
    cells = pc.binary_join_element_wise(overlap["segment"], overlap["their_segment"], "+")
    wanted = pc.is_in(cells, value_set=pa.array(["+".join(cell) for cell in CELLS_OF_A_CAMPAIGN]))
    selling = pc.or_(
        pc.equal(overlap["segment"], "opportunity"), pc.equal(overlap["their_segment"], "opportunity")
    )
    busy = pc.is_in(overlap["entity_id"], value_set=overlap["entity_id"].filter(selling).combine_chunks())
    rows = overlap.filter(pc.and_(wanted, pc.invert(busy)))
    table = rows.take(pa.array(_first_rows(rows)))
    employees = table["employees"].combine_chunks().dictionary_encode()
    bands = pa.array(map(size_band, employees.dictionary.to_pylist()), pa.string()).take(employees.indices)
    return table.append_column("size", bands).select(CAMPAIGN_SCHEMA.names).cast(CAMPAIGN_SCHEMA)


def _first_rows(rows: pa.Table) -> Rows:
    """Find of each entity the first row with a name, or else the first, in the order of the entities."""
    entity, _ = codes(rows["entity_id"])
    nameless = rows["name"].is_null().to_numpy()
    best = np.lexsort((np.arange(len(entity)), nameless, entity))  # The last key is the first to sort by.
    _, at = np.unique(entity[best], return_index=True)
    first: Rows = best[at].astype(np.int64)
    return first


def budget(campaign: pa.Table, overlap: pa.Table) -> pa.Table:
    """Count the list by territory, industry and size, for planning what a campaign costs.

    Args:
        campaign: CAMPAIGN_SCHEMA.
        overlap: OVERLAP_SCHEMA, for the number of accounts.

    Returns:
        BUDGET_SCHEMA, each kind with the largest first and what is not known last.
    """
    pairs = overlap.group_by(["entity_id"]).aggregate([("account_id", "count_distinct")])
    at = pc.index_in(campaign["entity_id"], value_set=pairs["entity_id"].combine_chunks())
    counted = campaign.append_column("accounts", pairs["account_id_count_distinct"].take(at))
    parts = []
    for by in _BY:
        sums = counted.group_by(by).aggregate([("entity_id", "count"), ("accounts", "sum"), ("employees", "sum")])
        sums = sums.append_column("unknown", sums[by].is_null()).sort_by(
            [("unknown", "ascending"), ("entity_id_count", "descending"), (by, "ascending")]
        )
        columns = [
            pa.array([by] * sums.num_rows, pa.string()),
            sums[by],
            sums["entity_id_count"],
            sums["accounts_sum"],
            sums["employees_sum"].fill_null(0),
        ]
        parts.append(pa.table(columns, names=BUDGET_SCHEMA.names).cast(BUDGET_SCHEMA))
    return pa.concat_tables(parts)
