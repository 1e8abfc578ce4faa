"""From an account list to its prepared list: keys per account, entities, one value per entity and slot."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.canonical.decisions import Decision
from accountmap.canonical.entities import resolve
from accountmap.canonical.keys import ADDRESS_COLUMNS, Facts, gather, keys_of
from accountmap.canonical.prepared import ENTITY_SCHEMA, KEY_SCHEMA, MEMBER_SCHEMA, Prepared, Profile
from accountmap.canonical.reference import Reference
from accountmap.canonical.traits import Numbers, folded_cities, registry_numbers, traits_of

Index = npt.NDArray[np.int64]

KEY_COLUMNS: Final = ("name", *ADDRESS_COLUMNS, "country")
"""The columns that keys are made of."""


@dataclass
class _Candidates:
    """Keys before they are made distinct, one entry each.

    Columns of plain values: an object a key would cost more than the key.
    """

    account: list[int]
    slot: list[int]
    value: list[str]
    rule: list[str]
    closeness: list[int]

    def note(self, facts: Iterable[Facts], slots: tuple[str, ...]) -> Iterator[Facts]:
        """Add the keys of each account as it passes by."""
        for at, known in enumerate(facts):
            for slot, key in keys_of(known, slots):
                self.account.append(at)
                self.slot.append(slot)
                self.value.append(key.value)
                self.rule.append(key.rule)
                self.closeness.append(key.closeness)
            yield known


def _facts(table: pa.Table, numbers: Numbers, reference: Reference | None) -> Iterator[Facts]:
    columns = zip(*(table.column(name).to_pylist() for name in KEY_COLUMNS), strict=True)
    for cells, own in zip(columns, zip(*numbers.values(), strict=True), strict=True):
        account = dict(zip(KEY_COLUMNS, cells, strict=True))
        facts = gather(account, dict(zip(numbers, own, strict=True)) if any(own) else None)
        yield replace(facts, reference=reference.find(facts)) if reference else facts


def _codes(values: Sequence[str]) -> Index:
    """Number values in the order of their UTF-8 bytes."""
    encoded = pa.array(values, pa.string()).dictionary_encode()
    distinct = np.array(encoded.dictionary.to_pylist(), dtype=object)
    rank = np.empty(len(distinct), np.int64)
    rank[np.argsort(distinct)] = np.arange(len(distinct))
    codes: Index = rank[encoded.indices.to_numpy().astype(np.int64)]
    return codes


def _starts(*columns: Index) -> npt.NDArray[np.bool_]:
    """Mark the first row of each run of equal rows."""
    first = np.ones(len(columns[0]), bool)
    first[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return first


def _one_per_slot(entity: Index, slot: Index, code: Index, closeness: Index) -> Index:
    """Choose each entity's value for each slot: the closest, then the most frequent, then the smallest."""
    order = np.lexsort((code, slot, entity))
    starts = _starts(entity[order], slot[order], code[order])
    run = np.cumsum(starts) - 1
    count = np.bincount(run)
    closest = np.zeros(len(count), np.int64)
    np.maximum.at(closest, run, closeness[order])
    first = order[starts]
    best = np.lexsort((code[first], -count, -closest, slot[first], entity[first]))
    chosen: Index = first[best][_starts(entity[first][best], slot[first][best])]
    return chosen


def _one_holder(space: Index, entity: Index, code: Index, rank: Index) -> Index:
    """Leave each value of a name space to its strongest holder, and to none if two entities are as strong."""
    order = np.lexsort((-rank, code, space))
    starts = np.flatnonzero(_starts(space[order], code[order]))
    nexts = np.minimum(starts + 1, len(order) - 1)
    run_of_next = np.isin(nexts, starts)
    first, second = order[starts], order[nexts]
    tied = ~run_of_next & (rank[first] == rank[second]) & (entity[first] != entity[second])
    holders: Index = first[~tied]
    return holders


def _distinct(made: _Candidates, entity_of: Index, profile: Profile) -> Index:
    """Pick the candidates that become keys."""
    if not made.value:
        return np.zeros(0, np.int64)
    spaces = sorted({slot.space for slot in profile.slots})
    space_of_slot = np.array([spaces.index(slot.space) for slot in profile.slots])
    by_weight = sorted(range(len(profile.slots)), key=lambda at: (profile.slots[at].weight, -at))
    rank_of_slot = np.argsort(by_weight)

    entity, slot, closeness = entity_of[made.account], np.array(made.slot), np.array(made.closeness)
    code = _codes(made.value)
    chosen = _one_per_slot(entity, slot, code, closeness)
    rank = rank_of_slot[slot] * 4 + closeness
    held = _one_holder(space_of_slot[slot[chosen]], entity[chosen], code[chosen], rank[chosen])
    kept = chosen[held]
    ordered: Index = kept[np.lexsort((slot[kept], entity[kept]))]
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
) -> Prepared:
    """Turn a list into entities and match keys.

    Args:
        accounts: the own list; the order of its rows does not matter.
        profile: which keys to make.
        decisions: what the user said of pairs of accounts: the same company or not.
        reference: the list that the agreement names, if its profile has the slot.

    Returns:
        The prepared list: members in the order of account_id, entities of their smallest account_id.
    """
    table = accounts.table
    numbers = registry_numbers(table)
    made = _Candidates([], [], [], [], [])
    passing = made.note(_facts(table, numbers, reference), tuple(slot.name for slot in profile.slots))
    ids = table.column("account_id").to_pylist()
    traits = traits_of(ids, passing, numbers, folded_cities(table))
    entity_of = resolve(traits, decisions).entity_of
    kept = _distinct(made, entity_of, profile)
    keys = pa.table(
        [
            entity_of[np.array(made.account, np.int64)[kept]].astype(np.int32),
            np.array(made.slot, np.int8)[kept],
            pa.array([made.value[at] for at in kept], pa.string()),
            pa.array([made.rule[at] for at in kept], pa.string()),
        ],
        schema=KEY_SCHEMA,
    )
    members = pa.table([table.column("account_id"), entity_of.astype(np.int32)], schema=MEMBER_SCHEMA)
    return Prepared(
        profile,
        _entities(table, entity_of),
        members.sort_by("account_id"),
        keys,
        reference.digest if reference else "",
    )
