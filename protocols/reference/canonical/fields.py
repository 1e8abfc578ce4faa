"""What stands in a name field: canonical-v2, section 3.1."""

import html
import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

from protocols.reference.canonical.domains import registrable
from protocols.reference.canonical.names import (
    END,
    KINDS,
    OTHER,
    Name,
    Words,
    abbreviate,
    is_generic,
    latin_part,
    name_of,
    split_words,
)
from protocols.reference.canonical.tables import COMMON, COUNTRIES, PARTICLES, PLACES, rows, words

DROPPED = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF])
ENTITY = re.compile("&([A-Za-z][A-Za-z0-9]{1,30}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
FOLLOWING = {*range(0x80, 0xC0), 0x152, 0x153, 0x160, 0x161, 0x178, 0x17D, 0x17E, 0x192, 0x2C6, 0x2DC, 0x20AC}
FOLLOWING |= set(range(0x2013, 0x2123))
OPENING, CLOSING = "([{<（【［「*#!~", ")]}>）】］」*#!~"
ENDS = " \t\r\n\u00a0\u3000,;:|/–—-_"
DASHES = "–—-"


class Field(NamedTuple):
    """A text, perhaps another one, perhaps an address."""

    text: str
    other: str | None = None
    address: str = ""


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("\u0131", "i").replace("i\u0307", "i")


def _tokens(text: str) -> list[str]:
    return re.sub(r"[\W_]", " ", text).split()


def _phrase(text: str) -> str:
    return " ".join(_tokens(_fold(text)))


def _letters(text: str) -> str:
    return "".join(char for char in _fold(text) if char.isalnum())


def _listed(table: str, kind: str) -> list[str]:
    return [phrase for *_, of, cell in rows(table) if of == kind for phrase in cell.split(", ")]


CLEAR = frozenset(map(_phrase, _listed("status_marks.tsv", "clear")))
MARKS = CLEAR | frozenset(map(_phrase, _listed("status_marks.tsv", "apart")))
LONGEST = max(len(mark.split()) for mark in CLEAR)
NO_NAMES = frozenset(
    _letters(phrase) for _, cell in rows("placeholder_names.tsv") for phrase in cell.split(", ")
) | frozenset(map(_letters, CLEAR))
TITLES = words("person_titles.txt")


def _bytes(text: str) -> bytes | None:
    """Write characters as the bytes of Windows-1252 (step 2)."""
    made = bytearray()
    for char in text:
        try:
            made += char.encode("cp1252")
        except UnicodeEncodeError:
            if ord(char) > 0xFF:
                return None
            made.append(ord(char))
    return bytes(made)


def _decode(text: str) -> str:
    for _ in range(5):
        before = text
        if ENTITY.search(text):
            text = ENTITY.sub(lambda found: html.unescape(found[0]), text)
        elif any(0xC2 <= ord(one) <= 0xF4 and ord(other) in FOLLOWING for one, other in pairwise(text)):
            made = _bytes(text)
            try:
                text = text if made is None else made.decode()
            except UnicodeDecodeError:
                break
        if text == before:
            break
    return text.strip()


def _is_placeholder(text: str) -> bool:
    letters = _letters(text)
    bare = letters.rstrip("0123456789")
    if not bare:
        return not any(char.isalnum() for char in text)
    repeated = 2 <= len(bare) <= 8 and bare == bare[0] * len(bare) and bare[0] in "xyzqa"
    return bare in NO_NAMES or repeated


def _is_address(text: str) -> bool:
    if re.search(r"\s", text):
        return False
    return bool(
        re.fullmatch("(?ai:https?):?/+.+", text)
        or re.fullmatch(r"(?ai:www)[0-9]?\..+", text)
        or re.fullmatch(r"[^@]+@[^@]+\.[A-Za-z]{2,}", text)
    )


def _is_person(text: str) -> bool:
    if re.search(r"\S\s*(先生|女士|小姐|씨)$|\S(様|殿)$", text):
        return True
    title, *others = text.split()
    if title not in TITLES and title.removesuffix(".") not in TITLES:
        return False
    if len(others) not in (2, 3) or not all(re.fullmatch(r"[^\W\d_][\w'’.-]*", word) for word in others):
        return False
    found = split_words(" ".join(others))
    ends = any(found[-size:] in END for size in range(1, len(found) + 1))
    return not ends and not any(is_generic((word,)) for word in found)


def _is_mark(text: str) -> bool:
    found = _phrase(text).split()
    return " ".join(found) in MARKS or any(" ".join(found[:size]) in CLEAR for size in range(1, LONGEST + 1))


def _less_bracketed(text: str) -> str:
    opened, closed = re.escape(OPENING), re.escape(CLOSING)
    if front := re.match(rf"\s*[{opened}]+([^{closed}]{{1,60}})[{closed}]+(?=\s*\S)", text):
        rest = text[front.end() :].strip(ENDS)
        if rest and _is_mark(front[1]):
            return rest
    if behind := re.search(rf"[{opened}]+([^{opened}{closed}]{{1,60}})[{closed}]+\s*$", text):
        return text[: behind.start()].strip(ENDS) if _is_mark(behind[1]) else ""
    return ""


def _less_parted(text: str) -> str:
    run = f"[{DASHES}]+"
    cuts = [*re.finditer(rf"\s*([:|]|\s{run}(?=\s)|{run}(?=\s)|-{{2,}}|_)\s*", text)]
    if cuts and _phrase(text[: cuts[0].start()]) in MARKS and (rest := text[cuts[0].end() :].strip(ENDS)):
        return rest
    return text[: cuts[-1].start()].strip(ENDS) if cuts and _phrase(text[cuts[-1].end() :]) in MARKS else ""


NUMBERED = "acct|account|customer|cust|client|id|no|nr|kunde|kd"


def _less_numbered(text: str) -> str:
    dash = rf"\s[{DASHES}]+\s"
    for pattern in (
        rf"^\s*((?:(?i:{NUMBERED})\.?\s*)?[(\[#]\s*[0-9][0-9./-]{{2,}}\s*[)\]]?[\s:|{DASHES}]+|[A-Z]{{0,3}}[0-9]{{4,}}\s*({dash}|[:|])\s*)(?=\S)",
        r"^\s*[A-Z]{0,3}[0-9]{4,}" + rf"{dash}(?=\S)",
        rf"(\s*[(\[#]+\s*[0-9]{{5,}}\s*[)\]]?|{dash}[0-9]{{5,}})\s*$",
    ):
        rest = re.sub(pattern, "", text, count=1).strip(ENDS)
        if rest and rest != text.strip(ENDS):
            return rest
    return ""


def _less_clear(text: str) -> str:
    spans = [*re.finditer(r"[^\W_]+", text)]
    for size in range(min(LONGEST, len(spans) - 1), 0, -1):
        for at in (spans[size - 1].end(), spans[-size].start()):
            mark, rest = (text[:at], text[at:]) if at == spans[size - 1].end() else (text[at:], text[:at])
            stands_out = size > 1 or not mark.isascii() or (mark.isupper() and not rest.isupper())
            if stands_out and _phrase(mark) in CLEAR:
                return rest.strip(ENDS + ".!")
    return ""


def _without_marks(text: str) -> str:
    while rest := _less_bracketed(text) or _less_parted(text) or _less_numbered(text) or _less_clear(text):
        text = rest
    return text


SITE_WORDS = words("site_words.txt")
SIGNS = ("支店|営業所|支社|工場|事業所|出張所", "分公司|办事处|辦事處", "지점|지사|영업소|공장")


def _is_site(text: str, *, named: bool) -> bool:
    found = [word for word in split_words(text) if word not in PARTICLES]
    others = [word for word in found if word not in SITE_WORDS | PLACES | COUNTRIES.keys()]
    if not 1 <= len(found) <= 6:
        return False
    if SITE_WORDS & set(found):
        return len(others) <= 2 and not (COMMON | KINDS) & set(others)
    return not named and not others and bool((PLACES - COUNTRIES.keys()) & set(found))


def _less_site(text: str) -> str:
    run = f"[{DASHES}]+"
    for pattern, named in (
        (rf"(?s)\s({run}|@)\s+(\S.*)$", False),
        (r"(?s)(:)\s+(\S.*)$", True),
        (r"\s*([(（\[【])([^()（）\[\]【】]{2,60})[)）\]】]\s*$", True),
    ):
        found = re.search(pattern, text)
        if found is None or not _is_site(found[2], named=named):
            continue
        own = abbreviate(split_words(text[: found.start()]))
        if not is_generic(own) and not KINDS & set(own) and not set(own) <= PLACES:
            return text[: found.start()].strip(ENDS)
    branch = re.fullmatch(rf"(.*(?:会社|會社|公司|회사|\S(?=\s)))\s*\S{{1,8}}(?:{'|'.join(SIGNS)})", text)
    return branch[1].strip(ENDS) if branch else ""


def _without_sites(text: str) -> str:
    while rest := _less_site(text):
        text = _without_marks(rest)
    return text


def _joined(text: str) -> tuple[str, str] | None:
    """Split a text at a joint: the text and the other one."""
    for kind in ("trading", "former", "apart"):
        phrases = sorted(_listed("name_joints.tsv", kind), key=lambda phrase: -len(phrase))
        either = "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in phrases)
        needed = "+" if kind == "apart" else "*"
        joint = rf"\s*[,;(\[{DASHES}]{needed}\s*(?<!\w)({either})\s*:?\s+"
        if found := re.search(joint, text, re.IGNORECASE):
            left, right = text[: found.start()].strip(ENDS + "(["), text[found.end() :].strip(ENDS + ")]")
            if left and right:
                return (right, left) if kind == "trading" else (left, right)
    return None


def _is_place(word: str) -> bool:
    return word in PLACES or (len(word) > 3 and word in COUNTRIES)


def _is_other_name(inner: Words, outer: str) -> bool:
    form = any(inner[-size:] in END for size in [len(inner)])
    if not inner or is_generic(abbreviate(inner)) or form or not name_of(outer):
        return False
    return not any(map(_is_place, inner))


def _bracketed(text: str) -> Field:
    """Read brackets and two scripts."""
    brackets = re.search(r"\s*[(（\[【]\s*([^()（）\[\]【】]{2,60}?)\s*[)）\]】]", text)
    if brackets is None:
        others = [part for part in text.split() if OTHER.search(part)]
        return Field(text, " ".join(others) if latin_part(text) else None)
    inner, before = brackets[1], text[: brackets.start()]
    outer = before + " " + text[brackets.end() :]
    found = split_words(inner)
    chinese = re.compile("[\u3400-\u9fff]")
    if chinese.search(inner) and chinese.search(before) and found and all(map(_is_place, found)):
        return Field(inner + outer)
    return Field(outer, inner) if _is_other_name(found, outer) else Field(text)


def field_of(cell: str) -> Field:
    """Read a name field."""
    text = _decode(cell[:2048].translate(DROPPED))
    if _is_placeholder(text):
        return Field("")
    if _is_address(text):
        return Field("", None, text)
    if _is_person(text):
        return Field("")
    name = _without_sites(_without_marks(text))
    if name != text and _is_placeholder(name):
        return Field("")
    address = text if "." in text and registrable(text.lower()) == text.lower() else ""
    joined = _joined(name)
    return (Field(*joined) if joined else _bracketed(name))._replace(address=address)


def names_of(account: Mapping[str, str]) -> tuple[Name | None, Name | None, str]:
    """Return the name of an account, its other name, and the address in its name field."""
    field = field_of(account.get("name", ""))
    name = name_of(field.text)
    other = name_of(field.other) if field.other and name else None
    return name, None if other and name and other.full == name.full else other, field.address
