"""From an account list to its prepared list: keys per account, entities, one value per entity and slot."""

from collections.abc import Iterable
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.canonical.decisions import Decision
from accountmap.canonical.entities import resolve
from accountmap.canonical.parts import Spread, join_parts, reference_candidates, split_list, work_out
from accountmap.canonical.prepared import ENTITY_SCHEMA, KEY_SCHEMA, MEMBER_SCHEMA, Prepared, Profile
from accountmap.canonical.reference import Reference

Index = npt.NDArray[np.int64]


def _starts(*columns: Index) -> npt.NDArray[np.bool_]:
    """Mark the first row of each run of equal rows."""
    first = np.ones(len(columns[0]), bool)
    first[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return first


def _alone(group: Index) -> npt.NDArray[np.bool_]:
    """Mark the rows whose group, a small number, no other row has."""
    alone: npt.NDArray[np.bool_] = np.bincount(group)[group] == 1
    return alone


def _one_per_cell(cell: Index, code: Index, closeness: Index, rule: Index) -> Index:
    """Choose each cell's value: the closest, then the most frequent, then the smallest; with its closest rule.

    The choice depends on what the accounts hold, and not on their order.
    """
    order = np.lexsort((rule, -closeness, code, cell))
    starts = _starts(cell[order], code[order])
    count = np.bincount(np.cumsum(starts) - 1)
    first = order[starts]
    best = np.lexsort((code[first], -count, -closeness[first], cell[first]))
    chosen: Index = first[best][_starts(cell[first][best])]
    return chosen


def _one_holder(value: Index, rank: Index) -> Index:
    """Leave each value to its strongest holder, and to none if two entities are as strong.

    One entity never holds a value twice with one rank: that tells its slot.
    """
    order = np.lexsort((-rank, value))
    starts = _starts(value[order])
    first = np.flatnonzero(starts)
    following = np.minimum(first + 1, len(order) - 1)
    tied = ~starts[following] & (rank[order[first]] == rank[order[following]])
    holders: Index = order[first[~tied]]
    return holders


def slot_ranks(profile: Profile) -> Index:
    """Rank the slots as holders of a value: by weight, of equal ones the first highest."""
    by_weight = sorted(range(len(profile.slots)), key=lambda at: (profile.slots[at].weight, -at))
    return np.argsort(by_weight)


def _distinct(candidates: pa.Table, entity: Index, profile: Profile) -> Index:
    """Pick the candidates that become keys, ordered by entity and slot.

    Most cells (a slot of an entity) have one candidate and most values one holder; only the others are compared.
    """
    if not len(candidates):
        return np.zeros(0, np.int64)
    spaces = sorted({slot.space for slot in profile.slots})
    space_of_slot = np.array([spaces.index(slot.space) for slot in profile.slots])
    rank_of_slot = slot_ranks(profile)

    slot = candidates["slot"].to_numpy().astype(np.int64)
    closeness = candidates["closeness"].to_numpy().astype(np.int64)
    code, rule = (
        pc.rank(candidates[name], tiebreaker="dense").to_numpy().astype(np.int64) for name in ("value", "rule")
    )
    cell = entity * len(profile.slots) + slot
    value = code * len(spaces) + space_of_slot[slot]
    rank = rank_of_slot[slot] * 4 + closeness

    alone = _alone(cell)
    several = np.flatnonzero(~alone)
    best = several[_one_per_cell(cell[several], code[several], closeness[several], rule[several])]
    chosen = np.concatenate([np.flatnonzero(alone), best])
    alone = _alone(code[chosen])
    shared = chosen[~alone]
    kept = np.concatenate([chosen[alone], shared[_one_holder(value[shared], rank[shared])]])
    ordered: Index = kept[np.argsort(cell[kept])]
    return ordered


def _entities(table: pa.Table, entity_of: Index) -> pa.Table:
    """Describe each entity: its smallest account id and its strongest segment."""
    ids: dict[int, str] = {}
    segments: dict[int, str] = {}
    accounts, owned = (table.column(name).to_pylist() for name in ("account_id", "segment"))
    for entity, account, segment in zip(entity_of.tolist(), accounts, owned, strict=True):
        ids[entity] = min(ids.get(entity, account), account)
        segments[entity] = min(segments.get(entity, segment), segment, key=SEGMENTS.index)
    order = range(len(ids))
    return pa.table([[ids[at] for at in order], [segments[at] for at in order]], schema=ENTITY_SCHEMA)


def prepare_accounts(
    accounts: AccountList,
    profile: Profile,
    decisions: Iterable[Decision] = (),
    reference: Reference | None = None,
    spread: Spread = map,
) -> Prepared:
    """Turn a list into entities and match keys.

    Args:
        accounts: the own list; the order of its rows does not matter.
        profile: which keys to make.
        decisions: what the user said of pairs of accounts: the same company or not.
        reference: the list that the agreement names, if its profile has the slot.
        spread: where the parts of the list are worked on: the `map` of an executor, or here, one after another.

    Returns:
        The prepared list: members in the order of account_id, entities of their smallest account_id.
    """
    table = accounts.table
    slots = [slot.name for slot in profile.slots]
    whole = join_parts(spread(partial(work_out, slots=slots), split_list(table)))
    candidates = whole.candidates
    if reference and "reference" in slots:
        found = reference_candidates(whole, reference, slots.index("reference"))
        candidates = pa.concat_tables([candidates, found])
    entity_of = resolve(whole.traits, decisions).entity_of
    entity = entity_of[candidates["account"].to_numpy()]
    kept = _distinct(candidates, entity, profile)
    chosen = candidates.take(kept)
    keys = pa.table(
        [entity[kept].astype(np.int32), *(chosen[name] for name in ("slot", "value", "rule"))], schema=KEY_SCHEMA
    ).combine_chunks()
    members = pa.table([table.column("account_id"), entity_of.astype(np.int32)], schema=MEMBER_SCHEMA)
    return Prepared(
        profile,
        _entities(table, entity_of),
        members.sort_by("account_id"),
        keys,
        reference.digest if reference else "",
    )
