"""Cleaning text cells, and reading flags and numbers of employees."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import Remark

LONGEST: Final = 1000
"""Most characters of a cell in a known column; a longer one is not a name, address or domain."""

LONGEST_EXTRA: Final = 32_767
"""Most characters of a cell in another column: the limit of Excel."""

_NO_VALUE: Final = """
- | -- | --- | – | — | . | ? | n/a | n.a. | n. a. | n/v | k.a. | k. a. | null | none | -none- | --none--
| nan | <na> | (blank) | [blank] | (leer) | (vide) | (en blanco)
| #n/a | #na | #nv | #value! | #wert! | #ref! | #bezug! | #name? | #null! | #div/0! | #num! |
"""
BLANKS: Final = frozenset(cell.strip() for cell in _NO_VALUE.split("|"))
"""Cells that say "no value", in lower case. "NA" is not among them: it is Namibia's country code."""

_BLANK_CELLS: Final = pa.array(sorted(BLANKS), pa.string())

_BREAKS: Final = r"[\t\n\v\f\r\x{85}\x{2028}\x{2029}]+"
_INVISIBLE: Final = (
    r"[\x{00}-\x{08}\x{0E}-\x{1F}\x{7F}-\x{84}\x{86}-\x{9F}"  # control characters
    r"\x{061C}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}"  # direction marks, embeddings, isolates
    r"\x{200B}\x{2060}-\x{2064}\x{206A}-\x{206F}\x{FEFF}\x{FFF9}-\x{FFFB}]"  # without width
)
"""Characters that are removed. Zero-width joiner and non-joiner stay: some scripts need them."""


_SUSPECT_BYTES: Final = bytes([*range(0x20), 0x7F, 0xC2, 0xD8, 0xE2, 0xEF])
"""The first bytes, in UTF-8, of invisible characters and of line breaks, and of many others."""


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a column of numbers or text as text: whole numbers without a fraction, not-a-number as null."""
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    whole = pc.and_(pc.equal(pc.trunc(column), column), pc.less(pc.abs(column), float(2**63)))
    integers = pc.if_else(whole, column, None).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.coalesce(integers, pc.if_else(pc.is_nan(column), None, column).cast(pa.string()))


def utf8(texts: pa.Array) -> bytes:
    """Return an array of texts as UTF-8, one right after the other."""
    offsets, values = text_buffers(texts)
    start, end = offsets[[0, -1]].tolist()
    return values[start:end].tobytes()


def text_buffers(texts: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Return where each text begins and the last one ends, and the bytes that hold them all."""
    _, offsets, values = texts.buffers()
    if not len(texts) or values is None:
        return np.zeros(len(texts) + 1, np.int32), np.zeros(0, np.uint8)
    at = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return at, np.frombuffer(values, np.uint8)


def has_bytes(column: pa.ChunkedArray, wanted: bytes) -> bool:
    """Return whether any text of a column has one of these bytes in UTF-8.

    Most columns have none, and finding that out takes a tenth of the time of a regular expression.
    """
    others = bytes(set(range(256)) - {*wanted})
    return any(utf8(chunk).translate(None, others) for chunk in column.chunks)


def count_true(mask: pa.ChunkedArray | pa.BooleanArray) -> int:
    """Count the true values of a boolean column."""
    return int(pc.sum(mask).as_py() or 0)


