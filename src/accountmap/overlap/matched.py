"""The matches of a session, with what follows from each: play, evidence and tier."""

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS
from accountmap.canonical.prepared import Prepared, Profile
from accountmap.errors import UsageError
from accountmap.overlap.plays import CELLS, PLAYS
from accountmap.overlap.result import SessionResult
from accountmap.overlap.tables import SHARED_COLUMNS, THEIR_PREFIX, TIERS


def matched_entities(prepared: Prepared, result: SessionResult) -> pa.Table:
    """Describe each match.

    Returns:
        One row a match, in the order of `result.matches`: entity (row), match_id, segment, their_segment, cell (in
        CELLS), play, evidence, tier, tier_rank (0 is best), and the partner's fields as in OVERLAP_SCHEMA.

    Raises:
        UsageError: the matches do not fit the prepared list, or the partner's fields not the matches.
    """
    matches = result.matches.combine_chunks()
    entity = matches["entity"]
    if matches.num_rows and not (
        pc.min(entity).as_py() >= 0 and pc.max(entity).as_py() < prepared.entities.num_rows
    ):
        raise UsageError("The session matched entities that the prepared list does not have.")
    if pc.any(pc.is_in(entity, value_set=result.withheld["entity"].combine_chunks())).as_py():
        raise UsageError("The session matched entities that took no part in it.")
    segment = prepared.entities["segment"].take(entity)
    cell = _cell(segment, matches["their_segment"])
    named = {at for at, name in enumerate(CELLS) if name in result.named_cells}
    if not set(pc.unique(cell).to_pylist()) <= named or not result.named_cells <= result.preview.keys():
        raise UsageError("The session matched entities in a cell of segments that it did not compare.")
    in_cell = pc.add(pc.multiply(entity.cast(pa.int64()), len(CELLS)), cell.cast(pa.int64()))
    if pc.count_distinct(in_cell).as_py() != matches.num_rows:
        raise UsageError("The session matched one entity twice in one cell.")
    return pa.table(
        {
            "entity": entity,
            "match_id": matches["match_id"],
            "segment": segment,
            "their_segment": matches["their_segment"],
            "cell": cell,
            "play": pa.array([PLAYS[name].name for name in CELLS]).take(cell),
            **_evidence(matches["evidence"], prepared.profile),
            **_their_columns(result.their_fields, matches.num_rows),
        }
    )


def _cell(segment: pa.ChunkedArray, their_segment: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give the position in CELLS of each match; null where a segment is none of the known ones."""
    names = pa.array(SEGMENTS)
    mine, theirs = (pc.index_in(column, value_set=names) for column in (segment, their_segment))
    return pc.add(pc.multiply(mine, len(SEGMENTS)), theirs)


def _evidence(slots: pa.ChunkedArray, profile: Profile) -> dict[str, pa.ChunkedArray]:
    """Join the slot names of each match, and find its best tier; there are few different evidences."""
    joined = pc.binary_join(slots, "+").combine_chunks().dictionary_encode()
    rank_of_slot = {slot.name: TIERS.index(slot.tier) for slot in profile.slots}
    try:
        ranks = [
            min(rank_of_slot[name] for name in evidence.split("+")) for evidence in joined.dictionary.to_pylist()
        ]
    except KeyError:
        raise UsageError(
            "A match names evidence that the profile does not have.", "Use the profile that the session ran on."
        ) from None
    tier_rank = pa.array(ranks, pa.int64()).take(joined.indices)
    return {
        "evidence": joined.cast(pa.string()),
        "tier": pa.array(TIERS).take(tier_rank),
        "tier_rank": tier_rank,
    }


def _their_columns(shown: pa.Table, matches: int) -> dict[str, pa.Array | pa.ChunkedArray]:
    """Name the partner's fields as columns of the overlap; those that it did not show are null."""
    if not set(shown.column_names) <= set(SHARED_COLUMNS) or (shown.num_columns and len(shown) != matches):
        raise UsageError("The partner's fields do not fit the matches.")
    blank = pa.nulls(matches, pa.string())
    return {THEIR_PREFIX + name: shown[name] if name in shown.column_names else blank for name in SHARED_COLUMNS}
