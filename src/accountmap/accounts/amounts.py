"""Reading amounts of money as people and spreadsheets write them."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.text import as_text, clean

_CURRENCY: Final = r"(?:[$€£¥₩₹₽₺₪฿₫₴₦₱]|[A-Z]{1,3}[$€£]|[A-Z]{3}|kr\.?|zł|Kč|Ft|lei|Fr\.|Rs\.?)"
_AMOUNT: Final = re.compile(
    rf"(?!.*[-−].*[-−])(?P<open>\()?\s*(?P<minus>[-−])?\s*{_CURRENCY}?\s*(?P<minus2>[-−])?"
    rf"(?P<digits>\d[\d.,'’ \u00a0\u202f]*)(?P<minus3>[-−])?\s*{_CURRENCY}?\s*(?P<close>\))?"
)
"""Sign, currency and digits; a minus sign may stand before or after, or parentheses instead."""

_SPACES: Final = re.compile(r"['’ \u00a0\u202f]")
_GROUPS: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+")


def _decimal_mark(digits: str) -> str | None:
    """Tell which of "." and "," is the decimal mark in a number, or None if it may be either or has none."""
    last = max(digits.rfind("."), digits.rfind(","))
    mark = digits[last] if last >= 0 else ""
    other = {".": ",", ",": "."}.get(mark, "")
    if not mark:
        return None
    if other in digits:
        return mark if digits.count(mark) == 1 else None
    if digits.count(mark) > 1:
        return other
    return None if _GROUPS.fullmatch(digits) and digits[0] != "0" else mark


def _to_number(digits: str, mark: str) -> float | None:
    """Read digits with a known decimal mark, or return None if their grouping is not one of thousands."""
    grouping = "," if mark == "." else "."
    whole, _, fraction = digits.partition(mark)
    parts = whole.split(grouping)
    well_grouped = len(parts) == 1 or _is_grouped(parts)
    if not well_grouped or (fraction and not fraction.isdigit()):
        return None
    return float(f"{''.join(parts)}.{fraction or 0}")


def _is_grouped(parts: list[str]) -> bool:
    """Tell whether parts between marks are groups of thousands, or of lakh and crore as in India."""
    return 1 <= len(parts[0]) <= 3 and len(parts[-1]) == 3 and all(len(part) in (2, 3) for part in parts[1:-1])


def _column_mark(digits: Iterable[str]) -> tuple[str | None, bool]:
    """Tell which decimal mark a column uses.

    Returns:
        The mark of the numbers that show one, the more frequent if both occur; and whether only one occurs.
    """
    marks = Counter(mark for each in digits if (mark := _decimal_mark(each)))
    common = marks.most_common(1)
    return (common[0][0] if common else None), len(marks) <= 1


def parse_amounts(cells: list[str | None], heading: str) -> tuple[list[float | None], tuple[str, ...]]:
    """Read amounts such as "$1,234.56", "1.234,56 €", "1 234,56", "(500)".

    A number that shows its decimal mark is read by it. One that may be read in two ways, such as "1.234", is
    read by the mark of the rest of the column; if the rest shows none, as thousands, which is how amounts
    without cents are written.

    Returns:
        The amounts, null where a cell is blank or no amount, and notes.
    """
    parsed = [_AMOUNT.fullmatch(cell) if cell is not None else None for cell in cells]
    digits = [_SPACES.sub("", match["digits"]) if match else "" for match in parsed]
    column_mark, one_mark = _column_mark(digits)
    amounts: list[float | None] = []
    guessed = 0
    for match, number in zip(parsed, digits, strict=True):
        own_mark = _decimal_mark(number)
        unsure = own_mark is None and ("." in number or "," in number)
        thousands = "." if "," in number else ","
        value = _to_number(number, own_mark or (column_mark if column_mark else thousands)) if match else None
        guessed += value is not None and unsure and (column_mark is None or column_mark in number or not one_mark)
        amounts.append(-value if match and value and _is_negative(match) else value)
    notes = []
    if guessed:
        how = "as thousands" if column_mark is None else f"with the decimal mark '{column_mark}'"
        notes.append(f"'{heading}': {guessed} amounts like 1.234 or 1,234 may be read in two ways; read {how}.")
    unread = sum(cell is not None and amount is None for cell, amount in zip(cells, amounts, strict=True))
    if unread:
        notes.append(f"'{heading}': {unread} cells are no amounts and were left blank.")
    return amounts, tuple(notes)


def _is_negative(match: re.Match[str]) -> bool:
    return bool(match["minus"] or match["minus2"] or match["minus3"] or (match["open"] and match["close"]))


def read_amounts(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of amounts; numbers are taken as they are, text is parsed."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_finite(numbers), numbers, None), ()
    cells, _ = clean(as_text(column))
    amounts, notes = parse_amounts(cells.to_pylist(), heading)
    return pa.chunked_array([amounts], pa.float64()), notes
