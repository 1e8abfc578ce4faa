"""What people write into the name field of a CRM, and the company's name in it (canonical-v2 §3).

Exports contain HTML entities and text that was encoded twice. In the name field, people write that there is no
name, what state the record is in, its number, or the trading name beside the legal one. All this is removed before
a name is taken apart: two companies must not match because both are `INACTIVE`.
"""

import html
import re
import unicodedata
from collections import defaultdict
from functools import lru_cache
from typing import Final, NamedTuple

from accountmap.linkage.data import read_rows, read_words
from accountmap.linkage.distinctiveness import COMMON, KINDS, PARTICLES
from accountmap.linkage.domains import registrable
from accountmap.linkage.names import abbreviated, ascii_words, ending, is_generic, split_words
from accountmap.linkage.places import country_code, is_place_word

MAX_CHARACTERS: Final = 2048
"""Longer cells are cut here; names end long before."""

_MOST_DECODINGS: Final = 5
"""How many times entities and encodings are undone: there are exports of exports of exports."""

_LONGEST_FILLING: Final = 8
"""How many times at most one letter is repeated to fill a field: `xxx`."""

PLACEHOLDER: Final = "placeholder"
PERSON: Final = "person"
STATUS_MARK: Final = "status_mark"
SITE: Final = "site"
WEB_ADDRESS: Final = "web_address"


class WrittenName(NamedTuple):
    """What a name field contains.

    Attributes:
        text: the company's name; empty if there is none.
        others: other names of it: the legal name beside the trading name, a former name.
        finding: why the cell deserves a look: one of the constants above, or empty.
        address: a web address in place of a name, or one that is the name: `Alba.io`.
    """

    text: str
    others: tuple[str, ...] = ()
    finding: str = ""
    address: str = ""


_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_TWICE: Final = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u2122\u20ac]"
)
"""A character in UTF-8 that was read as Windows-1252: a first byte and the next one."""


def _byte(char: str) -> bytes:
    """Return the byte that Windows-1252 reads as `char`; the five bytes that it does not define stay the same."""
    try:
        return char.encode("cp1252")
    except UnicodeEncodeError:
        return char.encode("latin-1")


def _decoded_once(text: str) -> str:
    if _ENTITY.search(text):
        return _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    if not text.isascii() and _TWICE.search(text):
        try:
            return b"".join(map(_byte, text)).decode()
        except UnicodeError:
            return text
    return text


def _decoded(text: str) -> str:
    """Undo HTML entities and UTF-8 that was read as Windows-1252, as many times as exports did it."""
    for _ in range(_MOST_DECODINGS):
        decoded = _decoded_once(text)
        if decoded == text:
            break
        text = decoded
    return text


_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_TOKEN: Final = re.compile(r"[^\W_]+")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("ı", "i").replace("i̇", "i")


def _letters(text: str) -> str:
    """Reduce a text to its letters and digits in lower case: what placeholders are compared by."""
    return "".join(filter(str.isalnum, _folded(text)))


def _words(text: str) -> list[str]:
    """Split a text into its runs of letters and digits, in lower case."""
    return ascii_words(text.lower()) if text.isascii() else _TOKEN.findall(_folded(text))


def _phrase(text: str) -> str:
    """Reduce a text to its words in lower case, separated by single spaces: what marks are compared by."""
    return " ".join(_words(text))


def _phrases(file_name: str, kind: str) -> list[str]:
    rows = (cells for *_, of, cells in read_rows(file_name) if of == kind)
    return [phrase for cells in rows for phrase in cells.split(", ")]


_CLEAR: Final = frozenset(map(_phrase, _phrases("status_marks.tsv", "clear")))
"""Marks that have no other meaning."""

_MARKS: Final = _CLEAR | frozenset(map(_phrase, _phrases("status_marks.tsv", "apart")))
"""Those, and words that also occur in names, which are marks only where something separates them from the name."""

_MOST_WORDS: Final = max(phrase.count(" ") + 1 for phrase in _CLEAR)
_PLACEHOLDER_WORDS: Final = [
    phrase for _, listed in read_rows("placeholder_names.tsv") for phrase in listed.split(", ")
]
_PLACEHOLDERS: Final = frozenset(map(_letters, [*_PLACEHOLDER_WORDS, *_CLEAR]))
_ENDS: Final = " \t\r\n\u00a0\u3000,;:|/–—-_"
"""What is left at the ends of a name when something beside it is removed."""

