"""What spreadsheets and exports add to a list: rows that are not accounts, and wrapped cells."""

import html
import re
import tomllib
from importlib.resources import files
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.cells import YES, as_text, clean, count_true, has_bytes
from accountmap.accounts.raw_table import RawList

Mask = npt.NDArray[np.bool_]

_FORMULA: Final = r'^\s*=\s*"((?:[^"]|"")*)"\s*$'
_APOSTROPHE: Final = r"^'([^'].*)$"
_GUARDED: Final = r"^'[=+\-@0-9]"
"""An apostrophe that keeps a spreadsheet from computing a formula or dropping zeros."""

_OWN_APOSTROPHE: Final = r"^'[a-zA-Z]\b"
"""An apostrophe that belongs to a name: 't Hart, 's-Hertogenbosch."""


def _are(column: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(column, pattern), False)


def unwrap(raw: RawList) -> RawList:
    """Remove from cells what people put around them to keep zeros: ="00123" and '00123 become 00123.

    An apostrophe is removed where it guards a number or a formula, and where half of a column's filled cells have
    it.
    """
    columns, formulas, apostrophes = {}, 0, 0
    for name in raw.table.column_names:
        column = raw.table[name]
        if pa.types.is_string(column.type):
            column, of_formulas = _unwrap_formulas(column)
            column, of_apostrophes = _drop_apostrophes(column)
            formulas, apostrophes = formulas + of_formulas, apostrophes + of_apostrophes
        columns[name] = column
    notes = []
    if formulas:
        notes.append(f'Cells written as ="...", of which only the text was read: {formulas:,}.')
    if apostrophes:
        notes.append(f"Cells with an apostrophe in front, which was removed: {apostrophes:,}.")
    if not notes:
        return raw
    return RawList(pa.table(columns), raw.rows, (*raw.notes, *notes), raw.sheets, raw.remarks)


