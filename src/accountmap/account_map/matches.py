"""The matches of a session: what speaks for and against each, and the overlap, in the order to work it."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import OwnAccounts, Rows
from accountmap.account_map.plays import CELLS, PLAYS
from accountmap.account_map.schema import (
    CONTRADICTIONS,
    OVERLAP_SCHEMA,
    SCORE_PARTS,
    SHARED_COLUMNS,
    STRENGTHS,
    THEIR_PREFIX,
    WEAK,
    SessionResult,
)
from accountmap.account_map.scoring import Points
from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import UsageError
from accountmap.linkage.prepared import Prepared

WEAK_EVIDENCE: Final = "weak evidence"
OTHER_DOMAIN: Final = "different domains"
OTHER_COUNTRY: Final = "different countries"
DOUBTS: Final = {
    WEAK_EVIDENCE: "Only parts of the names agree, or a name that many companies have.",
    OTHER_DOMAIN: "The names agree, but both of you list a website and the websites differ.",
    OTHER_COUNTRY: "The names agree, but both of you list a country and the countries differ.",
}
"""What each doubt means."""

_SINGLE_KEY: Final = 15
_CONTRADICTED: Final = 25
_WEAK: Final = 45
"""What each of these takes off the match score of 100."""


def matched_entities(prepared: Prepared, result: SessionResult) -> pa.Table:
    """Describe the matches that were revealed.

    Returns:
        One row per match, in the order of `result.matches`: as from `described`, and the partner's fields as in
        OVERLAP_SCHEMA.

    Raises:
        UsageError: the matches do not fit the prepared list, or the partner's fields do not fit the matches.
    """
    matches = described(result.matches, prepared, result)
    in_cell = pc.add(pc.multiply(matches["entity"].cast(pa.int64()), len(CELLS)), matches["cell"].cast(pa.int64()))
    if pc.count_distinct(in_cell).as_py() != matches.num_rows:
        raise UsageError("The session matched one entity twice in one cell.")
    for name, column in _their_columns(result.their_fields, matches.num_rows).items():
        matches = matches.append_column(name, column)
    return matches


def described(matches: pa.Table, prepared: Prepared, result: SessionResult) -> pa.Table:
    """Describe matches, revealed or possible, with what the prepared list says of their entities.

    Args:
        matches: MATCH_SCHEMA.

    Returns:
        One row per match: entity (row), match_id, segment, their_segment, cell (in CELLS), play, strength,
        evidence, contradiction, doubt, match_score.

    Raises:
        UsageError: they do not fit the prepared list or the session's cells.
    """
    matches = matches.combine_chunks()
    entity = matches["entity"]
    if matches.num_rows and not (
        pc.min(entity).as_py() >= 0 and pc.max(entity).as_py() < prepared.entities.num_rows
    ):
        raise UsageError("The session matched entities that the prepared list does not have.")
    if pc.any(pc.is_in(entity, value_set=result.withheld["entity"].combine_chunks())).as_py():
        raise UsageError("The session matched entities that took no part in it.")
    bare = pc.any(pc.equal(pc.list_value_length(matches["evidence"]), 0)).as_py()
    named_slots = set(pc.unique(matches["evidence"].combine_chunks().flatten()).to_pylist())
    if bare or not named_slots <= {slot.name for slot in prepared.profile.slots}:
        raise UsageError(
            "A match names evidence that the profile does not have.", "Use the profile that the session ran on."
        )
    segment = prepared.entities["segment"].take(entity)
    cell = _cell(segment, matches["their_segment"])
    named = {at for at, name in enumerate(CELLS) if name in result.named_cells}
    if not set(pc.unique(cell).to_pylist()) <= named:
        raise UsageError("The session matched entities in a cell of segments that it did not compare.")
    return pa.table(
        {
            "entity": entity,
            "match_id": matches["match_id"],
            "segment": segment,
            "their_segment": matches["their_segment"],
            "cell": cell,
            "play": pa.array([PLAYS[name].name for name in CELLS]).take(cell),
            "strength": matches["strength"],
            "evidence": pc.binary_join(matches["evidence"], "+"),
            **_judged(matches),
        }
    )


def _cell(segment: pa.ChunkedArray, their_segment: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the position in CELLS of each match; null where a segment is unknown."""
    names = pa.array(SEGMENTS)
    mine, theirs = (pc.index_in(column, value_set=names) for column in (segment, their_segment))
    return pc.add(pc.multiply(mine, len(SEGMENTS)), theirs)


