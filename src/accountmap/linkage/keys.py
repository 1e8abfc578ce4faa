"""The match keys of one account: which value stands in which slot, and which rule made it (canonical-v2 §4)."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from accountmap.linkage.distinctiveness import (
    PARTICLES,
    SHORTEST_STEM,
    distinctive_beginning,
    is_distinctive,
    shortened,
    stem,
)
from accountmap.linkage.facts import Facts
from accountmap.linkage.names import Name, squash
from accountmap.linkage.places import is_place_word

_SHORT_LABEL: Final = 6
"""Labels up to this length are names that other companies have in other countries."""


class Key(NamedTuple):
    """A canonical value, the rule that made it, and how close it is to what was written: 0 to 2."""

    value: str
    rule: str
    closeness: int = 2


def _name(facts: Facts) -> Key | None:
    if facts.name is None or not is_distinctive(facts.name.full):
        return None
    return Key(facts.name.squashed_full, "name")


def _common_name(facts: Facts) -> Key | None:
    """Return a name that many have, or else the account's other name."""
    if facts.name and not is_distinctive(facts.name.full):
        return Key(facts.name.squashed_full, "name that several companies have")
    return Key(facts.other.squashed_full, "other name", 1) if facts.other else None


def _core(facts: Facts) -> Key | None:
    if facts.name is None:
        return None
    if facts.name.core == facts.name.full:
        return Key(facts.name.squashed_core, "name")
    return Key(facts.name.squashed_core, "name without holding words", 1)


def _core_anywhere(facts: Facts) -> Key | None:
    if facts.name is None or facts.name.core == facts.name.full:
        return None
    core = facts.name.squashed_core
    return Key(core, "name without holding words", 0) if len(core) >= SHORTEST_STEM else None


def _shortened(facts: Facts) -> Key | None:
    words = shortened(facts.name.core) if facts.name else None
    if words:
        return Key(squash(words), "name without place or trade words", 1)
    if facts.other and is_distinctive(facts.other.core):
        return Key(facts.other.squashed_core, "other name", 0)
    return None


def _domain(facts: Facts) -> Key | None:
    return Key(facts.domain, f"domain of {facts.domain_column}", facts.closeness) if facts.domain else None


def _any_label(facts: Facts) -> Key | None:
    return Key(facts.label, "label of the domain") if facts.label else None


def _begins_name(label: str, name: Name) -> bool:
    """Return whether a label begins a longer name: the family's, as `alba` is that of Alba Robotics."""
    return any(squash(words[:size]) == label for words in (name.full, name.core) for size in range(1, len(words)))


def _label_alone(facts: Facts) -> Key | None:
    """Leave a label to its country where the company is known to be at home, if it is short or the family's.

    Abroad it is another company's name, or a sister's.
    """
    if facts.label and facts.at_home:
        is_short = len(facts.label) <= _SHORT_LABEL
        if is_short or (facts.name is not None and _begins_name(facts.label, facts.name)):
            return None
    return _any_label(facts)


def _first_two_words(facts: Facts) -> Key | None:
    if facts.name is None or len(facts.name.core) < 2:
        return None
    first, second = facts.name.core[:2]
    if second in PARTICLES or (is_place_word(first) and is_place_word(second)):
        return None
    return Key(f"{squash((first,))} {squash((second,))}", "first two words")


def _stem(facts: Facts) -> Key | None:
    words = stem(facts.name.core) if facts.name else None
    return Key(squash(words), "stem") if words else None


def _stem_or_beginning(facts: Facts) -> Key | None:
    if key := _stem(facts):
        return key
    words = distinctive_beginning(facts.name.core) if facts.name else None
    return Key(squash(words), "beginning") if words else None


def _stem_anywhere(facts: Facts) -> Key | None:
    key = _stem(facts)
    return key and key._replace(closeness=0)


Maker = Callable[[Facts], Key | None]


def _nothing(_facts: Facts) -> None:
    return None


def _in_country(maker: Maker, anywhere: Maker = _nothing) -> Maker:
    """Return the key of `maker` with the country; where that is not known, the key of `anywhere`."""

    def make(facts: Facts) -> Key | None:
        if facts.country is None:
            return anywhere(facts)
        if key := maker(facts):
            value, rule, closeness = key
            return Key(f"{value}|{facts.country}", f"{rule}, country", closeness)
        return None

    return make


def _number(kind: str) -> Maker:
    def make(facts: Facts) -> Key | None:
        number = facts.numbers.get(kind)
        return Key(number, kind) if number else None

    return make


MAKERS: Final[dict[str, Maker]] = {
    "name": _name,
    "common_name": _common_name,
    "lei": _number("lei"),
    "vat": _number("vat"),
    "duns": _number("duns"),
    "domain": _domain,
    "name_country": _in_country(_core, anywhere=_core_anywhere),
    "short_country": _in_country(_shortened),
    "label": _label_alone,
    "label_country": _in_country(_any_label),
    "first_two_words": _first_two_words,
    "stem": _in_country(_stem_or_beginning, anywhere=_stem_anywhere),
}
"""How the value of each slot is made, by the slot's name. (Only a reference list fills the slot of that name.)"""


@lru_cache(maxsize=16)
def _makers_of(slots: tuple[str, ...]) -> list[tuple[int, Maker]]:
    return [(at, MAKERS[slot]) for at, slot in enumerate(slots) if slot in MAKERS]


def keys_of(facts: Facts, slots: Iterable[str]) -> list[tuple[int, Key]]:
    """Return the keys of one account, each with the index of its slot in `slots`."""
    return [(at, key) for at, maker in _makers_of(tuple(slots)) if (key := maker(facts))]
