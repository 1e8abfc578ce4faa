"""Countries and place words: where a company is, written in one way.

Country names come from Unicode CLDR in English, the business languages and each country's own; the tables in
`data/` name their sources.
"""

import functools
import re
import unicodedata
from typing import Final

from accountmap.canonical.characters import known
from accountmap.canonical.tables import read_pairs, read_words

_FAMILY: Final = {"HK": "CN", "MO": "CN", "JE": "GB", "GG": "GB", "IM": "GB"}
"""Places whose companies are as often listed under the larger neighbour."""

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
"""Country domains that are not the alpha-2 code (IANA root zone database)."""

_INVERTED: Final = re.compile(r"^([^,(]+)[,(]\s*([^)\s][^)]*)\)?$")
_PARTS: Final = re.compile(r"[-–/|,;:()\[\]]")
_ARTICLE: Final = re.compile(r"^(?ai:the)\s+")
_FORM_OF_STATE: Final = re.compile(
    r"^(?:[\w']+ )*"
    r"(?ai:(?:republic|kingdom|state|principality|sultanate|commonwealth|federation|duchy) of (?:the )?)"
)
"""Of ASCII only: ignoring all case would read `ı` as `i`."""


def fold(text: str) -> str:
    """Reduce a place name to what does not vary: lower-case letters without marks, in its own script."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", "and"))
    return "".join(char for char in decomposed if char.isalnum())


@functools.cache
def _countries() -> dict[str, str]:
    return read_pairs("countries.tsv")


@functools.cache
def _generic_tlds() -> frozenset[str]:
    return read_words("generic_tlds.txt")


@functools.cache
def _place_words() -> frozenset[str]:
    return read_words("place_words.txt") | read_words("region_words.txt")


@functools.lru_cache(maxsize=1 << 12)
def country_code(text: str | None) -> str | None:
    """Read a country as people and registers write it.

    Args:
        text: an ISO 3166-1 alpha-2 or alpha-3 code or a name, also inverted (`Korea, Republic of`), or several of
            these, or one with something that names no country (`DE - Germany`, `Lyon, France`).

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
    """Give the country under which companies of `code` are compared.

    Hong Kong and Macao count as China, the Channel Islands and Man as Britain: lists disagree about them.
    """
    return _FAMILY.get(code, code)


def country_of_domain(domain: str | None) -> str | None:
    """Tell the country from the top-level domain, where that is used in its country only.

    Args:
        domain: a registrable domain in A-labels.

    Returns:
        An alpha-2 code, or None for generic domains and for country domains that are sold worldwide.
    """
    if not domain:
        return None
    tld = domain.rpartition(".")[2]
    if tld in _generic_tlds():
        return None
    if tld in _TLD_COUNTRIES:
        return _TLD_COUNTRIES[tld]
    return _countries().get(tld) if len(tld) == 2 else None


def is_place_word(word: str) -> bool:
    """Tell whether a lower-case ASCII word names a place, its people, or forms place names."""
    return word in _place_words()
