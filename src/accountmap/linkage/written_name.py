"""What people write into the name field of a CRM, and the company's name in it (canonical-v2 §2).

Exports carry HTML entities and text that was encoded twice. People write there that they have no name, what state the
record is in, its number, the trading name beside the legal one, or the site. All of it is taken off before a name is
taken apart: two companies must not meet because both are `INACTIVE`.
"""

import html
import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from accountmap.linkage.names import ending, is_generic, split_words
from accountmap.linkage.tables import read_rows

MAX_CHARACTERS: Final = 2048
"""Longer cells are cut here; names end long before."""

_MOST_DECODINGS: Final = 5
"""How often entities, and encodings, are undone: exports of exports of exports."""

PLACEHOLDER: Final = "placeholder"
PERSON: Final = "person"
STATUS_MARK: Final = "status_mark"
WEB_ADDRESS: Final = "web_address"


class WrittenName(NamedTuple):
    """What stands in a name field.

    Attributes:
        text: the company's name; empty if there is none.
        others: further names of it, best first: the legal name beside the trading name, a former name, a short form.
        finding: why the cell deserves a look: one of the constants above, or empty.
        address: a web address that stands there in the place of a name.
    """

    text: str
    others: tuple[str, ...] = ()
    finding: str = ""
    address: str = ""


_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_TWICE: Final = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122\u20ac]"
)
"""A character of UTF-8 that was read as Windows-1252: a first byte and a following one."""


def _byte(char: str) -> bytes:
    """Give the byte that Windows-1252 reads as `char`; the five bytes that it leaves out stand for themselves."""
    try:
        return char.encode("cp1252")
    except UnicodeEncodeError:
        return char.encode("latin-1")


def _decoded_once(text: str) -> str:
    if _ENTITY.search(text):
        return _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    if _TWICE.search(text):
        try:
            return b"".join(map(_byte, text)).decode()
        except UnicodeError:
            return text
    return text


def _decoded(text: str) -> str:
    """Undo HTML entities and UTF-8 that was read as Windows-1252, as often as exports did it."""
    for _ in range(_MOST_DECODINGS):
        decoded = _decoded_once(text)
        if decoded == text:
            break
        text = decoded
    return text