_OPEN, _SHUT = r"(\[{<（【［「*#!~", r")\]}>）】］」*#!~"
_IN_FRONT: Final = re.compile(rf"\s*[{_OPEN}]+([^{_SHUT}]{{1,60}})[{_SHUT}]+(?=\s*\S)")
_BEHIND: Final = re.compile(rf"[{_OPEN}]+([^{_OPEN}{_SHUT}]{{1,60}})[{_SHUT}]+\s*$")
_PARTING: Final = re.compile(r"\s*(?:[:|]|\s[–—-]+(?=\s)|[–—-]+(?=\s)|-{2,}|_)\s*")
_PARTING_SIGN: Final = re.compile("[:|_–—-]")
_DIGIT: Final = re.compile("[0-9]")
_NUMBER_FRONT: Final = re.compile(
    r"^\s*(?:(?:(?i:acct|account|customer|cust|client|id|no|nr|kunde|kd)\.?\s*)?"
    r"[(\[#]\s*[0-9][0-9./-]{2,}\s*[)\]]?[\s:|–—-]+|[A-Z]{0,3}[0-9]{4,}\s*(?:\s[–—-]+\s|[:|])\s*)(?=\S)"
)
"""The number of a record in front of its name: `100234 - Alba`, `[4711] Alba`."""

_NUMBER_BEHIND: Final = re.compile(r"(?:\s*[(\[#]+\s*[0-9]{5,}\s*[)\]]?|\s[–—-]+\s[0-9]{5,})\s*$")


def _joint(kind: str, apart: str) -> re.Pattern[str]:
    """Match the phrases of a kind between two names."""
    phrases = sorted(_phrases("name_joints.tsv", kind), key=len, reverse=True)
    written = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in phrases)
    return re.compile(rf"\s*[,;(\[–—-]{apart}\s*(?<!\w)(?:{written})\s*:?\s+", re.IGNORECASE)


_TRADING: Final = _joint("trading", "*")
_FORMER: Final = (_joint("former", "*"), _joint("apart", "+"))


def _joints() -> dict[str, list[list[str]]]:
    """Collect the words of all joints by their first ones."""
    joints: dict[str, list[list[str]]] = defaultdict(list)
    for kind in ("trading", "former", "apart"):
        for words in map(_words, _phrases("name_joints.tsv", kind)):
            joints[words[0]].append(words)
    return joints


_JOINTS: Final = _joints()
_TITLES: Final = read_words("person_titles.txt")
_TITLED: Final = re.compile(r"(\S+?)\.?((?:\s+[^\W\d_][\w'’.-]*){2,3})")
_HONORIFICS: Final = ("先生", "女士", "小姐", "씨", "様", "殿")
_HONORIFIC: Final = re.compile(r"\S\s*(?:先生|女士|小姐|씨)$|\S(?:様|殿)$")
_WEB: Final = re.compile(r"(?:(?ai:https?):?/+\S+|(?ai:www)[0-9]?\.\S+|[^\s@]+@[^\s@]+\.[A-Za-z]{2,})")

_LATIN: Final = "A-Za-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u012f\u0131\u0141-\u0148\u014a-\u017e"
_PLAIN: Final = re.compile(rf"[{_LATIN} .,'’&+!?]*(?:-[{_LATIN} .,'’&+!?]+)*")
"""Letters that folding turns into letters, and signs that occur in names and separate nothing from them."""

_CLEAR_STARTS: Final = frozenset(tuple(phrase.split()[:2]) for phrase in _CLEAR)
_CLEAR_ENDS: Final = frozenset(tuple(phrase.split()[-2:]) for phrase in _CLEAR)
"""The first and the last two words of clear marks, or the only one."""

_CLEAR_FIRST: Final = frozenset(words[0] for words in _CLEAR_STARTS)
_CLEAR_LAST: Final = frozenset(words[-1] for words in _CLEAR_ENDS)

_BEGINNINGS: Final = {_TOKEN.findall(_folded(title))[0] for title in _TITLES} | {
    f"www{at}" for at in ("", *range(10))
}
"""First words of persons and of web addresses."""


def _is_plain(text: str) -> bool:
    """Return whether a text has nothing that is looked for below: most have nothing, and looking takes time."""
    words = _words(text)
    bare = "".join(words).rstrip("0123456789")
    return (
        len(words) > 1
        and (len(bare) > _LONGEST_FILLING or len(set(bare)) > 1)
        and bare not in _PLACEHOLDERS
        and words[0] not in _BEGINNINGS
        and not _may_have_clear(words)
        and not _may_have_joint(words)
        and _PLAIN.fullmatch(text) is not None
        and ("." not in text or " " in text.strip())
        and " -" not in text
        and "- " not in text
    )


