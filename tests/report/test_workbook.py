"""report.xlsx: every view, cells of the right type, and nothing that runs."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from accountmap.account_map import ESTIMATE_SCHEMA, SHARED_COLUMNS, AccountMap, Qualifiers, build_map
from accountmap.account_map.qualification import LIKELIHOOD_SCHEMA
from accountmap.report.safe_text import visible
from accountmap.report.views import VIEWS
from accountmap.report.workbook import render_workbook
from tests.account_map.examples import account_list, one_account_map, prepared_list, session, two_months
from tests.report.hostile import HOSTILE

ONLY_WITH_SOMETHING_IN_THEM = ("estimates", "changes", "sessions", "qualification")

SHEETS = [
    "Summary",
    *(view.title for view in VIEWS if view.name not in ONLY_WITH_SOMETHING_IN_THEM),
    "What was revealed",
    "How to read",
]


def opened(content: bytes) -> dict[str, Worksheet]:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return {sheet.title: sheet for sheet in book.worksheets}


def rows(sheet: Worksheet) -> list[dict[object, object]]:
    heading, *others = sheet.iter_rows(values_only=True)
    return [dict(zip(heading, row, strict=True)) for row in others]


def example(size: int = 9) -> AccountMap:
    """Of each three accounts, the first two are shared, with their customers and with their prospects."""
    accounts = account_list(
        {"account_id": f"{i:05}", "name": f"Tern {i}", "segment": ("prospect", "customer", "customer")[i % 3]}
        | ({"amount": i * 1.5} if i else {})
        for i in range(size)
    )
    matches = [{"entity": i, "their_segment": ("customer", "prospect")[i % 3]} for i in range(size) if i % 3 < 2]
    return build_map(accounts, prepared_list(accounts), session(matches))


def test_each_view_has_its_sheet() -> None:
    sheets = opened(render_workbook(example()))
    assert list(sheets) == SHEETS
    assert {row["Your segment"] for row in rows(sheets["Their customers, your prospects"])} == {"prospect"}
    assert [row["Account ID"] for row in rows(sheets["Their customers, your prospects"])] == [
        "00006",
        "00003",
        "00000",
    ]
    assert len(rows(sheets["Accounts you share"])) == 6
    assert len(rows(sheets["Your accounts without a match"])) == 3


def test_estimates_have_the_day_on_which_they_were_made() -> None:
    made = datetime(2026, 2, 27, 23, 59, tzinfo=UTC)
    line = {
        "segment": "customer",
        "entities": 3000,
        "estimate": 1000,
        "at_least": 890,
        "at_most": 1110,
        "made": made,
    }
    account_map = replace(example(), estimates=pa.Table.from_pylist([line], schema=ESTIMATE_SCHEMA))
    (found,) = rows(opened(render_workbook(account_map))["Estimates before the reveal"])
    assert found["Estimated on"] == datetime(2026, 2, 27)
    assert 1000 in found.values()


def test_numbers_are_numbers_and_text_is_text() -> None:
    (first, *_) = rows(opened(render_workbook(example()))["Accounts you share"])
    assert (first["Account ID"], first["Open amount"]) == ("00006", 9)
    assert {row["Open amount"] for row in rows(opened(render_workbook(example()))["Accounts you share"])} >= {
        None,
        1.5,
    }


def test_headings_stay_in_view_and_filter() -> None:
    sheet = opened(render_workbook(example()))["Accounts you share"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:{openpyxl.utils.get_column_letter(sheet.max_column)}7"
    assert sheet.print_title_rows == "$1:$1"


def test_the_chart_shows_the_matrix() -> None:
    content = render_workbook(example())
    square = [[cell.value for cell in row] for row in opened(content)["Where you meet"]["A1:D4"]]
    assert square[0][1:] == ["Their customers", "Their opportunities", "Their prospects"]
    assert [row[1:] for row in square[1:]] == [[0, 0, 3], [0, 0, 0], [3, 0, 0]]
    chart = zipfile.ZipFile(io.BytesIO(content)).read("xl/charts/chart1.xml").decode()
    assert re.findall(r"<c:val><c:numRef><c:f>([^<]+)", chart) == [
        f"'Where you meet'!${column}$2:${column}$4" for column in "BCD"
    ]


def test_a_cell_that_was_not_revealed_says_so_and_is_not_blank() -> None:
    accounts = account_list([{"account_id": "1", "segment": "customer"}])
    cells: dict[str, Any] = {
        "named_cells": frozenset({("customer", "customer")}),
        "counted_cells": frozenset({("customer", "prospect")}),
    }
    content = render_workbook(build_map(accounts, prepared_list(accounts), session([], **cells)))
    sheet = opened(content)["Where you meet"]
    square = [[cell.value for cell in row] for row in sheet["B2:D4"]]
    assert square[0] == [0, "not compared", "only counted"]
    assert square[1] == square[2] == ["not compared"] * 3
    heading, *lines = sheet.iter_rows(min_row=6, max_row=15, values_only=True)
    at = heading.index("Companies")
    assert [line[at] for line in lines] == [0, "not compared", "only counted", *["not compared"] * 6]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    shown = dict.fromkeys(SHARED_COLUMNS, text)
    content = render_workbook(one_account_map(shown, name=text, owner_name=text, industry=text))
    (row,) = rows(opened(content)["Accounts you share"])
    assert {row["Account"], row["Owner"], row["Industry"], row["Their name"]} == {visible(text)}
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert not [name for name in archive.namelist() if "vba" in name.lower() or "externalLink" in name]
    for name in archive.namelist():
        if name.startswith("xl/worksheets/"):
            assert not re.search(rb"<f[ >]|<hyperlink", archive.read(name)), name


def test_a_shortened_sheet_says_so() -> None:
    sheets = opened(render_workbook(example(), sheet_rows=5))
    assert len(rows(sheets["Accounts you share"])) == 5
    text = [cell.value for (cell,) in sheets["Summary"].iter_rows()]
    assert "The sheet “Accounts you share” holds the first 5 of 6 rows; overlap.csv has all." in text


def test_a_history_has_its_sheets_and_chart() -> None:
    content = render_workbook(two_months("=1+1"))
    sheets = opened(content)
    assert [row["Account ID"] for row in rows(sheets["Since last time"])] == ["new", "moved", "gone"]
    assert [row["Day"] for row in rows(sheets["History"])] == ["2026-01-02", "2026-02-02"]
    chart = zipfile.ZipFile(io.BytesIO(content)).read("xl/charts/chart2.xml").decode()
    assert re.findall(r"<c:val><c:numRef><c:f>([^<]+)", chart) == ["History!$E$2:$E$3"]


def test_a_probability_looks_like_a_percentage() -> None:
    def judge(theirs: object) -> pa.Table:
        row = {"account_id": "1", "probability": 0.125, "reasons": "in DE (odds × 1.5)"}
        return pa.Table.from_pylist([row], LIKELIHOOD_SCHEMA)

    accounts = account_list([{"account_id": "1"}])
    matches = session([{"entity": 0, "their_segment": "customer"}])
    found = build_map(accounts, prepared_list(accounts), matches, qualifiers=Qualifiers(judge))
    heading, row = opened(render_workbook(found))["Likely to buy, and ideal"].iter_rows()
    cells = {name.value: cell for name, cell in zip(heading, row, strict=True)}
    chance = cells["Chance to buy, %"]
    assert (chance.value, chance.number_format) == (0.125, "0.0%")
    assert cells["What raises or lowers it"].value == "in DE (odds × 1.5)"


def test_an_empty_map_has_a_workbook() -> None:
    accounts = account_list([])
    sheets = opened(render_workbook(build_map(accounts, prepared_list(accounts), session([]))))
    assert list(sheets) == SHEETS


def test_days_amounts_and_points_look_like_what_they_are() -> None:
    content = render_workbook(one_account_map(amount=1234.5, last_activity=date(2026, 3, 1)))
    heading, row = opened(content)["Accounts you share"].iter_rows()
    cells = {name.value: cell for name, cell in zip(heading, row, strict=True)}
    assert cells["Last activity"].value == datetime(2026, 3, 1)
    assert cells["Last activity"].number_format == "yyyy-mm-dd"
    assert (cells["Open amount"].number_format, cells["Score"].number_format) == ("#,##0_)", "0.0_)")
    assert cells["Account ID"].number_format == "General"


@pytest.mark.parametrize("text", ["_x0041_", "a_x000D_b", "a & b < c > d", "  spaces  ", "\ufffe", "x" * 40_000])
def test_text_that_a_workbook_would_read_otherwise_is_read_back(text: str) -> None:
    (row,) = rows(opened(render_workbook(one_account_map(name=text)))["Accounts you share"])
    # openpyxl leaves it to its caller to read escaped characters back, as Excel does.
    assert unescape(str(row["Account"])) == text.replace("\ufffe", "\ufffd")[:16_383]


def test_rows_of_several_batches_are_whole() -> None:
    """Read with calamine, some ten times as fast as openpyxl."""
    result = example(12_000)
    book = CalamineWorkbook.from_filelike(io.BytesIO(render_workbook(result)))
    heading, *read = book.get_sheet_by_name("Accounts you share").to_python()
    at = heading.index("Account ID")
    assert [row[at] for row in read] == result.overlap["account_id"].to_pylist()
