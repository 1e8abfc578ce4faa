"""From an account list to its prepared list: the keys of each account, entities, one value per entity and slot."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.linkage.assign_keys import Candidates
from accountmap.linkage.blocking import marks_of
from accountmap.linkage.candidates import ListTraits, Rows, shared_marks
from accountmap.linkage.compare import Numbers, folded_cities, registry_numbers, traits_of
from accountmap.linkage.dedupe import Decision
from accountmap.linkage.facts import FACT_COLUMNS, Facts, read_facts
from accountmap.linkage.keys import keys_of
from accountmap.linkage.prepared import ENTITY_SCHEMA, MEMBER_SCHEMA, Prepared, Profile
from accountmap.linkage.reference import Reference, reference_key

PART_ROWS: Final = 8192
"""How many accounts a part has: half a second of work."""

_COLUMNS: Final = ("account_id", *FACT_COLUMNS, "city", "lei", "vat", "duns")

CANDIDATE_SCHEMA: Final = pa.schema(
    [
        pa.field("account", pa.int32(), nullable=False),
        pa.field("slot", pa.int8(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("rule", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("closeness", pa.int8(), nullable=False),
        pa.field("mark", pa.uint32(), nullable=False),
    ]
)
"""One row for each key before keys are made distinct: row of the account in its part, then as in KEY_SCHEMA and
`Key`, and the mark of the value. Ascending by account and slot."""


@dataclass(frozen=True)
class Part:
    """What is made from the accounts of a part.

    Attributes:
        traits: TRAIT_SCHEMA; what they are compared by.
        marks: as `shared_marks` returns them.
        names: for each account, the name that is looked up in a reference list.
        full_names: for each account, its squashed full name.
        candidates: CANDIDATE_SCHEMA.
    """

    traits: pa.Table
    marks: pa.Table
    names: pa.Array
    full_names: pa.Array
    candidates: pa.Table


Spread = Callable[[Callable[[pa.Table], Part], Sequence[pa.Table]], Iterator[Part]]
"""A function that applies another to each part and yields the results in the order of the parts, as `map` does."""


class PartsOf(Sequence[pa.Table]):
    """A list cut into parts, at least one, each of which is made when it is asked for.

    A part is a copy of the columns that keys and entities need: if it were a slice, the whole list would be sent
    with it.

    Args:
        table: ACCOUNT_SCHEMA.
        order: all rows, in the order in which they are wanted.
    """

    def __init__(self, table: pa.Table, order: pa.Array) -> None:
        self._table: Final = table.select(_COLUMNS).combine_chunks()
        self._order: Final = order

    def __len__(self) -> int:
        return max(1, -(-len(self._order) // PART_ROWS))

    @overload
    def __getitem__(self, at: int) -> pa.Table: ...

    @overload
    def __getitem__(self, at: slice) -> list[pa.Table]: ...

    def __getitem__(self, at: int | slice) -> pa.Table | list[pa.Table]:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._table.take(self._order.slice(at * PART_ROWS, PART_ROWS))


def by_id(table: pa.Table) -> pa.Array:
    """Order the rows of an account table by account_id."""
    return pc.sort_indices(table["account_id"])


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause the search for reference cycles, which would walk through all objects again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_without_garbage_collection()
def compute_part(table: pa.Table, slots: Sequence[str]) -> Part:
    """Make the keys and traits of one part.

    Args:
        table: the columns that `PartsOf` keeps.
        slots: the names of the profile's slots.
    """
    numbers = registry_numbers(table)
    names: list[str | None] = []
    full_names: list[str | None] = []
    columns: tuple[list[int], list[int], list[str], list[str], list[int]] = ([], [], [], [], [])

    def passing() -> Iterator[Facts]:
        accounts, indices, values, rules, closeness = columns
        for at, facts in enumerate(_facts(table, numbers)):
            names.append(reference_key(facts.name) if facts.name else None)
            full_names.append(facts.name.squashed_full if facts.name else None)
            for slot, (value, rule, close) in keys_of(facts, slots):
                accounts.append(at)
                indices.append(slot)
                values.append(value)
                rules.append(rule)
                closeness.append(close)
            yield facts

    ids = table.column("account_id").to_pylist()
    traits = traits_of(ids, passing(), numbers, folded_cities(table))
    values = pa.array(columns[2], pa.string())
    candidates = pa.table([*columns[:2], values, *columns[3:], marks_of(values)], schema=CANDIDATE_SCHEMA)
    asked, full = (pa.array(column, pa.string()) for column in (names, full_names))
    return Part(traits.table(), shared_marks(traits), asked, full, candidates)


def _facts(table: pa.Table, numbers: Numbers) -> Iterator[Facts]:
    blank = [name for name in FACT_COLUMNS[1:] if table.column(name).null_count == len(table)]
    filled = [name for name in FACT_COLUMNS if name not in blank]
    rows = zip(*(table.column(name).to_pylist() for name in filled), strict=True)
    for cells, own in zip(rows, zip(*numbers.values(), strict=True), strict=True):
        account = dict(zip(filled, cells, strict=True))
        yield read_facts(account, dict(zip(numbers, own, strict=True)) if any(own) else None)


def candidates_of(part: Part, slots: Sequence[str], reference: Reference | None) -> pa.Table:
    """Return the candidates of a part, with those of the reference slot if the profile has it.

    These are made separately, so that a long reference list need not be sent along with each part.

    Args:
        slots: the names of the profile's slots.

    Returns:
        CANDIDATE_SCHEMA.
    """
    if reference is None or "reference" not in slots:
        return part.candidates
    traits, slot = part.traits, slots.index("reference")
    known = (part.names, *(traits[name] for name in ("domain", "country", "lei")))
    texts = (column.cast(pa.string()).to_pylist() for column in known)  # dictionaries are slow to read
    found = list(reference.find_all(zip(*texts, strict=True)))
    columns = [
        [at for at, _ in found],
        [slot] * len(found),
        [id_ for _, id_ in found],
        ["reference list"] * len(found),
        [2] * len(found),
        marks_of(id_ for _, id_ in found),
    ]
    both = pa.concat_tables([part.candidates, pa.table(columns, schema=CANDIDATE_SCHEMA)]).combine_chunks()
    account, index = (both[name].to_numpy() for name in ("account", "slot"))
    return both.take(np.lexsort((index, account)))


def _entities(
    account_ids: pa.ChunkedArray, segments: pa.ChunkedArray, full_names: pa.ChunkedArray, entity_of: Rows
) -> pa.Table:
    """Describe each entity: its smallest account id, its strongest segment, and its full name.

    Args:
        account_ids: in ascending order.
        segments, full_names: row for row with them.
        entity_of: row for row with them; entities are numbered in the order of their first accounts.
    """
    known = pa.array(SEGMENTS)
    _, first = np.unique(entity_of, return_index=True)
    rank = pc.index_in(segments, value_set=known).to_numpy()
    strongest = rank[first]
    np.minimum.at(strongest, entity_of, rank)
    names = _commonest(full_names, entity_of, len(first))
    return pa.table(
        [account_ids.take(pa.array(first)), known.take(pa.array(strongest)), names], schema=ENTITY_SCHEMA
    )


def _commonest(full_names: pa.ChunkedArray, entity_of: Rows, entities: int) -> pa.Array:
    """Return each entity's most frequent name; of equally frequent ones, the smallest; null if it has none."""
    rows = np.flatnonzero(full_names.is_valid().to_numpy())
    counted = pa.table({"entity": entity_of[rows], "name": full_names.take(pa.array(rows))})
    counted = counted.group_by(["entity", "name"]).aggregate([([], "count_all")])
    counted = counted.sort_by([("entity", "ascending"), ("count_all", "descending"), ("name", "ascending")])
    holder = counted["entity"].to_numpy()
    first = np.flatnonzero(np.diff(holder, prepend=-1))
    at = np.full(entities, -1, np.int64)
    at[holder[first]] = first
    return counted["name"].combine_chunks().take(pa.array(at, mask=at < 0))


