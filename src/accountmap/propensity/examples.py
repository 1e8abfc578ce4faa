"""What a model learns from: one row for each deal, with what was known about its account on the day before.

A deal is an offer that was made to an account. Whatever a CRM overwrites later, such as the amount, the stage, the
owner, the partner field or today's segment, is not a feature: it would give the outcome away.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.deal_findings import account_rows
from accountmap.accounts.headings import fold
from accountmap.accounts.schema import size_band
from accountmap.influence.facts import EXISTING, NEW, NO_DAY, DealFacts, Ints, Mask, to_day
from accountmap.linkage.places import country_code

SIZE: Final = "size"
COUNTRY: Final = "country"
INDUSTRY: Final = "industry"
RELATION: Final = "relation"
LOST_BEFORE: Final = "lost_before"
THEIR_SEGMENT: Final = "their_segment"

FEATURES: Final = pa.schema(
    [
        pa.field(name, pa.string(), nullable=False)
        for name in (SIZE, COUNTRY, INDUSTRY, RELATION, LOST_BEFORE, THEIR_SEGMENT)
    ]
)
"""All that a model sees: levels, "" where nothing is known. From the partner it has only the segment; other fields
that the partner shows are text from outside, and are never computed with."""

UNKNOWN: Final = ""
NOT_LISTED: Final = "not on their list"
NEVER: Final = "none"
ONCE: Final = "one"
OFTEN: Final = "several"

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True, repr=False)
class Snapshot:
    """What was known about the own accounts when a session finished, or when the list was prepared.

    Attributes:
        day: the day (UTC) on which it was known.
        accounts: with account_id, name, country, industry and employees.
        their_segment: for each account one of SEGMENTS, NOT_LISTED, or UNKNOWN: it was not compared, or the
            agreement lets no model learn from it.
    """

    day: date
    accounts: pa.Table
    their_segment: Texts


@dataclass(frozen=True, repr=False)
class Examples:
    """Deals whose outcome is known, oldest first.

    Attributes:
        table: FEATURES.
        deal: the row of each in the list of deals.
        day: the day on which each was created, in days since 1970-01-01.
        company: the number of its company; deals of one company are not independent of each other.
        won: whether it was won within the horizon.
        horizon_days: counted from the creation of a deal.
        young, without_account: how many deals are left out because the horizon is not over, or because the account
            is not listed.
        described_later: how many deals have their country, industry and size from a list that was prepared after
            they were created, since there is no older one.
        placed: how many deals were created after a session had told the partner's segment, or that there is none.
    """

    table: pa.Table
    deal: Ints
    day: Ints
    company: Ints
    won: Mask
    horizon_days: int
    young: int
    without_account: int
    described_later: int
    placed: int

    def __len__(self) -> int:
        return len(self.day)

    def take(self, rows: Ints) -> "Examples":
        """Return the examples in some rows."""
        return replace(
            self,
            table=self.table.take(pa.array(rows)),
            deal=self.deal[rows],
            day=self.day[rows],
            company=self.company[rows],
            won=self.won[rows],
        )


def examples_of(
    facts: DealFacts, snapshots: Sequence[Snapshot], horizon_days: int, chosen: Mask | None = None
) -> Examples:
    """Make the training table.

    The account of a deal is described by the last snapshot from before the day of its creation. Where there is
    none, country, industry and size come from the first one, since a sale does not change them; the partner's
    segment is then not known. Deals count once their horizon is over, even if they were decided sooner: otherwise
    quick outcomes would count more.

    Args:
        snapshots: oldest first, at least one.
        chosen: the deals to use; by default all.
    """
    wanted = np.ones(len(facts), bool) if chosen is None else chosen
    dated = wanted & (facts.created != NO_DAY) & (facts.is_open | (facts.closed >= facts.created))
    listed = dated & (facts.entity >= 0)
    old = listed & (facts.created + horizon_days <= facts.as_of)
    rows = np.flatnonzero(old)
    rows = rows[np.lexsort((rows, facts.created[rows]))]
    day, company = facts.created[rows], facts.entity[rows]
    known, described = _described(facts, rows, snapshots)
    columns = described | _history(facts, company, day)
    won = facts.won[rows] & (facts.closed[rows] <= day + horizon_days)
    return Examples(
        table=_table(columns),
        deal=rows,
        day=day,
        company=company,
        won=won,
        horizon_days=horizon_days,
        young=int((listed & ~old).sum()),
        without_account=int((dated & ~listed).sum()),
        described_later=int((~known).sum()),
        placed=int((columns[THEIR_SEGMENT] != UNKNOWN).sum()),
    )


def accounts_as_of(facts: DealFacts, snapshot: Snapshot, company: Ints, day: date) -> pa.Table:
    """Describe the accounts of a snapshot as if a deal were opened with each of them on a day: FEATURES.

    Args:
        company: the number of each account's company in `facts`.
    """
    days = np.full(len(company), to_day(day), np.int64)
    return _table(_of_snapshot(snapshot, np.arange(len(company))) | _history(facts, company, days))


def _table(columns: dict[str, Texts]) -> pa.Table:
    return pa.table({name: pa.array(columns[name].tolist(), pa.string()) for name in FEATURES.names}, FEATURES)


def _described(facts: DealFacts, rows: Ints, snapshots: Sequence[Snapshot]) -> tuple[Mask, dict[str, Texts]]:
    """Describe the account of each deal by the last snapshot before it; say where there was one."""
    days = [to_day(each.day) for each in snapshots]
    before = np.array([bisect_left(days, each) - 1 for each in facts.created[rows].tolist()], np.int64)
    columns = {name: np.full(len(rows), UNKNOWN, object) for name in (SIZE, COUNTRY, INDUSTRY, THEIR_SEGMENT)}
    for at, snapshot in enumerate(snapshots):
        of_this = np.flatnonzero(np.maximum(before, 0) == at)
        if not len(of_this):
            continue
        deals = facts.deals.take(pa.array(rows[of_this]))
        account = pc.fill_null(account_rows(deals, snapshot.accounts), -1).to_numpy().astype(np.int64)
        for name, values in _of_snapshot(snapshot, account).items():
            columns[name][of_this] = values
    columns[THEIR_SEGMENT][before < 0] = UNKNOWN
    return before >= 0, columns


def _of_snapshot(snapshot: Snapshot, account: Ints) -> dict[str, Texts]:
    """Take what a snapshot says about accounts; nothing where the row is -1."""

    def levels(name: str) -> Texts:
        column = snapshot.accounts[name].combine_chunks().dictionary_encode()
        read = _READ[name]
        words = [read(each) or UNKNOWN for each in column.dictionary.to_pylist()]
        codes = pc.fill_null(column.indices, len(words)).to_numpy()
        found: Texts = np.array([*words, UNKNOWN], object)[codes]
        return found

    found = {SIZE: levels("employees"), COUNTRY: levels("country"), INDUSTRY: levels("industry")}
    found[THEIR_SEGMENT] = snapshot.their_segment
    return {name: np.append(values, UNKNOWN)[account] for name, values in found.items()}


_READ: Final[Mapping[str, Callable[[Any], str | None]]] = {
    "employees": size_band,
    "country": country_code,
    "industry": fold,
}


def _history(facts: DealFacts, company: Ints, day: Ints) -> dict[str, Texts]:
    """Say for companies what had become of the deals with them that closed before a day."""
    won = _closed_before(facts, facts.won, company, day)
    lost = _closed_before(facts, facts.lost, company, day)
    times = np.array([NEVER, ONCE, OFTEN], object)[np.minimum(lost, 2)]
    return {RELATION: np.where(won > 0, EXISTING, NEW).astype(object), LOST_BEFORE: times}


def _closed_before(facts: DealFacts, chosen: Mask, company: Ints, day: Ints) -> Ints:
    """Count the chosen deals of each company that closed before its day."""
    rows = np.flatnonzero(chosen & (facts.entity >= 0) & (facts.closed != NO_DAY))
    if not len(rows):
        return np.zeros(len(company), np.int64)
    first, last = int(facts.closed[rows].min()), int(facts.closed[rows].max())
    span = last - first + 2
    closed = np.sort(facts.entity[rows] * span + facts.closed[rows] - first)
    begin = np.searchsorted(closed, company * span)
    end = np.searchsorted(closed, company * span + np.clip(day - first, 0, span - 1))
    found: Ints = (end - begin).astype(np.int64)
    return found
