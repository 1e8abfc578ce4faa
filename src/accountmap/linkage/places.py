"""Countries, cities, regions, postal codes and phone numbers, each written in one way.

Country names come from Unicode CLDR in English, the business languages and each country's own; the tables in
`data/` name their sources.

`data/local/postal_codes.tsv` has each country's form as a regular expression over the code without spaces and
hyphens. If the expression has groups, only the first counts: `94103-1234`, the code of a post box, counts as
`94103`.
"""

import functools
import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)

from accountmap.linkage.data import read_pairs, read_rows, read_words
from accountmap.linkage.names import split_words, squash
from accountmap.linkage.transliterate import known, visible

_FAMILY: Final = {"HK": "CN", "MO": "CN", "JE": "GB", "GG": "GB", "IM": "GB"}
"""Places whose companies are just as often listed under the larger neighbour."""

_TLD_COUNTRIES: Final = {
    "uk": "GB",
    "xn--p1ai": "RU",
    "xn--fiqs8s": "CN",
    "xn--fiqz9s": "CN",
    "xn--kprw13d": "TW",
    "xn--j6w193g": "HK",
    "xn--3e0b707e": "KR",
    "xn--j1amh": "UA",
    "xn--90a3ac": "RS",
    "xn--qxam": "GR",
    "xn--h2brj9c": "IN",
    "xn--o3cw4h": "TH",
    "xn--mgberp4a5d4ar": "SA",
    "xn--mgbaam7a8h": "AE",
}
"""Top-level domains of countries that differ from the alpha-2 code (IANA root zone database)."""

_INVERTED: Final = re.compile(r"^([^,(]+)[,(]\s*([^)\s][^)]*)\)?$")
_PARTS: Final = re.compile(r"[-–/|,;:()\[\]]")
_ARTICLE: Final = re.compile(r"^(?ai:the)\s+")
_FORM_OF_STATE: Final = re.compile(
    r"^(?:[\w']+ )*"
    r"(?ai:(?:republic|kingdom|state|principality|sultanate|commonwealth|federation|duchy) of (?:the )?)"
)
"""Case is ignored for ASCII letters only; ignoring it for all letters would read `ı` as `i`."""


def fold(text: str) -> str:
    """Reduce a place name to lower-case letters without marks, in its own script, which do not vary."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", "and"))
    return "".join(char for char in decomposed if char.isalnum())


@functools.cache
def _countries() -> dict[str, str]:
    return read_pairs("country_names.tsv") | read_pairs("countries.tsv")


@functools.cache
def _generic_tlds() -> frozenset[str]:
    return read_words("generic_tlds.txt")


@functools.cache
def place_words() -> frozenset[str]:
    """Return the lower-case ASCII words that name a place or its people, or form place names."""
    return read_words("place_words.txt") | read_words("region_words.txt")


@functools.lru_cache(maxsize=1 << 12)
def country_code(text: str | None) -> str | None:
    """Read a country as people and registers write it.

    Args:
        text: an ISO 3166-1 alpha-2 or alpha-3 code or a name, perhaps inverted (`Korea, Republic of`); several of
            these (`DE - Germany`); or one with something that is not a country (`Lyon, France`).

    Returns:
        The alpha-2 code (`XK` for Kosovo), or None if the text names no country or more than one.
    """
    if not text or len(text) > 100:
        return None
    text = known(text)
    plain = _ARTICLE.sub("", _INVERTED.sub(r"\2 \1", text.strip()))
    for name in (text, plain, _FORM_OF_STATE.sub("", plain)):
        if code := _countries().get(fold(name)):
            return code
    codes = {code for part in _PARTS.split(text) if (code := _countries().get(fold(part)))}
    return codes.pop() if len(codes) == 1 else None


def comparison_country(code: str) -> str:
    """Return the country under which companies of `code` are compared.

    Hong Kong and Macao count as China, the Channel Islands and the Isle of Man as Britain: lists disagree about
    them.
    """
    return _FAMILY.get(code, code)


def country_of_domain(domain: str | None) -> str | None:
    """Return the country of the top-level domain, if that is used in its country only.

    Args:
        domain: a registrable domain in A-labels.

    Returns:
        An alpha-2 code, or None for generic domains and for country domains that are sold worldwide.
    """
    return _country_of_tld(domain.rpartition(".")[2]) if domain else None


@lru_cache(maxsize=4096)
def _country_of_tld(tld: str) -> str | None:
    if tld in _generic_tlds():
        return None
    if tld in _TLD_COUNTRIES:
        return _TLD_COUNTRIES[tld]
    return _countries().get(tld) if len(tld) == 2 else None


def is_place_word(word: str) -> bool:
    """Return whether a lower-case ASCII word names a place, its people, or forms place names."""
    return word in place_words()


_POSTAL_CODE: Final = re.compile(r"^\s*(?:[A-Za-z]{1,3}[- ])?[0-9][0-9 -]*")
"""What comes before a city in an address, with or without the sign of its country."""

_MORE: Final = re.compile(r"[,(\[/;|]")
"""What separates a city from its region or country."""


@lru_cache(maxsize=1 << 14)
def city(text: str) -> str | None:
    """Read a city: `8001 Zürich`, `Zuerich (ZH)` and `ZURICH, Switzerland` are one.

    Args:
        text: a cell as it was written, in any script.

    Returns:
        Lower-case ASCII letters and digits, without postal code, region and country, and with umlauts as in
        `squash`; None if nothing is left.
    """
    words = split_words(_MORE.split(_POSTAL_CODE.sub("", text), maxsplit=1)[0])
    return squash(tuple(words)) or None


_LONGEST_REGION: Final = 100

_KINDS: Final = re.compile(
    r"\b(?:state|province|prefecture|county|canton|region|oblast|governorate|department|district|voivodeship|"
    r"kanton|freistaat|bundesland|estado|provincia|departamento|comunidad|département|provincie|provinsi|"
    r"sheng|ken|fu|of|de|di|do|du|della|the)\b",
    re.IGNORECASE,
)
"""Words for kinds of regions, and the words that connect them with names."""

_KIND_SIGNS: Final = re.compile("(?:省|市|県|縣|府|都|자치도|특별시|광역시|도)$")
_CODE: Final = re.compile("[A-Z]{2}-[A-Z0-9]{1,3}")


def spellings(name: str) -> tuple[str, ...]:
    """Return what a region's name is looked up by: folded, and also inverted or without the kind of region."""
    turned = " ".join(reversed(name.split(",")))
    return fold(name), fold(turned), fold(_KINDS.sub(" ", name)), _KIND_SIGNS.sub("", fold(name))


