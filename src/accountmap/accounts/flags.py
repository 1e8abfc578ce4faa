"""Reading columns that say yes or no: what is off limits, and which deals are registered."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.text import as_text, clean, count_true, drop_overlong

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
    """Tell which cells are one of the words; a blank is none."""
    return pc.is_in(pc.utf8_lower(cells), value_set=pa.array(sorted(words), pa.string()))


def read_off_limits(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read which accounts are off limits.

    A cell with words that are neither yes nor no counts as yes: such a column says why, and an account that is
    compared by mistake cannot be taken back.

    Returns:
        True or false, null where a cell is blank, and notes.
    """
    cells, _ = clean(as_text(column))
    flags = pc.if_else(pc.is_null(cells), pa.scalar(None, pa.bool_()), pc.invert(_is_one_of(cells, NO)))
    notes = []
    if off_limits := count_true(flags):
        notes.append(f"'{heading}': accounts that are off limits and take no part in any session: {off_limits}.")
    if reasons := count_true(pc.and_(pc.fill_null(flags, False), pc.invert(_is_one_of(cells, YES)))):
        notes.append(f"'{heading}': of these, cells that say neither yes nor no: {reasons}.")
    return flags, tuple(notes)


def read_registrations(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read the registered deals: ids, or whatever says that there is one; a cell that says no is blank.

    Returns:
        Text, null where there is none, and notes.
    """
    cells, _ = clean(as_text(column))
    registered = pc.if_else(_is_one_of(cells, NO), pa.scalar(None, pa.string()), cells)
    kept, overlong = drop_overlong(registered)
    dropped = count_true(overlong)
    return kept, (f"'{heading}': cells that are too long, left blank: {dropped}.",) if dropped else ()
