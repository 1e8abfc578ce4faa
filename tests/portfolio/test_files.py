"""The portfolio as page, workbook, JSON, CSV and Parquet: the same tables everywhere, and text that stays text."""

import csv
import io
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Literal

import openpyxl
import pyarrow.parquet as pq
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from accountmap.portfolio import Portfolio, build_portfolio
from accountmap.report import portfolio_schema, write_portfolio
from accountmap.report.columns import COLUMNS
from accountmap.report.portfolio_page import render_portfolio
from accountmap.report.portfolio_views import PORTFOLIO_VIEWS, portfolio_tables
from accountmap.report.portfolio_words import portfolio_sentences, preview_text
from accountmap.report.safe_text import visible
from tests.account_map.examples import prepared_list
from tests.portfolio.made import NOW, PREVIEWED, SIZES, facts, own_list, portfolio
from tests.portfolio.test_maturity import DOCS
from tests.report.hostile import HOSTILE
from tests.report.test_browser import browser  # noqa: F401 a fixture
from tests.report.test_page import Page


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    assert write_portfolio(portfolio(), folder)[0] == folder / "portfolio.html"
    return folder


def test_csv_parquet_and_json_hold_the_same_rows(files: Path) -> None:
    import jsonschema

    document = json.loads((files / "portfolio.json").read_text("utf-8"))
    jsonschema.validate(document, portfolio_schema())
    for name, table in portfolio_tables(portfolio()).items():
        assert pq.read_table(files / f"{name}.parquet").equals(table)
        rows = list(csv.DictReader(io.StringIO((files / f"{name}.csv").read_text("utf-8"))))
        assert len(rows) == table.num_rows == len(document[name])
        assert not rows or list(rows[0]) == table.column_names
        for written, row in zip(document[name], table.to_pylist(), strict=True):
            assert set(written) == {key for key, value in row.items() if value is not None}
    assert document["totals"] == vars(portfolio().totals)


def test_the_workbook_has_a_sheet_for_each_view_with_all_rows(files: Path) -> None:
    book = openpyxl.load_workbook(files / "portfolio.xlsx")
    shown = [view for view in PORTFOLIO_VIEWS if view.shown(portfolio())]
    assert {view.title for view in shown} <= set(book.sheetnames)
    for view in shown:
        if view.name not in ("reach", "over_time", "together"):
            assert book[view.title].max_row == max(view.rows(portfolio()).num_rows, 1) + 1, view.name
    charts = [chart for sheet in book.worksheets for chart in sheet._charts]
    assert len(charts) >= 5
    assert "For your own company alone" in str(book["Summary"]["A2"].value)


def test_every_column_and_file_is_documented_and_has_a_heading() -> None:
    for view in PORTFOLIO_VIEWS:
        (section,) = re.findall(rf"^### {view.name}\n(.*?)(?=^#|\Z)", DOCS, re.DOTALL | re.MULTILINE)
        cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
        named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
        assert named == set(view.schema.names), view.name
        assert {*view.schema.names, *view.layout} <= set(COLUMNS)
        assert len(view.title) <= 31
        assert f"| `{view.name}.csv`, `{view.name}.parquet` |" in DOCS
        assert not view.layout or view.nothing


def test_the_page_refers_to_nothing_outside(files: Path) -> None:
    html = (files / "portfolio.html").read_text("utf-8")
    for tag, attributes in Page(html).elements:
        for name in ("href", "src", "action", "srcset", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
    assert not re.search(r"url\(|@import|https?:|//[a-z]", html)


def test_previews_are_told_with_their_range() -> None:
    rows = {row["partner_name"]: row for row in portfolio().partners.to_pylist()}
    assert preview_text(rows["Wonka"]) == "preview only: about 62 (22 to 102) of your open opportunities"
    (said,) = [text for text in portfolio_sentences(portfolio()) if "preview only" in text]
    assert all(name in said for name in PREVIEWED)


def hostile(text: str) -> Portfolio:
    """A portfolio in which a text stands wherever it comes from outside or from the user."""
    accounts, _ = own_list()
    table = accounts.table.slice(0, 8)
    for name in ("name", "domain", "owner_name", "industry"):
        field = table.schema.field(name)
        table = table.set_column(table.column_names.index(name), field, [[text] * table.num_rows])
    accounts = replace(accounts, table=table, notes=(text,))
    ids = table["account_id"].to_pylist()
    partners = [
        replace(
            each,
            name=f"{each.name} {text}",
            profile=replace(each.profile, owner=text.replace("\n", " ")[:200], note=text.replace("\n", " ")[:200]),
        )
        for each in facts([*ids, *(f"x{n}" for n in range(300))])
    ]
    return build_portfolio(text, NOW, accounts, prepared_list(accounts), partners)


@cache
def harmless_page() -> Page:
    return Page(render_portfolio(hostile("harmless")))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    page, harmless = Page(render_portfolio(hostile(text))), harmless_page()
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert [set(attributes) for _, attributes in page.elements] == [set(each) for _, each in harmless.elements]
    assert visible(text) in page.text
    assert set(page.column("name", "shared")) == {visible(text)}


def test_the_page_in_a_browser(browser: Browser, files: Path) -> None:  # noqa: F811 a fixture
    html = files / "portfolio.html"
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(html.as_uri())
    name = next(iter(SIZES))
    page.locator("#partners button.list", has_text=name).click()
    expect(page.locator("#shared-title")).to_be_focused()
    rows = [row for row in portfolio().shared.to_pylist() if row["partner_name"] == name]
    expect(page.locator("#shared").get_by_role("status")).to_contain_text(f"of {len(rows)} that fit")
    assert set(page.locator("#shared tbody .partner_name > bdi").all_inner_texts()) == {name}
    page.locator(".mine select").select_option("Tom Okafor")
    assert set(page.locator("#uncovered tbody .owner_name > bdi").all_inner_texts()) == {"Tom Okafor"}
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        wide = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).length"
        assert page.evaluate(wide) == 0
    page.evaluate("document.body.classList.add('summary-only')")
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
    assert said == []
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {html.as_uri()}
    context.close()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_axe_finds_nothing(
    browser: Browser,  # noqa: F811 a fixture
    tmp_path: Path,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    """On a page with few rows: it looks at each of them."""
    (tmp_path / "page.html").write_text(render_portfolio(hostile("harmless")), "utf-8")
    context = browser.new_context(offline=True, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
