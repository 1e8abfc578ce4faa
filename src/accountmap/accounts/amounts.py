"""Reading amounts of money as people and spreadsheets write them."""

import re
from collections import Counter
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


def _is_negative(match: re.Match[str]) -> bool:
    return bool(match["minus"] or match["minus2"] or match["minus3"] or (match["open"] and match["close"]))


def _notes(heading: str, doubtful: int, mark: str | None, unread: int) -> tuple[str, ...]:
    notes = []
    if doubtful:
        how = "as thousands" if mark is None else f"with the decimal mark '{mark}'"
        notes.append(
            f"'{heading}': amounts that may be read in two ways, like 1.234 or 1,234, read {how}: {doubtful}."
        )
    if unread:
        notes.append(f"'{heading}': cells that are no amounts, left blank: {unread}.")
    return tuple(notes)


def parse_amounts(cells: list[str | None], heading: str) -> tuple[list[float | None], tuple[str, ...]]:
    """Read amounts such as "$1,234.56", "1.234,56 €", "1 234,56", "(500)".

    A number that shows its decimal mark is read by it. One that may be read in two ways, such as "1.234", is
    read by the mark that most of the column shows; if none is shown, as thousands, which is how amounts without
    cents are written.

    Returns:
        The amounts, null where a cell is blank or no amount, and notes.
    """
    matches = [_AMOUNT.fullmatch(cell) if cell is not None else None for cell in cells]
    numbers = [_SPACES.sub("", match["digits"]) if match else "" for match in matches]
    marks = [_decimal_mark(number) if number else None for number in numbers]
    shown = Counter(mark for mark in marks if mark)
    usual = shown.most_common(1)[0][0] if shown else None
    amounts: list[float | None] = []
    doubtful = 0
    for match, number, mark in zip(matches, numbers, marks, strict=True):
        thousands = "." if "," in number else ","
        value = _to_number(number, mark or usual or thousands) if match else None
        unsure = mark is None and value is not None and ("." in number or "," in number)
        doubtful += unsure and (usual is None or usual in number or len(shown) > 1)
        amounts.append(-value if match and value and _is_negative(match) else value)
    unread = sum(cell is not None and amount is None for cell, amount in zip(cells, amounts, strict=True))
    return amounts, _notes(heading, doubtful, usual, unread)


def read_amounts(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of amounts; numbers are taken as they are, text is parsed."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False)
        return pc.if_else(pc.is_finite(numbers), numbers, None), ()
    cells, _ = clean(as_text(column))
    amounts, notes = parse_amounts(cells.to_pylist(), heading)
    return pa.chunked_array([amounts], pa.float64()), notes
