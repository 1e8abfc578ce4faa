"""Text from outside, made harmless for the programs and people that read reports.

Account names come from CRM systems that anyone may write to. A cell that begins with an equals sign is a formula
to a spreadsheet (OWASP, "CSV Injection"), and a bidirectional override makes a name read as another one (Unicode
Technical Report 36, "Bidirectional Text Spoofing").
"""

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.cells import has_bytes, text_buffers

_SPACING = "[\t\n\v\f\r\u0085\u2028\u2029]+"
"""Controls that stand for a space or a new line; the rest have no business in a name."""

_HIDDEN = "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069\ufeff]"
"""Other controls, and the marks that change the direction of what follows them."""

_HIDDEN_BYTES: Final = bytes([*range(0x20), 0x7F, 0xC2, 0xE2, 0xEF])
"""In UTF-8, every hidden or spacing character is one of these bytes or begins with one."""

_NUMBER = r"^[+-]?\d+([.,]\d+)*$"

_FORMULA = r"^'*\s*[=+\-@＝＋－＠]"
"""What a spreadsheet would run, or would run once its leading apostrophe is removed."""

_FORMULA_BYTES: Final = b"'=+-@\xef \t\n\f\r"
"""The bytes that such a text may begin with, in UTF-8."""


def _begins_with(column: pa.ChunkedArray, wanted: bytes) -> bool:
    """Return whether any text of a column begins with one of these bytes."""
    is_wanted = np.isin(np.arange(256), list(wanted))
    for chunk in column.chunks:
        offsets, values = text_buffers(chunk)
        starts = offsets[:-1][offsets[1:] > offsets[:-1]]
        if is_wanted[values[starts]].any():
            return True
    return False


def visible(text: str) -> str:
    """Show control characters for what they are: spacing ones as a space, others as "[U+202E]"."""
    return re.sub(_HIDDEN, lambda found: f"[U+{ord(found[0]):04X}]", re.sub(_SPACING, " ", text))


def visible_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Apply `visible` to a column of strings; most columns have nothing to change."""
    return by_value(column, _made_visible) if has_bytes(column, _HIDDEN_BYTES) else column


def _made_visible(column: pa.ChunkedArray) -> pa.ChunkedArray:
    hidden = pc.match_substring_regex(column, f"{_SPACING}|{_HIDDEN}")
    if not pc.any(hidden).as_py():
        return column
    changed = [None if text is None else visible(text) for text in column.to_pylist()]
    return pa.chunked_array([pa.array(changed, pa.string())])


def spreadsheet_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make a column of strings visible, and put an apostrophe before what a spreadsheet would take for a formula.

    A plain number, such as the id "-5", stays as it is. To get the exact text back, take one apostrophe off
    wherever the text begins with apostrophes and then one of = + - @ or their full-width forms.
    """
    shown = visible_column(column)
    if not _begins_with(shown, _FORMULA_BYTES):
        return shown
    formula = pc.match_substring_regex(shown, _FORMULA)
    formula = pc.and_(formula, pc.invert(pc.match_substring_regex(shown, _NUMBER)))
    return pc.if_else(formula, pc.binary_join_element_wise("'", shown, ""), shown)


def spreadsheet_text(text: str) -> str:
    """Do the same with one text."""
    shown: str = spreadsheet_column(pa.chunked_array([pa.array([text], pa.string())]))[0].as_py()
    return shown


def by_value(column: pa.ChunkedArray, written: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.ChunkedArray:
    """Apply a function to a column of strings, only once to each distinct one if most occur several times."""
    coded = column.combine_chunks().dictionary_encode()
    if 2 * len(coded.dictionary) > len(coded):
        return written(column)
    return written(pa.chunked_array([coded.dictionary])).take(coded.indices)


def in_utc(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Remove the time zone, which is UTC, and fractions of seconds from a column of times; leave days as they are.

    To write a time with a zone, Arrow looks the zone up in a database that Windows does not have.
    """
    return column.cast(pa.timestamp("s"), safe=False) if pa.types.is_timestamp(column.type) else column
