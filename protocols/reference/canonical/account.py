"""The keys of one account: canonical-v1, section 6."""

import re
from collections.abc import Iterator, Mapping

from protocols.reference.canonical import numbers
from protocols.reference.canonical.domains import domain_of, label_of
from protocols.reference.canonical.names import Name, Words, is_generic, name_of, squash
from protocols.reference.canonical.places import compared, country_of, country_of_domain, country_of_text
from protocols.reference.canonical.tables import COMMON, PARTICLES, PLACES

Account = Mapping[str, str]

SOUNDS = "ph→f ck→k sh→S ch→k x→ks q→k z→s w→v l→r th→t kh→k gh→g h→"
TELL_NOTHING = COMMON | PLACES
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


def _beginning(core: Words) -> str:
    first, pair = core[0], core[:2]
    if len(core) == 1 or first in PLACES:
        return ""
    if len(first) >= 5:
        return "" if first in COMMON or is_generic((first,)) else squash((first,))
    if len(core) == 2 or pair[1] in PARTICLES or COMMON.issuperset(pair) or len("".join(pair)) < 5:
        return ""
    return squash(pair)


def _consonants(word: str) -> str:
    for step in SOUNDS.split(" "):
        letters, sound = step.split("→")
        word = word.replace(letters, sound)
    return re.sub("[aeiouy]", "", re.sub("c(?=[eiy])", "s", word).replace("c", "k"))


def _sound(words: Words) -> str:
    return re.sub(r"(.)\1+", r"\1", "".join(map(_consonants, words)))


def _sound_of_core(core: Words) -> str:
    telling = _sound(tuple(word for word in core if word not in COMMON))
    return _sound(core) if len(telling) >= (4 if len(core) == 1 else 5) else ""


def _first_two_words(core: Words) -> str:
    if len(core) < 2 or core[1] in PARTICLES or PLACES.issuperset(core[:2]):
        return ""
    return f"{squash(core[:1])} {squash(core[1:2])}"


def _is_at_home(account: Account, domain: str) -> bool:
    stated, of_domain = country_of_text(account.get("country", "")), country_of_domain(domain)
    return stated is not None and of_domain is not None and compared(stated) == compared(of_domain)


def _of_name(name: Name, country: str | None) -> Iterator[tuple[str, str, int]]:
    full, core = name.full, name.core
    yield "name", squash(full), CLOSEST
    yield "first_two_words", _first_two_words(core), CLOSEST
    if country is None:
        yield "name_country", squash(core) if core != full and len(squash(core)) >= 5 else "", LEAST
        yield "stem", _stem(core), LEAST
        return
    local = _without_places(core)
    yield "name_country", squash(local), CLOSEST if local == full else NEAR
    yield "stem", _stem(core) or _beginning(core), CLOSEST
    yield "sound", _sound_of_core(core), CLOSEST


def _of_domain(
    account: Account, domain: str, name: Name | None, country: str | None
) -> Iterator[tuple[str, str, int]]:
    label = label_of(domain)
    names = (name.full, name.core) if name else ()
    begins = any(label == squash(words[:size]) for words in names for size in range(1, len(words)))
    stays = _is_at_home(account, domain) and (len(label) <= 6 or begins)
    yield "domain", domain, CLOSEST
    yield "label", "" if stays else label, CLOSEST
    if country:
        yield "label_country", label, CLOSEST


def _values(account: Account, country: str | None) -> Iterator[tuple[str, str, int]]:
    """Yield slots, values without the country, and how close they are."""
    name, domain = name_of(account.get("name", "")), domain_of(account)
    if name:
        yield from _of_name(name, country)
    if domain:
        yield from _of_domain(account, domain, name, country)
    yield "lei", numbers.lei(account.get("lei", "")), CLOSEST
    yield "duns", numbers.duns(account.get("duns", "")), CLOSEST
    yield "vat", numbers.vat(account.get("vat", ""), country_of_text(account.get("country", ""))), CLOSEST


IN_COUNTRY = frozenset(["name_country", "label_country", "stem", "sound"])


def keys_of(account: Account) -> dict[str, tuple[str, int]]:
    """Give the value in each slot that has one, and how close it is."""
    country = country_of(account)
    return {
        slot: (f"{value}|{country}" if country and slot in IN_COUNTRY else value, closeness)
        for slot, value, closeness in _values(account, country)
        if value
    }
