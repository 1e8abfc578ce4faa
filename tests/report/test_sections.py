"""What the page and the JSON show of cells that were only counted, of rules, and of theirs without me."""

import json
from typing import Any

import pyarrow as pa
import pytest

from accountmap.account_map import REST_SCHEMA, AccountMap, EngagementRule, build_map
from accountmap.report import render_page
from accountmap.report.safe_text import visible
from tests.account_map.examples import account_list, prepared_list, session
from tests.report.hostile import HOSTILE
from tests.report.test_json import written
from tests.report.test_page import Page

CELLS = {("customer", "customer"): 2, ("customer", "prospect"): 7, ("prospect", "customer"): 1}


def rest(industry: str | None) -> pa.Table:
    rows = [
        ("customer", "all", None, 40),
        ("customer", "industry", industry, 30),
        ("customer", "industry", None, 10),
    ]
    columns = ("their_segment", "by", "value", "entities")
    return pa.Table.from_pylist([dict(zip(columns, row, strict=True)) for row in rows], schema=REST_SCHEMA)


def example(industry: str | None = "Steel", **changes: Any) -> AccountMap:
    accounts = account_list(
        {"account_id": str(at), "segment": "customer", "name": f"Tern {at}"} for at in range(3)
    )
    values: dict[str, Any] = {
        "preview": CELLS,
        "named_cells": frozenset({("customer", "customer")}),
        "shown_fields": {("customer", "customer"): (("name", "owner_email"), ())},
        "smallest_cell": 5,
        "rest": rest(industry),
        "rules": (
            EngagementRule(frozenset({"customer"}), frozenset({"customer"}), frozenset({"FR", "DE"}), "both"),
        ),
    }
    matches = [{"entity": 0, "their_segment": "customer"}] if changes.get("receipt", "ab") else []
    return build_map(accounts, prepared_list(accounts), session(matches, **(values | changes)))


def words(page: Page) -> str:
    return " ".join(page.text.split())


def test_cells_say_what_was_counted_and_what_was_not_compared() -> None:
    text = words(Page(render_page(example())))
    assert "only counted: at least 7" in text
    assert "only counted: fewer than 5" in text
    assert text.count("not compared") >= 6
    assert (
        "Counted without names: at least 7 of your customers among their prospects; fewer than 5 of your" in text
    )


def test_a_small_count_is_not_given_away_by_a_sum() -> None:
    text = words(Page(render_page(example())))
    assert "the preview counted at least 9 matches; the comparison of all keys then found 1" in text


def test_rules_and_what_each_showed_are_sentences() -> None:
    text = words(Page(render_page(example())))
    assert "Your customers by their customers in DE, FR: both lead." in text
    assert "Of each match, you showed name, owner email and they showed nothing more." in text
    fields = {("customer", "customer"): (("name",), ()), ("customer", "prospect"): ((), ("name",))}
    several = example(named_cells=frozenset(fields), shown_fields=fields)
    text = words(Page(render_page(several)))
    assert "you showed nothing more and they showed name: your customers by their prospects." in text
    assert "have agreed no rules of engagement" in words(Page(render_page(example(rules=()))))


def test_a_session_that_only_counted_says_so() -> None:
    built = example(named_cells=frozenset(), shown_fields={}, receipt="")
    text = words(Page(render_page(built)))
    assert "have counted what you share, and revealed no accounts." in text
    assert "share none" not in text
    assert "there is no receipt of any" in text
    assert "of your list did not match" not in text
    assert written(built)["receipt"] == ""


def test_theirs_without_me_is_as_they_counted_it_or_a_bound() -> None:
    text = words(Page(render_page(example())))
    assert "customers 20 1 40" in text
    assert "prospects 30 0 at most 30" in text
    assert "Whatever is fewer than 5 is put together with what is not known." in text
    without = words(Page(render_page(example(rest=None))))
    assert "They do not show it." in without
    assert "customers 20 1 at most 19" in without


def test_theirs_without_me_is_named_where_they_opted_in() -> None:
    row = {"their_segment": "prospect", "by": "account", "value": "Quay", "entities": 1}
    named = pa.concat_tables([rest("Steel"), pa.Table.from_pylist([row], schema=REST_SCHEMA)])
    page = Page(render_page(example(rest=named)))
    assert page.column("name", "rest-accounts") == ["Quay"]
    assert "They name none." not in words(page)
    assert "They name none." in words(Page(render_page(example())))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_for_an_industry_stay_text(text: str) -> None:
    harmless, page = Page(render_page(example())), Page(render_page(example(text)))
    assert page.elements == harmless.elements
    assert visible(text) in page.text


def test_the_document_has_it_all() -> None:
    model = written(example())
    assert model["rules"][0]["countries"] == ["DE", "FR"]
    assert model["shown_fields"] == [
        {"segment": "customer", "their_segment": "customer", "own": ["name", "owner_email"], "theirs": []}
    ]
    assert [row["entities"] for row in model["theirs_without_me"]] == [40, 30, 10]
    assert written(example(rest=None))["theirs_without_me"] is None
    counted = [cell for cell in model["matrix"] if cell["compared"] and not cell["named"]]
    assert [cell.get("preview_at_least", cell.get("preview_fewer_than")) for cell in counted] == [7, 5]
    assert not [cell for cell in counted if "entities" in cell]
    assert json.dumps(model)
