"""The counts and the notes that a report opens with."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.overlap.account_map import Count, OwnSegment, Summary, TheirSegment, total
from accountmap.overlap.plays import PLAYS


def summarise(
    overlap: pa.Table, whitespace: pa.Table, matrix: pa.Table, partner_sizes: Mapping[str, int]
) -> Summary:
    """Count what the three tables hold.

    Args:
        overlap: OVERLAP_SCHEMA.
        whitespace: WHITESPACE_SCHEMA.
        matrix: MATRIX_SCHEMA.
        partner_sizes: the partner's padded number of entities by segment.
    """
    shared, missing = _by_segment(overlap), _by_segment(whitespace)
    cells = matrix.to_pylist()
    return Summary(
        own=tuple(
            OwnSegment(name, listed=shared[name] + missing[name], overlap=shared[name], whitespace=missing[name])
            for name in SEGMENTS
        ),
        theirs=tuple(
            TheirSegment(
                name,
                at_most=partner_sizes.get(name, 0),
                overlap=sum(cell["entities"] for cell in cells if cell["their_segment"] == name),
            )
            for name in SEGMENTS
        ),
        introductions_to_get=_introductions(matrix, "you"),
        introductions_to_give=_introductions(matrix, "them"),
    )


def _by_segment(accounts: pa.Table) -> dict[str, Count]:
    sums = accounts.group_by("segment").aggregate([("account_id", "count"), ("entity_id", "count_distinct")])
    counts = {name: Count() for name in SEGMENTS}
    for row in sums.to_pylist():
        counts[row["segment"]] = Count(row["account_id_count"], row["entity_id_count_distinct"])
    return counts


def _introductions(matrix: pa.Table, whom: str) -> Count:
    return total(
        Count(cell["accounts"], cell["entities"])
        for cell in matrix.to_pylist()
        if PLAYS[cell["segment"], cell["their_segment"]].introduces == whom
    )


def data_notes(overlap: pa.Table, matrix: pa.Table, summary: Summary) -> tuple[str, ...]:
    """Say what of the data changes how the numbers are to be read; one sentence each, nothing if all is plain."""
    notes = []
    further = summary.listed.accounts - summary.listed.entities
    if further:
        notes.append(
            f"{further:,} of your accounts are further rows of a company that is on your list already; "
            "the rows of one company count as one entity."
        )
    raised = pc.sum(pc.not_equal(overlap["account_segment"], overlap["segment"])).as_py() or 0
    if raised:
        notes.append(
            f"{raised:,} of your accounts in the overlap stand under a stronger segment than their own, "
            "because another account of the same entity has it."
        )
    blank = overlap["amount"].null_count
    if 0 < blank < overlap.num_rows:
        notes.append(f"{blank:,} of your accounts in the overlap have no amount; sums leave them out.")
    hidden = [cell for cell in matrix.to_pylist() if not cell["compared"]]
    if hidden:
        named = ", ".join(f"your {cell['segment']} by their {cell['their_segment']}" for cell in hidden)
        notes.append(
            f"Not compared in this session: {named}. An account in no cell that was compared may still be shared."
        )
    return tuple(notes)
