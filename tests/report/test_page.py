import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from accountmap.account_map import SHARED_COLUMNS, AccountMap, build_map
from accountmap.report import render_page
from accountmap.report.safe_text import visible
from tests.account_map.examples import account_list, one_account_map, prepared_list, session, two_months
from tests.report.hostile import HOSTILE


class Page(HTMLParser):
    """The elements of a page, and the text of those that the parser treats as raw."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self.text = ""
        self.inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if tag == self.inside else self.inside

    def handle_data(self, data: str) -> None:
        if self.inside in {"script", "style"}:
            self.raw.append((self.inside, data))
        else:
            self.text += data

    @property
    def data(self) -> dict[str, Any]:
        (first, _) = [text for tag, text in self.raw if tag == "script"]
        result: dict[str, Any] = json.loads(first)
        return result

    def column(self, name: str, table: str = "overlap") -> list[Any]:
        (column,) = [column for column in self.data[table]["columns"] if column["name"] == name]
        if "values" in column:
            return list(column["values"])
        return [None if code is None else column["words"][code] for code in column["codes"]]


def two_lists(size: int, shared: int, **changes: Any) -> AccountMap:
    accounts = account_list(
        {"account_id": f"{i:08}", "name": f"Example company number {i}", "owner_name": "Maya Lindqvist"}
        for i in range(size)
    )
    matches = [{"entity": i, "their_segment": "customer"} for i in range(shared)]
    return build_map(accounts, prepared_list(accounts), session(matches, **changes))


def everywhere(text: str) -> AccountMap:
    """Put a text wherever the page shows one that comes from outside."""
    columns = ("name", "domain", "country", "industry", "owner_name")
    accounts = account_list([{"account_id": text, **dict.fromkeys(columns, text)}], notes=(text,))
    # The own name differs, so that theirs is shown.
    shown: dict[str, list[str | None]] = {name: [f"{text}!"] for name in SHARED_COLUMNS}
    match = {"entity": 0, "their_segment": "customer"}
    result = session([match], shown, own_name=text, partner_name=text, reveals=(text,), receipt=text)
    return build_map(accounts, prepared_list(accounts), result)


def test_the_page_refers_to_nothing_outside() -> None:
    html = render_page(one_account_map(website="https://example.com"))
    for tag, attributes in Page(html).elements:
        for name in ("href", "src", "action", "srcset", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), (tag, attributes)
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
    assert not re.search(r"url\(|@import|https?:|//[a-z]", html)


def test_the_policy_admits_exactly_this_script_and_style() -> None:
    page = Page(render_page(one_account_map()))
    (policy,) = [
        attributes["content"] or ""
        for tag, attributes in page.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';")
    digests = set(re.findall(r"'sha256-([^']+)'", policy))
    styles = [text for tag, text in page.raw if tag == "style"]
    scripts = [text for tag, text in page.raw if tag == "script"]
    ran = [*styles, scripts[1]]
    assert digests == {base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in ran}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    harmless = Page(render_page(everywhere("harmless")))
    page = Page(render_page(everywhere(text)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert [set(attributes) for _, attributes in page.elements] == [set(a) for _, a in harmless.elements]
    assert page.column("name") == [visible(text)]
    for name in ("their_name", "their_owner_name", "their_amount"):
        assert page.column(name) == [visible(text) + "!"]
    assert visible(text) in page.text


def test_every_account_is_in_the_page_in_the_ranked_order() -> None:
    result = two_lists(30, 20)
    page = Page(render_page(result))
    assert page.column("account_id") == result.overlap["account_id"].to_pylist()
    assert page.column("account_id", "whitespace") == result.whitespace["account_id"].to_pylist()


def test_columns_are_written_for_people() -> None:
    accounts = account_list([{"account_id": "1", "website": "https://www.tern.example/"}])
    match = {"entity": 0, "their_segment": "customer", "match_id": "0123456789abcdef" * 2}
    result = build_map(accounts, prepared_list(accounts), session([match | {"evidence": ["lei", "name_country"]}]))
    page = Page(render_page(result))
    assert page.column("match_id") == ["01234567"]
    assert page.column("evidence") == ["LEI, 1 more"]
    assert page.column("domain") == ["tern.example"]
    assert page.column("score_parts") == ["play 38.9 · amount 0 · evidence 20"]


def test_their_name_is_shown_where_it_is_another() -> None:
    accounts = account_list(
        [{"account_id": str(i), "name": name} for i, name in enumerate(["Tern", "Quay", None])]
    )
    matches = [{"entity": i, "their_segment": "customer"} for i in range(3)]
    result = build_map(
        accounts, prepared_list(accounts), session(matches, {"name": ["TERN", "Quay Ltd", "Lumen"]})
    )
    assert Page(render_page(result)).column("their_name") == [None, "Quay Ltd", "Lumen"]


def test_their_owner_stands_alone_where_the_own_list_has_no_owners() -> None:
    def place(**columns: str) -> Any:
        data = Page(render_page(one_account_map({"owner_name": "Ines Duarte"}, **columns))).data
        (column,) = [c for c in data["overlap"]["columns"] if c["name"] == "their_owner_name"]
        return column.get("below")

    assert place(owner_name="Maya Lindqvist") == "owner_name"
    assert place() is None


def test_columns_without_a_value_are_left_out() -> None:
    names = {column["name"] for column in Page(render_page(two_lists(3, 2))).data["overlap"]["columns"]}
    assert {"name", "owner_name", "match_id"} <= names
    assert not {"amount", "industry", "domain"} & names


def test_a_partial_comparison_shows_in_the_whitespace_and_in_the_matrix() -> None:
    page = Page(render_page(two_lists(3, 2, named_cells=frozenset({("prospect", "customer")}))))
    assert page.column("compared_with", "whitespace") == ["customer"]
    assert len([tag for tag, attributes in page.elements if attributes.get("class") == "absent"]) == 8


def test_a_first_session_has_no_last_time() -> None:
    page = Page(render_page(one_account_map()))
    assert "Since last time" not in page.text
    assert set(page.data) == {"overlap", "their_customers", "campaign"}


def test_what_changed_since_last_time_is_listed() -> None:
    page = Page(render_page(two_months()))
    assert page.column("account_id", "changes") == ["new", "moved", "gone"]
    assert dict(zip(page.column("account_id"), page.column("change"), strict=True)) == {
        "new": "new",
        "moved": "moved",
        "same": None,
    }
    assert "Since 2026-01-02, 1 company joined the overlap, 1 moved to another cell, and 1 left it." in page.text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text_among_the_changes(text: str) -> None:
    harmless, page = Page(render_page(two_months())), Page(render_page(two_months(text)))
    assert page.elements == harmless.elements
    assert page.column("name", "changes")[0] == visible(text + " new in 2")


def test_a_shortened_table_says_so() -> None:
    page = Page(render_page(two_lists(10_003, 1)))
    assert len(page.column("name", "whitespace")) == 10_000
    assert "This page holds the first 10,000 accounts of 10,002." in " ".join(page.text.split())


def test_ten_thousand_shared_accounts_stay_below_three_megabytes() -> None:
    size = 10_000
    accounts = account_list(
        {
            "account_id": f"001Qw{i:010}",
            "name": f"Example company number {i}",
            "domain": f"example-company-{i}.example",
            "country": ("Germany", "France", None)[i % 3],
            "industry": ("Steel", "Software", "Health")[i // 3 % 3],
            "owner_name": f"Owner number {i % 50}",
            "amount": float(i * 7919 % 100_003),
        }
        for i in range(size)
    )
    matches = [{"entity": i, "their_segment": "customer", "match_id": f"{i * 7919:032x}"} for i in range(size)]
    shown: dict[str, list[str | None]] = {
        "name": [f"EXAMPLE Company No. {i}" for i in range(size)],
        "owner_name": [f"Their owner {i % 50}" for i in range(size)],
        "amount": [f"EUR {i * 31 % 1009}" for i in range(size)],
    }
    page = render_page(build_map(accounts, prepared_list(accounts), session(matches, shown)))
    assert len(page.encode()) < 3_000_000


def test_an_empty_map_has_a_page() -> None:
    accounts = account_list([])
    page = Page(render_page(build_map(accounts, prepared_list(accounts), session([]))))
    assert "share none of the accounts" in page.text
