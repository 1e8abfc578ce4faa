"""What page and document say of cells that were not revealed, of estimates, totals and rules."""

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from accountmap.account_map import (
    ESTIMATE_SCHEMA,
    TOTALS_SCHEMA,
    AccountMap,
    EngagementRule,
    build_map,
)
from accountmap.report import render_page, summary_sentences
from accountmap.report.safe_text import visible
from tests.account_map.examples import account_list, prepared_list, session
from tests.account_map.test_possible import answer, possible
from tests.account_map.test_possible import example as with_possible
from tests.report.hostile import HOSTILE
from tests.report.test_json import written
from tests.report.test_page import Page

NAMED = frozenset({("customer", "customer")})


def totals(industry: str = "steel", **name: str) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {"by": "all", "entities": 40},
        {"by": "country", "value": "DE", "entities": 30},
        {"by": "country", "value": "FR", "entities": 2},
        {"by": "industry", "value": industry, "entities": 70},
        *({"by": "name", "their_segment": their, "value": text, "entities": 1} for their, text in name.items()),
    ]
    return pa.Table.from_pylist(rows, schema=TOTALS_SCHEMA)


def estimates(*rows: tuple[str | None, str | None, int]) -> pa.Table:
    made = datetime(2026, 2, 27, tzinfo=UTC)
    return pa.Table.from_pylist(
        [
            {"segment": mine, "their_segment": theirs, "entities": 3000, "made": made}
            | {"estimate": estimate, "at_least": estimate - 110, "at_most": estimate + 110}
            for mine, theirs, estimate in rows
        ],
        schema=ESTIMATE_SCHEMA,
    )


def example(industry: str = "steel", **changes: Any) -> AccountMap:
    accounts = account_list(
        {"account_id": str(at), "segment": "customer", "name": f"Tern {at}", "country": "Germany"}
        for at in range(3)
    )
    values: dict[str, Any] = {
        "named_cells": NAMED,
        "counted_cells": frozenset({("customer", "prospect")}),
        "shown_fields": {("customer", "customer"): (("name", "owner_email"), ())},
        "totals": totals(industry),
        "totals_noise": 4,
        "rules": (
            EngagementRule(frozenset({"customer"}), frozenset({"customer"}), frozenset({"FR", "DE"}), "both"),
        ),
    }
    matches = [{"entity": 0, "their_segment": "customer"}] if changes.get("receipt", "ab") else []
    return build_map(accounts, prepared_list(accounts), session(matches, **(values | changes)))


def words(page: Page) -> str:
    return " ".join(page.text.split())


def test_cells_say_what_was_not_revealed() -> None:
    text = words(Page(render_page(example())))
    assert "only counted" in text
    assert text.count("not compared") >= 6
    cells = Page(render_page(example(estimates=estimates(("customer", "prospect", 1000)))))
    assert "about 1,000 (890 to 1,110)" in words(cells)


def test_the_estimate_and_the_reveal_are_explained_where_both_are() -> None:
    text = words(Page(render_page(example(estimates=estimates((None, None, 1000), ("customer", None, 400))))))
    assert (
        "Before anything was revealed, on 2026-02-27, the estimate was that Contoso has about 1,000 (890 to "
        "1,110) of your 3,000 companies on its list. Now 1 is known to be shared." in text
    )
    assert "customers 3,000 about 400 (290 to 510) 1" in text
    assert "all 3,000 about 1,000 (890 to 1,110) 1" in text
    assert "Before the reveal" not in words(Page(render_page(example())))


def test_a_segment_with_nothing_but_an_estimate_is_only_counted() -> None:
    built = example(
        named_cells=frozenset(), counted_cells=frozenset(), receipt="", shown_fields={},
        estimates=estimates(("customer", None, 400)),
    )  # fmt: skip
    assert set(built.whitespace["status"].to_pylist()) == {"only counted"}


