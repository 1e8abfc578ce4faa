"""Cities as lists write them, for comparing accounts of one list; no match key is made of them."""

import re
from functools import lru_cache
from typing import Final

from accountmap.canonical.names import split_words, squash

_POSTAL_CODE: Final = re.compile(r"^\s*(?:[A-Za-z]{1,3}[- ])?[0-9][0-9 -]*")
"""What stands before a city in an address, with or without the sign of its country."""

_MORE: Final = re.compile(r"[,(\[/;|]")
"""What parts a city from its region or country."""


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