def _may_have_clear(words: list[str]) -> bool:
    """Return whether words in lower case begin or end like a clear mark."""
    if not words or not (words[0] in _CLEAR_FIRST or words[-1] in _CLEAR_LAST):
        return False
    starts, ends = (tuple(words[:1]), tuple(words[:2])), (tuple(words[-1:]), tuple(words[-2:]))
    return not (_CLEAR_STARTS.isdisjoint(starts) and _CLEAR_ENDS.isdisjoint(ends))


def _may_have_joint(words: list[str]) -> bool:
    """Return whether the words of a joint are among some words in lower case."""
    if _JOINTS.keys().isdisjoint(words):
        return False
    found = ((at, joint) for at, word in enumerate(words) for joint in _JOINTS.get(word, ()))
    return any(words[at : at + len(joint)] == joint for at, joint in found)


def _without_marks(text: str) -> str:
    """Remove marks and record numbers from both ends, as long as something remains."""
    while rest := _less_bracketed(text) or _less_parted(text) or _less_numbered(text) or _less_clear(text):
        text = rest
    return text


def _without_sites(text: str) -> str:
    """Remove sites from the end, with the marks before them."""
    while rest := _less_site(text):
        text = _without_marks(rest)
    return text


def _is_mark(text: str) -> bool:
    """Return whether a text in brackets is a mark, perhaps followed by a remark."""
    words = _phrase(text).split()
    return " ".join(words) in _MARKS or any(
        " ".join(words[:size]) in _CLEAR for size in range(1, min(_MOST_WORDS, len(words)) + 1)
    )


def _less_bracketed(text: str) -> str:
    if (found := _IN_FRONT.match(text)) and _is_mark(found[1]) and (rest := text[found.end() :].strip(_ENDS)):
        return rest
    if (found := _BEHIND.search(text)) and _is_mark(found[1]):
        return text[: found.start()].strip(_ENDS)
    return ""


def _less_parted(text: str) -> str:
    if not _PARTING_SIGN.search(text) or not (cuts := list(_PARTING.finditer(text))):
        return ""
    first, last = cuts[0], cuts[-1]
    if _phrase(text[: first.start()]) in _MARKS and (rest := text[first.end() :].strip(_ENDS)):
        return rest
    return text[: last.start()].strip(_ENDS) if _phrase(text[last.end() :]) in _MARKS else ""


_SITE_WORDS: Final = read_words("site_words.txt")
_MOST_SITE_WORDS: Final = 6
_MOST_OTHERS: Final = 2
_BEHIND_DASH: Final = re.compile(r"\s(?:[–—-]+|@)\s+(\S.*)$", re.DOTALL)
_BEHIND_COLON: Final = re.compile(r":\s+(\S.*)$", re.DOTALL)
_IN_BRACKETS: Final = re.compile(r"\s*[(（\[【]([^()（）\[\]【】]{2,60})[)）\]】]\s*$")
_BRANCH: Final = "支店|営業所|支社|工場|事業所|出張所|分公司|办事处|辦事處|지점|지사|영업소|공장"
_BRANCH_SIGNS: Final = tuple(_BRANCH.split("|"))
_SITE_SIGNS: Final = re.compile(rf"(.*(?:会社|會社|公司|회사|\S(?=\s)))\s*\S{{1,8}}(?:{_BRANCH})")
"""A name and a branch of it, after the word for a company or a space: `北星精工株式会社大阪支店`."""


def _less_site(text: str) -> str:
    """Remove a site of the company: `Alba - Leeds, UK`, `Alba (London office)`.

    Nothing is removed from a name with a word for a kind of institution: its place is part of the name.
    """
    for pattern, needs_word in ((_BEHIND_DASH, False), (_BEHIND_COLON, True), (_IN_BRACKETS, True)):
        found = pattern.search(text)
        if found and _is_site(found[1], needs_word=needs_word) and _is_company(text[: found.start()]):
            return text[: found.start()].strip(_ENDS)
    signs = _SITE_SIGNS.fullmatch(text) if text.endswith(_BRANCH_SIGNS) else None
    return signs[1].strip(_ENDS) if signs else ""


