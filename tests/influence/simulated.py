"""Years of deals drawn at random, with an effect of partners that is planted, and so known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA, DEAL_SCHEMA, TOUCH_SCHEMA, AccountList, DealList
from accountmap.influence.build import Influence, build_influence
from accountmap.influence.openings import SHARED_SCHEMA
from accountmap.influence.rules import InfluenceRules

AS_OF = date(2026, 9, 30)
LANDMARK = 30
STANDARD = InfluenceRules()
COUNTRIES = np.array(["Germany", "France", "Japan", "Brazil"])
EMPLOYEES = np.array([5, 30, 120, 900, 7_000])


@dataclass(frozen=True)
class Company:
    """One company's deals, accounts and overlaps."""

    deals: DealList
    accounts: AccountList
    shared: pa.Table

    def influence(self, rules: InfluenceRules = STANDARD) -> Influence:
        return build_influence("Northwind", self.deals, self.accounts, AS_OF, rules, shared=self.shared)


def simulated(deals: int, seed: int, effect: float = 0.0, partners: int = 3, days: int = 900) -> Company:
    """Draw deals of which some met a partner within their first 20 days.

    Every deal is decided between its landmark and 150 days later. Large companies are won more often and meet a
    partner more often, so that deals with a partner look better than they are; beyond that, a partner adds
    `effect` to the probability of being won.
    """
    draw = np.random.default_rng(seed)
    size, country = draw.integers(0, 5, deals), draw.integers(0, 4, deals)
    created = draw.integers(0, days, deals)
    met = draw.random(deals) < 0.15 + 0.1 * size
    chance = 0.2 + 0.08 * size + 0.04 * country + effect * met
    won = draw.random(deals) < chance
    decided = created + LANDMARK + 1 + draw.integers(0, 150, deals)
    amounts = np.exp(draw.normal(9, 1, deals))
    return _company(draw, (created, decided, won, met), amounts, size, country, partners, days)


def apart(deals: int, seed: int, effects: Sequence[float], days: int = 900) -> Company:
    """Draw deals as `simulated` does, of partners that add different effects; each deal meets one of them."""
    draw = np.random.default_rng(seed)
    size, country = draw.integers(0, 5, deals), draw.integers(0, 4, deals)
    created = draw.integers(0, days, deals)
    met, partner = draw.random(deals) < 0.15 + 0.1 * size, draw.integers(0, len(effects), deals)
    won = draw.random(deals) < 0.2 + 0.08 * size + 0.04 * country + np.array(effects)[partner] * met
    decided = created + LANDMARK + 1 + draw.integers(0, 150, deals)
    amounts = np.exp(draw.normal(9, 1, deals))
    made = _company(draw, (created, decided, won, met), amounts, size, country, len(effects), days)
    rows = made.deals.touches.to_pylist()
    renamed = [row | {"partner": f"Partner {partner[int(row['deal_id'][1:])]}"} for row in rows]
    return replace(made, deals=replace(made.deals, touches=pa.Table.from_pylist(renamed, schema=TOUCH_SCHEMA)))


def lasting(deals: int, seed: int, ratio: float = 1.0, days: int = 900) -> Company:
    """Draw deals that are won, or else lost, at a constant rate from the landmark on.

    A partner multiplies the rate of being won by `ratio`. Large deals are won at a higher rate and meet a partner
    more often, so that deals with a partner are won faster than they would be for the partner alone.
    """
    draw = np.random.default_rng(seed)
    large = draw.normal(0, 1, deals)
    created = draw.integers(0, days, deals)
    met = draw.random(deals) < 1 / (1 + np.exp(-large))
    won_after = draw.exponential(1 / winning_rate(large, met, ratio))
    lost_after = draw.exponential(1 / LOST_A_DAY, deals)
    decided = created + LANDMARK + 1 + np.minimum(won_after, lost_after).astype(int)
    nothing = np.zeros(deals, int)
    won = won_after < lost_after
    return _company(draw, (created, decided, won, met), np.exp(9 + large), nothing, nothing, 3, days)


LOST_A_DAY = 1 / 150


def winning_rate(large: np.ndarray, met: np.ndarray, ratio: float) -> np.ndarray:
    """Return at which rate a day deals are won, by their size as standard deviations of its logarithm."""
    rate: np.ndarray = np.exp(0.3 * large) * np.where(met, ratio, 1.0) / 200
    return rate


def _company(
    draw: np.random.Generator,
    life: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    amounts: np.ndarray,
    size: np.ndarray,
    country: np.ndarray,
    partners: int,
    days: int,
) -> Company:
    """Make deals of when each was created and decided, whether it was won, and whether it met a partner."""
    created, decided, won, met = life
    deals = len(created)
    first = AS_OF - timedelta(days=days + 1)
    is_open = decided > days
    decided = np.minimum(decided, days + 1)
    day = np.array([first + timedelta(days=int(each)) for each in range(days + 400)], object)
    outcome = np.where(is_open, "open", np.where(won, "won", "lost"))
    ids = [f"D{at}" for at in range(deals)]
    accounts = [f"A{at}" for at in range(deals)]
    columns = {
        "deal_id": ids,
        "name": [f"Deal {at}" for at in range(deals)],
        "account_id": accounts,
        "amount": np.round(amounts, 2),
        "currency": ["EUR"] * deals,
        "created": day[created].tolist(),
        "closed": [None if still else each for still, each in zip(is_open, day[decided], strict=True)],
        "outcome": outcome.tolist(),
        "row": [str(at + 2) for at in range(deals)],
    }
    table = pa.table(
        {f.name: pa.array(columns.get(f.name, [None] * deals), f.type) for f in DEAL_SCHEMA}, DEAL_SCHEMA
    )
    own = {"account_id": accounts, "name": columns["name"], "segment": ["prospect"] * deals}
    own |= {"country": COUNTRIES[country].tolist(), "employees": EMPLOYEES[size].tolist()}
    listed = pa.table(
        {f.name: pa.array(own.get(f.name, [None] * deals), f.type) for f in ACCOUNT_SCHEMA}, ACCOUNT_SCHEMA
    )
    return Company(
        DealList(table, touches=_touches(draw, np.flatnonzero(met), created, day, partners)),
        AccountList(listed, pa.table({})),
        _shared(draw, accounts, partners),
    )


def _touches(
    draw: np.random.Generator, met: np.ndarray, created: np.ndarray, day: np.ndarray, partners: int
) -> pa.Table:
    """Two touches for each deal that met a partner, of one partner or of two."""
    deal = np.repeat(met, 2)
    when = created[deal] + draw.integers(0, 20, len(deal))
    columns = {
        "deal_id": [f"D{at}" for at in deal],
        "account_id": [None] * len(deal),
        "partner": [f"Partner {at}" for at in draw.integers(0, partners, len(deal))],
        "kind": [("meeting", "demo")[at] for at in draw.integers(0, 2, len(deal))],
        "date": day[when].tolist(),
        "record": [f"activities.csv, row {at + 2}" for at in range(len(deal))],
    }
    return pa.table(columns, schema=TOUCH_SCHEMA)


def _shared(draw: np.random.Generator, accounts: list[str], partners: int) -> pa.Table:
    rows = [
        {
            "partner": f"Partner {at}",
            "account_id": accounts[row],
            "their_segment": "customer",
            "session_id": f"{at:08}",
            "finished": date(2026, 9, 1),
        }
        for at in range(partners)
        for row in draw.choice(len(accounts), len(accounts) // 10, replace=False).tolist()
    ]
    return pa.Table.from_pylist(rows, schema=SHARED_SCHEMA)
