"""The counts that a report opens with."""

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.overlap.counts import Count, OwnSegment, PlayMoney, Summary, TheirSegment
from accountmap.overlap.plays import PLAYS
from accountmap.overlap.result import SessionResult


def summarise(overlap: pa.Table, whitespace: pa.Table, matrix: pa.Table, result: SessionResult) -> Summary:
    """Count what the three tables hold.

    Args:
        overlap: OVERLAP_SCHEMA.
        whitespace: WHITESPACE_SCHEMA.
        matrix: MATRIX_SCHEMA.
    """
    compared = whitespace["why_not"].is_null()
    shared = _by_segment(overlap)
    missing = _by_segment(whitespace.filter(compared))
    apart = _by_segment(whitespace.filter(pc.invert(compared)))
    in_cell = {(row["segment"], row["their_segment"]): row["entities"] or 0 for row in matrix.to_pylist()}
    return Summary(
        own=tuple(
            OwnSegment(name, shared[name] + missing[name] + apart[name], shared[name], missing[name], apart[name])
            for name in SEGMENTS
        ),
        theirs=tuple(
            TheirSegment(
                name,
                at_most=result.partner_sizes.get(name, 0),
                matches=sum(in_cell[mine, name] for mine in SEGMENTS),
                overlap=_certain(name, in_cell, result),
            )
            for name in SEGMENTS
        ),
        matches=sum(in_cell.values()),
        introductions_to_get=_introductions(overlap, "you"),
        introductions_to_give=_introductions(overlap, "them"),
        plays=_plays(overlap),
    )


def _counted(accounts: pa.Table) -> Count:
    return Count(
        pc.count_distinct(accounts["account_id"]).as_py(), pc.count_distinct(accounts["entity_id"]).as_py()
    )


def _by_segment(accounts: pa.Table) -> dict[str, Count]:
    return {name: _counted(accounts.filter(pc.equal(accounts["segment"], name))) for name in SEGMENTS}


def _certain(theirs: str, in_cell: dict[tuple[str, str], int], result: SessionResult) -> int:
    """Say how many of their entities of a segment are shared at least.

    Within one session each of their entities has one match at most. Cells that show the same and make up a
    rectangle are one session (psi-v1, "rectangle"); else only each cell is known to be.
    """
    columns = [
        sum(in_cell[mine, theirs] for mine in cells)
        for cells in ([[mine] for mine in SEGMENTS] + _whole_columns(theirs, result))
    ]
    return max(columns)


def _whole_columns(theirs: str, result: SessionResult) -> list[list[str]]:
    groups: dict[object, set[tuple[str, str]]] = {}
    for cell in result.named_cells:
        groups.setdefault(result.shown_fields.get(cell), set()).add(cell)
    columns = []
    for cells in groups.values():
        mine, others = {cell[0] for cell in cells}, {cell[1] for cell in cells}
        if theirs in others and len(cells) == len(mine) * len(others):
            columns.append(sorted(mine))
    return columns


def _introductions(overlap: pa.Table, whom: str) -> Count:
    plays = {play.name for play in PLAYS.values() if play.introduces == whom}
    return _counted(overlap.filter(pc.is_in(overlap["play"], value_set=pa.array(sorted(plays)))))


def _plays(overlap: pa.Table) -> tuple[PlayMoney, ...]:
    """Sum each play's amounts, each account once."""
    found = []
    for name in dict.fromkeys(play.name for play in PLAYS.values()):
        rows = overlap.filter(pc.equal(overlap["play"], name))
        amounts = rows.group_by("account_id").aggregate([("amount", "max")])["amount_max"]
        if amount := pc.sum(amounts).as_py():
            found.append(PlayMoney(name, _counted(rows), amount))
    return tuple(sorted(found, key=lambda each: -each.amount))
