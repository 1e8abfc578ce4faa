"""What of the data changes how the numbers are to be read."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.prepared import Prepared
from accountmap.overlap.counts import Summary
from accountmap.overlap.tables import WHY_NOT


def data_notes(
    prepared: Prepared, overlap: pa.Table, matrix: pa.Table, summary: Summary, rejected: int
) -> tuple[str, ...]:
    """Say one thing a sentence, nothing if all is plain.

    Args:
        rejected: how many matches the user's decisions leave out.
    """
    return (
        *_of_accounts(overlap, summary),
        *_of_matches(prepared, summary, rejected),
        *_of_cells(matrix),
    )


def _of_accounts(overlap: pa.Table, summary: Summary) -> Iterator[str]:
    further = summary.listed.accounts - summary.listed.entities
    if further:
        yield (
            f"{further:,} of your accounts are further rows of a company that is on your list already; "
            "the rows of one company count as one entity."
        )
    accounts = overlap.group_by("account_id").aggregate(
        [("account_segment", "min"), ("segment", "min"), ("amount", "max")]
    )
    raised = pc.sum(pc.not_equal(accounts["account_segment_min"], accounts["segment_min"])).as_py() or 0
    if raised:
        yield (
            f"{raised:,} of your accounts in the overlap stand under a stronger segment than their own, "
            "because another account of the same entity has it."
        )
    blank = accounts["amount_max"].null_count
    if 0 < blank < accounts.num_rows:
        yield f"{blank:,} of your accounts in the overlap have no amount; sums leave them out."


def _of_matches(prepared: Prepared, summary: Summary, rejected: int) -> Iterator[str]:
    if further := summary.matches - summary.overlap.entities:
        yield (
            f"{further:,} of the {summary.matches:,} matches are further ones of an entity that your partner "
            "lists in several segments: totals count it once, cells each of its matches."
        )
    if rejected:
        yield (
            f"Matches that you rejected, left out of all counts here: {rejected:,}. Your partner's report still "
            "has them."
        )
    keyless = prepared.entities.num_rows - pc.count_distinct(prepared.keys["entity"]).as_py()
    if keyless and prepared.keys.num_rows:
        yield f"{keyless:,} of your entities have no match key, so that they could match nothing."


def _of_cells(matrix: pa.Table) -> Iterator[str]:
    cells = matrix.to_pylist()
    hidden = [cell for cell in cells if not cell["compared"]]
    if hidden:
        yield (
            f"Not compared in this session: {_named(hidden)}. An account in no cell that was compared may still "
            "be shared."
        )
    counted = [cell for cell in cells if cell["compared"] and not cell["named"]]
    if counted:
        yield f"Only counted in this session: {_named(counted)}. Which accounts these are, neither of you learned."


def _named(cells: list[dict[str, Any]]) -> str:
    return ", ".join(f"your {cell['segment']} by their {cell['their_segment']}" for cell in cells)


def withheld_counts(whitespace: pa.Table) -> dict[str, int]:
    """Count the own entities that were not compared, by the reason."""
    sums = whitespace.group_by("why_not").aggregate([("entity_id", "count_distinct")])
    found = dict(zip(sums["why_not"].to_pylist(), sums["entity_id_count_distinct"].to_pylist(), strict=True))
    return {reason: found[reason] for reason in WHY_NOT if reason in found}
