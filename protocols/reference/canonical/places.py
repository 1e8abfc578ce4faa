"""Countries: canonical-v2, section 5."""

import re
import unicodedata
from collections.abc import Mapping

from protocols.reference.canonical.characters import category, is_white, known, trim_white
from protocols.reference.canonical.names import Name
from protocols.reference.canonical.tables import COUNTRIES, words

SOLD_WORLDWIDE = words("generic_tlds.txt")
COMPARED = {"HK": "CN", "MO": "CN", "JE": "GB", "GG": "GB", "IM": "GB"}
STATES = "republic kingdom state principality sultanate commonwealth federation duchy".replace(" ", "|")
STATE = re.compile(rf"(?:[\w']+ )*(?ai:(?:{STATES}) of (?:the )?)")
TOP_LEVEL = {
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


def fold(text: str) -> str:
    """Fold a text as the names of the table are folded."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("&", "and"))
    return "".join(char for char in decomposed if category(char)[0] in "LN")


def _turned_round(text: str) -> str:
    parts = re.match(r"([^,(]+)[,(](.+)", text, re.DOTALL)
    behind = trim_white(parts[2]).removesuffix(")") if parts else ""
    return f"{behind} {parts[1]}" if parts and behind and ")" not in behind else text


def _without_article(text: str) -> str:
    return trim_white(text[3:]) if re.match("(?ai:the)", text) and is_white(text[3:4] or "-") else text


def country_of_text(text: str) -> str | None:
    """Read a country, alpha-2."""
    if len(text) > 100:
        return None
    text = known(text)
    plain = _without_article(_turned_round(trim_white(text)))
    form = STATE.match(plain)
    for written in (text, plain, plain[form.end() :] if form else plain):
        if fold(written) in COUNTRIES:
            return COUNTRIES[fold(written)]
    parts = map(fold, re.split(r"[-–/|,;:()\[\]]", text))
    return _only({COUNTRIES[part] for part in parts if part in COUNTRIES})


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def country_of_domain(domain: str | None) -> str | None:
    """Return the country of a domain, alpha-2."""
    last = (domain or "").rpartition(".")[2]
    if last in SOLD_WORLDWIDE:
        return None
    return TOP_LEVEL.get(last) or (COUNTRIES.get(last) if len(last) == 2 else None)


def compared(country: str) -> str:
    """Return the country under which one is compared."""
    return COMPARED.get(country, country)


def country_of(account: Mapping[str, str], name: Name | None, domain: str | None) -> str | None:
    """Return the country of an account, as compared."""
    told = {COUNTRIES[word] for word in (name.words if name else ()) if len(word) > 3 and word in COUNTRIES}
    found = country_of_text(account.get("country", "")) or country_of_domain(domain) or _only(told)
    return compared(found) if found else None