def _unwrap_formulas(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    if not has_bytes(column, b"=") or not (count := count_true(wrapped := _are(column, _FORMULA))):
        return column, 0
    inner = pc.replace_substring(pc.replace_substring_regex(column, _FORMULA, r"\1"), '""', '"')
    return pc.if_else(wrapped, inner, column), count


def _drop_apostrophes(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    if not has_bytes(column, b"'"):
        return column, 0
    begun = pc.and_(_are(column, _APOSTROPHE), pc.invert(_are(column, _OWN_APOSTROPHE)))
    if not (count := count_true(begun)):
        return column, 0
    filled = count_true(pc.fill_null(pc.not_equal(column, ""), False))
    dropped = begun if 2 * count >= filled else pc.and_(begun, _are(column, _GUARDED))
    return pc.if_else(dropped, pc.utf8_slice_codeunits(column, 1), column), count_true(dropped)


def _filled(raw: RawList) -> npt.NDArray[np.int64]:
    """Count the filled cells of each row."""
    counts = np.zeros(raw.table.num_rows, np.int64)
    for column in raw.table.columns:
        cells = pc.is_valid(column)
        if pa.types.is_string(column.type):
            cells = pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False)
        counts += cells.to_numpy().astype(np.int64)
    return counts


_NUMBERED: Final = re.compile(r" \(\d+\)$")
_LEAST_EQUAL: Final = 0.8
"""The share of a row's filled cells that must repeat headings; somebody may have renamed one."""


def drop_repeated_headings(raw: RawList) -> RawList:
    """Leave out rows that repeat the headings, as in lists pasted together, and a title right above such a row."""
    equal = np.zeros(raw.table.num_rows, np.int64)
    for name in raw.table.column_names:
        column = raw.table[name]
        if pa.types.is_string(column.type):
            cells = pc.utf8_lower(pc.utf8_trim_whitespace(column))
            same = pc.equal(cells, _NUMBERED.sub("", name).strip().lower())
            equal += pc.fill_null(same, False).to_numpy().astype(np.int64)
    if not equal.any():
        return raw
    filled = _filled(raw)
    enough = (equal >= 2) | ((equal == 1) & (raw.table.num_columns == 1))
    repeated: Mask = enough & (equal >= _LEAST_EQUAL * filled)
    title = (filled == 1) & np.append(repeated[1:], False) & (raw.table.num_columns > 1)
    if not repeated.any():
        return raw
    notes = [f"Rows that repeat the headings, left out: {repeated.sum():,}."]
    if title.any():
        notes.append(f"Titles above such rows, left out: {title.sum():,}.")
    return raw.filter(~(repeated | title), *notes)


_WORDS: Final[dict[str, list[str]]] = tomllib.loads(
    files("accountmap.accounts").joinpath("row_words.toml").read_text("utf-8")
)
_NO_WORD: Final = r"[\s\d.:;,()\[\]#*=_–—-]"
_TOTAL: Final = (
    rf"^{_NO_WORD}*(?:{'|'.join(_WORDS['total'])})"
    rf"(?:{_NO_WORD}|records?|rows?|accounts?|datensätze|zeilen|enregistrements|registros)*$"
)
"""How a row of totals begins, in the languages of spreadsheets and CRMs, in lower case."""

_LOOKED_AT: Final = 3
"""How many columns from the left are searched for the word for total, besides that of the names."""

_LAST_ROWS: Final = 3
"""How many rows at the end need only the word for total; further up there must be numbers beside it."""

_IDENTIFYING: Final = (
    "account_id",
    "domain",
    "website",
    "email",
    "phone",
    "country",
    "city",
    "lei",
    "vat",
    "duns",
)
_SOME_NUMBER: Final = re.compile(r"[^A-Za-z]*\d[^A-Za-z]*(?:[A-Za-z]{1,3}\.?)?")


def drop_totals(raw: RawList, source: dict[str, str]) -> RawList:
    """Leave out rows of totals: a word for total and otherwise only numbers, none of which identifies a company.

    Args:
        source: column of the account list -> heading.
    """
    headings = dict.fromkeys(
        [*([source["name"]] if "name" in source else []), *raw.table.column_names[:_LOOKED_AT]]
    )
    candidates = np.zeros(raw.table.num_rows, bool)
    for heading in headings:
        if pa.types.is_string(raw.table[heading].type):
            lower = pc.utf8_lower(raw.table[heading])
            candidates |= _are(lower, _TOTAL).to_numpy()
    identifying = {source[column] for column in _IDENTIFYING if column in source}
    last = raw.table.num_rows - _LAST_ROWS
    totals = candidates.copy()
    for at in np.flatnonzero(candidates):
        (row,) = raw.table.slice(int(at), 1).to_pylist()
        numbers = _numbers_beside_total(row, identifying)
        totals[at] = numbers is not None and (numbers > 0 or at >= last)
    if not totals.any():
        return raw
    return raw.filter(~totals, f"Rows of totals, which are not accounts, left out: {totals.sum():,}.")


def _numbers_beside_total(row: dict[str, str | float | None], identifying: set[str]) -> int | None:
    """Count the cells with numbers; return None if there is a cell that a row of totals would not have."""
    numbers = 0
    for heading, cell in row.items():
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            continue
        if isinstance(cell, str) and re.match(_TOTAL, cell.lower()):
            continue
        is_number = not isinstance(cell, str) or _SOME_NUMBER.fullmatch(cell.strip())
        if not is_number or heading in identifying:
            return None
        numbers += 1
    return numbers


_PERSON: Final = f"^(?:{'|'.join([*_WORDS['person'], *sorted(YES)])})$"


def marked_persons(raw: RawList, heading: str) -> Mask:
    """Return which rows a column marks as private persons, by a word for yes or the name of a record type."""
    cells, _ = clean(as_text(raw.table[heading]))
    found: Mask = _are(pc.utf8_lower(cells), _PERSON).to_numpy()
    return found


_ENTITY: Final = r"&(?:#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5}|[A-Za-z]{2,8}[0-9]{0,2});"
_MOST_TIMES: Final = 3
"""How many times text may have been encoded to be decoded still: &amp;amp;amp;."""


def decode_entities(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Decode the HTML entities in text, including those encoded several times: `&amp;auml;` is ä.

    Returns:
        The column, and how many cells had some.
    """
    if not has_bytes(column, b"&") or not (count := count_true(encoded := _are(column, _ENTITY))):
        return column, 0
    different = column.filter(encoded).unique()
    decoded = pa.array([_decode(cell) for cell in different.to_pylist()], pa.string())
    at = pc.index_in(column, value_set=different)
    return pc.coalesce(decoded.take(at), column), count


def _decode(text: str) -> str:
    for _ in range(_MOST_TIMES):
        if (decoded := html.unescape(text)) == text:
            break
        text = decoded
    return text
