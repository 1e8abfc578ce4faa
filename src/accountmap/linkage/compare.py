"""What accounts of one list are compared by, and what speaks for and against their being one company.

A wrong merge hides one company behind another, and a missed merge costs keys; so what speaks against a merge
always takes precedence, and doubtful pairs go to the user. Sister companies share a domain, and national
subsidiaries a name: a different country, legal form or registry number keeps accounts apart.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from accountmap.linkage import names
from accountmap.linkage.data import read_pairs
from accountmap.linkage.distinctiveness import without_places
from accountmap.linkage.domains import domain_label
from accountmap.linkage.facts import Facts
from accountmap.linkage.names import Words
from accountmap.linkage.places import city, country_code, is_place_word
from accountmap.linkage.registry_ids import duns, lei, vat

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
"""Traits as they are stored and sent, without the accounts' ids; the words of a form are joined by spaces."""

Numbers = Mapping[str, Sequence[str | None]]
"""Canonical registry numbers by kind, one entry for each account."""


@dataclass(frozen=True)
class Traits:
    """What is compared, one entry for each account.

    Attributes:
        account_ids: unique.
        names: words of the name without its legal form, joined by spaces.
        forms: words of the legal form, in a common spelling; empty if none is written.
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
        """Return the accounts at `rows`, in that order."""
        return Traits(
            account_ids=[self.account_ids[row] for row in rows],
            names=[self.names[row] for row in rows],
            forms=[self.forms[row] for row in rows],
            countries=[self.countries[row] for row in rows],
            domains=[self.domains[row] for row in rows],
            cities=[self.cities[row] for row in rows],
            ids={kind: [numbers[row] for row in rows] for kind, numbers in self.ids.items()},
        )

    def name_without_places(self, row: int) -> Words:
        """Return the words of a name without the place at its end: `alba` for `Alba UK` in Britain."""
        words = tuple((self.names[row] or "").split())
        own = {self.cities[row], self.countries[row]} - {None}
        while len(words) > 1 and (words[-1] in own or (country_code(words[-1]) or "") in own):
            words = words[:-1]
        return without_places(words) if words else words

    @classmethod
    def of(cls, account_ids: pa.ChunkedArray, table: pa.Table) -> "Traits":
        """Read what `table` wrote; `account_ids` has the ids of its rows."""
        # As text, for reading a dictionary cell by cell takes forty times as long.
        columns = {name: table[name].cast(pa.string()).to_pylist() for name in table.column_names}
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
        """Write everything but the ids of the accounts, as TRAIT_SCHEMA."""
        forms = pa.array(map(_joined, self.forms), pa.string())
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
        """Return everything that an account is compared by: nothing contradicts accounts that are equal in it."""
        known = (self.names, self.forms, self.countries, self.domains, self.cities, *self.ids.values())
        return tuple(values[row] for values in known)


def form_words(words: Words) -> frozenset[str]:
    """Collect the words of the legal forms at both ends of a name, in a common spelling."""
    left, right = 0, len(words)
    while size := names.ending(words[left:right]):
        right -= size
    while size := names.leading_form_words(words[left:right]):
        left += size
    return _alike(words[:left] + words[right:])


@lru_cache(maxsize=4096)
def _alike(words: names.Words) -> frozenset[str]:
    """Give the words of forms a common spelling: one set for all accounts with the same form, as many have."""
    return frozenset(_SAME_FORM.get(word, word) for word in words)


@lru_cache(maxsize=4096)
def _joined(form: frozenset[str]) -> str:
    return " ".join(sorted(form))


def traits_of(
    account_ids: Sequence[str], facts: Iterable[Facts], ids: Numbers, cities: Sequence[str | None] | None = None
) -> Traits:
    """Collect what is compared from the facts of each account.

    Args:
        account_ids: unique.
        facts: one for each account, in the same order; read once.
        ids: canonical registry numbers by kind, in the same order.
        cities: as `folded_cities` returns them, in the same order; None if they are not known.
    """
    names: list[str | None] = []
    forms: list[frozenset[str]] = []
    countries: list[str | None] = []
    domains: list[str | None] = []
    for fact in facts:
        name = fact.name
        names.append(" ".join(name.full) if name else None)
        forms.append(form_words(name.words) if name and len(name.full) < len(name.words) else frozenset())
        countries.append(fact.country)
        domains.append(fact.domain)
    return Traits(account_ids, names, forms, countries, domains, cities or [None] * len(account_ids), ids)


def folded_cities(table: pa.Table) -> list[str | None]:
    """Read the city column of an account table."""
    return [city(text) if text else None for text in table.column("city").to_pylist()]


def registry_numbers(table: pa.Table) -> Numbers:
    """Read the number columns of an account table; what is not a valid number is None."""
    vats = zip(table.column("vat").to_pylist(), table.column("country").to_pylist(), strict=True)
    return {
        "lei": [lei(text) if text else None for text in table.column("lei").to_pylist()],
        "vat": [vat(text, country_code(country)) if text else None for text, country in vats],
        "duns": [duns(text) if text else None for text in table.column("duns").to_pylist()],
    }


EXCLUSIVE_IDS: Final = ("lei", "vat")
"""Numbers of which a company has only one. (D-U-N-S numbers name sites.)"""

_LONG_NAME: Final = 20
"""From this many letters and digits on, two companies hardly share a name, if nothing else distinguishes them."""

_SHORTEST_MISSPELT: Final = 6
"""Fewest letters of a word in which one may be mistyped: in shorter words, that makes another name."""

_RELATED: Final = 80.0
"""Least token-set ratio (0 to 100) of names of which one has most of the other's words."""


