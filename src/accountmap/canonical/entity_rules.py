"""When two accounts of one list are the same company: what speaks against it, and when two names are one.

A wrong merge hides a company behind another, a missed one costs keys; so what speaks against a merge always
wins, and doubtful pairs go to the user. Sister companies share a domain, national subsidiaries a name: another
country, legal form or registry number keeps accounts apart.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from accountmap.canonical import legal_forms
from accountmap.canonical.domains import domain_label
from accountmap.canonical.keys import Facts
from accountmap.canonical.places import is_place_word
from accountmap.canonical.tables import read_pairs

_SAME_FORM: Final = read_pairs("form_synonyms.tsv")

EXCLUSIVE_IDS: Final = ("lei", "vat")
"""Numbers of which a company has one. (D-U-N-S numbers name sites.)"""

_SHORTEST_MISSPELT: Final = 6
"""Letters of a word in which one may be mistyped: in shorter ones it makes another name."""

_RELATED: Final = 80.0
"""Least token-set ratio (0 to 100) of names of which one holds most of the other's words."""


@dataclass(frozen=True)
class Traits:
    """What is compared, one entry an account.

    Attributes:
        account_ids: unique.
        names: words of the name without its legal form, joined by blanks.
        forms: words of the legal form, spelled alike; empty if none is written.
        countries: as compared, alpha-2.
        domains: registrable domains.
        ids: registry numbers by kind: "lei", "vat", "duns".
    """

    account_ids: Sequence[str]
    names: Sequence[str | None]
    forms: Sequence[frozenset[str]]
    countries: Sequence[str | None]
    domains: Sequence[str | None]
    ids: Mapping[str, Sequence[str | None]]

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
            ids={kind: [numbers[row] for row in rows] for kind, numbers in self.ids.items()},
        )

    def evidence(self, row: int) -> Hashable:
        """Give all that is known of an account besides its name."""
        numbers = tuple(numbers[row] for numbers in self.ids.values())
        return (self.countries[row], self.forms[row], self.domains[row], numbers)


def form_words(words: Sequence[str]) -> frozenset[str]:
    """Collect the words of the legal forms at both ends of a name, spelled alike."""
    left, right = 0, len(words)
    while size := legal_forms.ending(words[left:right]):
        right -= size
    while size := legal_forms.beginning(words[left:right]):
        left += size
    return frozenset(_SAME_FORM.get(word, word) for word in (*words[:left], *words[right:]))


def traits_of(
    account_ids: Sequence[str], facts: Iterable[Facts], ids: Mapping[str, Sequence[str | None]]
) -> Traits:
    """Collect what is compared from the facts of each account.

    Args:
        account_ids: unique.
        facts: one an account, in the same order; read once.
        ids: canonical registry numbers by kind, in the same order.
    """
    names: list[str | None] = []
    forms: list[frozenset[str]] = []
    countries: list[str | None] = []
    domains: list[str | None] = []
    for fact in facts:
        names.append(" ".join(fact.name.full) if fact.name else None)
        forms.append(form_words(fact.name.words) if fact.name else frozenset())
        countries.append(fact.country)
        domains.append(fact.domain)
    return Traits(account_ids, names, forms, countries, domains, ids)


def contradiction(traits: Traits, one: int, other: int) -> str | None:
    """Name what keeps two accounts apart, or None. What one of them lacks contradicts nothing."""
    for kind in EXCLUSIVE_IDS:
        numbers = traits.ids.get(kind)
        if numbers and _differ(numbers[one], numbers[other]):
            return f"other {kind.upper()}"
    if _differ(traits.countries[one], traits.countries[other]):
        return "other country"
    forms = traits.forms[one], traits.forms[other]
    if not (forms[0] <= forms[1] or forms[1] <= forms[0]):
        return "other legal form"
    if _differ(domain_label(traits.domains[one]), domain_label(traits.domains[other])):
        return "other domain"
    return None


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def same_but_for_typing(one: str, other: str) -> bool:
    """Tell whether two names differ only in the order of words, in blanks, or in one slip in one long word."""
    if OSA.distance(one, other, score_cutoff=1) > 1 and sorted(one) != sorted(other):
        return one.replace(" ", "") == other.replace(" ", "")
    left, right = Counter(one.split()), Counter(other.split())
    only_left, only_right = list((left - right).elements()), list((right - left).elements())
    if len(only_left) == len(only_right) == 1:
        return _misspelt(only_left[0], only_right[0])
    return (not only_left and not only_right) or one.replace(" ", "") == other.replace(" ", "")


def _misspelt(one: str, other: str) -> bool:
    """Tell whether a word that is no place differs by a slip in one letter, other than its first."""
    if min(len(one), len(other)) < _SHORTEST_MISSPELT or not (one.isalpha() and other.isalpha()):
        return False
    if one[0] != other[0] or is_place_word(one) or is_place_word(other):
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1


def related(one: str, other: str) -> bool:
    """Tell whether one name holds most words of the other, as sister companies' names do."""
    return fuzz.token_set_ratio(one, other, score_cutoff=_RELATED) > 0
