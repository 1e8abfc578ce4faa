"""Reading amounts of money as people and spreadsheets write them."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.cells import clean, count_true

_CURRENCY: Final = r"(?:[$€£¥￥\\₩₹₽₺₪฿₫₴₦₱円元원]|[A-Z]{1,3}[$€£]|[A-Z]{3}|kr\.?|zł|Kč|Ft|lei|Fr\.|Rs\.?)"
_AMOUNT: Final = re.compile(
    rf"(?!.*[-−].*[-−])(?P<open>\()?\s*(?P<minus>[-−])?\s*{_CURRENCY}?\s*(?P<minus2>[-−])?"
    rf"(?P<digits>\d[\d.,'’ \u00a0\u202f]*)(?P<minus3>[-−])?\s*{_CURRENCY}?\s*(?P<close>\))?"
)
"""Sign, currency and digits; a minus sign may stand before or after, or parentheses instead.

A backslash is the yen sign of Shift-JIS, which has it in that place (JIS X 0201).
"""

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
    """Return whether parts between marks are groups of thousands, or of lakh and crore as in India."""
    return 1 <= len(parts[0]) <= 3 and len(parts[-1]) == 3 and all(len(part) in (2, 3) for part in parts[1:-1])


def _is_negative(match: re.Match[str]) -> bool:
    return bool(match["minus"] or match["minus2"] or match["minus3"] or (match["open"] and match["close"]))


@dataclass(frozen=True)
class _Parsed:
    """Different cells of a column, read.

    Attributes:
        amounts: one a cell, None where it is no amount.
        doubtful: whether the cell may be read in another way too.
        mark: the decimal mark that most cells show, or None.
    """

    amounts: list[float | None]
    doubtful: list[bool]
    mark: str | None


def _parse(cells: list[str]) -> _Parsed:
    matches = [_AMOUNT.fullmatch(cell) for cell in cells]
    numbers = [_SPACES.sub("", match["digits"]) if match else "" for match in matches]
    marks = [_decimal_mark(number) for number in numbers]
    shown = Counter(mark for mark in marks if mark)
    usual = shown.most_common(1)[0][0] if shown else None
    amounts: list[float | None] = []
    doubtful = []
    for match, number, mark in zip(matches, numbers, marks, strict=True):
        thousands = "." if "," in number else ","
        value = _to_number(number, mark or usual or thousands) if match else None
        unsure = mark is None and value is not None and ("." in number or "," in number)
        doubtful.append(unsure and (usual is None or usual in number or len(shown) > 1))
        amounts.append(-value if match and value and _is_negative(match) else value)
    return _Parsed(amounts, doubtful, usual)


def _read_text(cells: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read cleaned text, each different cell once."""
    different = cells.drop_null().unique()
    parsed = _parse(different.to_pylist())
    at = pc.index_in(cells, value_set=different)
    amounts = pa.array(parsed.amounts, pa.float64()).take(at)
    doubtful = count_true(pa.array(parsed.doubtful, pa.bool_()).take(at))
    notes = []
    if doubtful:
        how = "as thousands" if parsed.mark is None else f"with the decimal mark '{parsed.mark}'"
        notes.append(
            f"'{heading}': amounts that may be read in two ways, like 1.234 or 1,234, read {how}: {doubtful}."
        )
    if unread := amounts.null_count - cells.null_count:
        notes.append(f"'{heading}': cells that are no amounts, left blank: {unread:,}.")
    return amounts, tuple(notes)


def read_amounts(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of amounts such as "$1,234.56", "1.234,56 €", "1 234,56", "(500)", or of numbers.

    An amount that shows its decimal mark is read by it. One that may be read in two ways, such as "1.234", is
    read by the mark that most of the column shows; if none is shown, as thousands, which is how amounts without
    cents are written. Numbers are taken as they are.

    Returns:
        The amounts, null where a cell is blank or no amount, and notes.
    """
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_finite(numbers), numbers, None), ()
    return _read_text(clean(column)[0], heading)
