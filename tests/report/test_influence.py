"""What partners do for revenue as people and programs get it."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect, sync_playwright

from accountmap.influence import Influence, InfluenceRules
from accountmap.report.files import write_influence
from accountmap.report.influence_page import render_influence_page
from accountmap.report.influence_views import INFLUENCE_VIEW, INFLUENCE_VIEWS, influence_tables
from accountmap.report.influence_words import board_numbers, influence_sentences
from accountmap.report.json_export import influence_to_json
from accountmap.report.workbook import render_influence_workbook
from tests.influence.examples import example
from tests.influence.simulated import simulated
from tests.programs import CHROMIUM
from tests.report.hostile import HOSTILE
from tests.report.test_browser import QUIET

DOCS = (Path(__file__).parents[2] / "docs" / "influence.md").read_text("utf-8")


@cache
def company() -> Influence:
    return simulated(900, 12, 0.2).influence()


def test_no_text_claims_that_partners_are_why_a_deal_was_won() -> None:
    """The comparison shows a difference; nothing that people read says where it comes from."""
    for found in (company(), example()):
        page = render_influence_page(found)
        text = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
        text += " ".join(cell for view in INFLUENCE_VIEWS for cell in (view.title, view.about, view.nothing))
        assert not re.search(r"\bcaus(?:e|al|ation)", text, re.IGNORECASE)
        assert text.count("It shows a difference, not where it comes from.") >= 2


def test_the_three_numbers_have_a_range_and_a_rule() -> None:
    numbers = board_numbers(company())
    assert [number.title for number in numbers] == [
        "Revenue sourced",
        "Revenue influenced",
        "Win rate with a partner, like with like",
    ]
    assert all(re.search(" to |The same if", number.range) for number in numbers)
    assert all(number.rule.endswith(".") for number in numbers)
    few = board_numbers(example())
    assert (few[0].value, few[0].unit) == ("500", "EUR")
    assert few[2].value == "too few"
    assert few[0].range.endswith("The same if the windows are half or twice as long.")
    assert few[0].rule.endswith("EUR 500 of it rests only on the source field of the CRM, which has no date.")
    moved = replace(company(), sensitivity=company().sensitivity | {"influenced": (100.0, 300.0, 200.0)})
    assert "EUR 100 to EUR 300 if the windows" in board_numbers(moved)[1].range, "the number lies in its range"


def test_the_sentences_say_where_the_models_disagree_and_why_that_matters() -> None:
    told = " ".join(influence_sentences(example()))
    assert "The models disagree on" in told
    assert "Initech" in told or "Globex" in told or "Umbrella" in told
    assert "Whoever quotes one of them has made a choice" in told
    assert "Shapley leaves the win rate of deals without any partner to your own sales" in told
    assert "have sums of their own below" in told, "deals in yen"


def test_every_number_of_the_page_opens_to_its_deals() -> None:
    page = render_influence_page(example())
    buttons = re.findall(r'<button type="button" class="list" data-table="(\w+)"([^>]*)>([^<]*)<', page)
    opened = [
        (table, dict(re.findall(r'data-(\w+)="([^"]*)"', filters)), text) for table, filters, text in buttons
    ]
    for table, filters, text in opened:
        rows = [
            row
            for row in influence_tables(example())[table].to_pylist()
            if all(row[name] == value for name, value in filters.items())
        ]
        assert rows or text == "List the deals"
        if text != "List the deals":
            assert text == f"{filters['currency']} {sum(row['deal_amount'] for row in rows):,.0f}"
    assert len(opened) > 8


def test_the_json_document_holds_every_view_and_the_rule() -> None:
    document = json.loads(b"".join(influence_to_json(example())))
    assert document["format"] == "accountmap-influence-v1"
    assert document["rule"] == InfluenceRules().text
    assert {view.name for view in INFLUENCE_VIEWS} <= set(document)
    assert len(document["deals"]) == 6


def test_the_workbook_has_a_sheet_a_view_and_text_stays_text() -> None:
    found = example(D1={"name": HOSTILE["formula"]})
    book = openpyxl.load_workbook(io.BytesIO(render_influence_workbook(found)))
    shown = [view.title for view in INFLUENCE_VIEWS if view.shown(found)]
    assert book.sheetnames == ["Summary", *shown, "The rule", "How to read"]
    cells = [cell for row in book["The deals"].iter_rows() for cell in row if cell.value == HOSTILE["formula"]]
    assert [cell.data_type for cell in cells] == ["s"]


def test_all_files_are_written(tmp_path: Path) -> None:
    files = write_influence(example(), tmp_path / "out")
    names = {file.name for file in files}
    assert {"influence.html", "influence.json", "influence.xlsx", "influence.toml", "credits.csv"} <= names
    assert files[0].name == "influence.html"
    assert pq.read_table(tmp_path / "out" / "touches.parquet").equals(example().touches)
    assert (tmp_path / "out" / "influence.toml").read_text("utf-8") == InfluenceRules().text


def documented(heading: str) -> set[str]:
    (section,) = re.findall(rf"^### {heading}\n(.*?)(?=^##|\Z)", DOCS, re.DOTALL | re.MULTILINE)
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize("name", INFLUENCE_VIEW)
def test_every_column_is_documented(name: str) -> None:
    assert documented(name) == set(INFLUENCE_VIEW[name].schema.names)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = CHROMIUM.require()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield opened
        opened.close()


def test_in_a_browser_a_number_opens_to_deals_and_a_deal_to_its_touches(browser: Browser, tmp_path: Path) -> None:
    found = example(D1={"name": HOSTILE["script"], "amount": 1000.5})
    file = tmp_path / "influence.html"
    file.write_text(render_influence_page(replace(found, own_name=HOSTILE["image"])), encoding="utf-8")
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(file.as_uri())
    page.locator(".board .list").nth(1).click()
    expect(page.locator("#deals .status")).to_contain_text("1 that fit")
    assert "1,000.50" in page.locator("#deals .accounts tbody").inner_text(), "amounts have two digits or none"
    page.locator("#deals .accounts .list").first.click()
    expect(page.locator("#touches .status")).to_contain_text("Only Deal ID D1")
    assert page.locator("#touches .accounts tbody tr").count() == 7
    page.locator("#touches button[type=reset]").click()
    expect(page.locator("#touches .status")).not_to_contain_text("Only")
    assert page.title() != "owned"
    assert not errors
    assert not [v["id"] for v in Axe().run(page).response["violations"]]
    page.close()