@cache
def _regions() -> dict[str, dict[str, str]]:
    """Map spellings to codes, by country."""
    table: dict[str, dict[str, str]] = {}
    for code, *names in read_rows("local/regions.tsv"):
        spelled = table.setdefault(code[:2], {})
        spelled |= dict.fromkeys([fold(code[3:]), *names], code)
    return table


@lru_cache(maxsize=1 << 12)
def region(text: str | None, country: str | None) -> str | None:
    """Read a region: `Bavaria`, `Freistaat Bayern`, `BY` and `DE-BY` are one in Germany.

    Args:
        text: a cell as it was written: a code, or the name in English or as the country writes it.
        country: alpha-2 code of the account.

    Returns:
        The code of ISO 3166-2; None if the country is not known or the text does not name one of its regions.
    """
    if not text or not country or len(text) > _LONGEST_REGION:
        return None
    code = text.strip().upper()
    if _CODE.fullmatch(code):
        return code if code[:2] == country and fold(code[3:]) in _regions().get(country, {}) else None
    table = _regions().get(country, {})
    return next((table[spelling] for spelling in spellings(text) if spelling in table), None)


_LONGEST_POSTAL_CODE: Final = 40
"""Most characters of a cell that may be a code; longer ones are addresses."""

_PARTING: Final = re.compile(r"[\s.–-]")
_SIGN: Final = re.compile("^[A-Z]{1,3}(?=[0-9])")
"""The sign of a country before a code of digits: `D-80331`, `CH 8001`."""


@cache
def _form(country: str) -> re.Pattern[str] | None:
    form = read_pairs("local/postal_codes.tsv").get(country)
    return re.compile(form) if form else None


def postal_code(text: str | None, country: str | None) -> str | None:
    """Read a postal code: `SW1A 1AA` and `sw1a1aa` are one, and so are `D-80331` and `80331`.

    Args:
        text: a cell as it was written.
        country: alpha-2 code of the account.

    Returns:
        Capitals and digits without spaces and hyphens; None if the country is not known or has no codes, or if the
        text is not one of its codes.
    """
    form = _form(country) if country else None
    if form is None or not text or len(text) > _LONGEST_POSTAL_CODE:
        return None
    plain = _PARTING.sub("", visible(text).upper())
    for code in (plain, _SIGN.sub("", plain), f"{country}{plain}"):
        if found := form.fullmatch(code):
            return found[1] if form.groups and found[1] else code
    return None


_LONGEST_PHONE: Final = 250
"""How many characters of a cell are read: libphonenumber reads no longer number."""

_LONGEST_E164: Final = 1 + 15
"""The plus sign and the most digits of ITU-T E.164; libphonenumber accepts some longer national numbers."""

_VALUES: Final = re.compile(r"[;,|\n]")
"""What separates several numbers. Not a slash, which in German numbers may be within one or between two."""


@lru_cache(maxsize=1 << 14)
def phone(text: str | None, country: str | None = None) -> str | None:
    """Read a phone number: `+41 44 668 18 00`, `(044) 668 18 00 ext. 12` and `tel:+41446681800` are one.

    Args:
        text: a cell as it was written, with one number or several, of which the first usable one counts.
        country: alpha-2 code of the account, for numbers without the country's code.

    Returns:
        `+`, the country's code and the number, without extension; None if no number in the cell can have been
        assigned, or nothing says its country.
    """
    numbers = (_e164(part, country) for part in _VALUES.split((text or "")[:_LONGEST_PHONE]))
    return next((number for number in numbers if number), None)


def _e164(text: str, country: str | None) -> str | None:
    try:
        number = parse(text, country)
    except NumberParseException:
        return None
    written = str(format_number(number, PhoneNumberFormat.E164))
    return written if is_valid_number(number) and len(written) <= _LONGEST_E164 else None