def other_number(traits: Traits, one: int, other: int) -> str | None:
    """Return the first of EXCLUSIVE_IDS in which two accounts differ, or None."""
    kinds = (kind for kind in EXCLUSIVE_IDS if kind in traits.ids)
    return next((kind for kind in kinds if _differ(*_at(traits.ids[kind], one, other))), None)


def contradiction(traits: Traits, one: int, other: int) -> str | None:
    """Name what keeps two accounts apart, or None. A value that one of them lacks contradicts nothing."""
    if kind := other_number(traits, one, other):
        return f"other {kind.upper()}"
    if _differ(*_at(traits.countries, one, other)):
        return "other country"
    forms = traits.forms[one], traits.forms[other]
    if not (forms[0] <= forms[1] or forms[1] <= forms[0]):
        return "other legal form"
    if _differ(*map(domain_label, _at(traits.domains, one, other))):
        return "other domain"
    return None


def corroboration(traits: Traits, one: int, other: int) -> str | None:
    """Name what else says that two accounts with the same name are one company, or None."""
    if _agree(*map(domain_label, _at(traits.domains, one, other))):
        return "same name and domain"
    if _agree(*_at(traits.cities, one, other)):
        return "same name and city"
    if (
        traits.forms[one]
        and traits.forms[one] == traits.forms[other]
        and _agree(*_at(traits.countries, one, other))
    ):
        return "same name, legal form and country"
    letters = (traits.names[one] or "").replace(" ", "")
    return "same long name" if len(letters) >= _LONG_NAME else None


def _at(values: Sequence[str | None], one: int, other: int) -> tuple[str | None, str | None]:
    return values[one], values[other]


def _agree(one: str | None, other: str | None) -> bool:
    return one is not None and one == other


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def same_but_for_typing(one: str, other: str) -> bool:
    """Return whether two names differ only in word order, in spaces, or in one typing error in a long word."""
    if OSA.distance(one, other, score_cutoff=1) > 1 and sorted(one) != sorted(other):
        return one.replace(" ", "") == other.replace(" ", "")
    left, right = Counter(one.split()), Counter(other.split())
    only_left, only_right = list((left - right).elements()), list((right - left).elements())
    if len(only_left) == len(only_right) == 1:
        return _misspelt(only_left[0], only_right[0])
    return (not only_left and not only_right) or one.replace(" ", "") == other.replace(" ", "")


def _misspelt(one: str, other: str) -> bool:
    """Return whether a word that is not a place differs by one typing error, not in its first letter."""
    if min(len(one), len(other)) < _SHORTEST_MISSPELT or not (one.isalpha() and other.isalpha()):
        return False
    if one[0] != other[0] or is_place_word(one) or is_place_word(other):
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1


def related(one: str, other: str) -> bool:
    """Return whether one name has most words of the other, as sister companies' names do."""
    return fuzz.token_set_ratio(one, other, score_cutoff=_RELATED) > 0
