"""The page in a real browser without a network: it must work, and stay silent."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accountmap.account_map import AccountMap, build_map
from accountmap.accounts.schema import SEGMENTS
from accountmap.report import write_reports
from tests.account_map.examples import account_list, prepared_list, session, two_months
from tests.programs import CHROMIUM
from tests.report.hostile import HOSTILE

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

THIN_OUT = """
document.querySelectorAll("tbody tr:nth-child(n+5):not(:nth-child(13n))").forEach(row => row.remove())
"""
"""Leaves the first rows of each table and then every 13th, which have all that the others have."""

SCHEMES: dict[Literal["light", "dark"], dict[str, Any]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}},
}
"""What axe looks for: a scheme changes nothing but colours, so the second needs only the rules about those."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = CHROMIUM.require()
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield opened
        opened.close()


@cache
def example() -> AccountMap:
    """180 accounts, of which the first 120 are shared; names that attack stand among both."""
    hostile = list(HOSTILE.values())
    accounts = account_list(
        {
            "account_id": f"{i:04}",
            "name": hostile[i // 12] if i % 12 == 0 and i // 12 < len(hostile) else f"Zürich Company {i}",
            "segment": SEGMENTS[i % 3],
            "owner_name": ("Maya Lindqvist", "Tom Okafor")[i % 2],
            "country": ("CH", "DE", None)[i % 3],
            "amount": float(i * 37 % 1000) if i % 5 else None,
        }
        for i in range(180)
    )
    matches = [{"entity": i, "their_segment": SEGMENTS[i // 40]} for i in range(120)]
    shown: dict[str, list[str | None]] = {
        "name": [hostile[i] if i < len(hostile) else f"Zurich Co. {i}" for i in range(120)],
        "owner_name": [("Ines Duarte", "Bo Karlsen", None)[i % 3] for i in range(120)],
        "owner_email": [("ines@contoso.example", "bo@x.example?bcc=a@b.example", None)[i % 3] for i in range(120)],
    }
    return build_map(accounts, prepared_list(accounts), session(matches, shown))


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report's page, written once for all tests that only look at it."""
    return write_reports(example(), tmp_path_factory.mktemp("report"))[0]


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """A window without a network, the same for all tests: each new one starts processes of its own."""
    context = browser.new_context(offline=True)
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    yield opened
    context.close()


@pytest.fixture
def page(window: Page, html: Path) -> Iterator[Page]:
    """The report, opened from disk; at the end, nothing may have been said, run or asked for."""
    said: list[str] = []
    asked: list[str] = []
    listeners: dict[Any, Callable[[Any], None]] = {
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
        "dialog": lambda dialog: said.append(dialog.message),
        "request": lambda request: asked.append(request.url),
    }
    window.set_viewport_size({"width": 1280, "height": 900})
    window.emulate_media(color_scheme="light")
    for event, listener in listeners.items():
        window.on(event, listener)
    window.goto(html.as_uri())
    yield window
    for event, listener in listeners.items():
        window.remove_listener(event, listener)
    window.evaluate("localStorage.clear()")
    assert said == []
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {html.as_uri()}
    assert window.title() == "Account map: Northwind and Contoso"


def column(page: Page, name: str, table: str = "overlap") -> list[str]:
    return page.locator(f"#{table} tbody .{name} > bdi").all_inner_texts()


def test_search_ignores_case_and_accents(page: Page) -> None:
    overlap = page.locator("#overlap")
    overlap.get_by_label("Search").fill("zurich 117")
    expect(overlap.get_by_role("status")).to_have_text("Rows 1 to 1 of 1 that fit, of 120 accounts.")
    assert column(page, "name") == ["Zürich Company 117"]
    overlap.get_by_role("button", name="Show all").click()
    expect(overlap.get_by_role("status")).to_have_text("Rows 1 to 50 of 120 accounts.")


def test_a_search_that_finds_nothing_says_so(page: Page) -> None:
    overlap = page.locator("#overlap")
    overlap.get_by_label("Search").fill("no such company")
    expect(overlap.get_by_role("status")).to_contain_text("None of 120 accounts fits.")


def test_sorting_goes_both_ways_and_back(page: Page) -> None:
    heading = page.locator("#overlap").get_by_role("columnheader", name="Open amount")
    ranked = column(page, "account_id")

    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    amounts = [float(text.replace(",", "")) for text in column(page, "amount") if text]
    assert amounts == sorted(amounts, reverse=True)

    heading.get_by_role("button").press("Enter")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    amounts = [float(text.replace(",", "")) for text in column(page, "amount") if text]
    assert amounts == sorted(amounts)

    heading.get_by_role("button").press("Enter")
    assert heading.get_attribute("aria-sort") is None
    assert column(page, "account_id") == ranked


def test_a_cell_of_the_matrix_lists_its_accounts(page: Page) -> None:
    cell = page.locator("button.cell[data-segment=opportunity][data-their_segment=customer]")
    shown = cell.locator(".big b").inner_text()
    page.locator("#overlap").get_by_label("Search").fill("left over")
    cell.click()
    expect(page.locator("#overlap-title")).to_be_focused()
    expect(page.locator("#overlap").get_by_role("status")).to_contain_text(f"of {shown} that fit")
    assert set(column(page, "segment")) == {"opportunity"}
    assert set(column(page, "their_segment")) == {"customer"}


def test_introductions_are_one_click_away(page: Page) -> None:
    figure = page.locator(".figures div").filter(has_text="They can introduce you to")
    figure.get_by_role("button", name="List them").click()
    expect(page.locator("#overlap-title")).to_be_focused()
    accounts = example().summary.introductions_to_get.accounts
    expect(page.locator("#overlap").get_by_role("status")).to_contain_text(f"of {accounts} that fit")


def test_segments_sort_by_strength(page: Page) -> None:
    heading = page.locator("#overlap").get_by_role("columnheader", name="Your segment")
    heading.get_by_role("button").click()
    assert column(page, "segment") == ["customer"] * 40 + ["opportunity"] * 10


def test_filters_combine(page: Page) -> None:
    overlap = page.locator("#overlap")
    overlap.locator("select[name=owner_name]").select_option("Tom Okafor")
    overlap.locator("select[name=country]").select_option("DE")
    assert set(column(page, "owner_name")) == {"Tom Okafor"}
    assert set(column(page, "country")) == {"DE"}


def test_their_owner_stands_below_the_own_and_filters(page: Page) -> None:
    overlap = page.locator("#overlap")
    overlap.locator("select[name=their_owner_name]").select_option("Bo Karlsen")
    expect(overlap.get_by_role("status")).to_contain_text("of 40 that fit")
    assert set(overlap.locator("tbody small.their_owner_name").all_inner_texts()) == {"theirs: Bo Karlsen"}


def test_their_name_is_found(page: Page) -> None:
    page.locator("#overlap").get_by_label("Search").fill("zurich co. 117")
    assert column(page, "name") == ["Zürich Company 117"]


def test_pages_turn(page: Page) -> None:
    overlap = page.locator("#overlap")
    expect(overlap.get_by_role("button", name="Previous")).to_be_disabled()
    seen = column(page, "account_id")
    for _ in range(2):
        overlap.get_by_role("button", name="Next").click()
        seen += column(page, "account_id")
    expect(overlap.get_by_role("button", name="Next")).to_be_disabled()
    assert seen == example().overlap["account_id"].to_pylist()


def test_the_whitespace_has_its_own_table(page: Page) -> None:
    expect(page.locator("#whitespace").get_by_role("status")).to_have_text("Rows 1 to 50 of 60 accounts.")
    assert column(page, "account_id", "whitespace") == example().whitespace["account_id"].to_pylist()[:50]


@pytest.mark.parametrize("width", [360, 1280])
def test_only_tables_scroll_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_all_controls_have_names_and_the_keyboard_reaches_the_table(page: Page) -> None:
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input, select, a, [tabindex]')].filter(e =>"
        " !(e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim()).length"
    )
    assert nameless == 0
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("#overlap").get_by_label("Search")).to_be_focused()


@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(THIN_OUT)
    for scheme, options in SCHEMES.items():
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options=options)
        assert found.violations_count == 0, found.generate_report()


def test_print_shows_more_rows_than_a_page(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(column(page, "account_id")) == 100
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert len(column(page, "account_id")) == 50


def test_what_changed_is_one_click_away_and_filters(window: Page, tmp_path: Path) -> None:
    html, *_ = write_reports(two_months(), tmp_path)
    page = window
    page.goto(html.as_uri())
    figure = page.locator(".figures div").filter(has_text="New since last time")
    figure.get_by_role("button", name="List them").click()
    assert column(page, "account_id") == ["new"]
    page.locator("#changes select[name=why]").select_option("their segment")
    assert column(page, "account_id", "changes") == ["moved"]
    assert page.locator("#changes tbody .their_segment").inner_text().split() == [
        "customer",
        "before:",
        "prospect",
    ]


def test_conflicts_show_rows_of_the_overlap_and_filter(page: Page) -> None:
    conflicts = example().conflicts
    section = page.locator("#conflicts")
    expect(section.get_by_role("status")).to_have_text(
        f"Rows 1 to {conflicts.num_rows} of {conflicts.num_rows} conflicts."
    )
    assert column(page, "account_id", "conflicts") == conflicts["account_id"].to_pylist()
    section.locator("select[name=owner_name]").select_option("Tom Okafor")
    assert set(column(page, "owner_name", "conflicts")) == {"Tom Okafor"}
    assert set(section.locator("tbody .reason small").all_inner_texts()) == set(conflicts["next_step"].to_pylist())


@pytest.mark.parametrize("section", ["their_customers", "campaign"])
def test_each_view_lists_its_accounts(page: Page, section: str) -> None:
    wanted = {"their_customers": example().their_customers, "campaign": example().campaign}[section]
    shown = column(page, "account_id", section)
    assert shown == wanted["account_id"].to_pylist()[: len(shown)]
    expect(page.locator(f"#{section}").get_by_role("status")).to_contain_text(f" of {wanted.num_rows} ")


def test_a_view_sorts_and_searches_like_a_table_of_its_own(page: Page) -> None:
    section = page.locator("#campaign")
    section.get_by_role("columnheader", name="Account ID").get_by_role("button").click()
    ids = column(page, "account_id", "campaign")
    assert ids == sorted(ids)
    section.get_by_label("Search").fill("zurich company 119")
    assert column(page, "name", "campaign") == ["Zürich Company 119"]
    assert column(page, "account_id") == example().overlap["account_id"].to_pylist()[:50]


def test_an_owner_of_theirs_is_a_link_if_the_address_is_nothing_but_one(page: Page) -> None:
    links = page.locator("#overlap tbody .their_owner_name a")
    assert {link.get_attribute("href") for link in links.all()} == {"mailto:ines@contoso.example"}
    assert set(links.all_inner_texts()) == {"Ines Duarte"}


def test_my_accounts_are_chosen_once_for_all_tables_and_the_next_report(page: Page) -> None:
    page.locator(".mine select").select_option("Tom Okafor")
    for table in ("overlap", "whitespace", "campaign"):
        assert set(column(page, "owner_name", table)) == {"Tom Okafor"}
    page.reload()
    expect(page.locator(".mine select")).to_have_value("Tom Okafor")
    assert set(column(page, "owner_name")) == {"Tom Okafor"}


def test_filters_are_saved_under_what_they_say(page: Page) -> None:
    overlap = page.locator("#overlap")
    expect(overlap.locator(".saved")).to_be_hidden()
    overlap.locator("select[name=country]").select_option("DE")
    overlap.get_by_role("button", name="Save these filters").click()
    overlap.get_by_role("button", name="Show all").click()
    expect(overlap.get_by_role("status")).to_contain_text("of 120 accounts")
    page.reload()
    overlap.locator(".saved select").select_option("Country: DE")
    assert set(column(page, "country")) == {"DE"}


def test_the_rows_that_fit_are_saved_for_excel_and_run_nothing(page: Page) -> None:
    page.locator("#overlap select[name=country]").select_option("DE")
    with page.expect_download() as started:
        page.locator("#overlap").get_by_role("button", name="Save rows as CSV").click()
    text = started.value.path().read_bytes().decode()
    assert text.startswith('\ufeff"Account"')
    assert text.count("\r\n") == 41
    assert not re.search(r'(^|,)"[=+@-]', text.replace("\ufeff", ""), re.MULTILINE)


def test_the_summary_prints_on_one_page(page: Page) -> None:
    page.evaluate("document.body.classList.add('summary-only')")
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut_and_no_table_needs_scrolling(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    wide = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.ariaLabel)"
    )
    assert wide == []
    cut = page.evaluate(
        "[...document.querySelectorAll('td, th, dt, dd, button')]"
        ".filter(e => getComputedStyle(e).overflow !== 'visible'"
        " && e.scrollWidth > e.clientWidth + 1 && !e.closest('thead')).map(e => e.textContent)"
    )
    assert cut == []
