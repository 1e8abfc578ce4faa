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
from tests.accounts.conftest import rows_of

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
    wanted = ["account_id", "name", "annual_revenue", "employees"]
    assert accounts.table.select(wanted).to_pylist() == [
        {"account_id": "00123", "name": "Acme", "annual_revenue": 1234.5, "employees": 51},
        {"account_id": "1000000000000000", "name": "3", "annual_revenue": 1234.56, "employees": 51},
    ]
    assert accounts.extras.to_pydict() == {"Since": ["2026-03-01", None], "Key": ["true", "false"]}


def test_titles_blank_rows_and_blank_columns_are_passed_over(write: Write) -> None:
    path = write(List=[["Our accounts"], [], [None, "Name", "City"], [None, "Acme", "Rome"], [], [None, "Globex"]])
    accounts = read_accounts(path)
    assert accounts.table["name"].to_pylist() == ["Acme", "Globex"]
    assert rows_of(path) == ["4", "6"]
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


def hide(path: Path, sheet: str, *, rows: tuple[int, ...] = (), columns: tuple[str, ...] = ()) -> Path:
    """Hide rows and columns as a filter or a user does."""
    workbook = openpyxl.load_workbook(path)
    for row in rows:
        workbook[sheet].row_dimensions[row].hidden = True
    for column in columns:
        workbook[sheet].column_dimensions[column].hidden = True
    workbook.save(path)
    return path


FILTERED: Rows = [
    ["Title"],
    ["Name", "City", "Note"],
    ["Acme", "Rome", 1],
    ["Globex", "Paris", 2],
    ["Initech", None, 3],
]


def test_hidden_rows_stop_until_the_user_chooses(write: Write) -> None:
    path = hide(write(List=FILTERED), "List", rows=(4, 9))
    with pytest.raises(InputError, match="1 of 3 rows of the sheet 'List' are hidden") as caught:
        read_accounts(path)
    assert "--hidden-rows leave" in caught.value.hint
    left = read_accounts(path, hidden_rows="leave")
    assert left.table["name"].to_pylist() == ["Acme", "Initech"]
    assert rows_of(path, hidden_rows="leave") == ["3", "5"]
    assert "Hidden rows of the sheet 'List', which were left out: 1." in left.notes
    taken = read_accounts(path, hidden_rows="take")
    assert taken.table["name"].to_pylist() == ["Acme", "Globex", "Initech"]
    assert "Hidden rows of the sheet 'List', which were read too: 1." in taken.notes


def test_a_row_of_no_height_is_hidden(write: Write, tmp_path: Path) -> None:
    path, flat = write(List=FILTERED), tmp_path / "flat.xlsx"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(flat, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b'<row r="4"', b'<row r="4" ht="0" customHeight="1"'))
    with pytest.raises(InputError, match="1 of 3 rows"):
        read_accounts(flat)


def test_hidden_rows_above_and_below_the_list_do_not_matter(write: Write) -> None:
    assert len(read_accounts(hide(write(List=FILTERED), "List", rows=(1, 20)))) == 3


def test_hidden_columns_are_read_and_named(write: Write) -> None:
    accounts = read_accounts(hide(write(List=FILTERED), "List", columns=("B",)))
    assert accounts.table["city"].to_pylist() == ["Rome", "Paris", None]
    assert "Hidden columns of the sheet 'List', which were read too: 'City'." in accounts.notes


def test_another_sheet_with_the_same_headings_is_remarked_on(write: Write) -> None:
    path = write(
        Kunden=[["Firma", "Ort"], ["Acme", "Rom"]],
        Interessenten=[["Ort", "Firma"], ["Bern", "Globex"], ["Ulm", "Initech"]],
        Legend=[["Read me"]],
    )
    (remark,) = [each for each in read_accounts(path).remarks if each.kind == "other_sheet"]
    assert (remark.count, "'Interessenten'" in remark.what) == (2, True)
    assert "--sheet 'Kunden' --sheet 'Interessenten'" in remark.advice