def letters(text: str) -> str:
    """Reduce a text to its letters and digits in lower case, of any script: what placeholders are compared by."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


_TOKEN: Final = re.compile(r"[^\W_]+")


def _phrase(text: str) -> str:
    """Reduce a text to its words, in lower case and parted by single blanks: what marks are compared by."""
    return " ".join(_TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()))


def _marks(kind: str) -> frozenset[str]:
    rows = (listed for _, of, listed in read_rows("status_marks.tsv") if of == kind)
    return frozenset(_phrase(phrase) for listed in rows for phrase in listed.split(", "))


_CLEAR: Final = _marks("clear")
"""Marks that mean nothing else."""

_ALL: Final = _CLEAR | _marks("apart")
"""Those and words that names have too: marks only where something parts them from the name."""

_MOST_WORDS: Final = max(phrase.count(" ") + 1 for phrase in _CLEAR)
_PLACEHOLDERS: Final = frozenset(
    letters(phrase) for _, listed in read_rows("placeholder_names.tsv") for phrase in listed.split(", ")
) | {letters(phrase) for phrase in _CLEAR}

_IN_FRONT: Final = re.compile(r"\s*[(\[{<（【［「*#!~]+([^)\]}>）】］」*#!~]{1,60})[)\]}>）】］」*#!~]+(?=\s*\S)")
_BEHIND: Final = re.compile(
    r"[(\[{<（【［「*#!~]+([^(\[{<（【［「*#!~)\]}>）】］」]{1,60})[)\]}>）】］」*#!~]+\s*$"
)
_PARTING: Final = re.compile(r"\s*(?:[:|]|\s[–—-]+(?=\s)|[–—-]+(?=\s)|-{2,}|\s_|_\s)\s*")

_NUMBER_FRONT: Final = re.compile(
    r"^\s*(?:[(\[#]\s*[0-9][0-9./-]{2,}\s*[)\]]?[\s:|–—-]+|[A-Z]{0,3}[0-9]{4,}\s*(?:\s[–—-]+\s|[:|])\s*)(?=\S)"
)
"""The number of a record in front of its name: `100234 - Alba`, `[4711] Alba`."""

_NUMBER_BEHIND: Final = re.compile(r"(?:\s*[(\[#]+\s*[0-9]{5,}\s*[)\]]?|\s[–—-]+\s[0-9]{5,})\s*$")

_TRADING: Final = re.compile(
    r"\s*[,;(\[–—-]*\s*\b(?:d\s?[./]?\s?b\s?[./]?\s?a\b\.?|doing business as|t\s?/\s?a\b|t/as\b|trading as|trading under|"
    r"operating as|o/a\b|handelnd unter|firmierend unter|auftretend als|handelend onder|h\.?o\.?d\.?n\.?|"
    r"nom commercial|exerçant sous|nombre comercial|nome fantasia|nome comercial|denominazione commerciale)\s*:?\s+",
    re.IGNORECASE,
)
_ALSO: Final = re.compile(
    r"(?:\s*[,;(\[–—-]+\s*(?:formerly known as|previously known as|formerly|previously|ehemals|vormals|früher|anciennement|antes|anteriormente|già|voorheen|"
    r"tidigare|tidligere|dawniej|dříve)"
    r"|\s*[,;(\[–—-]*\s*\b(?:a/k/a|aka|a\.k\.a\.|also known as|better known as|f/k/a|fka|f\.k\.a\.|formerly known as))\s*:?\s+",
    re.IGNORECASE,
)
_TITLE: Final = re.compile(
    r"(?:Mr|MR|Mrs|MRS|Ms|Miss|Mister|Herr|Frau|Monsieur|Madame|Mme|Mlle|Señor|Señora|Sra|Srta|Signor|Signora|Sig\.ra|"
    r"Senhor|Senhora|Dhr|Mevr|Mevrouw|г-н|г-жа)\.?((?:\s+[^\W\d_][\w'’.-]*){2,3})"
)
"""A title in front of two or three words: a person, if none of them is a word for a company."""

_HONORIFIC: Final = re.compile(r"\S\s*(?:先生|女士|小姐|씨)$|\S(?:様|殿)$")
_WEB: Final = re.compile(r"(?:https?:?/+\S+|www[0-9]?\.\S+|[^\s@]+@[^\s@]+\.[A-Za-z]{2,})")
_ENDS: Final = " \t\r\n\u00a0\u3000,;:|/–—-_"

_CLEAR_WORDS: Final = frozenset(word for phrase in _CLEAR for word in (phrase.split()[0], phrase.split()[-1]))
_NAME_WORDS: Final = frozenset(
    "dba d b doing t trading operating o handelnd firmierend auftretend handelend hodn nom exerçant nombre nome denominazione "
    "a aka also better f fka formerly previously ehemals vormals früher anciennement antes anteriormente già voorheen "
    "tidigare tidligere dawniej dříve".split()
)
"""Words of which one stands in every text that `_TRADING` or `_ALSO` finds something in."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9 .,'’&+!?\u00c0-\u017f]*(?:-[A-Za-z0-9 .,'’&+!?\u00c0-\u017f]+)*")
_SIGNAL_WORDS: Final = frozenset(
    [
        *_CLEAR_WORDS,
        *(word for _, listed in read_rows("placeholder_names.tsv") for word in _TOKEN.findall(listed.casefold())),
        *"mr mrs ms miss mister herr frau monsieur madame mme mlle señor señora sra srta signor signora sig senhor".split(),
        *"senhora dhr mevr mevrouw aka fka dba www www1 www2 http https".split(),
    ]
)
_JOINING_WORDS: Final = frozenset(word for word in _NAME_WORDS if len(word) > 1)


def _is_plain(text: str) -> bool:
    """Return whether a text has nothing that the patterns below look for: most have not, and patterns take time."""
    words = text.casefold().replace(".", " ").replace(",", " ").split()
    return (
        len(words) > 1
        and words[0] not in _SIGNAL_WORDS
        and words[-1] not in _CLEAR_WORDS
        and _JOINING_WORDS.isdisjoint(words)
        and _PLAIN.fullmatch(text) is not None
        and " -" not in text
        and "- " not in text
        and "&#" not in text
    )


def _without_marks(text: str) -> str:
    """Take marks and numbers of records from both ends, as long as something remains."""
    while rest := _less_bracketed(text) or _less_parted(text) or _less_numbered(text) or _less_clear(text):
        text = rest
    return text


