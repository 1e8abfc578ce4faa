"""Text to ASCII: canonical-v2, section 2."""

import re
import unicodedata
from collections.abc import Mapping
from itertools import pairwise

from anyascii import anyascii
from protocols.reference.canonical.characters import category, is_ascii_letter, is_letter, known
from protocols.reference.canonical.tables import pairs

SILENT = re.compile("[™℠®©\u0640\u0591-\u05c7\u064b-\u065f]")
MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
BLANK = frozenset(["Cc", "Cn", "Co", "Cs", "So", "Zs", "Zl", "Zp"])
PICTURES = "↔◻◼◽◾⤴⤵〰〽"
LOOKALIKES = str.maketrans(
    "АВЕЅЗІЈКМНОРСТХҮаеѕіјорсухһΑΒΕΖΗΙΚΜΝΟΡΤΥΧαορυνικ",
    "ABESZIJKMHOPCTXYaesijopcyxhABEZHIKMNOPTYXaopuvik",
)
NATIVE = {unicodedata.normalize("NFKC", word): f" {plain} " for word, plain in pairs("native_words.tsv").items()}
KANA = pairs("kana.tsv")
LETTER_PAIRS = pairs("letter_pairs.tsv")


def _cut(text: str) -> str:
    if len(text) <= 512:
        return text
    blank = text.rfind(" ", 1, 513)
    return text[:512] if blank < 0 else text[:blank]


def _shown(char: str) -> str:
    kind = category(char)
    if kind in BLANK or char in PICTURES:
        return " "
    if kind == "Cf" or MARKS.match(char):
        return ""
    return str(unicodedata.decimal(char)) if kind == "Nd" else char


def shown(name: str) -> str:
    """Take steps 1 to 3."""
    folded = unicodedata.normalize("NFKC", SILENT.sub("", known(name)[:2048]))
    return _cut("".join(map(_shown, folded)))


def _is_mixed(run: str) -> bool:
    def meet(one: str, other: str) -> bool:
        return is_ascii_letter(one) and is_letter(other) and "\u0370" <= other <= "\u04ff"

    return any(meet(one, other) or meet(other, one) for one, other in pairwise(run))


def _without_lookalikes(text: str) -> str:
    done, run = "", ""
    for char in text:
        if category(char) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "No"):
            run += char
        else:
            done += (run.translate(LOOKALIKES) if _is_mixed(run) else run) + char
            run = ""
    return done + (run.translate(LOOKALIKES) if _is_mixed(run) else run)


def replaced(text: str, table: Mapping[str, str]) -> str:
    """Replace each occurrence of an entry, leftmost first, and at one place the first of the table."""
    done, at = "", 0
    while at < len(text):
        entry = next((entry for entry in table if text.startswith(entry, at)), None)
        done += text[at] if entry is None else table[entry]
        at += 1 if entry is None else len(entry)
    return done


def _sounded(run: re.Match[str]) -> str:
    """Write kana by their sound (section 2.1)."""
    katakana = "".join(chr(ord(char) + 0x60) if char <= "\u3096" else char for char in run[0])
    signs, at = "", 0
    while at < len(katakana):
        size = 2 if katakana[at : at + 2] in KANA else 1
        signs += KANA.get(katakana[at : at + size], katakana[at])
        at += size
    short = re.sub("(?<=[aeiou])ー|(?<=o)[uo]|(?<=u)u", "", signs)
    return re.sub("[ッー]", "", re.sub("ッ([a-z])", r"\1\1", short))


def to_ascii(name: str) -> str:
    """Write a name in lower-case ASCII."""
    if all(" " <= char <= "~" for char in name):
        return _cut(name).lower()
    parted = replaced(_without_lookalikes(shown(name)), NATIVE)
    text = re.sub("[\u3041-\u3096\u30a1-\u30fa\u30fc]+", _sounded, parted).lower()
    if re.search("[іїєґ]", text):
        text = text.replace("и", "y")
    return anyascii(replaced(text, LETTER_PAIRS)).lower()
