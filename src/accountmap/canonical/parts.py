"""The work on a list that needs one account at a time, in parts that can run anywhere.

A part goes to its worker and comes back as Arrow columns: as Python objects, the parts of a long list would fill
the memory, and an object a key would cost more than the key.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.canonical.keys import ADDRESS_COLUMNS, Facts, gather, keys_of
from accountmap.canonical.marks import mark
from accountmap.canonical.reference import Reference
from accountmap.canonical.sharing import shared_marks
from accountmap.canonical.traits import Numbers, folded_cities, registry_numbers, traits_of

PART_ROWS: Final = 8192
"""Accounts of a part: half a second of work."""

KEY_COLUMNS: Final = ("name", *ADDRESS_COLUMNS, "country")
"""The columns that keys are made of, besides the registry numbers."""

_COLUMNS: Final = ("account_id", *KEY_COLUMNS, "city", "lei", "vat", "duns")

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
"""One row a key before keys are made distinct: row of the account in its part, then as in KEY_SCHEMA and `Key`,
and the mark of the value. Ascending by account and slot."""


@dataclass(frozen=True)
class Part:
    """What the accounts of a part give.

    Attributes:
        traits: TRAIT_SCHEMA; what they are compared by.
        marks: as `shared_marks` gives them.
        cores: the letters of each core name, by which a reference list is asked.
        candidates: CANDIDATE_SCHEMA.
    """

    traits: pa.Table
    marks: pa.Table
    cores: pa.Array
    candidates: pa.Table


Spread = Callable[[Callable[[pa.Table], Part], Sequence[pa.Table]], Iterator[Part]]
"""Applies a function to each part and yields the results in the order of the parts, as `map` does."""


class PartsOf(Sequence[pa.Table]):
    """A list cut into parts, at least one, each of which is made when it is asked for.

    A part is a copy of the columns that keys and entities need: a slice would take the whole list along when it is
    sent.

    Args:
        table: ACCOUNT_SCHEMA.
        order: the rows in the order in which they are wanted; all of them.
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


def work_out(table: pa.Table, slots: Sequence[str]) -> Part:
    """Make the keys and traits of one part.

    Args:
        table: the columns that `PartsOf` keeps.
        slots: of the profile, by name.
    """
    numbers = registry_numbers(table)
    cores: list[str | None] = []
    columns: tuple[list[int], list[int], list[str], list[str], list[int], list[int]] = ([], [], [], [], [], [])

    def passing() -> Iterator[Facts]:
        accounts, indices, values, rules, closeness, marks = columns
        for at, facts in enumerate(_facts(table, numbers)):
            cores.append("".join(facts.name.core) if facts.name else None)
            for slot, key in keys_of(facts, slots):
                accounts.append(at)
                indices.append(slot)
                values.append(key.value)
                rules.append(key.rule)
                closeness.append(key.closeness)
                marks.append(mark(key.value))
            yield facts

    ids = table.column("account_id").to_pylist()
    traits = traits_of(ids, passing(), numbers, folded_cities(table))
    candidates = pa.table(list(columns), schema=CANDIDATE_SCHEMA)
    return Part(traits.table(), shared_marks(traits), pa.array(cores, pa.string()), candidates)


def _facts(table: pa.Table, numbers: Numbers) -> Iterator[Facts]:
    columns = zip(*(table.column(name).to_pylist() for name in KEY_COLUMNS), strict=True)
    for cells, own in zip(columns, zip(*numbers.values(), strict=True), strict=True):
        account = dict(zip(KEY_COLUMNS, cells, strict=True))
        yield gather(account, dict(zip(numbers, own, strict=True)) if any(own) else None)


def candidates_of(part: Part, slots: Sequence[str], reference: Reference | None) -> pa.Table:
    """Give the candidates of a part, with those of the reference slot if the profile has it.

    These are made apart, for a long list of references is not sent along with each part.

    Args:
        slots: of the profile, by name.

    Returns:
        CANDIDATE_SCHEMA.
    """
    if reference is None or "reference" not in slots:
        return part.candidates
    traits, slot = part.traits, slots.index("reference")
    known = (part.cores, *(traits[name] for name in ("domain", "country", "lei")))
    rows = enumerate(zip(*(column.to_pylist() for column in known), strict=True))
    found = [(at, id_) for at, about in rows if (id_ := reference.find(*about))]
    columns = [
        [at for at, _ in found],
        [slot] * len(found),
        [id_ for _, id_ in found],
        ["reference list"] * len(found),
        [2] * len(found),
        [mark(id_) for _, id_ in found],
    ]
    both = pa.concat_tables([part.candidates, pa.table(columns, schema=CANDIDATE_SCHEMA)]).combine_chunks()
    account, index = (both[name].to_numpy() for name in ("account", "slot"))
    return both.take(np.lexsort((index, account)))
