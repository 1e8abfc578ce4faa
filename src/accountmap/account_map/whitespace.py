"""Own accounts without a match, and how much of each territory and segment is shared."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import OwnAccounts
from accountmap.account_map.reviews import REJECTED
from accountmap.account_map.schema import (
    COUNTED_ONLY,
    COVERAGE_SCHEMA,
    HIDDEN,
    WHITESPACE_SCHEMA,
    WHY_NOT,
    SessionResult,
    first_of_each,
)
from accountmap.accounts.schema import SEGMENTS

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


_KEYS = ["territory", "segment"]
_Place = tuple[str | None, str]
_Sums = dict[_Place, tuple[int, float | None]]


def coverage(overlap: pa.Table, whitespace: pa.Table) -> pa.Table:
    """Count own entities by territory and segment.

    Args:
        overlap: OVERLAP_SCHEMA.
        whitespace: WHITESPACE_SCHEMA.

    Returns:
        COVERAGE_SCHEMA: territories with most entities first, unknown ones last; segments strongest first.
    """
    shared = overlap.take(pa.array(first_of_each(overlap["account_id"])))  # An account may have several matches.
    compared = whitespace["why_not"].is_null()
    parts = {
        "overlap": _sums(shared),
        "their_customers": _sums(overlap.filter(pc.equal(overlap["their_segment"], "customer"))),
        "whitespace": _sums(whitespace.filter(compared)),
        "not_compared": _sums(whitespace.filter(pc.invert(compared))),
    }
    places = {place for sums in parts.values() for place in sums}
    rows = [_row(place, parts) for place in places]
    size: dict[str | None, int] = {}
    for row in rows:
        size[row["territory"]] = size.get(row["territory"], 0) + row["listed"]
    rows.sort(
        key=lambda row: (
            row["territory"] is None,
            -size[row["territory"]],
            row["territory"] or "",
            SEGMENTS.index(row["segment"]),
        )
    )
    return pa.Table.from_pylist(rows, schema=COVERAGE_SCHEMA)


def _row(place: _Place, parts: dict[str, _Sums]) -> dict[str, Any]:
    entities = {name: sums.get(place, (0, None))[0] for name, sums in parts.items()}
    return {
        "territory": place[0],
        "segment": place[1],
        "listed": entities["overlap"] + entities["whitespace"] + entities["not_compared"],
        **entities,
        "overlap_amount": parts["overlap"].get(place, (0, None))[1],
        "whitespace_amount": parts["whitespace"].get(place, (0, None))[1],
    }


def _sums(accounts: pa.Table) -> _Sums:
    """Give the number of entities and the sum of amounts by territory and segment."""
    sums = accounts.group_by(_KEYS).aggregate([("entity_id", "count_distinct"), ("amount", "sum")])
    return {
        (row["territory"], row["segment"]): (row["entity_id_count_distinct"], row["amount_sum"])
        for row in sums.to_pylist()
    }
