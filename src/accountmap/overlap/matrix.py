"""The segment matrix: what the overlap holds, cell by cell."""

from collections.abc import Mapping

import pyarrow as pa

from accountmap.accounts.schema import SEGMENTS
from accountmap.overlap.account_map import MATRIX_SCHEMA
from accountmap.overlap.plays import PLAYS

Cell = tuple[str, str]
"""Own segment, partner's segment."""


def segment_matrix(overlap: pa.Table, preview: Mapping[Cell, int]) -> pa.Table:
    """Count the overlap in each of the nine cells.

    Args:
        overlap: OVERLAP_SCHEMA.
        preview: the preview's counts; a cell that is absent was not compared.

    Returns:
        MATRIX_SCHEMA.
    """
    sums = overlap.group_by(["segment", "their_segment"]).aggregate(
        [("match_id", "count_distinct"), ("account_id", "count"), ("amount", "sum")]
    )
    found = {(row["segment"], row["their_segment"]): row for row in sums.to_pylist()}
    rows = []
    for segment in SEGMENTS:
        for their_segment in SEGMENTS:
            cell = (segment, their_segment)
            held = found.get(cell, {})
            rows.append(
                {
                    "segment": segment,
                    "their_segment": their_segment,
                    "play": PLAYS[cell].name,
                    "compared": cell in preview,
                    "entities": held.get("match_id_count_distinct", 0),
                    "accounts": held.get("account_id_count", 0),
                    "amount": held.get("amount_sum"),
                    "preview_at_least": preview.get(cell),
                }
            )
    return pa.Table.from_pylist(rows, schema=MATRIX_SCHEMA)
