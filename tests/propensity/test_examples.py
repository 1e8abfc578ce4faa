"""What a model sees of a deal was known before the deal was created; the outcome is never among it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import ACCOUNT_SCHEMA, DEAL_SCHEMA, AccountList, DealList
from accountmap.influence.facts import deal_facts, to_day
from accountmap.propensity import NOT_LISTED, Snapshot, accounts_as_of, examples_of
from accountmap.propensity.examples import FEATURES
from tests.propensity.simulated import AS_OF, Company, filled, simulated

CUT = AS_OF - timedelta(days=400)
HORIZON = 120


def changed(company: Company, **columns: pa.Array | pa.ChunkedArray) -> Company:
    table = company.facts.deals
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), DEAL_SCHEMA.field(name), values)
    return replace(company, facts=deal_facts(DealList(table), company.accounts, AS_OF))


def test_what_happens_from_a_day_on_changes_nothing_that_was_known_before() -> None:
    company = simulated(400, 3, known_days=700)
    late = Snapshot(CUT, company.accounts.table, np.full(len(company.accounts), NOT_LISTED, object))
    company = replace(company, snapshots=(*company.snapshots, late))
    deals = company.facts.deals
    after = pc.fill_null(pc.greater_equal(deals["closed"], CUT), True)
    flipped = pc.if_else(pc.equal(deals["outcome"], "won"), "lost", "won")
    later = pc.if_else(after, pa.scalar(AS_OF, pa.date32()), deals["closed"])
    other = changed(company, outcome=pc.if_else(after, flipped, deals["outcome"]), closed=later)
    garbled = company.accounts.table.set_column(
        ACCOUNT_SCHEMA.names.index("industry"), "industry", pa.array(["Wrong"] * len(company.accounts))
    )
    theirs = np.full(len(company.accounts), "opportunity", object)
    other = replace(other, snapshots=(company.snapshots[0], Snapshot(CUT, garbled, theirs)))
    before, now = company.examples(HORIZON), other.examples(HORIZON)
    known = before.day <= to_day(CUT)
    assert known.sum() > 100
    assert (before.deal[known] == now.deal[known]).all()
    assert before.table.filter(pa.array(known)).equals(now.table.filter(pa.array(known)))
    assert not before.table.equals(now.table), "or the change would have shown nothing"
    over = before.day + HORIZON < to_day(CUT)
    assert (before.won[over] == now.won[over]).all()


def test_what_a_crm_overwrites_is_no_feature() -> None:
    company = simulated(200, 4)
    deals = company.facts.deals
    told = deals["outcome"].cast(pa.string())
    names = ("stage", "source", "partner", "registered_deal", "owner_name", "country", "industry", "name")
    other = changed(
        company,
        **dict.fromkeys(names, told),
        amount=pc.if_else(pc.equal(told, "won"), 1e6, 1.0),
        employees=pc.if_else(pc.equal(told, "won"), 9_999, 1),
    )
    assert other.examples().table.equals(company.examples().table)
    assert company.examples().table.schema.equals(FEATURES)


def test_the_partner_is_unknown_before_the_first_session() -> None:
    early, late = simulated(200, 5).examples(), simulated(200, 5, known_days=500).examples()
    day = to_day(AS_OF) - 500
    theirs = np.array(late.table["their_segment"].to_pylist())
    assert (theirs[late.day <= day] == "").all()
    assert (theirs[late.day > day] != "").all()
    assert late.placed == (late.day > day).sum()
    assert late.described_later == (late.day <= day).sum()
    assert early.described_later == 0


def one_company(*deals: dict[str, Any]) -> Company:
    rows = {name: [deal.get(name) for deal in deals] for name in {key for deal in deals for key in deal}}
    rows |= {"deal_id": [str(at) for at in range(len(deals))], "row": ["1"] * len(deals)}
    rows |= {"account_id": ["A1"] * len(deals)}
    listed = {"account_id": ["A1"], "name": ["One"], "segment": ["customer"], "country": ["Germany"]}
    accounts = AccountList(filled(listed, ACCOUNT_SCHEMA), pa.table({}))
    facts = deal_facts(DealList(filled(rows, DEAL_SCHEMA)), accounts, AS_OF)
    snapshot = Snapshot(date(2020, 1, 1), accounts.table, np.array(["customer"], object))
    return Company(facts, accounts, (snapshot,), np.zeros(len(deals)))


def test_earlier_deals_count_from_the_day_after_they_closed() -> None:
    day = date(2025, 1, 1)
    company = one_company(
        {"created": day, "closed": day + timedelta(days=10), "outcome": "lost"},
        {"created": day, "closed": day + timedelta(days=20), "outcome": "won"},
        {"created": day + timedelta(days=20), "closed": day + timedelta(days=30), "outcome": "lost"},
        {"created": day + timedelta(days=31), "outcome": "open"},
    )
    rows = company.examples().table.select(["relation", "lost_before"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        ("new customer", "none"),
        ("new customer", "none"),
        ("new customer", "one"),
        ("existing customer", "several"),
    ]
    now = accounts_as_of(company.facts, company.snapshots[0], np.array([0]), AS_OF)
    assert now.to_pylist() == [
        {
            "size": "",
            "country": "DE",
            "industry": "",
            "relation": "existing customer",
            "lost_before": "several",
            "their_segment": "customer",
        }
    ]


def test_a_deal_counts_when_its_horizon_is_over_and_not_sooner() -> None:
    company = one_company(
        {"created": AS_OF - timedelta(days=HORIZON), "closed": AS_OF, "outcome": "won"},
        {"created": AS_OF - timedelta(days=HORIZON - 1), "closed": AS_OF, "outcome": "won"},
        {"created": AS_OF - timedelta(days=500), "closed": AS_OF, "outcome": "won"},
        {"created": AS_OF, "closed": AS_OF - timedelta(days=900), "outcome": "lost"},
        {"created": None, "closed": AS_OF, "outcome": "won"},
    )
    found = company.examples(HORIZON)
    assert found.deal.tolist() == [2, 0]
    assert found.won.tolist() == [False, True], "won too late is not won in time"
    assert found.young == 1
    chosen = np.array([True, False, False, False, False])
    assert examples_of(company.facts, company.snapshots, HORIZON, chosen).deal.tolist() == [0]
