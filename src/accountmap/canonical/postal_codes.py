"""Postal codes by the form of their country; no match key is made of them.

`data/local/postal_codes.tsv` has each country's form as a regular expression over the code without blanks and
strokes. Where the expression has groups, the first is what counts: of `94103-1234`, a post box's, that is `94103`.
"""

import re
from functools import cache
from typing import Final

from accountmap.canonical.tables import read_pairs
from accountmap.canonical.transliteration import visible

_LONGEST_TEXT: Final = 40
"""Characters of a cell that may be a code; longer ones are addresses."""

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
        Capitals and digits without blanks and strokes; None if the country is not known or has no codes, or the
        text is none of its codes.
    """
    form = _form(country) if country else None
    if form is None or not text or len(text) > _LONGEST_TEXT:
        return None
    plain = _PARTING.sub("", visible(text).upper())
    for code in (plain, _SIGN.sub("", plain), f"{country}{plain}"):
        if found := form.fullmatch(code):
            return found[1] if form.groups and found[1] else code
    return None
