"""The match keys of one account (canonical-v2 §6): the value in each slot, and the rule that made it.

`explain` shows each step on the way, for people who wonder why two accounts did or did not match.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from accountmap.linkage.distinctiveness import (
    PARTICLES,
    SHORTEST_STEM,
    distinctive_beginning,
    is_distinctive,
    shortened,
    stem,
)
from accountmap.linkage.facts import Facts, read_facts
from accountmap.linkage.names import Name, split_words, squash
from accountmap.linkage.places import (
    city,
    country_code,
    country_of_domain,
    is_place_word,
    phone,
    postal_code,
    region,
)
from accountmap.linkage.prepared import Profile, Slot
from accountmap.linkage.registry_ids import duns, lei, vat
from accountmap.linkage.transliterate import to_ascii

_SHORT_LABEL: Final = 6
"""Labels up to this length are also names of other companies in other countries."""


Key = tuple[str, str, int]
"""A canonical value, the rule that made it, and how close it is to what was written, from 0 to 2."""


def _name(facts: Facts) -> Key | None:
    if facts.name is None or not is_distinctive(facts.name.full):
        return None
    return facts.name.squashed_full, "name", 2


def _common_name(facts: Facts) -> Key | None:
    """Return a name that many companies have, or else the account's other name."""
    if facts.name and not is_distinctive(facts.name.full):
        return facts.name.squashed_full, "name that several companies have", 2
    return (facts.other.squashed_full, "other name", 1) if facts.other else None


def _core(facts: Facts) -> Key | None:
    if facts.name is None:
        return None
    if facts.name.core == facts.name.full:
        return facts.name.squashed_core, "name", 2
    return facts.name.squashed_core, "name without holding words", 1


def _core_anywhere(facts: Facts) -> Key | None:
    if facts.name is None or facts.name.core == facts.name.full:
        return None
    core = facts.name.squashed_core
    return (core, "name without holding words", 0) if len(core) >= SHORTEST_STEM else None


def _shortened(facts: Facts) -> Key | None:
    words = shortened(facts.name.core) if facts.name else None
    if words:
        return squash(words), "name without place or trade words", 1
    if facts.other and is_distinctive(facts.other.core):
        return facts.other.squashed_core, "other name", 0
    return None


def _domain(facts: Facts) -> Key | None:
    return (facts.domain, f"domain of {facts.domain_column}", facts.closeness) if facts.domain else None


def _any_label(facts: Facts) -> Key | None:
    return (facts.label, "label of the domain", 2) if facts.label else None


def _begins_name(label: str, name: Name) -> bool:
    """Return whether a label is only the beginning of a name, the name of a family: `alba` of Alba Robotics."""
    written = (name.full,) if name.core == name.full else (name.full, name.core)
    for words in written:
        for size in range(1, len(words)):
            beginning = squash(words[:size])
            if beginning == label:
                return True
            if not label.startswith(beginning[:-1]):
                break
    return False


def _label_alone(facts: Facts) -> Key | None:
    """Return the label, unless it is short or a family's and the company is known to be at home.

    Then the label is a key with the country only: abroad it is the name of another company, or of a sister.
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
    return f"{squash((first,))} {squash((second,))}", "first two words", 2


def _stem(facts: Facts) -> Key | None:
    words = stem(facts.name.core) if facts.name else None
    return (squash(words), "stem", 2) if words else None


def _stem_or_beginning(facts: Facts) -> Key | None:
    if key := _stem(facts):
        return key
    words = distinctive_beginning(facts.name.core) if facts.name else None
    return (squash(words), "beginning", 2) if words else None


def _stem_anywhere(facts: Facts) -> Key | None:
    key = _stem(facts)
    return (*key[:2], 0) if key else None


Maker = Callable[[Facts], Key | None]


def _nothing(_facts: Facts) -> None:
    return None


def _in_country(maker: Maker, anywhere: Maker = _nothing) -> Maker:
    """Return a maker of the key of `maker` with the country; without a country, of the key of `anywhere`."""

    def make(facts: Facts) -> Key | None:
        if facts.country is None:
            return anywhere(facts)
        if key := maker(facts):
            value, rule, closeness = key
            return f"{value}|{facts.country}", f"{rule}, country", closeness
        return None

    return make


def _number(kind: str) -> Maker:
    def make(facts: Facts) -> Key | None:
        number = facts.numbers.get(kind)
        return (number, kind, 2) if number else None

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


@dataclass(frozen=True)
class Step:
    """One step of canonicalisation and its result, which is empty if nothing was left."""

    what: str
    result: str


@dataclass(frozen=True)
class SlotKey:
    """The key in one slot of the profile: its value and the rule that made it, both None if there is none."""

    slot: Slot
    value: str | None
    rule: str | None


@dataclass(frozen=True)
class Explanation:
    """The steps in their order, and one entry for each slot of the profile.

    A key counts only if no other account of the list has its value in a stronger slot, which one account alone
    cannot show.
    """

    steps: tuple[Step, ...]
    keys: tuple[SlotKey, ...]


def _name_steps(written: str, facts: Facts) -> Iterator[Step]:
    yield Step("name in lower-case ASCII", to_ascii(written))
    yield Step("its words", " ".join(split_words(written)))
    if facts.name is None:
        yield Step("core name", "")
        return
    if facts.name.words != tuple(split_words(written)):
        yield Step("words of its Latin part", " ".join(facts.name.words))
    yield Step("without legal form, abbreviated", " ".join(facts.name.full))
    yield Step("core name, without holding words", " ".join(facts.name.core))


def _place_steps(account: Mapping[str, str | None], country: str | None) -> Iterator[Step]:
    """Read what is given about an account but makes no key: region, postal code, phone."""
    if text := account.get("city"):
        yield Step("city", city(text) or "")
    if text := account.get("region"):
        yield Step("region, ISO 3166-2", region(text, country) or "")
    if text := account.get("postal_code"):
        yield Step("postal code", postal_code(text, country) or "")
    if text := account.get("phone"):
        yield Step("phone, E.164", phone(text, country) or "")


def explain(account: Mapping[str, str | None], profile: Profile) -> Explanation:
    """Show each step from an account's cells to its keys.

    Args:
        account: cells by the column names of ACCOUNT_SCHEMA; missing ones count as blank.
        profile: the profile whose slots are filled.
    """
    country = country_code(account.get("country"))
    numbers = {
        "lei": lei(account.get("lei")),
        "vat": vat(account.get("vat"), country),
        "duns": duns(account.get("duns")),
    }
    facts = read_facts(account, numbers)
    steps = [
        *(_name_steps(account.get("name") or "", facts)),
        Step(f"domain, from {facts.domain_column or 'domain, website or email'}", facts.domain or ""),
        Step("label of the domain", facts.label or ""),
        Step("country, as compared", facts.country or ""),
        *_place_steps(account, country or country_of_domain(facts.domain)),
        *(Step(kind, number) for kind, number in numbers.items() if number),
    ]
    made = dict(keys_of(facts, [slot.name for slot in profile.slots]))
    keys = (
        SlotKey(slot, *(made[at][:2] if at in made else (None, None))) for at, slot in enumerate(profile.slots)
    )
    return Explanation(tuple(steps), tuple(keys))
