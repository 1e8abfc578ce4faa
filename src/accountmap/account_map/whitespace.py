"""What only one side has: own accounts without a match, theirs in numbers; and the coverage of territories."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import OwnAccounts, first_of_each
from accountmap.account_map.reviews import REJECTED, were_denied
from accountmap.account_map.schema import (
    COUNTS_AGREED,
    COVERAGE_SCHEMA,
    HIDDEN,
    NOT_COMPARED,
    NOT_ON_THEIR_LIST,
    ONLY_COUNTED,
    UNMATCHED_SCHEMA,
    WHITESPACE,
    WHITESPACE_SCHEMA,
    SessionResult,
)
from accountmap.accounts.schema import SEGMENTS, size_band
from accountmap.linkage.places import country_code

ANSWERED_NO: Final = "answered no"


def whitespace(
    own: OwnAccounts, matches: pa.Table, rejected: pa.Table, possible: pa.Table, result: SessionResult
) -> pa.Table:
    """List the accounts of entities without a match, those that are certainly not on their list first.

    Args:
        matches: what is in the overlap.
        rejected: matches that the user rejected.
        possible: POSSIBLE_SCHEMA; those that were answered *no* are listed here, the others are not.

    Returns:
        WHITESPACE_SCHEMA.
    """
    answered_no = were_denied(possible)
    waiting = possible.filter(pc.invert(answered_no))
    without = ~np.isin(own.entity, matches["entity"].to_numpy())
    without &= ~pc.is_in(own.table["entity_id"], value_set=waiting["entity_id"].combine_chunks()).to_numpy()
    table, entity = own.table.filter(pa.array(without)), pa.array(own.entity[without], pa.int32())
    strength = pc.index_in(table["segment"], value_set=pa.array(SEGMENTS)).combine_chunks()
    status, why_not, compared, counted = (
        pa.array(column, pa.string()).take(strength)
        for column in zip(*(_status(segment, result) for segment in SEGMENTS), strict=True)
    )
    withheld = (
        result.withheld["reason"]
        .combine_chunks()
        .take(pc.index_in(entity, value_set=result.withheld["entity"].combine_chunks()))
    )
    took_part = withheld.is_null()
    status = pc.if_else(took_part, status, NOT_COMPARED)
    was_rejected = pc.is_in(entity, value_set=rejected["entity"].combine_chunks())
    said_no = pc.is_in(table["entity_id"], value_set=possible.filter(answered_no)["entity_id"].combine_chunks())
    nothing = pa.scalar(None, pa.string())
    columns = {
        "status": status,
        "compared_with": pc.if_else(took_part, compared, ""),
        "counted_with": pc.if_else(took_part, counted, ""),
        "why_not": pc.coalesce(withheld, why_not),
        "review": pc.if_else(was_rejected, REJECTED, pc.if_else(said_no, ANSWERED_NO, nothing)),
        "strength": strength,
        "status_rank": pc.index_in(status, value_set=pa.array(WHITESPACE)),
    }
    for name, column in columns.items():
        table = table.append_column(name, column)
    ordered = table.sort_by(
        [
            ("status_rank", "ascending"),
            ("strength", "ascending"),
            ("amount", "descending"),
            ("account_id", "ascending"),
        ]
    )
    return ordered.select(WHITESPACE_SCHEMA.names).cast(WHITESPACE_SCHEMA)


def _status(segment: str, result: SessionResult) -> tuple[str, str | None, str, str]:
    """Return status, why not, compared with and counted with, for entities of an own segment without a match."""
    compared = [theirs for theirs in SEGMENTS if (segment, theirs) in result.named_cells]
    counted = [theirs for theirs in SEGMENTS if (segment, theirs) in result.counted_cells]
    theirs = [theirs for theirs in SEGMENTS if result.partner_sizes.get(theirs)]
    if set(theirs) <= set(compared):
        status, why_not = NOT_ON_THEIR_LIST, None
    elif counted or (not compared and segment in result.estimates["segment"].to_pylist()):
        status, why_not = ONLY_COUNTED, COUNTS_AGREED
    else:
        status, why_not = NOT_COMPARED, HIDDEN
    return status, why_not, "+".join(compared), "+".join(counted)


_RANGE: Final = 3
"""Three times its scale: what Laplace noise stays within in 95 of 100 cases (1 - exp(-3))."""


def theirs_without_me(overlap: pa.Table, result: SessionResult) -> pa.Table:
    """Subtract the matches from the partner's noisy totals.

    A match counts under the values that the partner showed, or else under those of the own list.

    Args:
        overlap: OVERLAP_SCHEMA.

    Returns:
        UNMATCHED_SCHEMA: all, countries, sizes, industries, names; the largest first.
    """
    if result.totals is None:
        return UNMATCHED_SCHEMA.empty_table()
    matched = _matched_values(overlap.take(pa.array(first_of_each(overlap["match_id"]))))
    rows = [_unmatched(row, matched, _RANGE * result.totals_noise) for row in result.totals.to_pylist()]
    kinds = ("all", "country", "size", "industry", "name")
    rows.sort(key=lambda row: (kinds.index(row["by"]), -row["entities"], row["value"] or ""))
    return pa.Table.from_pylist(rows, schema=UNMATCHED_SCHEMA)


def _matched_values(matches: pa.Table) -> dict[tuple[str, str | None], int]:
    """Count the matches by what the partner's totals count its list by."""
    found: dict[tuple[str, str | None], int] = {("all", None): matches.num_rows}
    names = ("territory", "their_country", "employees", "their_employees", "industry", "their_industry")
    for row in matches.select(names).to_pylist():
        theirs = row["their_employees"]
        employees = int(theirs) if theirs and theirs.isascii() and theirs.isdigit() else row["employees"]
        industry = row["their_industry"] or row["industry"]
        values = {
            "country": country_code(row["their_country"] or "") or row["territory"],
            "size": size_band(employees),
            "industry": " ".join(industry.lower().split()) if industry else None,
        }
        for kind, value in values.items():
            if value is not None:
                found[kind, value] = found.get((kind, value), 0) + 1
    return found


