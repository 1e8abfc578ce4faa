"""Finding the encoding of a text file: Unicode by its form, code pages by the names that they make of the bytes.

Many code pages can read the same bytes, but only one gives names. So each is tried, and judged by how often the
letters that come out follow one another in names of companies (`letter_counts.tsv`). Where two code pages give
different names that are about equally likely, the user is asked: a wrong letter makes a wrong key.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from math import log
from pathlib import Path
from typing import Final

from accountmap.errors import InputError

_SAMPLE_BYTES: Final = 4096
_CHUNK_BYTES: Final = 1 << 20
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_JAPANESE_ESCAPES: Final = (b"\x1b$B", b"\x1b$@")
"""How ISO-2022-JP, which has no byte above 127, changes to Japanese (RFC 1468)."""

SAVE_AGAIN: Final = "Open the list in the program it came from and export it again as CSV in UTF-8."
_OR_SAVE_AGAIN: Final = f"or {SAVE_AGAIN[0].lower()}{SAVE_AGAIN[1:]}"

CODE_PAGES: Final = {
    "cp1252": "Windows-1252",
    "mac_roman": "Mac Roman",
    "cp1250": "Windows-1250",
    "mac_latin2": "Mac Central European",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp1257": "Windows-1257",
    "cp874": "Windows-874",
    "cp850": "DOS 850",
    "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB 18030",
    "cp950": "Big5",
    "cp949": "EUC-KR",
}
"""The code pages that are tried: the codec's name in Python, and the name that people know."""

_PRIOR: Final = {"cp1252": 7.0, "cp1250": 2.0, "cp1251": 2.0, "cp932": 2.0, "gb18030": 2.0, "mac_roman": 1.0}
"""Natural logarithm of how much more often lists are in these code pages than in the others."""

_MARGIN: Final = 3.0
"""Natural logarithm of how much likelier the names must be than those of any other code page: twenty times."""

_LEAST_LIKELY: Final = -11.5
"""Mean natural logarithm of the chance of a letter beyond ASCII; if it is lower, a text is not names at all."""


_LEAST_LETTERS: Final = 5


class _UndecodableError(Exception):
    """A file is not in an encoding.

    Attributes:
        line: number of the line with the first bad byte.
    """

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


