"""Signed text files: cards and agreements are TOML that people can read, signed by its characters.

What is signed is the text before the line that opens a signature, with line ends as LF and no trailing blanks, so
that a trip through a mail program does not break it.
"""

import base64
import binascii
import tomllib
import unicodedata
from typing import Any, Final

import tomlkit

from accountmap.errors import TrustError

MAX_TEXT_BYTES: Final = 256 * 1024
MAX_NAME: Final = 80
_WRAP: Final = 76


def normal(data: bytes, what: str) -> str:
    """Decode a text file and take back what mail programs change.

    Raises:
        TrustError: it is too long or not UTF-8.
    """
    if len(data) > MAX_TEXT_BYTES:
        raise TrustError(f"this is no {what}: the file is too large")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TrustError(f"this is no {what}: it is not text", "Ask your partner for the file again.") from error
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(lines).strip("\n") + "\n"


def parse(text: str, what: str, format_name: str | None = None) -> dict[str, Any]:
    """Read TOML and check which format it claims, where it has to claim one.

    Raises:
        TrustError: it is not TOML, or of another format or version.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrustError(f"this is no {what}: it is not TOML", "Ask your partner for the file again.") from error
    if data.get("format") != format_name:
        raise TrustError(
            f"this is no {what} that this version reads", "Check the file, and that both use the same version."
        )
    return data


def check_keys(table: dict[str, Any], types: dict[str, type], where: str) -> None:
    """Refuse a table that lacks a key, has one that is not known, or one of another type.

    Raises:
        TrustError: naming the key.
    """
    for key in sorted(types.keys() | table.keys()):
        if key not in types or key not in table or type(table[key]) is not types[key]:
            state = "unknown" if key not in types else "missing" if key not in table else "of another type"
            shown = key if key in types else "a key"
            raise TrustError(f"{where}: {shown} is {state}")


def check_name(name: str) -> str:
    """Refuse a company's name that could mislead on a screen: empty, long, or with characters that do not show.

    Raises:
        TrustError: naming the rule.
    """
    hidden = any(unicodedata.category(c).startswith("C") or c in "\u2028\u2029" for c in name)
    if not name.strip() or len(name) > MAX_NAME or hidden or name != name.strip():
        raise TrustError(
            f"a name has 1 to {MAX_NAME} visible characters", "Choose a short name that your partner knows."
        )
    return name


def quote(value: object) -> str:
    """Write a TOML value."""
    return tomlkit.item(value).as_string()


def encode(raw: bytes) -> str:
    """Write bytes as a TOML string of base64, in lines that fit a mail."""
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
