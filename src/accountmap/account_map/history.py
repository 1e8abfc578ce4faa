"""What has changed from session to session with one partner."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.model import (
    CHANGE_COLUMNS,
    CHANGE_SCHEMA,
    CHANGES,
    SESSION_SCHEMA,
    AccountMap,
    History,
)
from accountmap.account_map.own_accounts import Rows, codes
from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import UsageError

_WHY_NEW: Final = ("new on your list", "was a possible match", "matches now", "not compared before")
_WHY_GONE: Final = ("left your list", "only a possible match now", "no longer matches", "not compared now")
_WHY_MOVED: Final = ("your segment", "their segment", "both segments")


def build_history(maps: Sequence[AccountMap]) -> History:
    """Compare each session with the one before it.

    Args:
        maps: of sessions with one partner, oldest first, at least one.

    Raises:
        UsageError: there is none, or they are in another order.
    """
    if not maps or any(before.finished >= now.finished for before, now in pairwise(maps)):
        raise UsageError("A history needs at least one session, and the sessions oldest first.")
    changes = [_changes(before, now) for before, now in pairwise(maps)]
    counts: list[dict[str, int]] = [{}, *(_entities(change) for change in changes)]
    rows = [
        {
            "session_id": each.session_id,
            "finished": each.finished,
            "listed": each.summary.listed.entities,
            "their_listed_at_most": each.summary.partner_at_most,
            "overlap": each.summary.overlap.entities,
            **count,
        }
        for each, count in zip(maps, counts, strict=True)
    ]
    return History(
        sessions=pa.Table.from_pylist(rows, schema=SESSION_SCHEMA),
        changes=changes[-1] if changes else CHANGE_SCHEMA.empty_table(),
    )


def with_history(maps: Sequence[AccountMap]) -> AccountMap:
    """Add to the last account map what has changed since the earlier ones, and mark each shared account with it.

    Args and raises: as `build_history`.
    """
    history, latest = build_history(maps), maps[-1]
    if len(maps) == 1:
        return replace(latest, history=history)
    at = pc.index_in(latest.overlap["account_id"], value_set=history.changes["account_id"])
    change = pc.fill_null(history.changes["change"].take(at), "same")
    overlap = latest.overlap.set_column(
        latest.overlap.column_names.index("change"), latest.overlap.schema.field("change"), change
    )
    return replace(latest, overlap=overlap, history=history)


def _entities(changes: pa.Table) -> dict[str, int]:
    sums = changes.group_by("change").aggregate([("entity_id", "count_distinct")])
    found = dict(zip(sums["change"].to_pylist(), sums["entity_id_count_distinct"].to_pylist(), strict=True))
    return {change: found.get(change, 0) for change in CHANGES}


def _changes(before: AccountMap, now: AccountMap) -> pa.Table:
    """List what is new, moved and gone from one session to the next."""
    shared, shared_before = _strongest_matches(now.overlap), _strongest_matches(before.overlap)
    earlier, later = _earlier_rows(shared, shared_before), _earlier_rows(shared_before, shared)
    new, gone = shared.filter(pa.array(earlier < 0)), shared_before.filter(pa.array(later < 0))
    known = shared.filter(pa.array(earlier >= 0))
    was = shared_before.select(["segment", "their_segment"]).take(pa.array(earlier[earlier >= 0]))
    mine = pc.not_equal(known["segment"], was["segment"])
    theirs = pc.not_equal(known["their_segment"], was["their_segment"])
    moved = pc.or_(mine, theirs)
    why_moved = pc.if_else(pc.and_(mine, theirs), _WHY_MOVED[2], pc.if_else(mine, _WHY_MOVED[0], _WHY_MOVED[1]))
    return pa.concat_tables(
        [
            _rows("new", new, _why(new, before, _WHY_NEW), None, new),
            _rows("moved", known.filter(moved), why_moved.filter(moved), was.filter(moved), known.filter(moved)),
            _rows("gone", gone, _why(gone, now, _WHY_GONE), gone, None),
        ]
    )


def _strongest_matches(overlap: pa.Table) -> pa.Table:
    """Keep one match for each account, the one with their strongest segment, in the order of the overlap."""
    strength = pc.index_in(overlap["their_segment"], value_set=pa.array(SEGMENTS)).to_numpy()
    account, _ = codes(overlap["account_id"])
    order = np.lexsort((np.arange(len(account)), strength, account))  # The last key is the first to sort by.
    first = order[np.unique(account[order], return_index=True)[1]]
    return overlap.take(pa.array(np.sort(first)))


def _earlier_rows(overlap: pa.Table, other: pa.Table) -> Rows:
    """Find for each account the first row of `other` that any account of its entity has there, or -1."""
    at = pc.index_in(overlap["account_id"], value_set=other["account_id"])
    row = pc.fill_null(at, other.num_rows).to_numpy().astype(np.int64)
    entity, entities = codes(overlap["entity_id"])
    first = np.full(entities, other.num_rows, np.int64)
    np.minimum.at(first, entity, row)
    found: Rows = np.where(first < other.num_rows, first, -1)[entity]
    return found


def _why(absent: pa.Table, other: AccountMap, words: tuple[str, str, str, str]) -> pa.Array:
    """Say why entities of one overlap are not in another session's.

    Args:
        absent: their accounts.
        other: the account map of the session that they are absent from.
        words: what to say if it was not on the own list there, was a possible match, was compared with their
            segment, or was not compared with it.
    """
    row = _earlier_rows(absent, other.whitespace).tolist()
    possible = _earlier_rows(absent, other.possible) >= 0
    compared_with = other.whitespace["compared_with"].to_pylist()
    return pa.array(
        [
            words[1]
            if asked
            else words[0]
            if at < 0
            else words[2]
            if theirs in compared_with[at].split("+")
            else words[3]
            for at, asked, theirs in zip(row, possible.tolist(), absent["their_segment"].to_pylist(), strict=True)
        ],
        pa.string(),
    )


def _rows(
    change: str, accounts: pa.Table, why: pa.Array, before: pa.Table | None, now: pa.Table | None
) -> pa.Table:
    """Put rows of one kind of change together."""
    blank = pa.nulls(accounts.num_rows, pa.string())
    columns = {
        "change": pa.array([change] * accounts.num_rows, pa.string()),
        "why": why,
        "account_id": accounts["account_id"],
        "entity_id": accounts["entity_id"],
        "segment_before": before["segment"] if before is not None else blank,
        "their_segment_before": before["their_segment"] if before is not None else blank,
        "segment": now["segment"] if now is not None else blank,
        "their_segment": now["their_segment"] if now is not None else blank,
        **{name: accounts[name] for name in CHANGE_COLUMNS},
    }
    return pa.table(columns).cast(CHANGE_SCHEMA)
