"""What is known about one account, for its keys and for comparing it with the others on its list."""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from accountmap.linkage.distinctiveness import KINDS
from accountmap.linkage.domains import Address, addresses, domain_label
from accountmap.linkage.names import (
    OTHER_SCRIPT,
    Name,
    abbreviated,
    country_of_word,
    ending,
    is_generic,
    latin_part,
    named_country,
    parse,
    split_words,
    squash,
)
from accountmap.linkage.places import comparison_country, country_code, country_of_domain, is_place_word
from accountmap.linkage.written_name import WrittenName, read_name

ADDRESS_COLUMNS: Final = ("domain", "website", "email")
"""Where an account's domain is looked for, in this order."""

_ADDRESS_CELLS: Final = (*ADDRESS_COLUMNS, "name")
"""The same, and last an address in the place of a name."""

FACT_COLUMNS: Final = ("name", *ADDRESS_COLUMNS, "country")
"""The columns that `read_facts` reads. Except for the registry numbers, no key is made from other columns."""

_NO_NUMBERS: Final[Mapping[str, str | None]] = MappingProxyType({})


class Facts(NamedTuple):
    """What is known about one account.

    Attributes:
        name: its name, taken apart.
        other: another name in the same field: the legal name beside the trading name, a short form.
        domain: its registrable domain; `domain_column` says where it was found.
        closeness: how well the name fits the domain: 2 if its label is the name, 1 if it is a part of it, else 0.
        label: the squashed label of the domain, or of the domain on which it has a page.
        country: as compared, ISO 3166 alpha-2.
        at_home: whether the list states a country, and it is that of the domain.
        numbers: its registry numbers by kind.
    """

    name: Name | None
    other: Name | None
    domain: str | None
    domain_column: str
    closeness: int
    label: str | None
    country: str | None
    at_home: bool
    numbers: Mapping[str, str | None] = _NO_NUMBERS


_BRACKETED: Final = re.compile(r"[(（\[【]\s*([^()（）\[\]【】]{2,60}?)\s*[)）\]】]")
_CHINESE: Final = re.compile("[\u3400-\u9fff]")


def alternatives(text: str) -> tuple[str, ...]:
    """Split a name with a short form or a place in brackets, or in two scripts.

    Returns:
        The name, then other names of the company: `Environmental Systems Research Institute (ESRI)` is also ESRI,
        and `三聯書店 Joint Publishing` is also its Chinese part. A place in brackets after Chinese characters is
        put in front, as others write it.
    """
    if text.isascii() and "(" not in text and "[" not in text:
        return (text,)
    found = _BRACKETED.search(text)
    if found is None:
        return (text, " ".join(filter(OTHER_SCRIPT.search, text.split()))) if latin_part(text) else (text,)
    before = text[: found.start()].rstrip()
    inner, outer = found[1], before + " " + text[found.end() :]
    if _CHINESE.search(inner) and _CHINESE.search(before) and _is_place(inner):
        return (inner + outer,)
    return (outer, inner) if _is_other_name(inner, outer) else (text,)


def _is_other_name(inner: str, outer: str) -> bool:
    """Return whether brackets contain a name, and not a place, a form, or a word that says nothing."""
    words = tuple(split_words(inner))
    if not words or is_generic(abbreviated(words)) or ending(words) == len(words) or not parse(outer):
        return False
    return not any(is_place_word(word) or country_of_word(word) for word in words)


def _is_place(text: str) -> bool:
    words = split_words(text)
    return bool(words) and all(is_place_word(word) or country_of_word(word) for word in words)


@lru_cache(maxsize=4096)
def _label(domain: str) -> str | None:
    label = domain_label(domain) or ""
    words = (label,) if label.isalnum() and label.isascii() else tuple(split_words(label))
    return None if is_generic(words) or KINDS.issuperset(words) else squash(words)


def _fit(name: Name | None, address: Address) -> int:
    """Return how well a name fits a domain: 2 if its label is the name or its initials, 1 if a part, else 0."""
    label = _label(address.domain)
    if name is None or label is None:
        return 0
    words, _, core, full, short = name
    if label in (full, short) or (len(label) == len(core) and label == "".join(word[0] for word in core)):
        return 2
    if address.domain.replace(".", "").replace("-", "") in (full, short):
        return 2
    begins = full.startswith(label) or label.startswith((full, short)) or short.startswith(label)
    return int(begins or label in words)


def _is_own(name: Name | None, address: Address, fit: int) -> bool:
    """Return whether a domain is the account's own: not a page or mailbox under another company's."""
    if address.is_shared:
        return fit == 2 or (fit == 1 and not address.is_page and _begins(name, _label(address.domain)))
    return not address.is_page or fit == 2


def _begins(name: Name | None, label: str | None) -> bool:
    return name is not None and squash(name.full[:1]) == label


class _Web(NamedTuple):
    """The domain of an account, where it was found, how well it fits, and the domain whose label counts."""

    domain: str | None
    column: str
    closeness: int
    labelled: str | None


_NO_WEB: Final = _Web(None, "", 0, None)


def _web(account: Mapping[str, str | None], name: Name | None, written: WrittenName) -> _Web:
    """Find the domain that fits the name best, among those of the first column that has any."""
    labelled = None
    for column in _ADDRESS_CELLS:
        text = written.address if column == "name" else account.get(column)
        if not text:
            continue
        best, closest = None, -1
        for each in addresses(text):
            if labelled is None and not each.is_shared:
                labelled = each.domain
            fit = _fit(name, each)
            if fit > closest and _is_own(name, each, fit):
                best, closest = each.domain, fit
        if best is not None:
            return _Web(best, column, closest, best)
    return _NO_WEB if labelled is None else _Web(None, "", 0, labelled)


def _names(written: WrittenName) -> tuple[Name | None, Name | None]:
    """Take the names of a field apart: the one that counts, and another one, if there is any."""
    texts = (written.text, *written.others) if written.others else alternatives(written.text)
    name = parse(texts[0])
    if name is not None and len(texts) > 1:
        for other in map(parse, texts[1:]):
            if other and other.full != name.full:
                return name, other
    return name, None


def read_facts(account: Mapping[str, str | None], numbers: Mapping[str, str | None] | None = None) -> Facts:
    """Collect what the keys of one account are made from.

    Args:
        account: its cells by column; missing ones count as blank.
        numbers: its canonical registry numbers by kind.
    """
    written = read_name(account.get("name") or "")
    name, other = _names(written)
    web = _web(account, name, written)
    if name is None and written.address and web.domain:
        name = parse(domain_label(web.domain) or "")
    stated = country_code(account.get("country"))
    of_domain = country_of_domain(web.domain)
    code = stated or of_domain or (named_country(name) if name else None)
    country = comparison_country(code) if code else None
    at_home = stated is not None and of_domain is not None and comparison_country(of_domain) == country
    label = _label(web.labelled) if web.labelled else None
    domain, column, closeness, _ = web
    return Facts(name, other, domain, column, closeness, label, country, at_home, numbers or _NO_NUMBERS)
