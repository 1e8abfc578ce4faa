"""The work on a list that needs one account at a time, in parts that can run anywhere.

A part goes to its worker as a table and comes back as columns of plain values: sending it between processes costs
little beside the work, and an object a key would cost more than the key.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from accountmap.canonical.keys import ADDRESS_COLUMNS, Facts, gather, keys_of
from accountmap.canonical.reference import Reference
from accountmap.canonical.traits import Numbers, Traits, folded_cities, registry_numbers, traits_of

PART_ROWS: Final = 8192
"""Accounts of a part: half a second of work."""

KEY_COLUMNS: Final = ("name", *ADDRESS_COLUMNS, "country")
"""The columns that keys are made of, besides the registry numbers."""

_COLUMNS: Final = ("account_id", *KEY_COLUMNS, "city", "lei", "vat", "duns")

CANDIDATE_SCHEMA: Final = pa.schema(
    [
        pa.field("account", pa.int64(), nullable=False),
        pa.field("slot", pa.int8(), nullable=False),
        pa.field("value", pa.string(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),
        pa.field("closeness", pa.int8(), nullable=False),
    ]
)
"""One row a key before keys are made distinct: row of the account, then as in KEY_SCHEMA and `Key`."""


@dataclass(frozen=True)
class Part:
    """What the accounts of a part give.

    Attributes:
        traits: what they are compared by.
        cores: the letters of each core name, by which a reference list is asked.
        candidates: CANDIDATE_SCHEMA; rows of accounts count from the beginning of the part.
    """

    traits: Traits
    cores: Sequence[str | None]
    candidates: pa.Table


Spread = Callable[[Callable[[pa.Table], Part], Sequence[pa.Table]], Iterator[Part]]
"""Applies a function to each part and yields the results in the order of the parts, as `map` does."""


def split_list(table: pa.Table) -> list[pa.Table]:
    """Cut the columns that keys and entities need into parts, at least one.

    Each is a copy: a slice would take the whole list along when it is sent.
    """
    needed = table.select(_COLUMNS)
    starts = range(0, max(1, len(table)), PART_ROWS)
    return [needed.take(np.arange(at, min(at + PART_ROWS, len(table)))) for at in starts]


def work_out(table: pa.Table, slots: Sequence[str]) -> Part:
    """Make the keys and traits of one part.

    Args:
        table: the columns that `split_list` keeps.
        slots: of the profile, by name.
    """
    numbers = registry_numbers(table)
    cores: list[str | None] = []
    columns: tuple[list[int], list[int], list[str], list[str], list[int]] = ([], [], [], [], [])

    def passing() -> Iterator[Facts]:
        accounts, indices, values, rules, closeness = columns
        for at, facts in enumerate(_facts(table, numbers)):
            cores.append("".join(facts.name.core) if facts.name else None)
            for slot, key in keys_of(facts, slots):
                accounts.append(at)
                indices.append(slot)
                values.append(key.value)
                rules.append(key.rule)
                closeness.append(key.closeness)
            yield facts

    ids = table.column("account_id").to_pylist()
    traits = traits_of(ids, passing(), numbers, folded_cities(table))
    return Part(traits, cores, pa.table(list(columns), schema=CANDIDATE_SCHEMA))


def _facts(table: pa.Table, numbers: Numbers) -> Iterator[Facts]:
    columns = zip(*(table.column(name).to_pylist() for name in KEY_COLUMNS), strict=True)
    for cells, own in zip(columns, zip(*numbers.values(), strict=True), strict=True):
        account = dict(zip(KEY_COLUMNS, cells, strict=True))
        yield gather(account, dict(zip(numbers, own, strict=True)) if any(own) else None)


def join_parts(parts: Iterable[Part]) -> Part:
    """Put parts together again; rows of accounts then count from the beginning of the list."""
    done = list(parts)
    first_rows = np.cumsum([0, *(len(part.traits) for part in done)])
    candidates = [
        part.candidates.set_column(0, CANDIDATE_SCHEMA.field(0), [part.candidates["account"].to_numpy() + first])
        for first, part in zip(first_rows, done, strict=False)
    ]
    return Part(
        Traits.joined([part.traits for part in done]),
        [core for part in done for core in part.cores],
        pa.concat_tables(candidates),
    )


def reference_candidates(part: Part, reference: Reference, slot: int) -> pa.Table:
    """Make the keys of the reference slot of a part: apart, for a long list is not sent along with each part."""
    traits = part.traits
    rows = zip(part.cores, traits.domains, traits.countries, traits.ids["lei"], strict=True)
    found = [(at, id_) for at, known in enumerate(rows) if (id_ := reference.find(*known))]
    columns = [
        [at for at, _ in found],
        [slot] * len(found),
        [id_ for _, id_ in found],
        ["reference list"] * len(found),
        [2] * len(found),
    ]
    return pa.table(columns, schema=CANDIDATE_SCHEMA)