def _is_mark(text: str) -> bool:
    """Return whether a text that is parted from a name is a mark, perhaps with a remark behind it."""
    phrase = _phrase(text)
    return phrase in _ALL or any(" ".join(phrase.split()[:size]) in _CLEAR for size in range(1, _MOST_WORDS + 1))


def _less_bracketed(text: str) -> str:
    for pattern in (_IN_FRONT.match, _BEHIND.search):
        if (found := pattern(text)) and _is_mark(found[1]):
            rest = text[found.end() :] if pattern == _IN_FRONT.match else text[: found.start()]
            if rest.strip(_ENDS):
                return rest.strip(_ENDS)
    return ""


def _less_parted(text: str) -> str:
    cuts = list(_PARTING.finditer(text))
    if not cuts:
        return ""
    front, behind = text[: cuts[0].start()], text[cuts[-1].end() :]
    if _phrase(front) in _ALL and (rest := text[cuts[0].end() :].strip(_ENDS)):
        return rest
    if _phrase(behind) in _ALL and (rest := text[: cuts[-1].start()].strip(_ENDS)):
        return rest
    return ""


def _less_numbered(text: str) -> str:
    for pattern in (_NUMBER_FRONT, _NUMBER_BEHIND):
        if (rest := pattern.sub("", text, count=1).strip(_ENDS)) and rest != text.strip(_ENDS):
            return rest
    return ""


def _less_clear(text: str) -> str:
    """Take off a mark that nothing parts from the name: several words, or one in capitals where the name is not."""
    found = list(_TOKEN.finditer(text))
    if not found or (
        text.isascii() and _CLEAR_WORDS.isdisjoint((found[0][0].casefold(), found[-1][0].casefold()))
    ):
        return ""
    for size in range(min(_MOST_WORDS, len(found) - 1), 0, -1):
        for own, rest in (
            (text[: found[size - 1].end()], text[found[size - 1].end() :]),
            (text[found[-size].start() :], text[: found[-size].start()]),
        ):
            if _phrase(own) in _CLEAR and (
                size > 1 or not own.isascii() or (own.isupper() and not rest.isupper())
            ):
                return rest.strip(_ENDS + ".!")
    return ""


def _names(text: str) -> tuple[str, ...]:
    """Split a text that has two names: trading name first, then the legal one; present name, then the former one."""
    if _NAME_WORDS.isdisjoint(_TOKEN.findall(text.casefold())):
        return (text,)
    for pattern in (_TRADING, _ALSO):
        if found := pattern.search(text):
            left, right = text[: found.start()].strip(_ENDS + "(["), text[found.end() :].strip(_ENDS + ")]")
            if left and right:
                return (right, left) if pattern is _TRADING else (left, right)
    return (text,)


def _is_person(text: str) -> bool:
    if found := _TITLE.fullmatch(text):
        words = tuple(split_words(found[1]))
        return not ending(words) and not any(is_generic((word,)) for word in words)
    return _HONORIFIC.search(text) is not None


@lru_cache(maxsize=1 << 12)
def read_name(text: str) -> WrittenName:
    """Find the company's name in what stands in the name field of a record.

    Args:
        text: the cell as it was written, in any script.

    Returns:
        The name as people write it, still with its legal form.
    """
    if _is_plain(text):
        return WrittenName(text)
    decoded = _decoded(text[:MAX_CHARACTERS]).strip()
    if is_placeholder(decoded):
        return WrittenName("", finding=PLACEHOLDER)
    if _WEB.fullmatch(decoded):
        return WrittenName("", finding=WEB_ADDRESS, address=decoded)
    if _is_person(decoded):
        return WrittenName("", finding=PERSON)
    name = _without_marks(decoded)
    if name != decoded and is_placeholder(name):
        return WrittenName("", finding=PLACEHOLDER)
    first, *others = _names(name)
    return WrittenName(first, tuple(others), STATUS_MARK if name != decoded else "")


def is_placeholder(text: str) -> bool:
    """Return whether a text says that there is no name: `[not provided]`, `k. A.`, `Test Account 2`, `xxx`, `?`."""
    plain = letters(text)
    bare = plain.rstrip("0123456789")
    return not bare or bare in _PLACEHOLDERS or (len(bare) > 1 and len(set(bare)) == 1 and bare[0] in "xyzqa")
