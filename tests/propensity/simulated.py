"""Years of deals whose probability to be won is known, with a partner's list that was known from a day on."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA, DEAL_SCHEMA, AccountList, DealList
from accountmap.influence.facts import DealFacts, Floats, deal_facts
from accountmap.propensity import NOT_LISTED, Snapshot, examples_of
from accountmap.propensity.examples import Examples

AS_OF = date(2026, 9, 30)
DAYS = 1_200

EMPLOYEES = np.array([5, 30, 120, 900, 7_000])
COUNTRIES = np.array(["Germany", "France", "Japan"])
INDUSTRIES = np.array(["Steel", "Software", "Food"])
THEIRS = np.array(["customer", "prospect", NOT_LISTED], object)


@dataclass(frozen=True)
class Company:
    """One company's deals and accounts, and what it knew when.

    Attributes:
        chance: of each deal to be won within the horizon.
    """

    facts: DealFacts
    accounts: AccountList
    snapshots: tuple[Snapshot, ...]
    chance: Floats

    def examples(self, horizon_days: int = 120) -> Examples:
        return examples_of(self.facts, self.snapshots, horizon_days)


def simulated(deals: int, seed: int, effect: float = 1.0, known_days: int = DAYS + 400) -> Company:
    """Draw deals, some of them with the same company.

    Larger companies and the partner's customers are won more often, by `effect` times 0.4 a band and 1.4 in
    log-odds; country and industry say nothing.

    Args:
        known_days: how many days before the end the partner's list became known.
    """
    draw = np.random.default_rng(seed)
    companies = deals * 3 // 4
    size, country, industry = (draw.integers(0, n, companies) for n in (5, 3, 3))
    theirs = draw.integers(0, 3, companies)
    account = draw.integers(0, companies, deals)
    created = draw.integers(0, DAYS, deals)
    score = -1.3 + effect * (0.4 * (size - 2) + 1.4 * (theirs == 0))[account]
    chance = 1 / (1 + np.exp(-score))
    won = draw.random(deals) < chance
    closed = created + draw.integers(10, 110, deals)
    is_open = closed > DAYS
    first = AS_OF - timedelta(days=DAYS)
    day = [first + timedelta(days=at) for at in range(DAYS + 200)]
    columns = {
        "deal_id": [f"D{at}" for at in range(deals)],
        "account_id": [f"A{at}" for at in account],
        "amount": np.round(np.exp(draw.normal(9, 1, deals)), 2),
        "currency": ["EUR"] * deals,
        "created": [day[at] for at in created],
        "closed": [None if still else day[at] for still, at in zip(is_open, closed, strict=True)],
        "outcome": np.where(is_open, "open", np.where(won, "won", "lost")),
        "row": [str(at + 2) for at in range(deals)],
    }
    own = {
        "account_id": [f"A{at}" for at in range(companies)],
        "name": [f"Company {at}" for at in range(companies)],
        "segment": ["prospect"] * companies,
        "country": COUNTRIES[country],
        "industry": INDUSTRIES[industry],
        "employees": EMPLOYEES[size],
    }
    accounts = AccountList(filled(own, ACCOUNT_SCHEMA), pa.table({}))
    list_ = DealList(filled(columns, DEAL_SCHEMA))
    snapshot = Snapshot(AS_OF - timedelta(days=known_days), accounts.table, THEIRS[theirs])
    return Company(deal_facts(list_, accounts, AS_OF), accounts, (snapshot,), chance)


def filled(columns: dict[str, object], schema: pa.Schema) -> pa.Table:
    """Make a table of a schema; what is not given is null."""
    rows = len(next(iter(columns.values())))
    arrays = {f.name: pa.array(columns.get(f.name, [None] * rows), f.type) for f in schema}
    return pa.table(arrays, schema)
