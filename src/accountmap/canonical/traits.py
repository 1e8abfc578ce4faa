"""What accounts of one list are compared by: name, legal form, country, domain and registry numbers."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa

from accountmap.canonical import legal_forms
from accountmap.canonical.cities import city
from accountmap.canonical.keys import Facts
from accountmap.canonical.places import country_code
from accountmap.canonical.registry_ids import duns, lei, vat
from accountmap.canonical.tables import read_pairs

_SAME_FORM: Final = read_pairs("form_synonyms.tsv")

_FEW: Final = pa.dictionary(pa.int32(), pa.string())

NUMBERS: Final = ("lei", "vat", "duns")
"""The kinds of registry numbers."""

TRAIT_SCHEMA: Final = pa.schema(
    [
        pa.field("name", pa.string()),
        pa.field("form", _FEW),
        pa.field("country", _FEW),
        pa.field("domain", pa.string()),
        pa.field("city", _FEW),
        *(pa.field(kind, pa.string()) for kind in NUMBERS),
    ]
)
"""Traits as they are kept and sent, without the ids of the accounts; the words of a form joined by blanks."""

Numbers = Mapping[str, Sequence[str | None]]
"""Canonical registry numbers by kind, one entry an account."""


@dataclass(frozen=True)
class Traits:
    """What is compared, one entry an account.

    Attributes:
        account_ids: unique.
        names: words of the name without its legal form, joined by blanks.
        forms: words of the legal form, spelled alike; empty if none is written.
        countries: as compared, alpha-2.
        domains: registrable domains.
        cities: folded names.
        ids: registry numbers by kind: "lei", "vat", "duns".
    """

    account_ids: Sequence[str]
    names: Sequence[str | None]
    forms: Sequence[frozenset[str]]
    countries: Sequence[str | None]
    domains: Sequence[str | None]
    cities: Sequence[str | None]
    ids: Numbers

    def __len__(self) -> int:
        return len(self.account_ids)

    def take(self, rows: Sequence[int]) -> "Traits":
        """Give the accounts at `rows`, in that order."""
        return Traits(
            account_ids=[self.account_ids[row] for row in rows],
            names=[self.names[row] for row in rows],
            forms=[self.forms[row] for row in rows],
            countries=[self.countries[row] for row in rows],
            domains=[self.domains[row] for row in rows],
            cities=[self.cities[row] for row in rows],
            ids={kind: [numbers[row] for row in rows] for kind, numbers in self.ids.items()},
        )

    @classmethod
    def of(cls, account_ids: pa.ChunkedArray, table: pa.Table) -> "Traits":
        """Read back what `table` wrote; `account_ids` has its rows' ids."""
        columns = {name: table[name].to_pylist() for name in table.column_names}
        return cls(
            account_ids=account_ids.to_pylist(),
            names=columns["name"],
            forms=[_alike(tuple(form.split())) for form in columns["form"]],
            countries=columns["country"],
            domains=columns["domain"],
            cities=columns["city"],
            ids={kind: columns[kind] for kind in NUMBERS},
        )

    def table(self) -> pa.Table:
        """Write all but the ids of the accounts as TRAIT_SCHEMA."""
        forms = pa.array([" ".join(sorted(form)) for form in self.forms], pa.string())
        texts = (
            self.names,
            forms,
            self.countries,
            self.domains,
            self.cities,
            *(self.ids[kind] for kind in NUMBERS),
        )
        columns = [pa.array(text, pa.string()) for text in texts]
        few = [field.type == _FEW for field in TRAIT_SCHEMA]
        encoded = [
            column.dictionary_encode() if is_few else column for column, is_few in zip(columns, few, strict=True)
        ]
        return pa.table(encoded, schema=TRAIT_SCHEMA)

    def evidence(self, row: int) -> Hashable:
        """Give all that an account is compared by: what is the same in all of it contradicts nothing."""
        known = (self.names, self.forms, self.countries, self.domains, self.cities, *self.ids.values())
        return tuple(values[row] for values in known)


def form_words(words: Sequence[str]) -> frozenset[str]:
    """Collect the words of the legal forms at both ends of a name, spelled alike."""
    left, right = 0, len(words)
    while size := legal_forms.ending(words[left:right]):
        right -= size
    while size := legal_forms.beginning(words[left:right]):
        left += size
    return _alike((*words[:left], *words[right:]))


@lru_cache(maxsize=4096)
def _alike(words: legal_forms.Words) -> frozenset[str]:
    """Spell the words of forms alike: one set for all accounts with the same, of which there are many."""
    return frozenset(_SAME_FORM.get(word, word) for word in words)


def traits_of(
    account_ids: Sequence[str], facts: Iterable[Facts], ids: Numbers, cities: Sequence[str | None] | None = None
) -> Traits:
    """Collect what is compared from the facts of each account.

    Args:
        account_ids: unique.
        facts: one an account, in the same order; read once.
        ids: canonical registry numbers by kind, in the same order.
        cities: as `folded_cities` gives them, in the same order; None if they are not known.
    """
    names: list[str | None] = []
    forms: list[frozenset[str]] = []
    countries: list[str | None] = []
    domains: list[str | None] = []
    for fact in facts:
        names.append(" ".join(fact.name.full) if fact.name else None)
        has_form = fact.name is not None and len(fact.name.full) < len(fact.name.words)
        forms.append(form_words(fact.name.words) if fact.name and has_form else frozenset())
        countries.append(fact.country)
        domains.append(fact.domain)
    return Traits(account_ids, names, forms, countries, domains, cities or [None] * len(account_ids), ids)


def folded_cities(table: pa.Table) -> list[str | None]:
    """Read the city column of an account table."""
    return [city(text) if text else None for text in table.column("city").to_pylist()]


def registry_numbers(table: pa.Table) -> Numbers:
    """Read the number columns of an account table; what is no valid number is None."""
    vats = zip(table.column("vat").to_pylist(), table.column("country").to_pylist(), strict=True)
    return {
        "lei": [lei(text) if text else None for text in table.column("lei").to_pylist()],
        "vat": [vat(text, country_code(country)) if text else None for text, country in vats],
        "duns": [duns(text) if text else None for text in table.column("duns").to_pylist()],
    }
