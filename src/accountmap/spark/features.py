"""The work on accounts one at a time: what each is compared by, and its keys before they are made distinct."""

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame

from accountmap.accounts.schema import SEGMENTS
from accountmap.canonical.entity_rules import corroboration
from accountmap.canonical.parts import KEY_COLUMNS, candidates_of, work_out
from accountmap.canonical.prepared import Profile
from accountmap.canonical.reference import Reference
from accountmap.canonical.traits import Traits
from accountmap.errors import InputError
from accountmap.spark.frames import map_tables

NUMBERS: Final = ("lei", "vat", "duns")

FEATURES: Final = (
    "account_id string, segment string, name string, forms array<string>, country string, domain string, "
    "city string, lei string, vat string, duns string, evidence binary, "
    "candidates array<struct<slot: tinyint, value: string, rule: string, closeness: tinyint>>"
)
"""One row an account: the columns of Traits; `evidence`, null, or equal for accounts that are one company because
they have all of it in common; and the candidates of canonical.parts."""

_CANDIDATE: Final = pa.struct(
    [("slot", pa.int8()), ("value", pa.string()), ("rule", pa.string()), ("closeness", pa.int8())]
)

_SCHEMA: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("segment", pa.string()),
        ("name", pa.string()),
        ("forms", pa.list_(pa.string())),
        *((name, pa.string()) for name in ("country", "domain", "city", *NUMBERS)),
        ("evidence", pa.binary()),
        ("candidates", pa.list_(_CANDIDATE)),
    ]
)
"""FEATURES, as Arrow has it."""

_NEEDED: Final = ("account_id", "segment", *KEY_COLUMNS, "city", *NUMBERS)


def features(accounts: DataFrame, profile: Profile, reference: Reference | None) -> DataFrame:
    """Work out each account.

    Args:
        accounts: columns of ACCOUNT_SCHEMA; those that keys need must be there.
        profile: which keys to make.
        reference: the list that fills the profile's reference slot, if it has one.

    Raises:
        InputError: a column is missing.
    """
    if missing := [name for name in _NEEDED if name not in accounts.columns]:
        raise InputError(
            f"The accounts have no column {', '.join(missing)}.", "Add it, empty if nothing is known of it."
        )
    slots = [slot.name for slot in profile.slots]
    known = reference if reference and "reference" in slots else None
    return map_tables(accounts.select(*_NEEDED), partial(_work_out, slots, known), FEATURES)


def _work_out(slots: Sequence[str], reference: Reference | None, table: pa.Table) -> pa.Table:
    part = work_out(table, slots)
    traits, rows = Traits.of(table["account_id"], part.traits), range(len(table))
    columns = [
        traits.account_ids,
        _segments(table),
        traits.names,
        [sorted(forms) for forms in traits.forms],
        traits.countries,
        traits.domains,
        traits.cities,
        *(traits.ids[kind] for kind in NUMBERS),
        [_evidence(traits, row) for row in rows],
        _lists(candidates_of(part, slots, reference), len(traits)),
    ]
    return pa.table(columns, schema=_SCHEMA)


def _segments(table: pa.Table) -> pa.ChunkedArray:
    known = pc.is_in(table["segment"], value_set=pa.array(SEGMENTS))
    if not pc.all(known).as_py():
        raise InputError("A segment is not one of the program's.", f"Use {', '.join(SEGMENTS)}.")
    return table["segment"]


def _evidence(traits: Traits, row: int) -> bytes | None:
    """Digest all that an account is compared by, if that is enough for two with the same to be one company."""
    if traits.names[row] is None or corroboration(traits, row, row) is None:
        return None
    texts = (
        traits.names,
        traits.countries,
        traits.domains,
        traits.cities,
        *(traits.ids[kind] for kind in NUMBERS),
    )
    known = [sorted(traits.forms[row]), *(values[row] for values in texts)]
    return hashlib.blake2b(repr(known).encode(), digest_size=16).digest()


def _lists(candidates: pa.Table, accounts: int) -> pa.ListArray:
    """Gather the candidates of each account, which stand one after another."""
    ends = np.cumsum(np.bincount(candidates["account"].to_numpy(), minlength=accounts))
    fields = [candidates[field.name].cast(field.type).combine_chunks() for field in _CANDIDATE]
    values = pa.StructArray.from_arrays(fields, fields=list(_CANDIDATE))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], ends]), pa.int32()), values)


def traits_of(table: pa.Table) -> Traits:
    """Read back what accounts are compared by."""
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    return Traits(
        account_ids=columns["account_id"],
        names=columns["name"],
        forms=[frozenset(forms) for forms in columns["forms"]],
        countries=columns["country"],
        domains=columns["domain"],
        cities=columns["city"],
        ids={kind: columns[kind] for kind in NUMBERS},
    )