def prepare_accounts(
    accounts: AccountList,
    profile: Profile,
    decisions: Iterable[Decision] = (),
    reference: Reference | None = None,
    spread: Spread = map,
    entity_of: Rows | None = None,
) -> Prepared:
    """Turn a list into entities and match keys.

    All work is done in the order of the account ids, in columns and part by part; only accounts that share
    something become objects.

    Args:
        accounts: the company's own list; the order of its rows does not matter.
        profile: which keys to make.
        decisions: what the user decided about pairs of accounts: the same company or not.
        reference: the list that the agreement names, if its profile has the slot.
        spread: where the parts of the list are processed: the `map` of an executor, or here, one after another.
        entity_of: if it is known already, the entity of each account in the order of account_id, numbered as they
            first occur; decisions are then ignored.

    Returns:
        The prepared list, with members in the order of account_id, and entities in that of their smallest one.
    """
    order = by_id(accounts.table)
    account_ids, segments = (accounts.table[name].take(order) for name in ("account_id", "segment"))
    slots = [slot.name for slot in profile.slots]
    list_traits, candidates = ListTraits(account_ids), Candidates(profile)
    full_names: list[pa.Array] = []
    for part in spread(partial(compute_part, slots=slots), PartsOf(accounts.table, order)):
        list_traits.add(part.traits, part.marks)
        candidates.add(candidates_of(part, slots, reference), len(part.traits))
        full_names.append(part.full_names)
    if entity_of is None:
        entity_of = list_traits.resolve(tuple(decisions)).entity_of
    del list_traits
    members = pa.table([account_ids, entity_of.astype(np.int32)], schema=MEMBER_SCHEMA)
    return Prepared(
        profile,
        _entities(account_ids, segments, pa.chunked_array(full_names), entity_of),
        members,
        candidates.keys(entity_of),
        reference.digest if reference else "",
    )