def _unmatched(row: dict[str, Any], matched: dict[tuple[str, str | None], int], margin: int) -> dict[str, Any]:
    if row["by"] == "name":
        exact = row["entities"]
        return {**row, "listed": None, "matched": None, "at_least": exact, "at_most": exact}
    both = matched.get((row["by"], row["value"]), 0)
    left = row["entities"] - both
    return {
        **row,
        "listed": row["entities"],
        "matched": both,
        "entities": max(left, 0),
        "at_least": max(left - margin, 0),
        "at_most": max(left + margin, 0),
    }


_KEYS = ["territory", "segment"]
_Place = tuple[str | None, str]
_Sums = dict[_Place, tuple[int, float | None]]
_COUNTED: Final = ("overlap", "possible", "whitespace", "only_counted", "not_compared")


def coverage(overlap: pa.Table, possible: pa.Table, whitespace: pa.Table) -> pa.Table:
    """Count own entities by territory and segment.

    Args:
        overlap: OVERLAP_SCHEMA.
        possible: the rows of POSSIBLE_SCHEMA that are in neither the overlap nor the whitespace.
        whitespace: WHITESPACE_SCHEMA.

    Returns:
        COVERAGE_SCHEMA: territories with most entities first, unknown ones last; segments strongest first.
    """
    shared = overlap.take(pa.array(first_of_each(overlap["account_id"])))  # An account may have several matches.
    by_status = {status: whitespace.filter(pc.equal(whitespace["status"], status)) for status in WHITESPACE}
    parts = {
        "overlap": _sums(shared),
        "their_customers": _sums(overlap.filter(pc.equal(overlap["their_segment"], "customer"))),
        "possible": _sums(possible.take(pa.array(first_of_each(possible["account_id"])))),
        "whitespace": _sums(by_status[NOT_ON_THEIR_LIST]),
        "only_counted": _sums(by_status[ONLY_COUNTED]),
        "not_compared": _sums(by_status[NOT_COMPARED]),
    }
    rows = [_row(place, parts) for place in {place for sums in parts.values() for place in sums}]
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
        "listed": sum(entities[name] for name in _COUNTED),
        **entities,
        "overlap_amount": parts["overlap"].get(place, (0, None))[1],
        "whitespace_amount": parts["whitespace"].get(place, (0, None))[1],
    }


def _sums(accounts: pa.Table) -> _Sums:
    """Return the number of entities and the sum of amounts by territory and segment."""
    sums = accounts.group_by(_KEYS).aggregate([("entity_id", "count_distinct"), ("amount", "sum")])
    return {
        (row["territory"], row["segment"]): (row["entity_id_count_distinct"], row["amount_sum"])
        for row in sums.to_pylist()
    }
