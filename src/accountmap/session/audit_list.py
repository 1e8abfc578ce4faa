"""What an auditor makes from a list that a party committed to: entities, keys, and the values of a sketch.

All of it is made by the program itself, from the frozen list alone, so that it can be compared with what the party
brought into a session. The one thing that people may decide is which accounts are one company. The frozen list
says so; where it differs from what the rules find, the auditor is shown the accounts.
"""

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.errors import InputError
from accountmap.linkage.prepare import by_id, prepare_accounts
from accountmap.linkage.prepared import Prepared, Profile, Slot
from accountmap.linkage.reference import SHIPPED, Reference, load_reference
from accountmap.psi.codec import Order
from accountmap.psi.sketch import Values
from accountmap.session.audit_file import AuditFile
from accountmap.session.own_list import ENTITY_ID
from accountmap.session.parameters import REFERENCE_LIST
from accountmap.session.sketches import entities_of_sketch, sketch_values
from accountmap.trust.agreement import Agreement
from accountmap.trust.terms import Terms

Account = tuple[str, str]
"""Id and name."""


def agreed_reference(file: AuditFile, path: Path | None) -> Reference | None:
    """Load the reference list that the agreement of a session names, if it names one.

    Args:
        path: the file; None for the list that comes with the program.

    Raises:
        InputError: the agreement names another one.
    """
    named = Agreement.parse(file.agreement.encode()).terms.data.get(REFERENCE_LIST, "")
    try:
        return load_reference(path or SHIPPED, named) if named else None
    except InputError as error:
        error.hint = "Give the file that both parties used: --reference FILE"
        raise


@dataclass(frozen=True, repr=False)
class AuditedList:
    """A list that a party froze, read back.

    Attributes:
        data: the file.
        terms: terms of the session's agreement.
        reference: the reference list that they name, if they name one.
    """

    data: bytes
    terms: Terms
    reference: Reference | None

    @cached_property
    def _table(self) -> pa.Table:
        options = pa_csv.ConvertOptions(
            column_types={
                **dict(zip(ACCOUNT_SCHEMA.names, ACCOUNT_SCHEMA.types, strict=True)),
                ENTITY_ID: pa.string(),
            },
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        lines = pa_csv.ParseOptions(newlines_in_values=True)
        return pa_csv.read_csv(io.BytesIO(self.data), parse_options=lines, convert_options=options)

    @cached_property
    def accounts(self) -> AccountList:
        """The accounts."""
        table = self._table.select(ACCOUNT_SCHEMA.names).cast(ACCOUNT_SCHEMA)
        return AccountList(table, pa.table({}))

    @cached_property
    def _found(self) -> Prepared:
        """What the program makes of the accounts by its rules, without anybody's decisions."""
        named = self.terms.data.get(REFERENCE_LIST, "")
        if named != (self.reference.digest if self.reference else ""):
            raise InputError(
                "the agreement's reference list is needed to make the keys again",
                "Give the file that both parties used, with --reference FILE.",
            )
        return prepare_accounts(self.accounts, _profile(self.terms), (), self.reference)

    @cached_property
    def prepared(self) -> Prepared:
        """What the program makes of the accounts with the entities of the frozen list."""
        ids = self._table[ENTITY_ID].take(by_id(self.accounts.table)).combine_chunks().dictionary_encode()
        entity_of: Order = ids.indices.to_numpy().astype(np.int64)  # numbered as they first occur
        if np.array_equal(entity_of, self._found.members["entity"].to_numpy()):
            return self._found
        return prepare_accounts(self.accounts, _profile(self.terms), (), self.reference, entity_of=entity_of)

    def joined_by_hand(self) -> list[tuple[Account, Account]]:
        """Return accounts that the list says are one company, and the rules do not.

        A pair for each company that the rules would have kept apart from the first account of its entity.
        """
        said, found = (each.members["entity"].to_numpy() for each in (self.prepared, self._found))
        accounts = list(zip(*(self._by_id(name) for name in ("account_id", "name")), strict=True))
        first: dict[int, int] = {}
        pairs: dict[tuple[int, int], tuple[Account, Account]] = {}
        for row, (entity, otherwise) in enumerate(zip(said.tolist(), found.tolist(), strict=True)):
            before = first.setdefault(entity, row)
            if found[before] != otherwise and (entity, otherwise) not in pairs:
                one, other = accounts[before], accounts[row]
                pairs[entity, otherwise] = ((one[0], one[1] or ""), (other[0], other[1] or ""))
        return list(pairs.values())

    def _by_id(self, name: str) -> list[str | None]:
        column: list[str | None] = self.accounts.table[name].take(by_id(self.accounts.table)).to_pylist()
        return column

    def possible_values(self, countries: Collection[str]) -> Iterator[dict[bytes, tuple[bool, ...]]]:
        """Yield the values that a sketch of this list may have, one after another.

        They differ in the segments that the owner never previews.

        Args:
            countries: those that the sketch covers; empty for the whole list.
        """
        for hidden in (some for count in range(len(SEGMENTS) + 1) for some in combinations(SEGMENTS, count)):
            chosen = entities_of_sketch(self.accounts, self.prepared, countries, hidden)
            yield by_message(sketch_values(self.prepared, chosen, SEGMENTS))


def by_message(values: Values) -> dict[bytes, tuple[bool, ...]]:
    """Return for each value which segments it is in."""
    return {
        bytes(message): tuple(row)
        for message, row in zip(values.messages, values.in_segment.tolist(), strict=True)
    }


def _profile(terms: Terms) -> Profile:
    slots = tuple(
        Slot(each.name, each.space, each.weight, each.strength, each.says, each.meets_itself)
        for each in terms.slots
    )
    return Profile(terms.profile, slots, terms.threshold)
