"""XLSX workbooks as CRMs and people write them; bombs, damaged and protected files are refused."""

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from accountmap.accounts import workbook_parts
from accountmap.accounts.read import read_accounts
from accountmap.errors import InputError

Rows = list[list[object]]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes sheets, name=rows, to a workbook."""

    def write_sheets(**sheets: Rows) -> Path:
        workbook = openpyxl.Workbook()
        del workbook[workbook.sheetnames[0]]
        for name, rows in sheets.items():
            sheet = workbook.create_sheet(name)
            for row in rows:
                sheet.append(row)
        path = tmp_path / "list.xlsx"
        workbook.save(path)
        return path

    return write_sheets


def test_cells_of_all_types(write: Write) -> None:
    day = dt.datetime(2026, 3, 1)
    accounts = read_accounts(
        write(
            List=[
                ["Account ID", "Account Name", "Annual Revenue", "Employees", "Since", "Key"],
                ["00123", "Acme", 1234.5, 51, day, True],
                [1e15, 3, "1.234,56", "51-200", None, False],
            ]
        )
    )
    wanted = ["account_id", "name", "amount", "employees"]
    assert accounts.table.select(wanted).to_pylist() == [
        {"account_id": "00123", "name": "Acme", "amount": 1234.5, "employees": 51},
        {"account_id": "1000000000000000", "name": "3", "amount": 1234.56, "employees": 51},
    ]
    assert accounts.extras.to_pydict() == {"Since": ["2026-03-01", None], "Key": ["true", "false"]}


def test_titles_blank_rows_and_blank_columns_are_passed_over(write: Write) -> None:
    path = write(List=[["Our accounts"], [], [None, "Name", "City"], [None, "Acme", "Rome"], [], [None, "Globex"]])
    accounts = read_accounts(path)
    assert accounts.table["name"].to_pylist() == ["Acme", "Globex"]
    assert accounts.table["account_id"].to_pylist() == ["row-4", "row-6"]
    assert accounts.extras.column_names == []


def test_the_sheet_with_the_headings_is_found_and_noted(write: Write) -> None:
    accounts = read_accounts(write(Notes=[["Read me"]], Accounts=[["Name"], ["Acme"]], Empty=[]))
    assert accounts.table["name"].to_pylist() == ["Acme"]
    assert accounts.notes[0] == "The accounts were read from the sheet 'Accounts'."


def test_the_sheet_asked_for_is_read(write: Write) -> None:
    path = write(One=[["Name"], ["Acme"]], Two=[["Name"], ["Globex"]])
    assert read_accounts(path, sheet="Two").table["name"].to_pylist() == ["Globex"]
    with pytest.raises(InputError, match="no sheet 'Three'") as caught:
        read_accounts(path, sheet="Three")
    assert "'One', 'Two'" in caught.value.hint


def test_charts_and_hidden_sheets_are_passed_over(write: Write) -> None:
    path = write(Hidden=[["Name", "City"], ["Globex", "Paris"]], Accounts=[["Name"], ["Acme"]])
    workbook = openpyxl.load_workbook(path)
    workbook["Hidden"].sheet_state = "veryHidden"
    workbook.create_chartsheet("Chart", 0)
    workbook.active = workbook["Accounts"]
    workbook.save(path)
    assert read_accounts(path).table["name"].to_pylist() == ["Acme"]


def test_an_empty_sheet_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match="sheet 'List' is empty"):
        read_accounts(write(List=[]))


def test_cells_far_apart_are_refused_before_they_fill_the_memory(write: Write) -> None:
    path = write(List=[["Name"], ["Acme"]])
    workbook = openpyxl.load_workbook(path)
    workbook["List"]["XFD1000000"] = "x"
    workbook.save(path)
    with pytest.raises(InputError, match="spans 1000000 rows and 16384 columns"):
        read_accounts(path)


def test_a_zip_bomb_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(List=[["Name"], *([["Acme" * 100]] * 2000)])
    monkeypatch.setattr(workbook_parts, "MOST_BYTES", 20_000)
    with pytest.raises(InputError, match="unpacks to more than"):
        read_accounts(path)


@pytest.mark.parametrize("cut", [100, 2000, -30])
def test_a_workbook_cut_off_is_refused(write: Write, cut: int) -> None:
    path = write(List=[["Name"], *([["Acme"]] * 500)])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError, match="damaged or cut off"):
        read_accounts(path)


def test_a_damaged_member_is_refused(write: Write) -> None:
    path = write(List=[["Name"], *([[f"Acme {number}"] for number in range(500)])])
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("xl/worksheets/sheet1.xml").header_offset + 200
    data[at : at + 8] = b"\0" * 8
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_accounts(path)


def test_xml_that_does_not_hold_is_refused(write: Write, tmp_path: Path) -> None:
    path, broken = write(List=[["Name"], ["Acme"]]), tmp_path / "broken.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            target.writestr(name, b"<worksheet><sheetData><row" if "sheet1" in name else source.read(name))
    with pytest.raises(InputError, match="cannot be read"):
        read_accounts(broken)
