"""Reading workbooks, XLSX and ODS: which sheets contain the list, and their rows."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from accountmap.accounts.raw_table import (
    HEADER_SEARCH_ROWS,
    TAKE,
    CountKnown,
    RawList,
    distinct_headings,
    find_header,
    heading_notes,
)
from accountmap.accounts.schema import Remark
from accountmap.accounts.workbook_parts import AS_CSV, Hidden, examine
from accountmap.errors import InputError

ALL_SHEETS: Final = "all"
"""Asks for every visible sheet with the same headings."""

_Cell = int | float | str | bool | dt.date | dt.time | dt.timedelta


def _cell_text(cell: _Cell) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return str(cell)


def _to_array(cells: Sequence[_Cell]) -> pa.Array:
    """Make a column: numbers if all its cells are numbers, else text; an empty cell is null."""
    numbers = [
        float(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else None for cell in cells
    ]
    if numbers.count(None) == sum(cell == "" for cell in cells) < len(cells):
        return pa.array(numbers, pa.float64())
    return pa.array([None if cell == "" else _cell_text(cell) for cell in cells], pa.string())


@dataclass(frozen=True)
class _Sheet:
    """A sheet whose headings were found.

    Attributes:
        sheet: the reader's sheet.
        first: its first rows, as text.
        header: which of them has the headings, or None if all are blank.
        known: how many of these headings the program knows.
        visible: whether it is shown.
    """

    sheet: CalamineSheet
    first: list[list[str]]
    header: int | None
    known: int
    visible: bool

    @classmethod
    def of(cls, sheet: CalamineSheet, count_known: CountKnown, *, visible: bool) -> "_Sheet":
        rows = sheet.to_python(skip_empty_area=False, nrows=HEADER_SEARCH_ROWS)
        first = [[_cell_text(cell).strip() for cell in row] for row in rows]
        header = find_header(first, count_known)
        return cls(sheet, first, header, -1 if header is None else count_known(first[header]), visible)

    @property
    def name(self) -> str:
        return self.sheet.name

    @property
    def headings(self) -> list[str]:
        return [] if self.header is None else self.first[self.header]

    def looks_like(self, other: "_Sheet") -> bool:
        """Return whether both have the same headings, in any order."""
        own, others = ({each.casefold() for each in sheet.headings if each} for sheet in (self, other))
        return own == others and self.known > 0

    def filled_rows(self) -> int:
        """Count the rows below the headings that have a cell."""
        top = 0 if self.header is None else self.header + 1
        return sum(
            any(cell != "" for cell in cells) for cells in self.sheet.to_python(skip_empty_area=False)[top:]
        )


def _sheets(workbook: CalamineWorkbook, count_known: CountKnown) -> list[_Sheet]:
    """List the sheets with cells: no charts, no macros."""
    return [
        _Sheet.of(
            workbook.get_sheet_by_name(each.name), count_known, visible=each.visible == SheetVisibleEnum.Visible
        )
        for each in workbook.sheets_metadata
        if each.typ == SheetTypeEnum.WorkSheet
    ]


def _choose(sheets: list[_Sheet], wanted: Sequence[str]) -> list[_Sheet]:
    """Choose the sheets that were asked for, or else the visible one with the most known headings.

    Raises:
        InputError: there is no such sheet, or none at all.
    """
    if not sheets:
        raise InputError("The workbook has no sheet with cells.", AS_CSV)
    shown = [sheet for sheet in sheets if sheet.visible] or sheets
    best = max(shown, key=lambda sheet: sheet.known)
    by_name = {sheet.name: sheet for sheet in sheets}
    if not wanted:
        return [best]
    if list(wanted) == [ALL_SHEETS] and ALL_SHEETS not in by_name:
        return [sheet for sheet in shown if sheet.looks_like(best)] or [best]
    for name in wanted:
        if name not in by_name:
            names = ", ".join(f"'{each}'" for each in by_name)
            raise InputError(f"The workbook has no sheet '{name}'.", f"Its sheets are: {names}.")
    return [by_name[name] for name in dict.fromkeys(wanted)]


def _to_raw(sheet: _Sheet, hidden: Hidden, hidden_rows: str | None) -> RawList:
    """Read one sheet.

    Raises:
        InputError: it is empty, or it has hidden rows and nobody said what to do with them.
    """
    if sheet.header is None:
        raise InputError(f"The sheet '{sheet.name}' is empty.", "Name the sheet with the accounts: --sheet.")
    top = sheet.header + 1
    body = sheet.sheet.to_python(skip_empty_area=False)[top:]
    filled = [at for at, cells in enumerate(body) if any(cell != "" for cell in cells)]
    concealed = {at for at in filled if at + top + 1 in hidden.rows}
    notes = list(_hidden_notes(sheet, hidden, len(concealed), len(filled), hidden_rows))
    rows = np.array([at for at in filled if hidden_rows == TAKE or at not in concealed], np.int64)
    names, repeated = distinct_headings(sheet.headings)
    arrays = [_to_array([body[at][column] for at in rows]) for column in range(len(names))]
    kept = [at for at, array in enumerate(arrays) if sheet.headings[at] or array.null_count < len(array)]
    table = pa.table([arrays[at] for at in kept], names=[names[at] for at in kept])
    return RawList(table, rows + top + 1, (*notes, *heading_notes(repeated)))


def _hidden_notes(
    sheet: _Sheet, hidden: Hidden, concealed: int, filled: int, hidden_rows: str | None
) -> Iterable[str]:
    """Say what is hidden; if rows are, stop until the user has chosen."""
    if concealed and hidden_rows is None:
        raise InputError(
            f"{concealed:,} of {filled:,} rows of the sheet '{sheet.name}' are hidden, by a filter or by hand.",
            "Leave them out with --hidden-rows leave, or read them with --hidden-rows take.",
        )
    if concealed:
        what = "read too" if hidden_rows == TAKE else "left out"
        yield f"Hidden rows of the sheet '{sheet.name}', which were {what}: {concealed:,}."
    columns = [name for at, name in enumerate(sheet.headings, start=1) if name and at in hidden.columns]
    if columns:
        quoted = ", ".join(f"'{name}'" for name in columns)
        yield f"Hidden columns of the sheet '{sheet.name}', which were read too: {quoted}."


def _others(sheets: list[_Sheet], chosen: list[_Sheet]) -> Iterable[Remark]:
    """Name the sheets that look like the list but were not read."""
    for sheet in sheets:
        if sheet not in chosen and sheet.looks_like(chosen[0]) and (rows := sheet.filled_rows()):
            shown = "sheet" if sheet.visible else "hidden sheet"
            named = " ".join(f"--sheet '{each.name}'" for each in (*chosen, sheet))
            yield Remark(
                "other_sheet",
                f"Rows of the {shown} '{sheet.name}', which has the same headings and was not read.",
                f"Read both, if they are accounts too: {named}.",
                rows,
            )


def read_excel(
    path: Path, count_known: CountKnown, sheets: Sequence[str] = (), hidden_rows: str | None = None
) -> RawList:
    """Read one sheet or several of a workbook.

    A cell with a number loses leading zeros that only its format shows; ids such as 00123 must be stored as text.

    Args:
        path: the workbook.
        count_known: counts the cells of a row that are known headings.
        sheets: names of sheets, or ALL_SHEETS; by default the one that looks most like a list.
        hidden_rows: TAKE or LEAVE; None refuses a sheet that has hidden rows.

    Raises:
        InputError: the workbook is damaged, too large or protected, has no such sheet, or rows are hidden.
    """
    hidden = examine(path)
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            found = _sheets(workbook, count_known)
            chosen = _choose(found, sheets)
            parts = [_to_raw(sheet, hidden.get(sheet.name, Hidden()), hidden_rows) for sheet in chosen]
            others = () if sheets else tuple(_others(found, chosen))
    except PasswordError:
        raise InputError("The workbook is protected by a password.", "Save a copy without a password.") from None
    except CalamineError as error:
        raise InputError(f"The workbook cannot be read ({type(error).__name__}).", AS_CSV) from None
    names = [sheet.name for sheet in chosen]
    raw = RawList.of_sheets(names, parts) if len(parts) > 1 else parts[0]
    quoted = ", ".join(f"'{name}'" for name in names)
    one = "sheet" if len(names) == 1 else "sheets"
    notes = (f"The accounts were read from the {one} {quoted}.",) if len(found) > 1 else ()
    return RawList(raw.table, raw.rows, (*notes, *raw.notes), raw.sheets, others)
