"""Cleaning text cells: no control characters, no blanks that pretend to be values, no endless cells."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

LONGEST: Final = 1000
"""Characters of a cell in a known column; a longer one is no name, address or domain."""

LONGEST_EXTRA: Final = 32_767
"""Characters of a cell in another column: what an Excel cell can hold."""

_NO_VALUE: Final = """
- | -- | --- | – | — | . | ? | n/a | n.a. | n. a. | n/v | k.a. | k. a. | null | none | -none- | --none--
| nan | <na> | (blank) | [blank] | (leer) | (vide) | (en blanco)
| #n/a | #na | #nv | #value! | #wert! | #ref! | #bezug! | #name? | #null! | #div/0! | #num! |
"""
BLANKS: Final = frozenset(cell.strip() for cell in _NO_VALUE.split("|"))
"""Cells that say "no value", in lower case. "NA" is not among them: it is Namibia's country code."""

_BREAKS: Final = r"[\t\n\v\f\r\x{85}\x{2028}\x{2029}]+"
_INVISIBLE: Final = (
    r"[\x{00}-\x{08}\x{0E}-\x{1F}\x{7F}-\x{84}\x{86}-\x{9F}"  # control characters
    r"\x{061C}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}"  # direction marks, embeddings, isolates
    r"\x{200B}\x{2060}-\x{2064}\x{206A}-\x{206F}\x{FEFF}\x{FFF9}-\x{FFFB}]"  # without width
)
"""What is taken out. Zero width joiner and non-joiner stay: some scripts need them."""


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a column of numbers or text as text: whole numbers without a fraction, not-a-number as null."""
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    whole = pc.and_(pc.equal(pc.trunc(column), column), pc.less(pc.abs(column), float(2**63)))
    integers = pc.if_else(whole, column, None).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.coalesce(integers, pc.if_else(pc.is_nan(column), None, column).cast(pa.string()))


def count_true(mask: pa.ChunkedArray | pa.BooleanArray) -> int:
    """Count the true values of a boolean column."""
    return int(pc.sum(mask).as_py() or 0)


def clean(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Strip cells, take out invisible characters, and make blanks null.

    Returns:
        The column, in as many chunks, and how many cells held invisible characters.
    """
    cleaned = [_clean_chunk(chunk) for chunk in column.chunks]
    return pa.chunked_array([chunk for chunk, _ in cleaned], pa.string()), sum(count for _, count in cleaned)


def _clean_chunk(column: pa.Array) -> tuple[pa.Array, int]:
    """Clean so few cells that the copies between the steps stay small."""
    invisible = pc.match_substring_regex(column, _INVISIBLE)
    count = count_true(invisible)
    if count:
        column = pc.replace_substring_regex(column, _INVISIBLE, "")
    stripped = pc.utf8_trim_whitespace(pc.replace_substring_regex(column, _BREAKS, " "))
    blank = pc.is_in(pc.utf8_lower(stripped), value_set=pa.array(sorted(BLANKS), pa.string()))
    return pc.if_else(blank, pa.scalar(None, pa.string()), stripped), count


def drop_overlong(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Make cells over LONGEST characters null: cut, they would be another value.

    Returns:
        The column, and which cells were dropped.
    """
    overlong = pc.fill_null(pc.greater(pc.utf8_length(column), LONGEST), False)
    return pc.if_else(overlong, pa.scalar(None, pa.string()), column), overlong