def test_rules_and_what_each_showed_are_sentences() -> None:
    text = words(Page(render_page(example())))
    assert "Your customers by their customers in DE, FR: both lead." in text
    assert "For each match, you showed name, owner email; they showed nothing more." in text
    fields = {("customer", "customer"): (("name",), ()), ("customer", "prospect"): ((), ("name",))}
    several = example(named_cells=frozenset(fields), shown_fields=fields)
    text = words(Page(render_page(several)))
    assert "you showed nothing more; they showed name: your customers by their prospects." in text
    assert "have agreed no rules of engagement" in words(Page(render_page(example(rules=()))))


def test_a_session_that_revealed_nothing_says_so() -> None:
    built = example(named_cells=frozenset(), shown_fields={}, receipt="")
    text = words(Page(render_page(built)))
    assert "have estimated what you share, and revealed no accounts." in text
    assert "share none" not in text
    assert "there is no receipt" in text
    assert "Only on your list: " not in text
    assert written(built)["receipt"] == ""


def test_theirs_without_me_is_their_total_less_the_matches_with_its_range() -> None:
    text = words(Page(render_page(example())))
    assert "About 39 (27 to 51) companies of theirs are not among your matches." in text
    assert "DE about 30 1 about 29 (17 to 41)" in text
    assert "FR about 2 0 about 2 (0 to 14)" in text
    without = words(Page(render_page(example(totals=None))))
    assert "They show nothing of the rest of their list." in without
    assert "all 60 1 at most 59" in without


def test_what_they_showed_of_a_match_counts_before_what_the_own_list_says() -> None:
    accounts = account_list([{"account_id": "1", "country": "Germany", "employees": 60}])
    shown: dict[str, list[str | None]] = {"country": ["France"], "employees": ["7"]}
    result = session([{"entity": 0, "their_segment": "customer"}], shown, totals=totals(), totals_noise=4)
    rows = build_map(accounts, prepared_list(accounts), result).theirs_without_me
    assert rows is not None
    matched = {(row["by"], row["value"]): row["matched"] for row in rows.to_pylist()}
    assert (matched["country", "DE"], matched["country", "FR"]) == (0, 1)


def test_theirs_without_me_is_named_where_they_opted_in() -> None:
    page = Page(render_page(example(totals=totals(prospect="Quay"))))
    assert page.column("value", "theirs_without_me") == ["Quay"]
    assert "They name none." not in words(page)
    assert "They name none." in words(Page(render_page(example())))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_words_for_an_industry_stay_text(text: str) -> None:
    harmless, page = Page(render_page(example())), Page(render_page(example(text)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert visible(text) in page.text


def test_possible_matches_have_a_section_of_their_own() -> None:
    named = frozenset({("customer", "customer"), ("customer", "prospect")})
    page = Page(render_page(example(possible=possible({"entity": 1}), named_cells=named)))
    assert page.column("account_id", "possible") == ["1"]
    assert page.column("account_id") == ["0"]
    assert "There is 1 possible match, not counted in any number here: ask your partner about it." in words(page)
    assert "possible" not in Page(render_page(example())).data


def test_the_summary_does_not_ask_about_matches_that_were_denied() -> None:
    one, none = with_possible(answer("b", "no")), with_possible(answer("b", "no"), answer("c", "no"))
    assert "There is 1 possible match" in " ".join(summary_sentences(one))
    assert "possible" not in " ".join(summary_sentences(none))


def test_the_document_has_it_all() -> None:
    model = written(example())
    assert model["rules"][0]["countries"] == ["DE", "FR"]
    assert model["shown_fields"] == [
        {"segment": "customer", "their_segment": "customer", "own": ["name", "owner_email"], "theirs": []}
    ]
    assert [row["entities"] for row in model["theirs_without_me"]] == [39, 29, 2, 70]
    assert written(example(totals=None))["theirs_without_me"] == []
    levels = [cell["level"] for cell in model["matrix"]]
    assert (levels.count("names"), levels.count("counts"), levels.count("hidden")) == (1, 1, 7)
    assert not [cell for cell in model["matrix"] if cell["level"] != "names" and "entities" in cell]
    assert json.dumps(model)
