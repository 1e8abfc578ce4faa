"""Which characters count: those of Unicode 14.0, whatever Unicode the program runs with.

What keys depend on (normal forms, case, what is a letter) stays the same for a character once it is assigned, but
every version of Unicode assigns more, and a party with an older one must arrive at the same keys.
"""

from bisect import bisect_right
from typing import Final

from accountmap.canonical.tables import read_rows

UNKNOWN: Final = "\ufffd"
"""What a character is read as that the table does not have: REPLACEMENT CHARACTER, no letter, digit or blank."""

_RANGES: Final = [(int(first, 16), int(last, 16)) for first, last in read_rows("characters.tsv")]
_FIRSTS: Final = [first for first, _ in _RANGES]


class _Known(dict[int, int]):
    """What a character is read as, by code: filled as characters come, for `str.translate`."""

    def __missing__(self, code: int) -> int:
        _, last = _RANGES[bisect_right(_FIRSTS, code) - 1]
        self[code] = code if code <= last else ord(UNKNOWN)
        return self[code]


_KNOWN: Final = _Known()


def known(text: str) -> str:
    """Replace each character that Unicode 14.0 does not have by U+FFFD."""
    return text if text.isascii() else text.translate(_KNOWN)
