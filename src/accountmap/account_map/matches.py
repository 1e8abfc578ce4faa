"""The overlap: the own accounts beside their matches, in the order to work them."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import OwnAccounts
from accountmap.account_map.plays import CELLS, PLAYS
from accountmap.account_map.schema import (
    OVERLAP_SCHEMA,
    SCORE_PARTS,
    SHARED_COLUMNS,
    THEIR_PREFIX,
    TIERS,
    Rows,
    SessionResult,
    mapped,
)
from accountmap.account_map.scoring import Points, score
from accountmap.account_map.weights import Weights
from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import UsageError
from accountmap.linkage.compare import are_sisters
from accountmap.linkage.domains import registrable_domain
from accountmap.linkage.places import comparison_country, country_code
from accountmap.linkage.prepared import Prepared, Profile


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


WEAK: Final = "weak evidence"
OTHER_COUNTRY: Final = "another country"
OTHER_DOMAIN: Final = "another domain"
SISTERS: Final = "perhaps a sister company"
SEVERAL: Final = "several of theirs"
DOUBTS: Final = {
    WEAK: "Only part of the name agrees, its sound, or a name and a domain label.",
    OTHER_COUNTRY: "Your account and theirs are in different countries.",
    OTHER_DOMAIN: "The match rests on the name, and the domains differ by more than their ending.",
    SISTERS: "The evidence is weak, and the names begin alike but go on differently.",
    SEVERAL: "This entity of yours matched several of theirs.",
}
"""What each doubt says."""

Flags = npt.NDArray[np.bool_]


def doubts(
    matches: pa.Table, name: pa.ChunkedArray, territory: pa.ChunkedArray, domain: pa.ChunkedArray
) -> pa.Array:
    """Say of each match what speaks against it, joined by "; ", or null.

    Args:
        matches: as from `matched_entities`.
        name: the own entity's name, row for row.
        territory: the own entity's country, likewise, as an ISO 3166 code.
        domain: the own entity's domain or website, likewise.
    """
    by_name = matches["tier_rank"].to_numpy() >= TIERS.index("strong name")
    weak = matches["tier_rank"].to_numpy() == TIERS.index("weak name")
    flags = {
        WEAK: weak,
        OTHER_COUNTRY: _differ(
            mapped(territory, comparison_country), mapped(matches["their_country"], _their_country)
        ),
        OTHER_DOMAIN: by_name & _differ(mapped(domain, _label), mapped(matches["their_website"], _label)),
        SISTERS: _sisters(weak, name, matches["their_name"]),
        SEVERAL: several(matches["entity"].to_numpy()),
    }
    code = sum(flag.astype(np.int64) << bit for bit, flag in enumerate(flags.values()))
    joined = [
        "; ".join(name for bit, name in enumerate(flags) if at >> bit & 1) or None for at in range(1 << len(flags))
    ]
    return pa.array(joined, pa.string()).take(pa.array(code, pa.int64()))


def several(entity: npt.NDArray[np.integer]) -> Flags:
    """Tell which matches are of an entity that has others too."""
    if not len(entity):
        return np.zeros(0, np.bool_)
    many: Flags = np.bincount(entity)[entity] > 1
    return many


def _differ(one: pa.Array, other: pa.Array) -> Flags:
    """Tell where both are known and differ."""
    different: Flags = pc.fill_null(pc.not_equal(one, other), False).to_numpy(zero_copy_only=False)
    return different


def _sisters(weak: Flags, one: pa.ChunkedArray, other: pa.ChunkedArray) -> Flags:
    """Judge the names of the matches on weak evidence."""
    flags = np.zeros(len(weak), np.bool_)
    rows = np.flatnonzero(weak)
    pairs = zip(one.take(pa.array(rows)).to_pylist(), other.take(pa.array(rows)).to_pylist(), strict=True)
    flags[rows] = [are_sisters(mine or "", theirs or "") for mine, theirs in pairs]
    return flags


def _their_country(text: str) -> str | None:
    code = country_code(text)
    return comparison_country(code) if code else None


def _label(text: str) -> str | None:
    """Give the label of a registrable domain: "acme" of acme.co.uk."""
    domain = registrable_domain(text)
    return domain.split(".")[0] if domain else None


def ranked_overlap(
    own: OwnAccounts, matches: pa.Table, shares: Mapping[str, Points], weights: Weights
) -> pa.Table:
    """Put each account beside each match of its entity, and rank by score; accounts of one match stay together.

    Args:
        matches: as from `matched_entities`, with lead, doubt and review.
        shares: for `score`, row for row with `matches`.

    Returns:
        OVERLAP_SCHEMA.
    """
    account, match = _pairs(own.entity, matches["entity"].to_numpy())
    # Those of the match come last: it has the entity's segment too.
    columns = own.table.take(pa.array(account)), matches.drop_columns(["segment"]).take(pa.array(match))
    scores = score(shares, weights)
    blank = pa.nulls(len(match), pa.float64())
    table = pa.table(
        {
            **{
                name: column
                for part in columns
                for name, column in zip(part.column_names, part.columns, strict=True)
            },
            **{f"score_{part}": blank for part in SCORE_PARTS},
            **{name: points[match] for name, points in scores.items()},
            "entity_amount": own.amount[own.entity[account]],
            "change": pa.nulls(len(match), pa.string()),
        }
    )
    ranked = table.sort_by(
        [
            ("score", "descending"),
            ("entity_amount", "descending"),
            ("entity_id", "ascending"),
            ("match_id", "ascending"),
            ("amount", "descending"),
            ("account_id", "ascending"),
        ]
    )
    return ranked.select(OVERLAP_SCHEMA.names).cast(OVERLAP_SCHEMA)


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
