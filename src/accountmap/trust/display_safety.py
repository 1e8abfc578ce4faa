"""Words of a partner that somebody reads before signing: they show as they are, on one line (trust-v2 §2)."""

import unicodedata
from typing import Final

from accountmap.errors import TrustError

MAX_NAME: Final = 80
MAX_PURPOSE: Final = 400

_BLANK_RANGES: Final = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x2028, 0x2029),  # line and paragraph separators
    (0x2800, 0x2800),  # Braille pattern without dots
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0x1D159, 0x1D159),  # null notehead
    (0xE0100, 0xE01EF),  # more variation selectors
)
"""Characters that show nothing although no category says so; most are Default_Ignorable_Code_Point in Unicode."""

_ALIKE: Final = frozenset({"LATIN", "GREEK", "CYRILLIC"})

_BLANKS: Final = frozenset(chr(c) for first, last in _BLANK_RANGES for c in range(first, last + 1))


def check_name(name: str) -> str:
    """Refuse a company's name that could mislead on a screen.

    Raises:
        TrustError: as `check_line`, or a word mixes scripts whose letters look alike.
    """
    if any(len(_scripts(word)) > 1 for word in name.split()):
        raise TrustError(
            "a name mixes letters of scripts that look alike, such as Latin and Cyrillic, in one word",
            "It may pretend to be another company: ask your partner, by phone, for a card with its plain name.",
        )
    return check_line(name, "a name")


def _scripts(word: str) -> set[str]:
    """Return which of the scripts with letters that look alike a word has."""
    return {unicodedata.name(c, "").split(" ")[0] for c in word if c.isalpha()} & _ALIKE


def check_line(text: str, what: str, most: int = MAX_NAME) -> str:
    """Refuse words that show nothing, show something else than they hold, or could pass for another line.

    Args:
        what: names the words in the error.
        most: characters.

    Raises:
        TrustError: the text is empty, longer, without a letter, number or symbol, has characters that do not show,
            or white space at an end or twice in a row, which can push the rest to another line.
    """
    hidden = any(unicodedata.category(c).startswith("C") or c in _BLANKS for c in text)
    shows = any(unicodedata.category(c)[0] in "LNS" for c in text)
    pushed = any(one.isspace() and other.isspace() for one, other in zip(f" {text}", f"{text} ", strict=True))
    if hidden or not shows or pushed or len(text) > most:
        raise TrustError(
            f"{what} has 1 to {most} visible characters, and single blanks between them",
            "Choose short words that your partner knows.",
        )
    return text