def clean(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Strip cells, remove invisible characters, and make blanks null.

    Returns:
        The column, in as many chunks, and how many cells had invisible characters.
    """
    cleaned = [_clean_chunk(chunk) for chunk in column.chunks]
    return pa.chunked_array([chunk for chunk, _ in cleaned], pa.string()), sum(count for _, count in cleaned)


def _clean_chunk(column: pa.Array) -> tuple[pa.Array, int]:
    """Clean a chunk; it has few enough cells for the copies between the steps to stay small."""
    count = 0
    if has_bytes(pa.chunked_array([column]), _SUSPECT_BYTES):
        count = count_true(pc.match_substring_regex(column, _INVISIBLE))
        if count:
            column = pc.replace_substring_regex(column, _INVISIBLE, "")
        column = pc.replace_substring_regex(column, _BREAKS, " ")
    stripped = pc.utf8_trim_whitespace(column)
    blank = pc.is_in(pc.utf8_lower(stripped), value_set=_BLANK_CELLS)
    return pc.if_else(blank, pa.scalar(None, pa.string()), stripped), count


def drop_overlong(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Make cells over LONGEST characters null: cut short, they would be a different value.

    Returns:
        The column, and which cells were dropped.
    """
    overlong = pc.fill_null(pc.greater(pc.utf8_length(column), LONGEST), False)
    return pc.if_else(overlong, pa.scalar(None, pa.string()), column), overlong


_YES: Final = """
yes | y | true | t | 1 | x | on | checked | ja | j | wahr | oui | o | vrai | si | sí | s | verdadero | sim | tak
| да | はい | 是 | ✓ | ✔ | ☑
"""
_NO: Final = """
no | n | false | f | 0 | off | unchecked | nein | falsch | non | faux | falso | não | nao | nee | nie | нет
| いいえ | 否 | ✗ | ✘ | ☐
"""
YES: Final = frozenset(word.strip() for word in _YES.split("|"))
NO: Final = frozenset(word.strip() for word in _NO.split("|"))
"""What cells say, in lower case."""


def _is_one_of(cells: pa.ChunkedArray, words: frozenset[str]) -> pa.ChunkedArray:
    """Return which cells are one of the words; blanks are not."""
    return pc.is_in(pc.utf8_lower(cells), value_set=pa.array(sorted(words), pa.string()))


def read_off_limits(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read which accounts are off limits.

    A cell with words that are neither yes nor no counts as yes: such a column gives reasons, and if an account is
    compared by mistake, that cannot be undone.

    Returns:
        True or false, null where a cell is blank, and notes.
    """
    cells, _ = clean(as_text(column))
    flags = pc.if_else(pc.is_null(cells), pa.scalar(None, pa.bool_()), pc.invert(_is_one_of(cells, NO)))
    notes = []
    if off_limits := count_true(flags):
        notes.append(f"'{heading}': accounts that are off limits and take no part in any session: {off_limits}.")
    if reasons := count_true(pc.and_(pc.fill_null(flags, False), pc.invert(_is_one_of(cells, YES)))):
        notes.append(f"'{heading}': of these, accounts whose cell says neither yes nor no: {reasons}.")
    return flags, tuple(notes)


def read_registrations(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read the registered deals: ids, or other text that says that there is one; a cell that says no is blank.

    Returns:
        Text, null where there is none, and notes.
    """
    cells, _ = clean(as_text(column))
    registered = pc.if_else(_is_one_of(cells, NO), pa.scalar(None, pa.string()), cells)
    kept, overlong = drop_overlong(registered)
    dropped = count_true(overlong)
    return kept, (f"'{heading}': cells that are too long, left blank: {dropped:,}.",) if dropped else ()


_NUMBER: Final = r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3})+|\d+"
_EMPLOYEES: Final = re.compile(
    rf"(?:>=?|≥|~|ca\.?|about|over|more than|über|mehr als|plus de|más de)?\s*(?P<least>{_NUMBER})(?:[.,]0+)?"
    rf"\s*(?:\+|(?:-|–|—|to|bis|à|a)\s*(?:{_NUMBER}))?\s*(?:employees|mitarbeiter|employés|empleados)?",
    re.IGNORECASE,
)
_GREATEST: Final = 2**31 - 1


def read_each(cells: pa.ChunkedArray, read: Callable[[str], object], kind: pa.DataType) -> pa.ChunkedArray:
    """Read a column of text, each distinct cell once; blank cells stay null."""
    different = cells.drop_null().unique()
    found = pa.array([read(cell) for cell in different.to_pylist()], kind)
    return found.take(pc.index_in(cells, value_set=different))


def parse_employees(cell: str) -> int | None:
    """Read a number, or the lower end of a range: "51-200" -> 51, "10,001+" -> 10001.

    The company is known to have at least as many as the lower end.
    """
    match = _EMPLOYEES.fullmatch(cell)
    if match is None:
        return None
    least = int(re.sub(r"\D", "", match["least"]))
    return least if least <= _GREATEST else None


def read_employees(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of numbers or ranges.

    Returns:
        The numbers, null where a cell is blank or has no number, and notes.
    """
    cells, _ = clean(as_text(column))
    numbers = read_each(cells, parse_employees, pa.int64())
    if unread := numbers.null_count - cells.null_count:
        return numbers, (f"'{heading}': cells that are not numbers of employees, left blank: {unread:,}.",)
    return numbers, ()


_ADDRESS: Final = r"^(?:https?://)?(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}(?::\d+)?(?:[/?#]\S*)?$"
_MAIL: Final = r"^[^@\s]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}$"
_MOST: Final = 0.8


def _holds_websites(cells: pa.ChunkedArray) -> bool:
    """Return whether most of the filled cells are web addresses or domains."""
    return _mostly(cells, _ADDRESS)


def _holds_mail(cells: pa.ChunkedArray) -> bool:
    """Return whether most of the filled cells are e-mail addresses."""
    return _mostly(cells, _MAIL)


def _holds_ids(cells: pa.ChunkedArray) -> bool:
    """Return whether all cells are filled and distinct, and most have a digit and no space."""
    return (
        len(cells) > 1
        and cells.null_count == 0
        and pc.count_distinct(cells).as_py() == len(cells)
        and _mostly(cells, r"^\S*\d\S*$")
    )


def _mostly(cells: pa.ChunkedArray, pattern: str) -> bool:
    filled = len(cells) - cells.null_count
    return filled > 0 and bool(count_true(pc.match_substring_regex(cells, pattern)) >= _MOST * filled)


def overlooked(extras: pa.Table, source: Mapping[str, str]) -> tuple[Remark, ...]:
    """Remark that columns under unknown headings look like websites, account ids or owners' addresses."""
    wanted = (
        ("website", "domain", _holds_websites, "websites"),
        ("account_id", "account_id", _holds_ids, "account ids"),
        ("owner_email", "owner_email", _holds_mail, "e-mail addresses, perhaps of owners"),
    )
    found = []
    for column, other, holds, what in wanted:
        if column in source or other in source:
            continue
        for heading in (name for name in extras.column_names if holds(extras[name])):
            remark = Remark(
                "unread_column",
                f"Cells of '{heading}', which seem to be {what} and were not read.",
                f"If that is what they are: --map '{column}={heading}'.",
                len(extras) - extras[heading].null_count,
            )
            found.append(remark)
            break
    return tuple(found)
