"""The keys of one account: canonical-v2, section 6."""

import re
from collections.abc import Iterator, Mapping

from protocols.reference.canonical import numbers
from protocols.reference.canonical.domains import domain_of, fit, written_label
from protocols.reference.canonical.fields import names_of
from protocols.reference.canonical.names import KINDS, Name, Words, is_generic, name_of, squash
from protocols.reference.canonical.places import compared, country_of, country_of_domain, country_of_text
from protocols.reference.canonical.tables import COMMON, COUNTS, PARTICLES, PLACES

Account = Mapping[str, str]

TELL_NOTHING = COMMON | PLACES | KINDS
CLOSEST, NEAR, LEAST = 2, 1, 0


def _tell(words: Words) -> bool:
    return any(len(word) > 2 and word not in TELL_NOTHING for word in words)


def _without_places(words: Words) -> Words:
    while words[0] in PLACES and _tell(words[1:]):
        words = words[1:]
    while words[-1] in PLACES and _tell(words[:-1]):
        words = words[:-1]
    return words


def _stem(core: Words) -> str:
    words = core
    while len(words) > 1 and words[-1] in TELL_NOTHING:
        words = words[:-1]
    return squash(words) if words != core and _tell(words) and len(squash(words)) >= 5 else ""


CONSONANTS = ("", *"ksthnfmyrwgzjdbp", "sh", "ts", "ch", *(f"{one}y" for one in "kgnhbpmr"))
READING = f"(kk|ss|tt|pp|ssh|tch)?({'|'.join(CONSONANTS)})[aiueo](n|m|i|u|ku|ki|tsu|chi)?"


def _is_rare(word: str) -> bool:
    return (
        len(word) >= 4 and word not in COUNTS and word not in KINDS and not re.fullmatch(f"({READING}){{2}}", word)
    )


def is_distinctive(words: Words) -> bool:
    """Say whether a full name is distinctive."""
    if len(words) == 1:
        return _is_rare(words[0])
    others = [word for word in words if word not in KINDS]
    return len(others) == len(words) or any(word in PLACES or COUNTS.get(word, 0) < 20 for word in others)


def _shortened(core: Words) -> str:
    local = _without_places(core)
    if local != core:
        return squash(local)
    words = core
    while len(words) > 1 and words[-1] in TELL_NOTHING:
        words = words[:-1]
    return _stem(core) if _stem(core) and (len(words) > 1 or _is_rare(words[0])) else ""


def _beginning(core: Words) -> str:
    first, pair = core[0], core[:2]
    if len(core) == 1 or first in PLACES:
        return ""
    if len(first) >= 5:
        return "" if first in COMMON | KINDS or is_generic((first,)) else squash((first,))
    if len(core) == 2 or pair[1] in PARTICLES or COMMON.issuperset(pair) or len("".join(pair)) < 5:
        return ""
    return squash(pair)


def _first_two_words(core: Words) -> str:
    if len(core) < 2 or core[1] in PARTICLES or PLACES.issuperset(core[:2]):
        return ""
    return f"{squash(core[:1])} {squash(core[1:2])}"


def _is_at_home(account: Account, domain: str | None) -> bool:
    stated, of_domain = country_of_text(account.get("country", "")), country_of_domain(domain)
    return stated is not None and of_domain is not None and compared(stated) == compared(of_domain)


Value = tuple[str, str, int]


def _of_name(name: Name, other: Name | None, country: str | None) -> Iterator[Value]:
    full, core = name.full, name.core
    if is_distinctive(full):
        yield "name", squash(full), CLOSEST
        yield "common_name", squash(other.full) if other else "", NEAR
    else:
        yield "common_name", squash(full), CLOSEST
    yield "first_two_words", _first_two_words(core), CLOSEST
    if country is None:
        yield "name_country", squash(core) if core != full and len(squash(core)) >= 5 else "", LEAST
        yield "stem", _stem(core), LEAST
        return
    yield "name_country", squash(core), CLOSEST if core == full else NEAR
    yield "stem", _stem(core) or _beginning(core), CLOSEST
    if short := _shortened(core):
        yield "short_country", short, NEAR
    elif other and is_distinctive(other.core):
        yield "short_country", squash(other.core), LEAST


def _of_label(label: str, name: Name | None, *, at_home: bool, country: str | None) -> Iterator[Value]:
    names = (name.full, name.core) if name else ()
    begins = any(label == squash(words[:size]) for words in names for size in range(1, len(words)))
    yield "label", "" if at_home and (len(label) <= 6 or begins) else label, CLOSEST
    if country:
        yield "label_country", label, CLOSEST


def facts_of(account: Account) -> tuple[Name | None, Name | None, str | None, str, str | None]:
    """Return name, other name, domain, label and country of an account."""
    name, other, address = names_of(account)
    domain, label = domain_of(account, name, address)
    if name is None and address and domain:
        name = name_of(written_label(domain))
    return name, other, domain, label, country_of(account, name, domain)


def _values(account: Account) -> Iterator[Value]:
    """Yield slots, values without the country, and how close they are."""
    name, other, domain, label, country = facts_of(account)
    if name:
        yield from _of_name(name, other, country)
    if domain:
        yield "domain", domain, fit(names_of(account)[0], domain)
    yield from _of_label(label, name, at_home=_is_at_home(account, domain), country=country)
    yield "lei", numbers.lei(account.get("lei", "")), CLOSEST
    yield "duns", numbers.duns(account.get("duns", "")), CLOSEST
    yield "vat", numbers.vat(account.get("vat", ""), country_of_text(account.get("country", ""))), CLOSEST


IN_COUNTRY = frozenset(["name_country", "short_country", "label_country", "stem"])


def keys_of(account: Account) -> dict[str, tuple[str, int]]:
    """Return the value in each slot that has one, and how close it is."""
    *_, country = facts_of(account)
    return {
        slot: (f"{value}|{country}" if country and slot in IN_COUNTRY else value, closeness)
        for slot, value, closeness in _values(account)
        if value
    }
