"""A company's name taken apart: its words, its legal forms, and the core that identifies it.

The tables list forms that occur at the ends of registered names in their jurisdictions, not every word of the
ISO 20275 list: the whole of that list would remove the trade from names (`insurance`, `commercial bank`).

Every step keeps at least one word, so that a name that consists of a legal form (`AMBA`, `SE Corporation`)
does not become empty and match all others that did.
"""

import re
import string
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from accountmap.linkage.data import read_pairs, read_rows, read_words
from accountmap.linkage.transliterate import to_ascii, visible

Words = tuple[str, ...]
"""The words of a name or form, lower-case ASCII."""


def _forms(place: str) -> frozenset[Words]:
    return frozenset(
        tuple(form.split())
        for table in ("legal_forms.tsv", "legal_forms_iso20275.tsv")
        for where, _, listed in read_rows(table)
        if where in (place, "both")
        for form in listed.split(", ")
    )


def _sizes(forms: Iterable[Words], at: int) -> Mapping[str, Sequence[int]]:
    """Return how many words forms have, longest first, by their first (0) or last (-1) word."""
    found: dict[str, set[int]] = defaultdict(set)
    for form in forms:
        found[form[at]].add(len(form))
    return {word: sorted(sizes, reverse=True) for word, sizes in found.items()}


_AT_END: Final = _forms("end")
_AT_START: Final = _forms("start")
_FORMS: Final = _AT_END | _AT_START
_END_SIZES: Final = _sizes(_AT_END, -1)
_START_SIZES: Final = _sizes(_AT_START, 0)


def ending(words: Words) -> int:
    """Count the words of the longest legal form that `words` ends with."""
    for size in _END_SIZES.get(words[-1], ()) if words else ():
        if (form := words[-size:]) in _AT_END:
            return len(form)
    return 0


def leading_form_words(words: Words) -> int:
    """Count the words of the longest legal form that `words` begins with."""
    for size in _START_SIZES.get(words[0], ()) if words else ():
        if (form := words[:size]) in _AT_START:
            return len(form)
    return 0


_ABBREVIATIONS: Final = read_pairs("abbreviations.tsv")
_ARTICLES: Final = frozenset(["the"])
_WEAK: Final = read_words("weak_words.tsv") | _ARTICLES
_NAMELESS: Final = read_words("nameless_words.tsv")
_COUNTRIES: Final = read_pairs("countries.tsv")
_GENERIC: Final = (
    read_words("generic_words.tsv") | _NAMELESS | _WEAK | {country for country in _COUNTRIES if len(country) > 3}
)
"""Words that do not name a company by themselves."""

_CONNECTORS: Final = frozenset(["and", "und", "et", "og", "och", "ja", "ve", "en", "y", "e", "i"])
"""The word for `&` in languages in which names often contain it."""

_APOSTROPHE: Final = re.compile("['`\"]")
_POINTED: Final = re.compile(r"(?<![a-z0-9])(?:[a-z][./]){1,7}[a-z](?![a-z0-9])\.?")
"""Initials with full stops or slashes between them: `s.a.`, `a/s`, `s.p.a`."""

_FILED_STATE: Final = re.compile(r"\s/[a-z ]{2,8}/?\s*$")
"""The state or remark that US filings put after a name: `/de/`, `/new/`."""

_FORMERLY: Final = re.compile(r"\((?:formerly|fka|previously|ex)\b[^)]*\)?")
_OTHER_LETTERS: Final = "\u0370-\u1dff\u2e80-\ua71f\ua800-\ufaff\ufb1d-\ufdff\ufe70-\ufefc"
"""Unicode blocks of letters that are not Latin, as a range of a pattern."""

OTHER_SCRIPT: Final = re.compile(f"[{_OTHER_LETTERS}]")
_BOTH_SCRIPTS: Final = re.compile(f"[{_OTHER_LETTERS}][A-Za-z]|[A-Za-z][{_OTHER_LETTERS}]")

_LEAST_LATIN: Final = 4
"""Fewest letters of a Latin part that may stand for the whole name."""

_IN_WORDS: Final = (string.ascii_lowercase + string.digits).encode()
_PARTED: Final = bytes(code if code in _IN_WORDS else ord(" ") for code in range(256))
"""Turns what is not in words into spaces, by `bytes.translate`: several times as fast as a regular expression."""


class Name(NamedTuple):
    """What a name consists of.

    Attributes:
        words: all its words.
        full: the words without legal forms, abbreviated in one way.
        core: the words without legal forms and without `group`, `holding` and the like, abbreviated in one way.
        squashed_full, squashed_core: these two as one word each, because most keys are made from them.
    """

    words: Words
    full: Words
    core: Words
    squashed_full: str
    squashed_core: str


def _joined_initials(words: list[str]) -> list[str]:
    """Write single letters that follow one another as one word: `j p morgan` as `jp morgan`."""
    if 1 not in map(len, words):
        return words
    joined: list[str] = []
    open_run = False
    for word in words:
        single = len(word) == 1 and word.isalpha()
        if single and open_run:
            joined[-1] += word
        else:
            joined.append(word)
        open_run = single
    return joined


