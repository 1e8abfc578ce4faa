"""When two accounts of one list are the same company: what speaks against it, and when two names are one.

A wrong merge hides a company behind another, a missed one costs keys; so what speaks against a merge always
wins, and doubtful pairs go to the user. Sister companies share a domain, national subsidiaries a name: another
country, legal form or registry number keeps accounts apart.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from accountmap.canonical.domains import domain_label
from accountmap.canonical.places import is_place_word
from accountmap.canonical.traits import Traits

EXCLUSIVE_IDS: Final = ("lei", "vat")
"""Numbers of which a company has one. (D-U-N-S numbers name sites.)"""

_LONG_NAME: Final = 20
"""Letters and digits of a name that hardly two companies share, if nothing else tells them apart."""

_SHORTEST_MISSPELT: Final = 6
"""Letters of a word in which one may be mistyped: in shorter ones it makes another name."""

_RELATED: Final = 80.0
"""Least token-set ratio (0 to 100) of names of which one holds most of the other's words."""


def contradiction(traits: Traits, one: int, other: int) -> str | None:
    """Name what keeps two accounts apart, or None. What one of them lacks contradicts nothing."""
    for kind in EXCLUSIVE_IDS:
        numbers = traits.ids.get(kind)
        if numbers and _differ(*_at(numbers, one, other)):
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
    """Name what else says that two accounts of one name are one company, or None."""
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
