"""Making keys distinct: one value per entity and slot, one holder per value and name space.

Most entities are one account, whose slots have one candidate each, and most values have one holder. Only the other
candidates are compared, found by the marks of their values; all candidates stay where they are, part by part.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.linkage.blocking import Mask, is_duplicated
from accountmap.linkage.prepared import KEY_SCHEMA, Profile

Index = npt.NDArray[np.int64]


def slot_ranks(profile: Profile) -> Index:
    """Rank the slots as holders of a value: by weight; of equal weights, the first is highest."""
    by_weight = sorted(range(len(profile.slots)), key=lambda at: (profile.slots[at].weight, -at))
    return np.argsort(by_weight)


def _starts(*columns: Index) -> Mask:
    """Mark the first row of each run of equal rows."""
    first = np.ones(len(columns[0]), bool)
    first[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return first


def one_per_cell(cell: Index, code: Index, closeness: Index, rule: Index) -> Index:
    """Choose each cell's value: the closest, then the most frequent, then the smallest; with its closest rule.

    The choice depends on the accounts' values, not on their order.
    """
    order = np.lexsort((rule, -closeness, code, cell))
    starts = _starts(cell[order], code[order])
    count = np.bincount(np.cumsum(starts) - 1)
    first = order[starts]
    best = np.lexsort((code[first], -count, -closeness[first], cell[first]))
    chosen: Index = first[best][_starts(cell[first][best])]
    return chosen


def strongest_holder(value: Index, rank: Index) -> Index:
    """Leave each value to its strongest holder, and to none if two entities are equally strong.

    One entity never has a value twice with the same rank, because each rank is one slot.
    """
    order = np.lexsort((-rank, value))
    starts = _starts(value[order])
    first = np.flatnonzero(starts)
    following = np.minimum(first + 1, len(order) - 1)
    tied = ~starts[following] & (rank[order[first]] == rank[order[following]])
    holders: Index = order[first[~tied]]
    return holders


@dataclass
class _Part:
    """Candidates of some accounts.

    Attributes:
        table: CANDIDATE_SCHEMA.
        first: the row of the first account in the list.
        accounts: how many accounts there are.
        open: which candidates may still become keys.
    """

    table: pa.Table
    first: int
    accounts: int
    open: Mask

    def column(self, name: str) -> npt.NDArray[np.int64]:
        """Return a column of numbers."""
        numbers: npt.NDArray[np.int64] = self.table[name].to_numpy()
        return numbers

    def entities(self, entity_of: Index) -> Index:
        """Return the entity of each candidate."""
        return entity_of[self.first + self.column("account")]


class Candidates:
    """The candidates of a list, which become its keys.

    Args:
        profile: the profile whose slots they are for.
    """

    def __init__(self, profile: Profile) -> None:
        self._parts: Final[deque[_Part]] = deque()
        self._slots: Final = profile.slots
        self._ranks: Final = slot_ranks(profile)

    def add(self, table: pa.Table, accounts: int) -> None:
        """Add the candidates of the next accounts: CANDIDATE_SCHEMA, and the number of these accounts."""
        first = self._parts[-1].first + self._parts[-1].accounts if self._parts else 0
        # A copy: memory allocated by the thread that receives from workers cannot be reused by another thread.
        own = table.take(pa.array(np.arange(len(table)))).combine_chunks()
        self._parts.append(_Part(own, first, accounts, np.ones(len(table), bool)))

    def keys(self, entity_of: Index) -> pa.Table:
        """Choose what becomes a key, and drop the candidates.

        Args:
            entity_of: the entity of each account, numbered in the order of their first accounts.

        Returns:
            KEY_SCHEMA, ordered by entity and slot.
        """
        several = (np.bincount(entity_of) > 1)[entity_of]
        in_cells: list[Index] = []
        for part in self._parts:
            joined = several[part.first + part.column("account")]
            part.open = joined | ~self._weaker_own(part)
            in_cells.append(np.flatnonzero(joined))
        self._leave(in_cells, entity_of, self._best_of_cells)
        for space in {slot.space for slot in self._slots}:
            self._leave(self._duplicated(space), entity_of, self._holders)
        rules = sorted({rule for part in self._parts for rule in _rules(part.table)})
        return pa.Table.from_batches(list(self._ordered(entity_of, rules)), KEY_SCHEMA)

    def _weaker_own(self, part: _Part) -> Mask:
        """Mark values that the same account also has in a stronger slot of the name space.

        If an entity is this account alone, the stronger slot decides who holds the value.
        """
        at = np.full((len(self._slots), part.accounts), -1)
        at[part.column("slot"), part.column("account")] = np.arange(len(part.table))
        marks, values = part.column("mark"), part.table["value"]
        weaker = np.zeros(len(part.table), bool)
        for strong, weak in permutations(range(len(self._slots)), 2):
            if self._slots[strong].space == self._slots[weak].space and self._ranks[strong] > self._ranks[weak]:
                pairs = at[[strong, weak]][:, np.minimum(at[strong], at[weak]) >= 0]
                one, other = pairs[:, marks[pairs[0]] == marks[pairs[1]]]
                equal = pc.equal(values.take(pa.array(one)), values.take(pa.array(other)))
                weaker[other[equal.to_numpy()]] = True
        return weaker

    def _duplicated(self, space: str) -> list[Index]:
        """Return, for each part, the open candidates of a name space whose value may occur in it twice or more."""
        of_space = np.array([slot.space == space for slot in self._slots])
        rows = [np.flatnonzero(part.open & of_space[part.column("slot")]) for part in self._parts]
        marks = [part.table["mark"].to_numpy()[own] for part, own in zip(self._parts, rows, strict=True)]
        twice = is_duplicated(np.concatenate(marks))
        ends = np.cumsum([len(own) for own in rows])
        return [own[mask] for own, mask in zip(rows, np.split(twice, ends[:-1]), strict=True)]

    def _leave(self, rows: list[Index], entity_of: Index, choose: Callable[[pa.Table, Index], Index]) -> None:
        """Of the candidates at the `rows` of each part, leave only the chosen ones open."""
        parts = list(zip(self._parts, rows, strict=True))
        table = pa.concat_tables([part.table.take(pa.array(own)) for part, own in parts])
        chosen = np.zeros(len(table), bool)
        if len(table):
            entity = np.concatenate([part.entities(entity_of)[own] for part, own in parts])
            chosen[choose(table, entity)] = True
        for part, own in parts:
            part.open[own], chosen = chosen[: len(own)], chosen[len(own) :]

    def _best_of_cells(self, table: pa.Table, entity: Index) -> Index:
        slot, closeness = (table[name].to_numpy().astype(np.int64) for name in ("slot", "closeness"))
        code, rule = (_rank(table[name]) for name in ("value", "rule"))
        return one_per_cell(entity * len(self._slots) + slot, code, closeness, rule)

    def _holders(self, table: pa.Table, _entity: Index) -> Index:
        slot, closeness = (table[name].to_numpy().astype(np.int64) for name in ("slot", "closeness"))
        numbered = table["value"].dictionary_encode()
        code = np.concatenate([chunk.indices.to_numpy() for chunk in numbered.chunks])
        return strongest_holder(code, self._ranks[slot] * 4 + closeness)

    def _ordered(self, entity_of: Index, rules: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield the keys part by part, and drop the candidates.

        A part has the keys of the entities whose first account is in it; the keys of later accounts move there.
        """
        first_rows = np.flatnonzero(np.diff(np.maximum.accumulate(entity_of), prepend=-1))
        moved = [np.flatnonzero(self._is_moved(part, entity_of, first_rows)) for part in self._parts]
        pairs = zip(self._parts, moved, strict=True)
        later = pa.concat_tables([_keys(part, rows, entity_of, rules) for part, rows in pairs])
        later = later.take(np.argsort(later["entity"].to_numpy())).combine_chunks()
        entities = later["entity"].to_numpy()
        for gone in moved:
            part = self._parts.popleft()
            part.open[gone] = False
            own = _keys(part, np.flatnonzero(part.open), entity_of, rules)
            ends = np.searchsorted(first_rows, (part.first, part.first + part.accounts))
            start, end = np.searchsorted(entities, ends)
            both = pa.concat_tables([own, later.slice(start, end - start)]).combine_chunks()
            entity, slot = (both[name].to_numpy() for name in ("entity", "slot"))
            yield from both.take(np.lexsort((slot, entity))).to_batches()

    @staticmethod
    def _is_moved(part: _Part, entity_of: Index, first_rows: Index) -> Mask:
        moved: Mask = first_rows[part.entities(entity_of)] != part.first + part.column("account")
        return moved & part.open


def _rules(table: pa.Table) -> Iterator[str]:
    for chunk in table["rule"].chunks:
        yield from chunk.dictionary.to_pylist()


def _rank(texts: pa.ChunkedArray) -> Index:
    """Number texts in ascending order, equal ones alike."""
    numbers: Index = pc.rank(texts.cast(pa.string()), tiebreaker="dense").to_numpy().astype(np.int64)
    return numbers


def _keys(part: _Part, rows: Index, entity_of: Index, rules: list[str]) -> pa.Table:
    """Make keys of the candidates at `rows`; with one list of rules for all parts, equal lists give equal keys."""
    taken = part.table.take(pa.array(rows))
    number = pc.index_in(taken["rule"].cast(pa.string()), value_set=pa.array(rules, pa.string()))
    rule = pa.DictionaryArray.from_arrays(number.combine_chunks().cast(pa.int8()), pa.array(rules, pa.string()))
    entity = part.entities(entity_of)[rows].astype(np.int32)
    return pa.table([entity, taken["slot"], taken["value"], rule], schema=KEY_SCHEMA)
