"""Mine without them: the own accounts without a match, and what each was compared with."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.overlap.own_accounts import OwnAccounts
from accountmap.overlap.result import SessionResult
from accountmap.overlap.review import REJECTED
from accountmap.overlap.tables import COUNTED_ONLY, HIDDEN, WHITESPACE_SCHEMA, WHY_NOT

_ORDER: Final = pa.array([None, *WHY_NOT], pa.string())


def whitespace(own: OwnAccounts, matches: pa.Table, rejected: pa.Table, result: SessionResult) -> pa.Table:
    """List the accounts of entities without a match, what was compared first.

    Args:
        matches: what is in the overlap.
        rejected: matches that the user rejected.

    Returns:
        WHITESPACE_SCHEMA.
    """
    without = ~np.isin(own.entity, matches["entity"].to_numpy())
    table, entity = own.table.filter(pa.array(without)), pa.array(own.entity[without], pa.int32())
    strength = pc.index_in(table["segment"], value_set=pa.array(SEGMENTS))
    compared, counted, why_not = (
        pa.array(words, pa.string()).take(strength.combine_chunks()) for words in _by_segment(result)
    )
    withheld = (
        result.withheld["reason"]
        .combine_chunks()
        .take(pc.index_in(entity, value_set=result.withheld["entity"].combine_chunks()))
    )
    nothing = pa.scalar("")
    was_rejected = pc.is_in(entity, value_set=rejected["entity"].combine_chunks())
    took_part = withheld.is_null()
    columns = {
        "compared_with": pc.if_else(took_part, compared, nothing),
        "counted_with": pc.if_else(took_part, counted, nothing),
        "why_not": pc.coalesce(withheld, why_not),
        "review": pc.if_else(was_rejected, pa.scalar(REJECTED), pa.scalar(None, pa.string())),
        "strength": strength,
        "apart": pc.index_in(pc.coalesce(withheld, why_not), value_set=_ORDER),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    ordered = table.sort_by(
        [("apart", "ascending"), ("strength", "ascending"), ("amount", "descending"), ("account_id", "ascending")]
    )
    return ordered.select(WHITESPACE_SCHEMA.names).cast(WHITESPACE_SCHEMA)


def _by_segment(result: SessionResult) -> tuple[list[str], list[str], list[str | None]]:
    """Say for each own segment with which of theirs matches were revealed, with which counted, and why not."""
    counted_cells = result.preview.keys() - result.named_cells
    compared = [
        "+".join(theirs for theirs in SEGMENTS if (mine, theirs) in result.named_cells) for mine in SEGMENTS
    ]
    counted = ["+".join(theirs for theirs in SEGMENTS if (mine, theirs) in counted_cells) for mine in SEGMENTS]
    why_not = [
        None if by_name else COUNTED_ONLY if by_count else HIDDEN
        for by_name, by_count in zip(compared, counted, strict=True)
    ]
    return compared, counted, why_not
