"""Company names of all scripts in lower-case ASCII.

What keys depend on (normal forms, case, what is a letter) never changes for a character once it is assigned. But
every version of Unicode assigns more characters, and a party with an older version must arrive at the same keys.

anyascii does most of the work. This module does what anyascii is not made for: kana by sound (modified Hepburn,
with the long vowels of ISO 3602 dropped), letters of one script that pass for those of another, and signs that are
not part of a name.
"""

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import Final

from anyascii import anyascii

from accountmap.linkage.data import read_pairs, read_rows

UNKNOWN: Final = "\ufffd"
"""How a character that the table does not have is read: REPLACEMENT CHARACTER, not a letter, digit or space."""

_RANGES: Final = [(int(first, 16), int(last, 16)) for first, last in read_rows("characters.tsv")]
_FIRSTS: Final = [first for first, _ in _RANGES]


class _Known(dict[int, int]):
    """How characters are read, by code, for `str.translate`; filled as characters occur."""

    def __missing__(self, code: int) -> int:
        _, last = _RANGES[bisect_right(_FIRSTS, code) - 1]
        self[code] = code if code <= last else ord(UNKNOWN)
        return self[code]


_KNOWN: Final = _Known()


def known(text: str) -> str:
    """Replace each character that Unicode 14.0 does not have by U+FFFD."""
    return text if text.isascii() else text.translate(_KNOWN)


MAX_CHARACTERS: Final = 512
"""Longer names are cut here, before a word that would be cut: what follows distinguishes no companies."""

_SILENT: Final = dict.fromkeys([*map(ord, "™℠®©ـ"), *range(0x0591, 0x05C8), *range(0x064B, 0x0660)])
"""Trade-mark signs, which compatibility folding would spell out, and the points and strokes that Hebrew and Arabic
mostly leave out."""

_BLANK: Final = frozenset(["Cc", "Cn", "Co", "Cs", "So", "Zs", "Zl", "Zp"])

_PICTURES: Final = "↔◻◼◽◾⤴⤵〰〽"
"""Emoji of other Unicode categories, which would be spelled out."""

_MARKS: Final = (
    range(0x0300, 0x0370),
    range(0x0483, 0x048A),
    range(0x1AB0, 0x1B00),
    range(0x1DC0, 0x1E00),
    range(0x20D0, 0x2100),
    range(0xFE00, 0xFE10),
    range(0xFE20, 0xFE30),
    range(0xE0100, 0xE01F0),
)
"""Unicode blocks of marks on letters of any script, and of variation selectors. Where a mark makes a different
letter, compatibility folding has already made it that letter."""


def _seen(char: str) -> str:
    if any(ord(char) in block for block in _MARKS):
        return ""
    category = unicodedata.category(char)
    if category == "Nd":  # digits belong to no script: a name in two scripts may have them beside either
        return str(unicodedata.decimal(char))
    return "" if category == "Cf" else " " if category in _BLANK or char in _PICTURES else char


class _Seen(dict[int, str]):
    """What is visible of characters, by code, for `str.translate`; filled as characters occur."""

    def __missing__(self, code: int) -> str:
        self[code] = _seen(chr(code))
        return self[code]


_SEEN: Final = _Seen()

_LOOKALIKES: Final = str.maketrans(
    "АВЕЅЗІЈКМНОРСТХҮаеѕіјорсухһΑΒΕΖΗΙΚΜΝΟΡΤΥΧαορυνικ",
    "ABESZIJKMHOPCTXYaesijopcyxhABEZHIKMNOPTYXaopuvik",
)
"""Cyrillic and Greek letters and the Latin ones they are mistaken for (from Unicode TS 39, confusables)."""

_GREEK_OR_CYRILLIC: Final = "[\u0370-\u0374\u0376-\u03f5\u03f7-\u04ff]"
"""Without U+0375 and U+03F6, which are not letters."""

