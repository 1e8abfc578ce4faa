"""From matched groups to the account map."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.campaign import budget, campaign
from accountmap.account_map.conflicts import conflicts, leads
from accountmap.account_map.matches import doubts, matched_entities, ranked_overlap
from accountmap.account_map.model import (
    CHANGE_COLUMNS,
    CHANGE_SCHEMA,
    CHANGES,
    SESSION_SCHEMA,
    AccountMap,
    History,
)
from accountmap.account_map.own_accounts import OwnAccounts, own_accounts
from accountmap.account_map.plays import segment_matrix
from accountmap.account_map.reviews import REJECTED, MatchDecision, review_matches
from accountmap.account_map.schema import WHY_NOT, Rows, SessionResult, codes
from accountmap.account_map.scoring import Points, amount_share, evidence_share, play_share, promises
from accountmap.account_map.summary import Summary, summarise
from accountmap.account_map.weights import STANDARD_WEIGHTS, Weights
from accountmap.account_map.whitespace import coverage, whitespace
from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.errors import UsageError
from accountmap.linkage.prepared import Prepared


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


_WHY_NEW: Final = ("new on your list", "matches now", "not compared before")
_WHY_GONE: Final = ("left your list", "matches no more", "not compared now")
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
    """Give the last account map what has changed since the earlier ones, and mark each shared account with it.

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
            _rows("new", new, _why(new, before.whitespace, _WHY_NEW), None, new),
            _rows("moved", known.filter(moved), why_moved.filter(moved), was.filter(moved), known.filter(moved)),
            _rows("gone", gone, _why(gone, now.whitespace, _WHY_GONE), gone, None),
        ]
    )


def _strongest_matches(overlap: pa.Table) -> pa.Table:
    """Keep of the matches of one account the one with their strongest segment, in the order of the overlap."""
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


def _why(absent: pa.Table, whitespace: pa.Table, words: tuple[str, str, str]) -> pa.Array:
    """Say why entities of one overlap are not in the other session's.

    Args:
        absent: their accounts.
        whitespace: of the session that they are absent from.
        words: for not on the list there, on it and compared, on it but not compared with their segment.
    """
    row = _earlier_rows(absent, whitespace)
    compared_with = whitespace["compared_with"].to_pylist()
    return pa.array(
        [
            words[0] if at < 0 else words[1] if theirs in compared_with[at].split("+") else words[2]
            for at, theirs in zip(row.tolist(), absent["their_segment"].to_pylist(), strict=True)
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


def build_map(
    accounts: AccountList,
    prepared: Prepared,
    result: SessionResult,
    weights: Weights = STANDARD_WEIGHTS,
    decisions: Iterable[MatchDecision] = (),
) -> AccountMap:
    """Bring one side's list and its matches together.

    Args:
        accounts: the list that `prepared` was made from.
        prepared: the list that the session ran on.
        result: what the session told this side.
        weights: what the overlap is ranked by.
        decisions: matches that the user keeps or rejects; the rejected ones are left out of all but a note.

    Raises:
        UsageError: the three do not belong together.
    """
    own = own_accounts(accounts, prepared)
    every = _described_matches(own, prepared, result, decisions)
    rejected = pc.equal(every["review"], REJECTED).fill_null(False)
    matches = every.filter(pc.invert(rejected))
    shares = _shares(own, matches, result, weights)
    overlap = ranked_overlap(own, matches, shares, weights)
    unmatched = whitespace(own, matches, every.filter(rejected), result)
    matrix = segment_matrix(overlap, result)
    marketing = campaign(overlap)
    summary = summarise(overlap, unmatched, matrix, result)
    return AccountMap(
        session_id=result.session_id,
        own_name=result.own_name,
        partner_name=result.partner_name,
        finished=result.finished,
        receipt=result.receipt,
        reveals=result.reveals,
        shown_fields=result.shown_fields,
        smallest_cell=result.smallest_cell,
        rules=result.rules,
        rest=result.rest,
        overlap=overlap,
        weights=weights,
        score_parts=tuple(shares),
        whitespace=unmatched,
        matrix=matrix,
        conflicts=conflicts(overlap, result.rules),
        campaign=marketing,
        budget=budget(marketing, overlap),
        coverage=coverage(overlap, unmatched),
        summary=summary,
        notes=accounts.notes + data_notes(prepared, overlap, matrix, summary, int(pc.sum(rejected).as_py() or 0)),
    )


def _described_matches(
    own: OwnAccounts, prepared: Prepared, result: SessionResult, decisions: Iterable[MatchDecision]
) -> pa.Table:
    """Add to the matches who leads, what is in doubt, and what the user decided."""
    matches = matched_entities(prepared, result)
    entity = matches["entity"]
    territory = pa.chunked_array([own.territory]).take(entity)
    added = {
        "lead": leads(result.rules, matches["segment"], matches["their_segment"], territory),
        "doubt": doubts(
            matches,
            pa.chunked_array([own.name]).take(entity),
            territory,
            pa.chunked_array([own.site]).take(entity),
        ),
        "review": review_matches(matches, tuple(decisions), own.table["account_id"], own.entity),
    }
    for name, column in added.items():
        matches = matches.append_column(name, column)
    return matches


def _shares(own: OwnAccounts, matches: pa.Table, result: SessionResult, weights: Weights) -> dict[str, Points]:
    """Give what part of each part's points the matches get."""
    entity = matches["entity"].to_numpy()
    matched = np.unique(entity)
    shared = np.isin(own.entity, matched)
    promised = promises(
        own.table.filter(pa.array(shared)),
        own.entity[shared],
        len(own.amount),
        result.finished.date(),
        weights,
    )
    return {
        "play": play_share(matches["cell"].to_numpy(), weights),
        "amount": amount_share(own.amount[entity], own.amount[matched]),
        **{part: share[entity] for part, share in promised.items()},
        "evidence": evidence_share(matches["tier_rank"].to_numpy()),
    }
