"""The page's charts: bars as long as what they show, with their numbers as text."""

import re
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa

from accountmap.account_map import SESSION_SCHEMA, AccountMap, History, SessionResult, build_map
from accountmap.accounts.schema import AccountList
from accountmap.report.charts import change_bars, country_bars, history_bars, money_bars, reach_bars
from accountmap.report.html import render_page
from tests.account_map.examples import account_list, prepared_list, session, two_months

ACCOUNTS = [
    {"account_id": "1", "segment": "customer", "amount": 500.0, "country": "Germany"},
    {"account_id": "2", "segment": "opportunity", "amount": 900.0, "country": "Germany"},
    {"account_id": "3", "segment": "prospect", "amount": 20.0, "country": "France"},
]
MATCHES = [
    {"entity": 0, "their_segment": "prospect"},
    {"entity": 1, "their_segment": "customer"},
    {"entity": 2, "their_segment": "customer"},
]


def build(accounts: AccountList, result: SessionResult) -> AccountMap:
    return build_map(accounts, prepared_list(accounts), result)


def test_bars_are_as_long_as_what_they_show() -> None:
    drawn = country_bars(build(account_list(ACCOUNTS), session(MATCHES)))
    assert drawn is not None
    assert [(bar.label, bar.parts[0].width, bar.text) for bar in drawn.bars] == [("DE", 100, "2"), ("FR", 50, "1")]


def test_the_reach_adds_up_to_each_segment() -> None:
    drawn = reach_bars(build(account_list([*ACCOUNTS, {"account_id": "4"}]), session(MATCHES)))
    assert drawn is not None
    assert [bar.text for bar in drawn.bars] == ["1 of 1 shared", "1 of 1 shared", "1 of 2 shared"]
    (customers, _, prospects) = drawn.bars
    assert sum(part.width for part in customers.parts) == 50
    assert [(part.kind, part.start, part.width) for part in prospects.parts] == [
        ("overlap", 0, 50),
        ("whitespace", 50, 50),
    ]
    assert [kind for kind, _ in drawn.legend] == ["overlap", "whitespace"]


def test_the_change_leads_from_last_time_to_now() -> None:
    drawn = change_bars(two_months())
    assert drawn is not None
    assert [(bar.label, bar.text) for bar in drawn.bars] == [
        ("2026-01-02", "3 shared"),
        ("Gone", "1"),
        ("New", "1"),
        ("2026-02-02", "3 shared"),
        ("Of these, moved", "1 to another cell"),
    ]


def test_there_is_no_chart_of_one_thing() -> None:
    one = build(account_list(ACCOUNTS[:1]), session(MATCHES[:1]))
    assert (money_bars(one), country_bars(one), history_bars(one), change_bars(one)) == (None, None, None, None)


def test_the_overlap_over_time_begins_with_the_third_session() -> None:
    found = build(account_list(ACCOUNTS), session(MATCHES))
    rows = [
        {name: 7 if pa.types.is_integer(SESSION_SCHEMA.field(name).type) else "x" for name in SESSION_SCHEMA.names}
        | {"finished": found.finished + timedelta(days=30 * n), "overlap": n}
        for n in range(3)
    ]
    history = History(pa.Table.from_pylist(rows, schema=SESSION_SCHEMA), found.history.changes)
    drawn = history_bars(replace(found, history=history))
    assert drawn is not None
    assert [bar.text for bar in drawn.bars] == ["0", "1", "2"]


def test_hostile_labels_stay_text_and_nothing_needs_a_style() -> None:
    hostile = [
        account | {"country": country}
        for account, country in zip(ACCOUNTS, ("<script>x", "a&b", "DE"), strict=True)
    ]
    page = render_page(build(account_list(hostile), session(MATCHES)))
    assert "<script>x" not in page
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert figures
    assert not any(re.search(r"style=|<style|<script|href|onload", figure) for figure in figures)
