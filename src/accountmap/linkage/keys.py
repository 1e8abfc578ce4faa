"""The match keys of one account: which value stands in which slot, and which rule made it (canonical-v1 §4)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from accountmap.linkage.distinctiveness import (
    COMMON,
    PARTICLES,
    SHORTEST_STEM,
    distinctive_beginning,
    stem,
    without_places,
)
from accountmap.linkage.domains import domain_label, registrable_domain
from accountmap.linkage.names import Name, is_generic, named_country, parse, split_words, squash
from accountmap.linkage.places import comparison_country, country_code, country_of_domain, is_place_word
from accountmap.linkage.transliterate import sound_of

ADDRESS_COLUMNS: Final = ("domain", "website", "email")
"""Where an account's domain is looked for, in this order."""

_SHORT_LABEL: Final = 6
"""Labels up to this length are names that other companies have in other countries."""

_LEAST_SOUNDS: Final = {True: 4, False: 5}
"""Consonants that a name must have to be told by its sound, not counting common words: of one word, of several."""

_NO_NUMBERS: Final[Mapping[str, str | None]] = MappingProxyType({})


class Facts(NamedTuple):
    """What is known of one account.

    Attributes:
        name: its name, taken apart.
        domain: its registrable domain, and in `domain_column` where that stood.
        label: the squashed label of the domain.
        country: as compared, ISO 3166 alpha-2.
        at_home: the list states a country, and it is that of the domain.
        numbers: its registry numbers by kind.
    """

    name: Name | None
    domain: str | None
    domain_column: str
    label: str | None
    country: str | None
    at_home: bool
    numbers: Mapping[str, str | None] = _NO_NUMBERS


class Key(NamedTuple):
    """A canonical value, the rule that made it, and how close it is to what was written: 0 to 2."""

    value: str
    rule: str
    closeness: int = 2


def _address(account: Mapping[str, str | None]) -> tuple[str | None, str]:
    """Find the first usable domain, and the column where it stood."""
    for column in ADDRESS_COLUMNS:
        text = account.get(column)
        domain = registrable_domain(text) if text else None
        if domain:
            return domain, column
    return None, ""


@lru_cache(maxsize=4096)
def _label(domain: str | None) -> str | None:
    words = tuple(split_words(domain_label(domain) or ""))
    return None if is_generic(words) else squash(words)


def gather(account: Mapping[str, str | None], numbers: Mapping[str, str | None] | None = None) -> Facts:
    """Collect what the keys of one account are made of.

    Args:
        account: its cells by column; those that are missing count as blank.
        numbers: its canonical registry numbers by kind.
    """
    domain, column = _address(account)
    name = parse(account.get("name") or "")
    stated = country_code(account.get("country"))
    of_domain = country_of_domain(domain)
    code = stated or of_domain or (named_country(name) if name else None)
    country = comparison_country(code) if code else None
    return Facts(
        name=name,
        domain=domain,
        domain_column=column,
        label=_label(domain),
        country=country,
        at_home=stated is not None and of_domain is not None and comparison_country(of_domain) == country,
        numbers=numbers or _NO_NUMBERS,
    )


def _name(facts: Facts) -> Key | None:
    return Key(squash(facts.name.full), "name") if facts.name else None


def _core(facts: Facts) -> Key | None:
    if facts.name is None:
        return None
    local = without_places(facts.name.core)
    if local == facts.name.full:
        return Key(squash(local), "name")
    return Key(squash(local), "name without holding and place words", 1)


def _core_anywhere(facts: Facts) -> Key | None:
    if facts.name is None or facts.name.core == facts.name.full:
        return None
    core = squash(facts.name.core)
    return Key(core, "name without holding words", 0) if len(core) >= SHORTEST_STEM else None


def _domain(facts: Facts) -> Key | None:
    return Key(facts.domain, f"domain of {facts.domain_column}") if facts.domain else None


def _any_label(facts: Facts) -> Key | None:
    return Key(facts.label, "label of the domain") if facts.label else None


def _begins_name(label: str, name: Name) -> bool:
    """Tell whether a label is the beginning of a longer name: the family's, as `alba` is that of Alba Robotics."""
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
    first = facts.name.core[:2]
    if first[1] in PARTICLES or all(map(is_place_word, first)):
        return None
    return Key(f"{squash(first[:1])} {squash(first[1:])}", "first two words")


def _stem(facts: Facts) -> Key | None:
    words = stem(facts.name.core) if facts.name else None
    return Key(squash(words), "stem") if words else None


def _stem_or_beginning(facts: Facts) -> Key | None:
    words = distinctive_beginning(facts.name.core) if facts.name else None
    return _stem(facts) or (Key(squash(words), "beginning") if words else None)


def _stem_anywhere(facts: Facts) -> Key | None:
    key = _stem(facts)
    return key and key._replace(closeness=0)


def _sound(facts: Facts) -> Key | None:
    if facts.name is None:
        return None
    core = facts.name.core
    least = _LEAST_SOUNDS[len(core) == 1]
    sound = sound_of(core)
    if len(sound) < least:
        return None
    telling = sound if COMMON.isdisjoint(core) else sound_of(word for word in core if word not in COMMON)
    return Key(sound, "sound of the name") if len(telling) >= least else None


Maker = Callable[[Facts], Key | None]


def _nothing(_facts: Facts) -> None:
    return None


def _in_country(maker: Maker, anywhere: Maker = _nothing) -> Maker:
    """Give the key of `maker` with the country; where that is not known, the key of `anywhere`."""

    def make(facts: Facts) -> Key | None:
        if facts.country is None:
            return anywhere(facts)
        key = maker(facts)
        return key and Key(f"{key.value}|{facts.country}", f"{key.rule}, country", key.closeness)

    return make


def _number(kind: str) -> Maker:
    def make(facts: Facts) -> Key | None:
        number = facts.numbers.get(kind)
        return Key(number, kind) if number else None

    return make


MAKERS: Final[dict[str, Maker]] = {
    "name": _name,
    "lei": _number("lei"),
    "vat": _number("vat"),
    "duns": _number("duns"),
    "domain": _domain,
    "name_country": _in_country(_core, anywhere=_core_anywhere),
    "label": _label_alone,
    "label_country": _in_country(_any_label),
    "first_two_words": _first_two_words,
    "stem": _in_country(_stem_or_beginning, anywhere=_stem_anywhere),
    "sound": _in_country(_sound),
}
"""How the value of each slot is made, by the slot's name. (Only a reference list fills the slot of that name.)"""


def keys_of(facts: Facts, slots: Iterable[str]) -> Iterator[tuple[int, Key]]:
    """Yield the keys of one account, each with the index of its slot in `slots`."""
    for at, slot in enumerate(slots):
        if (maker := MAKERS.get(slot)) and (key := maker(facts)):
            yield at, key
