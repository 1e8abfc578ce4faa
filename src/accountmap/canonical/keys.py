"""The match keys of one account: which value stands in which slot, and which rule made it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from accountmap.canonical.domains import domain_label, registrable_domain
from accountmap.canonical.names import Name, is_generic, parse, split_words
from accountmap.canonical.places import comparison_country, country_code, country_of_domain, is_place_word

ADDRESS_COLUMNS: Final = ("domain", "website", "email")
"""Where an account's domain is looked for, in this order."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one account.

    Attributes:
        name: its name, taken apart.
        domain: its registrable domain, and in `domain_column` where that stood.
        label: the squashed label of the domain.
        country: as compared, ISO 3166 alpha-2.
    """

    name: Name | None
    domain: str | None
    domain_column: str
    label: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class Key:
    """A canonical value, the rule that made it, and how close it is to what was written: 1 or 2."""

    value: str
    rule: str
    closeness: int = 2


def _country(text: str | None, domain: str | None) -> str | None:
    code = country_code(text) or country_of_domain(domain)
    return comparison_country(code) if code else None


def _label(domain: str | None) -> str | None:
    words = tuple(split_words(domain_label(domain) or ""))
    return None if is_generic(words) else "".join(words)


def gather(account: Mapping[str, str | None]) -> Facts:
    """Read the columns of one account that its keys are made of."""
    found = ((registrable_domain(account.get(column)), column) for column in ADDRESS_COLUMNS)
    domain, column = next(((domain, column) for domain, column in found if domain), (None, ""))
    return Facts(
        name=parse(account.get("name") or ""),
        domain=domain,
        domain_column=column,
        label=_label(domain),
        country=_country(account.get("country"), domain),
    )


def _name(facts: Facts) -> Key | None:
    if facts.name is None:
        return None
    whole = facts.name.core == facts.name.full
    rule = "core name" if whole else "core name without holding words"
    return Key("".join(facts.name.core), rule, 2 if whole else 1)


def _domain(facts: Facts) -> Key | None:
    return Key(facts.domain, f"domain of {facts.domain_column}") if facts.domain else None


def _domain_label(facts: Facts) -> Key | None:
    return Key(facts.label, "label of the domain") if facts.label else None


def _first_word(facts: Facts) -> Key | None:
    if facts.name is None or len(facts.name.core) < 2 or len(facts.name.core[0]) < 3:
        return None
    first = facts.name.core[0]
    return None if is_place_word(first) or is_generic((first,)) else Key(first, "first word")


def _rest(facts: Facts) -> Key | None:
    if facts.name is None or is_generic(facts.name.core[1:]):
        return None
    return Key("".join(facts.name.core[1:]), "name without its first word")


def _first_two(facts: Facts) -> Key | None:
    if facts.name is None or len(facts.name.core) < 3:
        return None
    return Key(" ".join(facts.name.core[:2]), "first two words")


Maker = Callable[[Facts], Key | None]


def _in_country(maker: Maker) -> Maker:
    def make(facts: Facts) -> Key | None:
        key = maker(facts)
        if key is None or facts.country is None:
            return None
        return Key(f"{key.value}|{facts.country}", f"{key.rule}, country", key.closeness)

    return make


MAKERS: Final[dict[str, Maker]] = {
    "name": _name,
    "domain": _domain,
    "label": _domain_label,
    "name_country": _in_country(_name),
    "label_country": _in_country(_domain_label),
    "first_country": _in_country(_first_word),
    "rest_country": _in_country(_rest),
    "first_two": _first_two,
}
"""How the value of each slot is made, by the slot's name."""


def keys_of(facts: Facts, slots: tuple[str, ...]) -> Iterator[tuple[int, Key]]:
    """Yield the keys of one account, each with the index of its slot in `slots`."""
    for at, slot in enumerate(slots):
        key = MAKERS[slot](facts)
        if key is not None:
            yield at, key
