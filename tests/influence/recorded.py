"""Years of what several partners did, drawn at random: as ever, or with a change in the middle."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA, DEAL_SCHEMA, TOUCH_SCHEMA, AccountList, DealList
from accountmap.influence.attribution import attribute
from accountmap.influence.evidence import PartnerNames, gather_touches
from accountmap.influence.facts import deal_facts
from accountmap.influence.openings import SHARED_SCHEMA
from accountmap.influence.rules import INTRODUCTION, InfluenceRules
from accountmap.influence.watch import ANSWERS, COMPANIES, LONGEST_WAIT, OBSERVED_SCHEMA, watch
from tests.influence.simulated import AS_OF

DAYS = 1_300
RECORDED = DAYS - 920
"""From this day on, touches are written down: thirty months."""

CHANGE = DAYS - 460
RULES = InfluenceRules()


def day(at: float) -> date:
    return AS_OF - timedelta(days=DAYS - int(at))


class Years:
    """What a few partners do.

    A deal is touched several times within half a year; some accounts are touched and no deal comes of it. Half of
    the introductions lead to a deal, up to five months later. Amounts have a long tail. Questions are asked many
    at a time in the first half and singly in the second, and what is asked on one day is answered together or
    never. Sessions are one to three months apart.

    Args:
        factor: by how much everything is more from the day CHANGE on, or, of answers, takes longer.
    """

    def __init__(self, seed: int, factor: float = 1.0, partners: int = 3) -> None:
        self._draw, self._factor = np.random.default_rng(seed), factor
        self._deals: list[dict[str, Any]] = []
        self._touches: list[dict[str, Any]] = []
        self._observed: list[dict[str, Any]] = []
        for partner in (f"Partner {at}" for at in range(partners)):
            self._work_on_deals(partner)
            self._introduce(partner)
            self._share(partner)
            self._answer(partner)

    def watched(self) -> list[dict[str, Any]]:
        """Return the rows of CHANGE_SCHEMA."""
        ids = [f"A{at}" for at in range(self._accounts)]
        accounts = AccountList(_table(ACCOUNT_SCHEMA, [_account(each) for each in ids]), pa.table({}))
        deals = DealList(_table(DEAL_SCHEMA, self._deals))
        touches = _table(TOUCH_SCHEMA, self._touches)
        facts, names = deal_facts(deals, accounts, AS_OF), PartnerNames({}, [])
        column, whole = accounts.table["account_id"], np.arange(len(ids))
        found = gather_touches(facts, [touches], column, whole, names, RULES, deals.stages)
        attribution = attribute(facts, found, SHARED_SCHEMA.empty_table(), column, whole, names)
        observed = _table(OBSERVED_SCHEMA, self._observed)
        rows: list[dict[str, Any]] = watch(facts, attribution, found, [touches], observed, names, RULES)[
            1
        ].to_pylist()
        return rows

    _accounts = 0

    def _account(self) -> str:
        self._accounts += 1
        return f"A{self._accounts - 1}"

    def _times(self, a_month: Callable[[float], float], changes: bool = True) -> list[float]:
        """Draw days at a rate."""
        most = 3 * max(a_month(0), a_month(DAYS)) * max(1, self._factor) / 30
        times = np.sort(self._draw.uniform(0, DAYS, self._draw.poisson(most * DAYS)))
        kept = self._draw.uniform(0, most, len(times))
        rate = [a_month(at) / 30 * (self._factor if changes and at >= CHANGE else 1) for at in times]
        return [float(at) for at in times[kept < rate]]

    def _deal(self, account: str, created: float) -> None:
        self._deals.append(
            {
                "deal_id": f"D{len(self._deals)}",
                "account_id": account,
                "amount": round(float(np.exp(self._draw.normal(9, 1.5))), 2),
                "currency": "EUR",
                "created": day(created),
                "outcome": "open",
                "row": str(len(self._deals) + 2),
            }
        )

    def _touch(self, account: str, partner: str, kind: str, at: float) -> None:
        if RECORDED <= at < DAYS:
            record = f"activities.csv, row {len(self._touches) + 2}"
            row = {"account_id": account, "partner": partner, "kind": kind, "date": day(at), "record": record}
            self._touches.append(row)

    def _work_on_deals(self, partner: str) -> None:
        for begun in self._times(lambda _: 8):
            account = self._account()
            if self._draw.random() < 0.7 and begun + 60 < DAYS:
                self._deal(account, begun + 60)
            for at in (begun, *(begun + self._draw.uniform(0, 180, self._draw.poisson(3)))):
                self._touch(account, partner, "meeting", at)

    def _introduce(self, partner: str) -> None:
        for at in self._times(lambda _: 5):
            account, created = self._account(), at + self._draw.uniform(5, 150)
            self._touch(account, partner, INTRODUCTION, at)
            if self._draw.random() < 0.5 and created < DAYS:
                self._deal(account, created)

    def _share(self, partner: str) -> None:
        at, level = float(RECORDED), 200.0
        while at < DAYS:
            value = round(level + self._draw.normal(0, 1))
            self._observed.append({"partner": partner, "series": COMPANIES, "day": day(at), "value": float(value)})
            gap = int(self._draw.integers(1, 4)) * 30
            level += self._draw.poisson(gap / 5 * (self._factor if at >= CHANGE else 1))
            at += gap

    def _answer(self, partner: str) -> None:
        for at in self._times(lambda at: 8 if at < CHANGE else 2, changes=False):
            asked = 1 + self._draw.poisson(6) if at < CHANGE else 1
            scale = 5 * (self._factor if at >= CHANGE else 1)
            wait = LONGEST_WAIT if self._draw.random() < 0.15 else self._draw.gamma(1.2, scale)
            if RECORDED <= at <= DAYS - LONGEST_WAIT:
                row = {
                    "partner": partner,
                    "series": ANSWERS,
                    "day": day(at),
                    "value": min(float(wait), LONGEST_WAIT),
                }
                self._observed += [row] * asked


def _account(account_id: str) -> dict[str, Any]:
    return {"account_id": account_id, "name": account_id, "segment": "prospect"}


def _table(schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema)
