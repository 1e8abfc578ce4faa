"""Signed text files: cards and agreements are TOML that people can read, and their characters are what is signed.

The signed text is what precedes the signature line, with line ends as LF and no trailing white space, so that a
trip through a mail program does not break the signature. Words in it that somebody reads before signing must show
as they are, on one line (trust-v2 §2).
"""

import base64
import binascii
import re
import tomllib
import unicodedata
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import tomlkit

from accountmap.errors import TrustError

MAX_TEXT_BYTES: Final = 256 * 1024
SIGNATURE_BYTES: Final = 64
_WRAP: Final = 76

_KEY_PART: Final = r"""(?:[\w-]++|"(?:[^"\\\n]|\\[^\n])*+"|'[^'\n]*+')"""
_LONG_KEY: Final = re.compile(rf"(?<![\w\\-])(?:{_KEY_PART}[ \t]*+\.[ \t]*+){{32}}")
"""A key of more than 32 parts, or text that looks like one.

The time and memory of `tomllib` grow with the square of the number of parts: a file of 250 KB could need 60 GB.
"""


def normal(data: bytes, what: str) -> str:
    """Decode a text file, and undo what mail programs change (trust-v2 §1).

    Raises:
        TrustError: it is too long or not UTF-8.
    """
    if len(data) > MAX_TEXT_BYTES:
        raise TrustError(f"this is not a valid {what}: the file is too large")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrustError(
            f"this is not a valid {what}: it is not text", "Ask your partner for the file again."
        ) from error
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).strip("\n") + "\n"


def parse(text: str, what: str, formats: Collection[str] = ()) -> dict[str, Any]:
    """Read TOML, and check its `format`, where it must have one.

    Args:
        formats: the allowed ones; empty if it must have none.

    Raises:
        TrustError: it is not TOML, or has another format or version.
    """
    try:
        if _LONG_KEY.search(text):
            raise ValueError("a key of too many parts")
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also numbers of thousands of digits, and deep nesting
        raise TrustError(
            f"this is not a valid {what}: it is not TOML", "Ask your partner for the file again."
        ) from error
    if data.get("format") not in (formats or (None,)):
        raise TrustError(
            f"this is not a {what} that this version of accountmap reads",
            "Check that it is the right file, and that both of you use the same version.",
        )
    return data


def check_keys(table: object, types: dict[str, type], where: str) -> None:
    """Refuse a table that lacks a key, has an unknown one, or one of another type.

    Args:
        table: the value in TOML, which may be no table at all.
        types: the type of each key; datetime means an offset date-time.

    Raises:
        TrustError: names the key.
    """
    if not isinstance(table, dict):
        raise TrustError(f"{where}: it is not a table")
    for key in sorted(types.keys() | table.keys()):
        if key not in types or key not in table or not _is_of_type(table[key], types[key]):
            state = "unknown" if key not in types else "missing" if key not in table else "of another type"
            shown = key if key in types else "a key"
            raise TrustError(f"{where}: {shown} is {state}")


def _is_of_type(value: object, expected: type) -> bool:
    return type(value) is expected and not (isinstance(value, datetime) and value.tzinfo is None)


def split_signed(text: str, key: str, what: str) -> tuple[str, bytes]:
    """Split a text whose last line is its signature.

    Nothing may be where no signature covers it, so the line must be exactly what `encode` writes.

    Args:
        text: in normal form.
        key: the key that the line begins with.

    Returns:
        The signed text, without the line end before the signature; the signature.

    Raises:
        TrustError: the line is missing, is not the last, or is written in another way.
    """
    signed, mark, line = text.partition(f"\n{key} = ")
    if not mark:
        raise TrustError(
            f"this is not a valid {what}: it has no signature", "Ask your partner for the file again."
        )
    signature = decode(line.strip('"\n'), f"{what}: the line of the signature")
    if len(signature) != SIGNATURE_BYTES or line != f"{encode(signature)}\n":
        raise TrustError(
            f"{what}: the signature is not the last line, or was changed",
            "Ask your partner for the file again.",
        )
    return signed, signature


def quote(value: object) -> str:
    """Write a TOML value."""
    return tomlkit.item(value).as_string()


def encode(raw: bytes) -> str:
    """Write bytes as a TOML string of base64, in lines that are short enough for a mail."""
    encoded = base64.b64encode(raw).decode()
    if len(encoded) <= _WRAP * 2:
        return f'"{encoded}"'
    lines = [encoded[i : i + _WRAP] for i in range(0, len(encoded), _WRAP)]
    return '"""\n' + "\n".join(lines) + '"""'


def decode(text: str, what: str) -> bytes:
    """Read what `encode` wrote.

    Raises:
        TrustError: it is not base64.
    """
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TrustError(f"{what} is not base64", "Ask your partner for the file again.") from error


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
"""Characters that show nothing, although their category does not say so; most are Default_Ignorable_Code_Point."""

_ALIKE: Final = frozenset({"LATIN", "GREEK", "CYRILLIC"})

_BLANKS: Final = frozenset(chr(c) for first, last in _BLANK_RANGES for c in range(first, last + 1))


def check_name(name: str) -> str:
    """Refuse a company's name that could mislead on a screen.

    Raises:
        TrustError: `check_line` refuses it, or a word mixes scripts whose letters look alike.
    """
    if any(len(_scripts(word)) > 1 for word in name.split()):
        raise TrustError(
            "a name mixes letters of scripts that look alike, such as Latin and Cyrillic, in one word",
            "It may imitate another company: ask your partner, by phone, for a card with its plain name.",
        )
    return check_line(name, "a name")


def _scripts(word: str) -> set[str]:
    """Return which of the scripts whose letters look alike a word has letters of."""
    return {unicodedata.name(c, "").split(" ")[0] for c in word if c.isalpha()} & _ALIKE


def check_line(text: str, what: str, most: int = MAX_NAME) -> str:
    """Refuse words that show nothing, show something other than they say, or could pass for another line.

    Args:
        what: the name of the words in the error.
        most: how many characters they may have.

    Raises:
        TrustError: the text is empty or too long, has no letter, number or symbol, or characters that do not show,
            or white space at an end or twice in a row, which can push the rest to another line.
    """
    hidden = any(unicodedata.category(c).startswith("C") or c in _BLANKS for c in text)
    shows = any(unicodedata.category(c)[0] in "LNS" for c in text)
    pushed = any(one.isspace() and other.isspace() for one, other in zip(f" {text}", f"{text} ", strict=True))
    if hidden or not shows or pushed or len(text) > most:
        raise TrustError(
            f"{what} must have 1 to {most} visible characters, with single blanks between words",
            "Choose short words that your partner knows.",
        )
    return text
