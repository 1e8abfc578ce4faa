"""How much of each territory and segment is shared."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.overlap.columns import first_of_each
from accountmap.overlap.tables import COVERAGE_SCHEMA

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
