"""What a joint plan came to, from both sides' reports: tables that are the same bytes on both sides
(conversation-v1 §7.5).

What only one side can know counts as that side reports it. What both can know counts as far as both report it;
where their reports differ, the table says so.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from accountmap.account_map.holdout import NOT_ALL_REPORTED, TOO_FEW, Arms, verdict
from accountmap.model import Result, Role

UNIT: Final = 10_000
"""Amounts are whole numbers of ten-thousandths of the currency: all currencies divide into such parts."""

ACCOUNTS, COMPARISON, BUDGET = "accounts", "comparison", "budget"
_LABEL: Final = b"accountmap-plan-v1 results\x00"
_RANK: Final = {Result.NOTHING: 0, Result.MEETING: 1, Result.OPPORTUNITY: 2, Result.LOST: 2, Result.WON: 3}
MEASURES: Final = (Result.MEETING, Result.OPPORTUNITY, Result.WON)
"""What accounts are compared by: whether they got that far, or further."""


@dataclass(frozen=True)
class LineReport:
    """What one side did about an account of a plan, and what came of it, in total so far.

    Attributes:
        steps: how many steps this side took.
        meetings: how many meetings with the account both sides took part in.
        deals: how many deals this side registered.
        result: what came of it, as far as this side knows; None if it does not say.
        amount: the sum of this side's deals, in ten-thousandths of the plan's currency; None if it does not say.
    """

    match_id: bytes
    steps: int = 0
    meetings: int = 0
    deals: int = 0
    result: Result | None = None
    amount: int | None = None


@dataclass(frozen=True)
class ReconciledLine:
    """What both sides' reports about an account come to.

    Attributes:
        reports: of the initiator and the responder; None from a side that has not reported.
        meetings, result: what both say; the lesser if they differ; what one says if the other says nothing; None
            if neither says anything.
        differences: where they differ, in the order of the specification.
    """

    match_id: bytes
    held_out: bool
    reports: tuple[LineReport | None, LineReport | None]
    meetings: int | None
    result: Result | None
    differences: tuple[str, ...]


@dataclass(frozen=True)
class PlanResults:
    """The reports of both sides about one plan.

    Attributes:
        match_ids: of the plan, ascending.
        reports: the last report of each side about each match.
        budget, spent: of the initiator and the responder, in ten-thousandths; spent is None if not reported.
        currency: ISO 4217 code, or empty.
    """

    plan_id: bytes
    match_ids: tuple[bytes, ...]
    holdout: frozenset[bytes]
    reports: Mapping[tuple[Role, bytes], LineReport]
    budget: tuple[int, int]
    spent: tuple[int | None, int | None]
    currency: str

    @cached_property
    def lines(self) -> tuple[ReconciledLine, ...]:
        """What each account came to."""
        return tuple(map(self._line, self.match_ids))

    @cached_property
    def tables(self) -> dict[str, bytes]:
        """The three tables as CSV in UTF-8, by name, in the order in which they are digested."""
        return {
            ACCOUNTS: _csv(_ACCOUNT_COLUMNS, map(_account_cells, self.lines)),
            COMPARISON: _csv(_COMPARISON_COLUMNS, map(self._comparison, MEASURES)),
            BUDGET: _csv(_BUDGET_COLUMNS, map(self._budget, Role)),
        }

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the plan's id and the tables: both sides state it to reconcile."""
        tables = b"".join(len(table).to_bytes(4, "big") + table for table in self.tables.values())
        return hashlib.sha256(_LABEL + self.plan_id + tables).digest()

    def arms(self, measure: Result) -> Arms:
        """Count the accounts that reached a result, or got further."""
        hits = [e.match_id for e in self.lines if e.result is not None and _RANK[e.result] >= _RANK[measure]]
        return Arms.count(hits, self.match_ids, self.holdout)

    def _line(self, match_id: bytes) -> ReconciledLine:
        both = (self.reports.get((Role.INITIATOR, match_id)), self.reports.get((Role.RESPONDER, match_id)))
        held_out, said = match_id in self.holdout, [each for each in both if each is not None]
        meetings = [each.meetings for each in said]
        results = [each.result for each in said if each.result is not None]
        worked_on = held_out and any(each.steps or each.meetings or each.deals for each in said)
        differences = {
            "meetings": len(set(meetings)) > 1,
            "result": len(set(results)) > 1,
            "one side": len(results) == 1,
            "worked on": worked_on,
        }
        return ReconciledLine(
            match_id,
            held_out,
            both,
            min(meetings, default=None),
            min(results, key=_lesser, default=None),
            tuple(name for name, holds in differences.items() if holds),
        )

    def _comparison(self, measure: Result) -> Iterable[str]:
        arms = self.arms(measure)
        counts = map(str, (arms.hits, arms.of, arms.held_hits, arms.held))
        if any(each.result is None for each in self.lines):
            return (measure.label, *counts, "", "", "", NOT_ALL_REPORTED)
        if not arms.enough:
            return (measure.label, *counts, "", "", "", TOO_FEW)
        difference, low, high = arms.difference()
        return (measure.label, *counts, *map(_share, (difference, low, high)), verdict(low, high))

    def _budget(self, role: Role) -> Iterable[str]:
        agreed, spent = self.budget[role], self.spent[role]
        return role.label, self.currency, decimal(agreed), "" if spent is None else decimal(spent)