def _judged(matches: pa.Table) -> dict[str, pa.Array]:
    """Return contradiction, doubt and match score: all from what both sides know, so that their reports agree.

    Raises:
        UsageError: a strength or a contradiction is unknown.
    """
    contradictions = matches["contradiction"].combine_chunks()
    names = {*pc.unique(matches["strength"]).to_pylist(), *pc.unique(contradictions.flatten()).to_pylist()}
    if not names <= {*STRENGTHS, *CONTRADICTIONS}:
        raise UsageError("A match has a strength or a contradiction that this version does not know.")
    joined = pc.binary_join(contradictions, "+").dictionary_encode()
    texts, at = joined.dictionary.to_pylist(), joined.indices.cast(pa.int64())
    weak = pc.equal(matches["strength"].combine_chunks(), WEAK).cast(pa.int64())
    single = pc.equal(pc.list_value_length(matches["evidence"].combine_chunks()), 1).cast(pa.int64())
    # There are few combinations: each is judged once.
    doubts = pa.array([_doubt(each, text) for each in (False, True) for text in texts], pa.string())
    scores = pa.array(
        [_match_score(each, text, one) for one in (False, True) for each in (False, True) for text in texts],
        pa.float64(),
    )
    of_doubt = pc.add(at, pc.multiply(weak, len(texts)))
    return {
        "contradiction": pa.array([text or None for text in texts], pa.string()).take(at),
        "doubt": doubts.take(of_doubt),
        "match_score": scores.take(pc.add(of_doubt, pc.multiply(single, 2 * len(texts)))),
    }


def _doubt(weak: bool, contradiction: str) -> str | None:
    flags = {
        WEAK_EVIDENCE: weak,
        OTHER_DOMAIN: "domain" in contradiction,
        OTHER_COUNTRY: "country" in contradiction,
    }
    return "; ".join(name for name, holds in flags.items() if holds) or None


def _match_score(weak: bool, contradiction: str, single_key: bool) -> float:
    return 100.0 - _WEAK * weak - _CONTRADICTED * bool(contradiction) - _SINGLE_KEY * single_key


def _their_columns(shown: pa.Table, matches: int) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Name the partner's fields as columns of the overlap; those that it did not show are null."""
    if not set(shown.column_names) <= set(SHARED_COLUMNS) or (shown.num_columns and len(shown) != matches):
        raise UsageError("The partner's fields do not fit the matches.")
    blank = pa.nulls(matches, pa.string())
    return {THEIR_PREFIX + name: shown[name] if name in shown.column_names else blank for name in SHARED_COLUMNS}


def ranked_overlap(own: OwnAccounts, matches: pa.Table, scores: Mapping[str, Points]) -> pa.Table:
    """Put each account beside each match of its entity, and rank by score; accounts of one match stay together.

    Args:
        matches: as from `matched_entities`, with lead and review.
        scores: `score` and its parts, row for row with `matches`.

    Returns:
        OVERLAP_SCHEMA.
    """
    blank = pa.nulls(matches.num_rows, pa.float64())
    for name in (f"score_{part}" for part in SCORE_PARTS):
        matches = matches.append_column(name, pa.array(scores[name]) if name in scores else blank)
    matches = matches.append_column("score", pa.array(scores["score"]))
    account, match = _pairs(own.entity, matches["entity"].to_numpy())
    order = _ranks(own, matches, account, match)
    table = _beside(own, matches, account[order], match[order])
    table = table.append_column("change", pa.nulls(table.num_rows, pa.string()))
    return table.select(OVERLAP_SCHEMA.names).cast(OVERLAP_SCHEMA)


def _ranks(own: OwnAccounts, matches: pa.Table, account: Rows, match: Rows) -> Rows:
    """Order pairs of an account and a match of its entity as the overlap is ranked."""
    keys = {
        "score": matches["score"].take(pa.array(match)),
        "entity_amount": own.amount[own.entity[account]],
        "entity_id": own.table["entity_id"].take(pa.array(account)),
        "match_id": matches["match_id"].take(pa.array(match)),
        "amount": own.table["amount"].take(pa.array(account)),
        "account_id": own.table["account_id"].take(pa.array(account)),
    }
    highest_first = ("score", "entity_amount", "amount")
    by = [(name, "descending" if name in highest_first else "ascending") for name in keys]
    order: Rows = pc.sort_indices(pa.table(keys), sort_keys=by).to_numpy()
    return order


def with_accounts(own: OwnAccounts, matches: pa.Table) -> pa.Table:
    """Put each account beside each match of its entity.

    Args:
        matches: as from `described`, with further columns.

    Returns:
        The columns of both.
    """
    return _beside(own, matches, *_pairs(own.entity, matches["entity"].to_numpy()))


def _beside(own: OwnAccounts, matches: pa.Table, account: Rows, match: Rows) -> pa.Table:
    # Those of the match come last: it has the entity's segment too.
    parts = own.table.take(pa.array(account)), matches.drop_columns(["segment"]).take(pa.array(match))
    columns = {
        name: column for part in parts for name, column in zip(part.column_names, part.columns, strict=True)
    }
    return pa.table(columns)


def _pairs(entity_of_account: Rows, entity_of_match: npt.NDArray[np.int32]) -> tuple[Rows, Rows]:
    """List all pairs of an account and a match of its entity, as two columns of row numbers."""
    order = np.argsort(entity_of_match, kind="stable")
    first, after = (
        np.searchsorted(entity_of_match[order], entity_of_account, side=side) for side in ("left", "right")
    )
    count = after - first
    account = np.repeat(np.arange(len(entity_of_account)), count)
    within = np.arange(len(account)) - np.repeat(np.cumsum(count) - count, count)
    return account, order[first[account] + within]