def _is_site(text: str, *, needs_word: bool) -> bool:
    """Return whether a text is a site: places, but no country alone; or a word for a site, perhaps with a place.

    A word in few names may be a place that the tables do not have.
    """
    words = [word for word in split_words(text) if word not in PARTICLES]
    if not 0 < len(words) <= _MOST_SITE_WORDS:
        return False
    places = [word for word in words if is_place_word(word) or country_code(word)]
    others = [word for word in words if word not in _SITE_WORDS and word not in places]
    if not _SITE_WORDS.isdisjoint(words):
        return len(others) <= _MOST_OTHERS and COMMON.isdisjoint(others) and KINDS.isdisjoint(others)
    return not needs_word and not others and any(not country_code(word) for word in places)


def _is_company(text: str) -> bool:
    words = abbreviated(tuple(split_words(text)))
    return not is_generic(words) and KINDS.isdisjoint(words) and not all(map(is_place_word, words))


def _less_numbered(text: str) -> str:
    if not _DIGIT.search(text):
        return ""
    for pattern in (_NUMBER_FRONT, _NUMBER_BEHIND):
        rest = pattern.sub("", text, count=1).strip(_ENDS)
        if rest and rest != text.strip(_ENDS):
            return rest
    return ""


def _less_clear(text: str) -> str:
    """Remove a mark that nothing separates from the name: one of several words, or one word in capitals."""
    if text.isascii() and not _may_have_clear(_words(text)):
        return ""
    found = list(_TOKEN.finditer(text))
    for size in range(min(_MOST_WORDS, len(found) - 1), 0, -1):
        front, behind = found[size - 1].end(), found[-size].start()
        for mark, rest in ((text[:front], text[front:]), (text[behind:], text[:behind])):
            stands_out = size > 1 or not mark.isascii() or (mark.isupper() and not rest.isupper())
            if stands_out and _phrase(mark) in _CLEAR:
                return rest.strip(_ENDS + ".!")
    return ""


def _names(text: str) -> tuple[str, ...]:
    """Split a text that has two names: trading and legal name; present and former name."""
    if not _may_have_joint(_words(text)):
        return (text,)
    for pattern in (_TRADING, *_FORMER):
        if found := pattern.search(text):
            left, right = text[: found.start()].strip(_ENDS + "(["), text[found.end() :].strip(_ENDS + ")]")
            if left and right:
                return (right, left) if pattern is _TRADING else (left, right)
    return (text,)


def _is_person(text: str) -> bool:
    """Return whether a text is a title and two or three words, none of which is a word for a company."""
    if (
        text.split(maxsplit=1)[0].rstrip(".") in _TITLES
        and (found := _TITLED.fullmatch(text))
        and found[1] in _TITLES
    ):
        words = tuple(split_words(found[2]))
        return not ending(words) and not any(is_generic((word,)) for word in words)
    return text.endswith(_HONORIFICS) and _HONORIFIC.search(text) is not None


def is_placeholder(text: str) -> bool:
    """Return whether a text says that there is no name: `[not provided]`, `Test Account 2`, `xxx`, `?`."""
    bare = _letters(text).rstrip("0123456789")
    if not bare:
        return not any(map(str.isalnum, text))
    return bare in _PLACEHOLDERS or (1 < len(bare) <= _LONGEST_FILLING and set(bare) <= {bare[0]} & set("xyzqa"))


@lru_cache(maxsize=1 << 12)
def read_name(text: str) -> WrittenName:
    """Find the company's name in the name field of a record.

    Args:
        text: the cell as it was written, in any script.

    Returns:
        The name as people write it, still with its legal form.
    """
    if _is_plain(text[:MAX_CHARACTERS]):
        return WrittenName(text[:MAX_CHARACTERS])
    decoded = _decoded(_INVISIBLE.sub("", text[:MAX_CHARACTERS])).strip()
    if is_placeholder(decoded):
        return WrittenName("", finding=PLACEHOLDER)
    if _WEB.fullmatch(decoded):
        return WrittenName("", finding=WEB_ADDRESS, address=decoded)
    if _is_person(decoded):
        return WrittenName("", finding=PERSON)
    name = _without_marks(decoded)
    company = _without_sites(name)
    if company != decoded and is_placeholder(company):
        return WrittenName("", finding=PLACEHOLDER)
    first, *others = _names(company)
    finding = STATUS_MARK if name != decoded else SITE if company != name else ""
    is_word = "." in decoded and " " not in decoded
    address = decoded if is_word and registrable(decoded.lower()) == decoded.lower() else ""
    return WrittenName(first, tuple(others), finding, address)
