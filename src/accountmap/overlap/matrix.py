"""The segment matrix: what the overlap holds, cell by cell."""

from typing import Any

import pyarrow as pa

from accountmap.overlap.plays import CELLS, PLAYS
from accountmap.overlap.result import SessionResult
from accountmap.overlap.tables import MATRIX_SCHEMA


def segment_matrix(overlap: pa.Table, result: SessionResult) -> pa.Table:
    """Count the overlap in each of the nine cells.

    An entity has at most one match in a cell, so that both partners find the same number there.

    Args:
        overlap: OVERLAP_SCHEMA.

    Returns:
        MATRIX_SCHEMA.
    """
    sums = overlap.group_by(["segment", "their_segment"]).aggregate(
        [("match_id", "count_distinct"), ("account_id", "count"), ("amount", "sum")]
    )
    found = {(row["segment"], row["their_segment"]): row for row in sums.to_pylist()}
    rows: list[dict[str, Any]] = []
    for cell in CELLS:
        named = cell in result.named_cells
        held = found.get(cell, {})
        rows.append(
            {
                "segment": cell[0],
                "their_segment": cell[1],
                "play": PLAYS[cell].name,
                "compared": cell in result.preview,
                "named": named,
                "entities": held.get("match_id_count_distinct", 0) if named else None,
                "accounts": held.get("account_id_count", 0) if named else None,
                "amount": held.get("amount_sum"),
                **_preview(result.preview.get(cell), 1 if named else result.smallest_cell),
            }
        )
    return pa.Table.from_pylist(rows, schema=MATRIX_SCHEMA)


def _preview(count: int | None, smallest: int) -> dict[str, int | None]:
    """Give the preview's count, or instead of a small one the bound that it is below."""
    if count is not None and 0 < count < smallest:
        return {"preview_at_least": None, "preview_fewer_than": smallest}
    return {"preview_at_least": count, "preview_fewer_than": None}