def _is_connector(words: list[str], at: int) -> bool:
    """Return whether a word means `&`: between two others, which are not initials if it is a single letter."""
    if words[at] not in _CONNECTORS or at == 0 or at == len(words) - 1:
        return False
    return len(words[at]) > 1 or min(len(words[at - 1]), len(words[at + 1])) > 2


def _close_up(initials: re.Match[str]) -> str:
    return initials.group().replace(".", "").replace("/", "") + " "


def ascii_words(text: str) -> list[str]:
    """Return the runs of lower-case letters and digits in a text of ASCII."""
    return text.encode("ascii").translate(_PARTED).decode("ascii").split()


def split_words(text: str) -> list[str]:
    """Split a name into lower-case ASCII words, initials joined and connectors left out."""
    plain = to_ascii(text)
    if "'" in plain or "`" in plain or '"' in plain:
        plain = _APOSTROPHE.sub("", plain)
    if "/" in plain:
        plain = _FILED_STATE.sub(" ", plain)
    if "(" in plain:
        plain = _FORMERLY.sub(" ", plain)
    if "." in plain or "/" in plain:
        plain = _POINTED.sub(_close_up, plain)
    words = ascii_words(plain)
    if not _CONNECTORS.isdisjoint(words):
        words = [word for at, word in enumerate(words) if not _is_connector(words, at)]
    return _joined_initials(words)


def _trim(words: Words, weak: frozenset[str]) -> Words:
    """Remove legal forms, `the` and weak words from both ends, as long as a word remains.

    A form in front is removed only if the rest identifies the company: `PT Maju Jaya`, not `PT Bank`.
    """
    left, right = 0, len(words)
    while right - left > 1:
        last, first = words[right - 1], words[left]
        size = (last in _END_SIZES and ending(words[left:right])) or last in weak
        if size and size < right - left:
            right -= size
            continue
        size = first in _START_SIZES and leading_form_words(words[left:right])
        if size and is_generic(abbreviated(words[left + size : right])):
            size = 0
        size = size or first in weak
        if not size or size >= right - left:
            break
        left += size
    return words[left:right]


def is_generic(words: Words) -> bool:
    """Return whether words name no company: nothing, one letter, only forms, a country, or one word of trade."""
    if len(words) > 1:
        return _NAMELESS.issuperset(words) or words in _FORMS or _are_country(words)
    return not words or len(words[0]) < 2 or words[0] in _GENERIC or words in _FORMS


def country_of_word(word: str) -> str | None:
    """Return the country that a word names; short words are too often something else."""
    return _COUNTRIES.get(word) if len(word) > 3 else None


def _are_country(words: Words) -> bool:
    """Return whether several words are the name of a country: `the united states of america`."""
    joined = "".join(words[1:] if words[0] in _ARTICLES else words)
    return len(joined) > 3 and joined in _COUNTRIES


def named_country(name: Name) -> str | None:
    """Find the one country that a name contains, alpha-2; None if there is none or more than one."""
    codes = {code for word in name.words if (code := country_of_word(word))}
    return codes.pop() if len(codes) == 1 else None


def squash(words: Words) -> str:
    """Write words as one, with `ae`, `oe`, `ue` as `a`, `o`, `u`, because `ä`, `ö`, `ü` are spelled either way."""
    joined = "".join(words)
    folded = joined.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    return folded if len(folded) > 1 else joined


def abbreviated(words: Words) -> Words:
    """Abbreviate each word, but a single word not to one letter or digit: `SIX` is not a number."""
    if _ABBREVIATIONS.keys().isdisjoint(words):
        return words
    short = tuple(_ABBREVIATIONS.get(word, word) for word in words)
    return words if len(short) == 1 and len(short[0]) == 1 else short


def latin_part(text: str) -> str | None:
    """Return the Latin words of a name that is also written in another script: `三聯書店 Joint Publishing`."""
    if text.isascii():
        return None
    parts = visible(text).split()
    latin = [part for part in parts if not OTHER_SCRIPT.search(part)]
    if len(latin) == len(parts) or any(_BOTH_SCRIPTS.search(part) for part in parts):
        return None
    return " ".join(latin) if sum(map(str.isalpha, "".join(latin))) >= _LEAST_LATIN else None


def _take_apart(text: str) -> Name | None:
    words = tuple(split_words(text))
    if not words:
        return None
    full = _trim(words, _ARTICLES)
    # No form is left at either end, so there is more to take off only behind a weak word.
    core = _trim(full, _WEAK) if full[0] in _WEAK or full[-1] in _WEAK else full
    short = abbreviated(core)
    if is_generic(short):
        core = full
        if len(core) == 1 and is_generic(abbreviated(core)) and _NAMELESS.isdisjoint(core):
            full = core = words
        short = abbreviated(core)
        if is_generic(short):
            return None
    if core is not short and is_generic(core):
        return None
    whole = short if core == full else abbreviated(full)
    squashed_core = squash(short)
    return Name(words, whole, short, squashed_core if whole == short else squash(whole), squashed_core)


def parse(text: str) -> Name | None:
    """Take a name apart.

    Args:
        text: the name as the list's owner wrote it. If it is written in two scripts, the Latin one counts.

    Returns:
        None if there is no word that could distinguish the company from others.
    """
    if text.isascii():
        return _take_apart(text)
    latin = latin_part(text)
    return (latin and _take_apart(latin)) or _take_apart(text)
