"""A company with six deals and three partners, small enough to check by hand; and deals with given win rates."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa

from accountmap.accounts.schema import (
    ACCOUNT_SCHEMA,
    DEAL_SCHEMA,
    STAGE_SCHEMA,
    TOUCH_SCHEMA,
    AccountList,
    DealList,
)
from accountmap.influence import SHARED_SCHEMA, Influence, InfluenceRules, build_influence
from accountmap.influence.attribution import Attribution
from accountmap.influence.evidence import Touches
from accountmap.influence.facts import DealFacts
from accountmap.influence.rules import Cost

AS_OF = date(2026, 6, 30)
NAMES = ("Globex", "Initech", "Umbrella")

DEALS: tuple[dict[str, Any], ...] = (
    {"deal_id": "D1", "account_id": "A1", "amount": 1000.0, "currency": "EUR", "outcome": "won",
     "created": date(2026, 1, 10), "closed": date(2026, 3, 1)},
    {"deal_id": "D2", "account_id": "A2", "amount": 500.0, "currency": "EUR", "outcome": "won",
     "created": date(2026, 2, 1), "closed": date(2026, 4, 1), "source": "Partner", "partner": "globex"},
    {"deal_id": "D3", "account_id": "A3", "amount": 70000.0, "currency": "JPY", "outcome": "won",
     "created": date(2026, 2, 1), "closed": date(2026, 4, 1)},
    {"deal_id": "D4", "account_id": "A4", "amount": 800.0, "currency": "EUR", "outcome": "open",
     "created": date(2026, 5, 1), "partner": "Umbrella", "registered_deal": "R-1", "registered": date(2026, 5, 3)},
    {"deal_id": "D5", "account_id": "A5", "amount": 300.0, "currency": "EUR", "outcome": "open",
     "created": date(2026, 5, 1), "source": "Web", "partner": "Globex"},
    {"deal_id": "D6", "account_id": "A6", "amount": 50.0, "currency": "EUR", "outcome": "won",
     "created": date(2024, 5, 1), "closed": date(2024, 6, 1)},
)  # fmt: skip
"""D1 is influenced by three partners, D2 sourced by field, D3 only shared and in yen, D4 registered, D5 names a
partner in a field alone, D6 closed before the period."""


def touches() -> pa.Table:
    one, two, three = NAMES
    rows = [
        ("D1", None, one, "meeting", date(2026, 1, 12)),
        ("D1", None, two, "Demo", date(2026, 1, 22)),
        ("D1", None, one, "call", date(2026, 2, 1)),
        ("D1", None, three, "reference", date(2026, 2, 1)),
        ("D1", None, two, "newsletter", date(2026, 2, 1)),
        ("D1", None, two, "meeting", date(2026, 3, 2)),
        ("D1", None, two, "meeting", date(2025, 9, 1)),
        (None, "A4", one, "introduction", date(2026, 4, 1)),
        (None, "A4", one, "introduction", date(2025, 1, 1)),
    ]
    columns = ("deal_id", "account_id", "partner", "kind", "date")
    listed = [
        dict(zip(columns, row, strict=True)) | {"record": f"activities.csv, row {at}"}
        for at, row in enumerate(rows, 2)
    ]
    return pa.Table.from_pylist(listed, schema=TOUCH_SCHEMA)


def example(
    rules: InfluenceRules | None = None,
    known: tuple[str, ...] = NAMES,
    stages: tuple[tuple[str, str, date], ...] = (),
    yearly_costs: Mapping[str, Cost] = MappingProxyType({}),
    **changes: Mapping[str, Any],
) -> Influence:
    """Compute the influence.

    Args:
        known: the partners of the workspace.
        stages: days on which deals entered stages.
        yearly_costs: as of `build_influence`.
        changes: columns of a deal, by its id.
    """
    rows = [
        {"row": str(at), "name": each["deal_id"], **each, **changes.get(each["deal_id"], {})}
        for at, each in enumerate(DEALS, 2)
    ]
    accounts = [{"account_id": f"A{at}", "name": f"Company {at}", "segment": "prospect"} for at in range(1, 7)]
    overlap = (("A3", None), ("A5", None), ("A4", "R-77"), ("A1", None))
    same = {"partner": NAMES[1], "their_segment": "customer", "session_id": "5e55", "finished": AS_OF}
    shared = [same | {"account_id": account, "their_registered_deal": theirs} for account, theirs in overlap]
    deals = DealList(
        pa.Table.from_pylist(rows, schema=DEAL_SCHEMA),
        pa.Table.from_pylist(
            [dict(zip(STAGE_SCHEMA.names, each, strict=True)) for each in stages], schema=STAGE_SCHEMA
        ),
        touches(),
    )
    listed = AccountList(pa.Table.from_pylist(accounts, schema=ACCOUNT_SCHEMA), pa.table({}))
    table = pa.Table.from_pylist(shared, schema=SHARED_SCHEMA)
    return build_influence(
        "Northwind",
        deals,
        listed,
        AS_OF,
        rules or InfluenceRules(),
        partners=known,
        shared=table,
        yearly_costs=yearly_costs,
    )


def facts_of(rates: Mapping[tuple[int, ...], float], deals: int) -> tuple[DealFacts, Attribution]:
    """Decided deals, as many for each set of partners, of which exactly the given part is won."""
    each = deals // len(rates)
    sets = list(chain.from_iterable([partners] * each for partners in rates))
    won = np.concatenate([np.arange(each) < round(rate * each) for rate in rates.values()])
    return touched([[(partner, partner + 1) for partner in partners] for partners in sets], won.tolist(), 2)


def touched(
    paths: Sequence[Sequence[tuple[int, int]]], won: Sequence[bool], partners: int = 4
) -> tuple[DealFacts, Attribution]:
    """Decided deals with their touches, each as its partner and day."""
    n = len(paths)
    zeros, nothing = np.zeros(n, np.int64), np.full(n, "", object)
    facts = DealFacts(
        deals=pa.table({"deal_id": [str(at) for at in range(n)]}), as_of=1000, account=zeros, entity=zeros,
        created=zeros, closed=zeros + 100, won=np.array(won, bool), is_open=np.zeros(n, bool), minor=zeros + 100,
        currency=nothing, relation=nothing, size=zeros, country=nothing,
    )  # fmt: skip
    rows = sorted((at, day, partner) for at, path in enumerate(paths) for partner, day in path)
    deal, day, partner = np.array(rows, np.int64).reshape(-1, 3).T
    yes, text = np.ones(len(deal), bool), np.full(len(deal), "meeting", object)
    found = Touches(deal, partner, text, day, text, ~yes, yes, np.full(len(deal), "", object))
    influenced = np.zeros((n, partners), bool)
    influenced[deal, partner] = True
    names = tuple("ABCD"[:partners])
    return facts, Attribution(found, zeros - 1, influenced, np.zeros((n, partners), bool), names)
