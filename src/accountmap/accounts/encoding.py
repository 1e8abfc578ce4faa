"""Which encoding a text file is in, from its bytes."""

import codecs
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
_SAVE_AGAIN: Final = "Open the list in the program it came from and export it again as CSV in UTF-8."


class _UndecodableError(Exception):
    """A file is not in an encoding.

    Attributes:
        line: number of the line with the first bad byte.
        after_letters: whether characters beyond ASCII were decoded before it.
    """

    def __init__(self, line: int, *, after_letters: bool) -> None:
        super().__init__()
        self.line = line
        self.after_letters = after_letters


def _check(path: Path, encoding: str) -> None:
    """Decode the whole file once, so that reading it later cannot fail half-way.

    Raises:
        _UndecodableError: some bytes are not in the encoding.
        InputError: a NUL character stands in the text.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    line, after_letters = 1, False
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(_CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                before = error.object[: error.start].decode(error.encoding, "replace")
                letters = after_letters or not before.isascii()
                raise _UndecodableError(line + before.count("\n"), after_letters=letters) from None
            if "\0" in text:
                line += text[: text.index("\0")].count("\n")
                raise InputError(f"Line {line} holds a NUL character, so the file is damaged.", _SAVE_AGAIN)
            line += text.count("\n")
            after_letters = after_letters or not text.isascii()
            if not chunk:
                return


def _without_mark(sample: bytes) -> str:
    """Guess between UTF-16 and UTF-8: in UTF-16, the commas and digits have a zero byte on one side."""
    zeros_even, zeros_odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(zeros_even, zeros_odd) * 4 < len(sample) // 2:
        return "utf-8"
    return "utf-16-le" if zeros_odd > zeros_even else "utf-16-be"


def text_encoding(path: Path) -> str:
    """Find the encoding of a text file and check that all of the file is in it.

    UTF-8 and UTF-16 are known by a byte order mark or by their form. Anything else is taken for Windows-1252,
    unless it begins as UTF-8 and breaks later: then it is UTF-8 that was damaged, and reading it as
    Windows-1252 would make false names.

    Returns:
        A codec name of Python.

    Raises:
        InputError: the file is in none of these, damaged, or holds NUL characters.
    """
    with path.open("rb") as stream:
        sample = stream.read(_SAMPLE_BYTES)
    marked = [name for mark, name in _BYTE_ORDER_MARKS if sample.startswith(mark)]
    encoding = marked[0] if marked else _without_mark(sample)
    try:
        _check(path, encoding)
    except _UndecodableError as bad:
        if encoding != "utf-8" or bad.after_letters:
            label = "UTF-16" if "16" in encoding else "UTF-8"
            raise InputError(f"The file is {label}, but line {bad.line} is damaged.", _SAVE_AGAIN) from None
    else:
        return encoding
    try:
        _check(path, "cp1252")
    except _UndecodableError as bad:
        raise InputError(
            f"Line {bad.line} is in none of the encodings UTF-8, UTF-16 and Windows-1252.", _SAVE_AGAIN
        ) from None
    return "cp1252"