@pytest.mark.parametrize("sheet", ["all", ["One", "Two"]])
def test_several_sheets_are_read_as_one_list(write: Write, sheet: str | list[str]) -> None:
    path = write(
        One=[["Name", "Employees"], ["Acme", 5]],
        Two=[["Employees", "Name"], ["51-200", "Globex"], [7, "Initech"]],
        Three=[["Name", "Remark"], ["Hooli", "x"]],
    )
    accounts = read_accounts(path, sheet=sheet)
    assert accounts.table.select(["name", "employees"]).to_pylist() == [
        {"name": "Acme", "employees": 5},
        {"name": "Globex", "employees": 51},
        {"name": "Initech", "employees": 7},
    ]
    assert rows_of(path, "One", "Two") == ["One-2", "Two-2", "Two-3"]
    assert accounts.notes[0] == "The accounts were read from the sheets 'One', 'Two'."
    assert not [each for each in accounts.remarks if each.kind == "other_sheet"]


def test_the_same_id_on_two_sheets_is_one_account(write: Write) -> None:
    head = ["Account ID", "Name", "Type"]
    path = write(One=[head, ["1", "Acme", "Prospect"]], Two=[head, ["1", "Acme", "Customer"]])
    assert read_accounts(path, sheet="all").table["segment"].to_pylist() == ["customer"]


def ods(path: Path, *rows: str, columns: str = "") -> Path:
    """Write an OpenDocument spreadsheet with one sheet."""
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body>'
        f'<office:spreadsheet><table:table table:name="Liste">{columns}{"".join(rows)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return path


def ods_row(*cells: str, attributes: str = "") -> str:
    texts = (
        f'<table:table-cell office:value-type="string"><text:p>{each}</text:p></table:table-cell>'
        for each in cells
    )
    return f"<table:table-row {attributes}>{''.join(texts)}</table:table-row>"


def test_an_opendocument_spreadsheet_is_read(tmp_path: Path) -> None:
    accounts = read_accounts(ods(tmp_path / "list.ods", ods_row("Firma", "Ort"), ods_row("Müller", "Köln")))
    assert accounts.table.select(["name", "city"]).to_pylist() == [{"name": "Müller", "city": "Köln"}]


def test_rows_hidden_in_an_opendocument_spreadsheet_stop_too(tmp_path: Path) -> None:
    path = ods(
        tmp_path / "list.ods",
        ods_row("Firma", "Ort"),
        ods_row("Acme", "Rom"),
        ods_row("Globex", "Bern", attributes='table:visibility="filter"'),
        ods_row("Initech", "Ulm", attributes='table:visibility="collapse"'),
        columns='<table:table-column/><table:table-column table:visibility="collapse"/>',
    )
    with pytest.raises(InputError, match="2 of 3 rows of the sheet 'Liste' are hidden"):
        read_accounts(path)
    accounts = read_accounts(path, hidden_rows="leave")
    assert accounts.table["name"].to_pylist() == ["Acme"]
    assert "Hidden columns of the sheet 'Liste', which were read too: 'Ort'." in accounts.notes


def test_rows_repeated_in_an_opendocument_spreadsheet_do_not_fill_the_memory(tmp_path: Path) -> None:
    bomb = ods_row("x", attributes='table:number-rows-repeated="1000000000"')
    with pytest.raises(InputError, match="spans 1000000001 rows"):
        read_accounts(ods(tmp_path / "list.ods", ods_row("Name"), bomb))


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("xl/workbook.bin", "binary format"),
        ("word/document.xml", "Word document"),
        ("Index/Document.iwa", "Apple Numbers"),
        ("list.csv", "not a workbook"),
    ],
)
def test_other_archives_are_refused_by_name(tmp_path: Path, member: str, message: str) -> None:
    path = tmp_path / "list"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "x")
    with pytest.raises(InputError, match=message) as caught:
        read_accounts(path)
    assert caught.value.hint