def _lesser(result: Result) -> tuple[int, int]:
    """Order results so that the least comes first; an open opportunity comes before a lost one."""
    return _RANK[result], result


_SIDES: Final = tuple(role.label for role in Role)
_ACCOUNT_COLUMNS: Final = (
    *("match_id", "arm"),
    *(f"{what}_{side}" for what in ("steps", "deals", "amount", "meetings", "result") for side in _SIDES),
    *("meetings", "result", "difference"),
)
_COMPARISON_COLUMNS: Final = (
    *("measure", "worked_on_hits", "worked_on", "holdout_hits", "holdout"),
    *("difference", "at_least", "at_most", "verdict"),
)
_BUDGET_COLUMNS: Final = ("side", "currency", "budget", "spent")


def _csv(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Write a table whose cells need no quotes."""
    return "".join(",".join(row) + "\n" for row in (columns, *rows)).encode()


def _account_cells(line: ReconciledLine) -> Iterable[str]:
    said = line.reports
    return (
        line.match_id.hex(),
        "holdout" if line.held_out else "worked on",
        *(str(each.steps) if each else "" for each in said),
        *(str(each.deals) if each else "" for each in said),
        *(decimal(each.amount) if each and each.amount is not None else "" for each in said),
        *(str(each.meetings) if each else "" for each in said),
        *(each.result.label if each and each.result else "" for each in said),
        "" if line.meetings is None else str(line.meetings),
        line.result.label if line.result else "",
        "; ".join(line.differences),
    )


def _share(value: float) -> str:
    """Write a share with three digits, half to even; there is no minus zero."""
    return f"{round(value * 1000) / 1000 + 0.0:.3f}"


def units(text: str) -> int:
    """Read an amount as people type it, such as 1250 or 0.5, as ten-thousandths.

    Raises:
        ValueError: it is not a number, or has more than four digits after the point.
    """
    found = re.fullmatch(r"([0-9]{1,15})(?:\.([0-9]{1,4}))?", text.strip())
    if found is None:
        raise ValueError("no amount")
    return int(found[1]) * UNIT + int((found[2] or "").ljust(4, "0"))


def decimal(amount: int) -> str:
    """Write an amount in ten-thousandths as a number without trailing zeros: 1250, 0.5."""
    whole, part = divmod(amount, UNIT)
    return f"{whole}.{part:04}".rstrip("0") if part else str(whole)
