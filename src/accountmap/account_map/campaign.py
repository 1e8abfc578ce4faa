"""The joint-marketing list: whom a campaign is aimed at, and how many they are."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import Rows, codes
from accountmap.account_map.schema import BUDGET_SCHEMA, CAMPAIGN_SCHEMA
from accountmap.accounts.schema import size_band

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
    bands = pa.array([size_band(employees) for employees in table["employees"].to_pylist()], pa.string())
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
