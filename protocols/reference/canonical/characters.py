"""Characters, white space and cells: canonical-v2, section 1."""

import re
import unicodedata

from protocols.reference.canonical.tables import rows

UNKNOWN = "\ufffd"
KNOWN = frozenset(
    code for first, last in rows("characters.tsv") for code in range(int(first, 16), int(last, 16) + 1)
)
UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
    "\ufff9-\ufffb]"
)
BREAKS = re.compile("[\t-\r\x85\u2028\u2029]+")
NO_VALUE = """\
- | -- | --- | – | — | . | ? | n/a | n.a. | n. a. | n/v | k.a. | k. a. | null | none | -none- | --none-- | nan |
<na> | (blank) | [blank] | (leer) | (vide) | (en blanco) | #n/a | #na | #nv | #value! | #wert! | #ref! | #bezug! |
#name? | #null! | #div/0! | #num!"""
SAYS_EMPTY = frozenset(re.split(r" \|\s", NO_VALUE))
ENDLESS = 1000


def known(text: str) -> str:
    """Write U+FFFD for what Unicode 14.0 does not have."""
    return "".join(char if ord(char) in KNOWN else UNKNOWN for char in text)


def category(char: str) -> str:
    """Return the general category, such as `Lu`."""
    return unicodedata.category(char)


def is_letter(char: str) -> bool:
    """Return whether a character is of category L*."""
    return category(char)[0] == "L"


def is_ascii_letter(char: str) -> bool:
    """Return whether a character is one of `A-Za-z`."""
    return char.isascii() and char.isalpha()


def is_white(char: str) -> bool:
    """Return whether a character is white space."""
    return char in "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85" or category(char)[0] == "Z"


def split_white(text: str) -> list[str]:
    """Split a text at white space, without empty parts."""
    return [part for part in "".join(" " if is_white(char) else char for char in text).split(" ") if part]


def trim_white(text: str) -> str:
    """Remove white space at both ends."""
    inner = [at for at, char in enumerate(text) if not is_white(char)]
    return text[inner[0] : inner[-1] + 1] if inner else ""


def read_cell(written: str) -> str:
    """Read what is written in a cell of a list (section 1.1)."""
    text = trim_white(BREAKS.sub(" ", UNSEEN.sub("", known(written))))
    return "" if len(text) > ENDLESS or text.lower() in SAYS_EMPTY else text
