"""Regions: the states, provinces and cantons of ISO 3166-2; no match key is made of them."""

import re
from functools import cache, lru_cache
from typing import Final

from accountmap.canonical.places import fold
from accountmap.canonical.tables import read_rows

_LONGEST_TEXT: Final = 100

_KINDS: Final = re.compile(
    r"\b(?:state|province|prefecture|county|canton|region|oblast|governorate|department|district|voivodeship|"
    r"kanton|freistaat|bundesland|estado|provincia|departamento|comunidad|département|provincie|provinsi|"
    r"sheng|ken|fu|of|de|di|do|du|della|the)\b",
    re.IGNORECASE,
)
"""Words for kinds of regions, and those that tie them to names."""

_KIND_SIGNS: Final = re.compile("(?:省|市|県|縣|府|都|자치도|특별시|광역시|도)$")
_CODE: Final = re.compile("[A-Z]{2}-[A-Z0-9]{1,3}")


def spellings(name: str) -> tuple[str, ...]:
    """Give what a region's name is looked up by: folded, also turned round or without the kind of region."""
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
        The code of ISO 3166-2; None if the country is not known or the text names no region of it.
    """
    if not text or not country or len(text) > _LONGEST_TEXT:
        return None
    code = text.strip().upper()
    if _CODE.fullmatch(code):
        return code if code[:2] == country and fold(code[3:]) in _regions().get(country, {}) else None
    table = _regions().get(country, {})
    return next((table[spelling] for spelling in spellings(text) if spelling in table), None)