def _check(path: Path, encoding: str) -> None:
    """Decode the whole file once, so that reading it later cannot fail half-way.

    Raises:
        _UndecodableError: some bytes are not in the encoding.
        InputError: there is a NUL character in the text.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(error.encoding, "replace")
                raise _UndecodableError(line + before.count("\n")) from None
            if "\0" in text:
                line += text[: text.index("\0")].count("\n")
                raise InputError(f"Line {line} has a NUL character in it, so the file is damaged.", SAVE_AGAIN)
            line += text.count("\n")
            if not chunk:
                return


def _without_mark(sample: bytes) -> str:
    """Guess between UTF-16 and UTF-8: in UTF-16, the commas and digits have a zero byte on one side."""
    zeros_even, zeros_odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros_even, zeros_odd) * 4 < len(sample) // 2:
        return "iso2022_jp" if any(each in sample for each in _JAPANESE_ESCAPES) else "utf-8"
    return "utf-16-le" if zeros_odd > zeros_even else "utf-16-be"


def text_encoding(path: Path, wanted: str | None = None) -> str:
    """Find the encoding of a text file and check that all of the file is in it.

    UTF-8 and UTF-16 are recognised by a byte order mark or by their form. UTF-8 with some invalid bytes was
    damaged: reading it in a code page would make wrong names. Any other file is in a code page.

    Args:
        wanted: the encoding that the user named, or None to find it.

    Returns:
        The name of a codec of Python.

    Raises:
        InputError: there is no such encoding; the file is damaged or not in it, has NUL characters in it, or may
            be in several code pages that would give different names.
    """
    if wanted is not None:
        return _as_wanted(path, wanted)
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    marked = [name for mark, name in _BYTE_ORDER_MARKS if sample.startswith(mark)]
    encoding = marked[0] if marked else _without_mark(sample)
    try:
        _check(path, encoding)
    except _UndecodableError as bad:
        if encoding != "utf-8" or _was_utf_8(path):
            label = "UTF-16" if "16" in encoding else "UTF-8"
            raise InputError(f"The file is {label}, but line {bad.line} is damaged.", SAVE_AGAIN) from None
    else:
        return encoding
    return _code_page(path)


def _was_utf_8(path: Path) -> bool:
    """Return whether what can be read as UTF-8 are letters of names; other encodings give some only by chance."""
    letters = b"\n".join(_sample(path)).decode("utf-8", "ignore")
    return not letters.isascii() and _mean_likelihood(letters) > _LEAST_LIKELY


def _as_wanted(path: Path, wanted: str) -> str:
    by_label = {label.casefold(): codec for codec, label in CODE_PAGES.items()}
    name = by_label.get(wanted.strip().casefold(), wanted.strip())
    try:
        "".encode(name)  # knows only text encodings, whereas codecs.lookup knows base64 too
        _check(path, name)
    except _UndecodableError as bad:
        raise InputError(
            f"Line {bad.line} is not in the encoding '{wanted}'.", f"Name another encoding, {_OR_SAVE_AGAIN}"
        ) from None
    except (LookupError, UnicodeError, ValueError):
        known = ", ".join(("UTF-8", "UTF-16", *CODE_PAGES.values()))
        raise InputError(f"There is no encoding '{wanted}'.", f"Some that are known: {known}.") from None
    return name


def _code_page(path: Path) -> str:
    """Choose the code page that makes the likeliest names of the bytes.

    Raises:
        InputError: none makes names, or several make different ones.
    """
    sample = b"\n".join(_sample(path))
    ranked = sorted(
        (
            (score + _PRIOR.get(page, 0.0), page, text)
            for page in CODE_PAGES
            for score, text in _reading(sample, page)
        ),
        key=lambda each: -each[0],
    )
    fitting = [each for each in ranked if _fits(path, each[1])]
    if not fitting or _is_noise(fitting[0][2]):
        raise InputError(
            "The encoding of the file was not recognised: in no code page does it contain names.",
            f"Name it with --encoding, {_OR_SAVE_AGAIN}",
        )
    best, page, text = fitting[0]
    rivals = [CODE_PAGES[other] for score, other, read in fitting[1:] if read != text and best - score < _MARGIN]
    if rivals:
        raise InputError(
            f"The file is not UTF-8; it may be {' or '.join((CODE_PAGES[page], *rivals[:2]))}, "
            "which would give different names.",
            f"Say which it is, such as --encoding '{CODE_PAGES[page]}', {_OR_SAVE_AGAIN}",
        )
    return page


def _is_noise(text: str) -> bool:
    """Return whether a text is not names in any language; a few letters are not enough to say so."""
    return sum(not char.isascii() for char in text) >= _LEAST_LETTERS and _mean_likelihood(text) < _LEAST_LIKELY


def _fits(path: Path, page: str) -> bool:
    try:
        _check(path, page)
    except _UndecodableError:
        return False
    return True


_BETWEEN_CELLS: Final = re.compile(rb'[,;\t"\r\n]+')
"""Bytes that separate cells and are not the second byte of a letter in any code page."""

_SAMPLE_CELLS: Final = 400


def _sample(path: Path) -> Iterator[bytes]:
    """Yield distinct cells with bytes above 127, as many as are needed to judge."""
    seen: set[bytes] = set()
    with path.open("rb") as stream:
        for line in stream:
            for cell in _BETWEEN_CELLS.split(line):
                if not cell.isascii() and cell not in seen:
                    seen.add(cell)
                    yield cell[:200]
            if len(seen) > _SAMPLE_CELLS:
                return


def _reading(sample: bytes, page: str) -> Iterator[tuple[float, str]]:
    """Yield the logarithm of the chance of the text that a code page makes of bytes, and the text, if it can."""
    try:
        text = sample.decode(page)
    except UnicodeDecodeError:
        # A sample cut in the middle of a letter damages the end of one cell; a wrong code page damages many.
        text = sample.decode(page, "ignore")
        if len(text.encode(page, "ignore")) < 0.999 * len(sample):
            return
    yield sum(_likelihood(before, char) for before, char in _pairs(text)), text


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    return ((before if before != "\n" else "", char) for before, char in zip(("", *text), text, strict=False))


def _mean_likelihood(text: str) -> float:
    found = [_likelihood(before, char) for before, char in _pairs(text) if not char.isascii()]
    return sum(found) / max(1, len(found))


def class_of(char: str) -> str:
    """Return the class of a character, as far as it says what may follow: capitals rarely follow small letters."""
    if not char:
        return "start"
    category = unicodedata.category(char)
    kind = {"Lu": "capital", "Ll": "small", "Lo": "other letter"}.get(category, category[0])
    return f"ASCII {kind}" if char.isascii() else kind


def _load() -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    lines = files("accountmap.accounts").joinpath("letter_counts.tsv").read_text("utf-8").split("\n")
    rows = [line.split("\t") for line in lines if line and not line.startswith("# ")]
    counts = {(context, char): int(count) for context, char, count in rows if char}
    return counts, {context: int(count) for context, char, count in rows if not char}


@lru_cache(maxsize=1)
def _counts() -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Load the table when it is first needed: most lists are UTF-8."""
    return _load()


_ASCII: Final = log(0.03)
_SIGNS: Final = frozenset("\u00a0®©™°–—‘’“”„«»€£·…²½")
"""Signs that do occur in names and cells."""


@lru_cache(maxsize=1 << 15)
def _likelihood(before: str, char: str) -> float:
    """Return the logarithm of the chance that a character follows another in a name."""
    mixed = _mixing(before, char) + _mixing(char, before)
    if char.isascii():
        return _ASCII + mixed
    counts, totals = _counts()
    kind = f"[{class_of(before)}]"
    of_letter = counts.get((before, char), 0) / (totals.get(before, 0) + 20)
    of_kind = counts.get((kind, char), 0) / (totals.get(kind, 0) + 50)
    return log(0.55 * of_letter + 0.4 * of_kind + _unseen(char)) + mixed


def _mixing(one: str, other: str) -> float:
    """Return the natural logarithm of how rarely letters of two scripts are next to each other in a word.

    Args:
        one: of any script.
        other: counts only if it is a Latin letter of ASCII; capitals do occur beside ideographs.
    """
    if not (other.isascii() and other.isalpha()) or one < "\u0370":
        return 0.0
    if one <= "\u10ff":
        return -4.0
    return -2.0 if other.islower() else 0.0


def _unseen(char: str) -> float:
    """Return the chance of a character that was never counted, by how many of its kind there are."""
    if "\uac00" <= char <= "\ud7a3" or "\u0590" <= char <= "\u05ff" or "\u0e00" <= char <= "\u0e7f":
        return 2e-5  # Hangul, Hebrew, Thai: few such names were counted, and most characters are frequent
    if char in _SIGNS:
        return 5e-6
    category = unicodedata.category(char)
    return {"Lo": 5e-7, "Lu": 5e-8, "Ll": 5e-8, "Lm": 5e-8}.get(category, 5e-10)