_MIXED_WORD: Final = re.compile(
    rf"[^\W\d_]*(?:[A-Za-z]{_GREEK_OR_CYRILLIC}|{_GREEK_OR_CYRILLIC}[A-Za-z])[^\W\d_]*"
)
_NATIVE_WORDS: Final = {
    unicodedata.normalize("NFKC", word): plain for word, plain in read_pairs("native_words.tsv").items()
}
_NATIVE_WORD: Final = re.compile("|".join(map(re.escape, _NATIVE_WORDS)))
_KANA_RUN: Final = re.compile("[\u3041-\u3096\u30a1-\u30fa\u30fc]+")
_KANA: Final = read_pairs("kana.tsv")
_LETTER_PAIRS: Final = read_pairs("letter_pairs.tsv")
_LETTER_PAIR: Final = re.compile("|".join(map(re.escape, _LETTER_PAIRS)))
_UKRAINIAN: Final = re.compile("[іїєґ]")
"""Letters that Ukrainian has and Russian does not; with them, `и` is read as `y`."""

_TO_KATAKANA: Final = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_LONG_VOWEL: Final = re.compile("(?<=[aiueo])ー|(?<=o)[uo]|(?<=u)u")


def _plain_latin(word: re.Match[str]) -> str:
    return word.group().translate(_LOOKALIKES)


def _set_apart(word: re.Match[str]) -> str:
    return f" {_NATIVE_WORDS[word.group()]} "


def _spell_pair(letters: re.Match[str]) -> str:
    return _LETTER_PAIRS[letters.group()]


def _spell_kana(run: re.Match[str]) -> str:
    """Romanise katakana and hiragana: first two characters that make one sound, then single ones."""
    text = run.group().translate(_TO_KATAKANA)
    spelled = ""
    at = 0
    while at < len(text):
        size = 2 if text[at : at + 2] in _KANA else 1
        spelled += _KANA.get(text[at : at + size], text[at])
        at += size
    spelled = _LONG_VOWEL.sub("", spelled)
    doubled = re.sub("ッ(?=([a-z]))", r"\1", spelled)
    return re.sub("[ッー]", "", doubled)


def _cut(text: str) -> str:
    """Cut a long text at a space if it has one: a part of a word could be another company's name."""
    if len(text) <= MAX_CHARACTERS:
        return text
    return text[: MAX_CHARACTERS + 1].rpartition(" ")[0] or text[:MAX_CHARACTERS]


def visible(text: str) -> str:
    """Fold a name's compatibility forms, and remove what is invisible or not part of a name.

    Characters without width and marks that make no letter are removed; controls, emoji and other symbols become
    spaces (by Unicode category); digits of all scripts become ASCII.
    """
    if text.isascii() and text.isprintable():
        return _cut(text)
    return _visible(text)


@lru_cache(maxsize=256)
def _visible(text: str) -> str:
    """Do what `visible` says; cached, for each name outside ASCII comes here three times."""
    folded = unicodedata.normalize("NFKC", known(text[: 4 * MAX_CHARACTERS]).translate(_SILENT))
    return _cut(folded.translate(_SEEN))


def to_ascii(text: str) -> str:
    """Write any name in lower-case ASCII letters, digits and punctuation.

    Args:
        text: a name in any script, of any length.

    Returns:
        ASCII text without control characters. It may be blank.
    """
    if text.isascii() and text.isprintable():
        return text.lower() if len(text) <= MAX_CHARACTERS else _cut(text).lower()
    seen = visible(text)
    if seen.isascii():
        return seen.lower()
    latin = _MIXED_WORD.sub(_plain_latin, seen)
    parted = _NATIVE_WORD.sub(_set_apart, latin)
    spelled = _KANA_RUN.sub(_spell_kana, parted).lower()
    if _UKRAINIAN.search(spelled):
        spelled = spelled.replace("и", "y")
    paired = _LETTER_PAIR.sub(_spell_pair, spelled)
    return anyascii(paired).lower()
