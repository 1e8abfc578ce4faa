"""The page's charts: of text and shapes alone, and nothing in them that is not in a table."""

import re
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa

from accountmap.account_map import AccountMap, SessionResult, build_map
from accountmap.account_map.model import SESSION_SCHEMA, History
from accountmap.accounts.schema import AccountList
from accountmap.report.charts import country_chart, history_chart, money_chart
from accountmap.report.html import render_page
from tests.account_map.examples import account_list, prepared_list, session

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
    found = build(account_list(ACCOUNTS), session(MATCHES))
    drawn = str(country_chart(found))
    widths = [float(width) for width in re.findall(r'<rect [^>]*width="([\d.]+)"[^>]*fill="#e41a1c"', drawn)]
    labels = re.findall(r">([A-Z]{2}|Germany|France)</text>", drawn)
    assert len(labels) == 2
    assert sorted(widths)[1] == 2 * sorted(widths)[0], "two in Germany, one in France"
    assert "Amounts in your list by play" in str(money_chart(found))


def test_the_last_number_of_an_axis_has_room_beyond_the_drawing() -> None:
    drawn = str(money_chart(build(account_list(ACCOUNTS), session(MATCHES))))
    (shown,) = re.findall(r'viewBox="0 0 (\d+)', drawn)
    own, *_ = re.findall(r'<rect [^>]*width="(\d+)"', drawn)
    assert int(shown) - int(own) >= 30, "half of 1,000,000,000, less what leather leaves"


def test_there_is_no_chart_of_one_thing() -> None:
    one = build(account_list(ACCOUNTS[:1]), session(MATCHES[:1]))
    assert (money_chart(one), country_chart(one), history_chart(one)) == (None, None, None)


def test_a_line_begins_with_the_third_session() -> None:
    found = build(account_list(ACCOUNTS), session(MATCHES))
    rows = [
        {name: 7 if pa.types.is_integer(SESSION_SCHEMA.field(name).type) else "x" for name in SESSION_SCHEMA.names}
        | {"finished": found.finished + timedelta(days=30 * n), "overlap": n}
        for n in range(3)
    ]
    history = History(pa.Table.from_pylist(rows, schema=SESSION_SCHEMA), found.history.changes)
    assert "<path" in str(history_chart(replace(found, history=history)))


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
