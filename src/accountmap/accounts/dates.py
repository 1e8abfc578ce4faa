"""Reading dates as CRMs, spreadsheets and people write them."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.cells import as_text, clean, count_true
from accountmap.accounts.headings import fold

_TIME: Final = r"(?:[T,]?\s*\d{1,2}[:.]\d{2}.*)?"
"""A time of day and what follows it. They are not read: the date counts as written, in its own time zone."""

_YEAR_FIRST: Final = re.compile(
    rf"(?:(\d{{4}})(\d{{2}})(\d{{2}})|(\d{{4}})([-/.])\s?(\d{{1,2}})\s?\5\s?(\d{{1,2}})\.?|(\d{{4}})[年년]\s?(\d{{1,2}})[月월]\s?(\d{{1,2}})[日일]){_TIME}"
)
_THREE_NUMBERS: Final = re.compile(rf"(\d{{1,2}})\s?([-/.])\s?(\d{{1,2}})\s?\2\s?(\d{{4}}|\d{{2}}){_TIME}")
_MONTH_SECOND: Final = re.compile(
    rf"(\d{{1,2}})(?:st|nd|rd|th|\.|er)?[- ](?:de )?([^\W\d]+)\.?,?[- ](?:de )?(\d{{4}}){_TIME}"
)
_MONTH_FIRST: Final = re.compile(rf"([^\W\d]+)\.? (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}}){_TIME}")
_SERIAL: Final = re.compile(r"(\d{5})(?:\.\d+)?")

_MONTHS: Final = tuple(
    tuple(names.split())
    for names in (
        "january jan januar janner janvier janv enero ene",
        "february feb februar fevrier fevr febrero",
        "march mar marz mrz mars marzo",
        "april apr avril avr abril abr",
        "may mai mayo",
        "june jun juni juin junio",
        "july jul juli juillet juil julio",
        "august aug aout agosto ago",
        "september sep sept septembre septiembre",
        "october oct oktober okt octobre octubre",
        "november nov novembre noviembre",
        "december dec dezember dez decembre diciembre dic",
    )
)
"""Names of months in English, German, French and Spanish, folded."""

_MONTH: Final = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}

_EXCEL_DAY_ZERO: Final = date(1899, 12, 30)
"""Day 0 of spreadsheets, as far as they agree: from March 1900 on (ECMA-376, part 1, 18.17.4)."""

_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2100
"""Outside these years, a cell is a typing error or not a date."""


@dataclass(frozen=True)
class _Either:
    """Two numbers, of which one is the day and one the month, and a year."""

    first: int
    second: int
    year: int


def _to_date(year: int, month: int, day: int) -> date | None:
    """Make a date, or None if there is no such day or the year is out of bounds."""
    try:
        found = date(year, month, day)
    except ValueError:
        return None
    return found if _FIRST_YEAR <= year <= _LAST_YEAR else None


def _of_numbers(cell: str) -> date | _Either | None:
    if match := _YEAR_FIRST.fullmatch(cell):
        year, month, day = (int(part) for part in match.group(1, 2, 3, 4, 6, 7, 8, 9, 10) if part)
        return _to_date(year, month, day)
    if match := _THREE_NUMBERS.fullmatch(cell):
        year = int(match[4]) + (2000 if len(match[4]) == 2 else 0)
        if match[2] == ".":  # always written with the day first
            return _to_date(year, int(match[3]), int(match[1]))
        return _Either(int(match[1]), int(match[3]), year)
    if match := _SERIAL.fullmatch(cell):
        found = _EXCEL_DAY_ZERO + timedelta(int(match[1]))
        return _to_date(found.year, found.month, found.day)
    return None


def _with_a_month(cell: str) -> date | None:
    if match := _MONTH_SECOND.fullmatch(cell):
        return _to_date(int(match[3]), _MONTH.get(fold(match[2]), 0), int(match[1]))
    if match := _MONTH_FIRST.fullmatch(cell):
        return _to_date(int(match[3]), _MONTH.get(fold(match[1]), 0), int(match[2]))
    return None


def _parse(cell: str) -> date | _Either | None:
    """Read a cell as far as that is possible without its column."""
    return _of_numbers(cell) or _with_a_month(cell)


def _day_comes_first(cells: list[_Either]) -> bool | None:
    """Return the order of the cells that have only one, or None if there are none or they disagree."""
    day_first = any(cell.first > 12 for cell in cells)
    month_first = any(cell.second > 12 for cell in cells)
    return day_first if day_first != month_first else None


def _readings(cell: date | _Either | None, day_first: bool | None) -> set[date]:
    """Return the dates that a cell may mean, given the order of its column, or None if either is possible."""
    if not isinstance(cell, _Either):
        return {cell} if cell else set()
    in_order = {
        True: _to_date(cell.year, cell.second, cell.first),
        False: _to_date(cell.year, cell.first, cell.second),
    }
    found = in_order.values() if day_first is None else [in_order[day_first]]
    return {each for each in found if each}


def read_dates(column: pa.ChunkedArray, heading: str) -> tuple[pa.ChunkedArray, tuple[str, ...]]:
    """Read a column of dates: ISO 8601, D.M.Y, D/M/Y, M/D/Y, with names of months, or numbers as in a spreadsheet.

    Which of the two numbers in 03/04/2026 is the day follows from a cell of the column in which one of them is
    over 12. If there is none, or such cells disagree, cells that may mean two dates are left blank.

    Returns:
        Dates, null where a cell is blank or not a date, and notes.
    """
    cells, _ = clean(as_text(column))
    different = cells.drop_null().unique()
    parsed = [_parse(cell) for cell in different.to_pylist()]
    day_first = _day_comes_first([cell for cell in parsed if isinstance(cell, _Either)])
    readings = [_readings(cell, day_first) for cell in parsed]
    at = pc.index_in(cells, value_set=different)
    read = [each.pop() if len(each) == 1 else None for each in readings]
    dates = pa.array(read, pa.date32()).take(at)
    doubtful = count_true(pa.array([len(each) > 1 for each in readings], pa.bool_()).take(at))
    notes = []
    if doubtful:
        notes.append(
            f"'{heading}': dates left blank, because the column does not show whether the day or the month comes "
            f"first: {doubtful:,}. Export them as 2026-03-31."
        )
    if unread := dates.null_count - cells.null_count - doubtful:
        notes.append(f"'{heading}': cells that are not dates, left blank: {unread:,}.")
    return dates, tuple(notes)
