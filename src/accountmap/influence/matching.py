"""Which deals can be compared, and which deals without a partner are like those with one.

Who is "with" is decided on one day of every deal's life, the landmark (Anderson, Cain & Gelber, 1983), by the
touches up to then; only deals that were open on that day are compared, and a deal succeeds if it is won within the
horizon that follows. So no deal has more time than another to meet a partner, and every deal that is old enough
has an outcome.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from accountmap.influence.attribution import Attribution
from accountmap.influence.facts import EXISTING, NO_DAY, DealFacts, Floats, Ints, Mask
from accountmap.influence.rules import InfluenceRules

BALANCE_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string()),
        pa.field("attribute", pa.string(), nullable=False),
        pa.field("apart_before", pa.float64(), nullable=False),
        pa.field("apart_after", pa.float64(), nullable=False),
        pa.field("matched", pa.int64(), nullable=False),
        pa.field("exactly", pa.int64(), nullable=False),
        pa.field("unmatched", pa.int64(), nullable=False),
    ]
)
"""How alike the compared deals are: for each attribute the share of deals that would have to be different for the
two sides to be alike (total variation), before matching and after; and how many deals with a partner were matched,
how many of them with deals that are alike in everything, and how many were not."""

_FURTHEST: Final = 6.0
_OTHER_RELATION: Final = 4.0
_OTHER_COUNTRY: Final = 2.0
_UNKNOWN_SIZE: Final = 3.0
_QUARTER: Final = 0.5
"""What each difference adds to the distance between two deals; one band of size adds 1. Deals beyond the furthest
distance are not matched."""

_VARIANCE_STRENGTH: Final = 4.0
"""How strongly the variance of a cell is shrunk towards that of all: as by this many deals. Many cells have a
single deal."""

_ATTRIBUTES: Final = ("relation", "size", "country", "quarter")


@dataclass(frozen=True, repr=False)
class Cohort:
    """The deals that can be compared.

    Attributes:
        rows: of the deals.
        success: whether each was won within the horizon.
        touched: (deal, partner), whether the partner had touched it by the landmark.
        cell: the number of each deal's combination of attributes.
        cells: (cell, attribute) in the order of _ATTRIBUTES, as numbers.
    """

    rows: Ints
    success: Floats
    touched: Mask
    cell: Ints
    cells: Ints

    @property
    def without(self) -> Mask:
        """The deals that no partner had touched."""
        found: Mask = ~np.asarray(self.touched.any(axis=1))
        return found

    def having(self, partner: int | None) -> Mask:
        """Return the deals that a partner, or with None any, had touched."""
        found: Mask = np.asarray(self.touched.any(axis=1)) if partner is None else self.touched[:, partner]
        return found


def touched_by_landmark(facts: DealFacts, found: Attribution, rules: InfluenceRules) -> Mask:
    """Return (deal, partner), whether a touch that counts came up to the landmark of the deal."""
    touches = found.touches
    early = touches.day <= facts.created[touches.deal] + rules.landmark_days
    touched = np.zeros((len(facts), len(found.names)), bool)
    touched[touches.deal[early], touches.partner[early]] = True
    return touched


def open_at_landmark(facts: DealFacts, rules: InfluenceRules) -> Mask:
    """Return the deals that were open at their landmark, as far as their days are known."""
    landmark = facts.created + rules.landmark_days
    dated = (facts.created != NO_DAY) & (facts.is_open | (facts.closed != NO_DAY))
    found: Mask = dated & (facts.known_until > landmark)
    return found


def cohort_of(facts: DealFacts, found: Attribution, rules: InfluenceRules) -> Cohort:
    """Choose the deals that were open at the landmark and whose horizon has passed."""
    landmark = facts.created + rules.landmark_days
    end = landmark + rules.horizon_days
    rows = np.flatnonzero(open_at_landmark(facts, rules) & (end <= facts.as_of))
    success = facts.won[rows] & (facts.closed[rows] <= end[rows])
    attributes = np.column_stack(
        [
            facts.relation[rows] == EXISTING,
            facts.size[rows],
            np.unique(facts.country[rows].astype(str), return_inverse=True)[1],
            _quarters(facts.created[rows]),
        ]
    ).astype(np.int64)
    cells, cell = np.unique(attributes, axis=0, return_inverse=True)
    touched = touched_by_landmark(facts, found, rules)[rows]
    return Cohort(rows, success.astype(np.float64), touched, cell.ravel(), cells.reshape(-1, len(_ATTRIBUTES)))


def _quarters(days: Ints) -> Ints:
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months // 3


@dataclass(frozen=True)
class Matched:
    """The outcome of a matched comparison.

    Attributes:
        difference, error: how much more often deals with a partner succeed than similar deals without one, and
            its standard error.
        with_rate, without_rate: the rates of success that it is the difference of.
        matched, exactly, unmatched: how many deals with a partner have similar deals, have deals alike in
            everything, and have none.
        weights: of each deal without a partner; they add up to `matched`.
    """

    difference: float
    error: float
    with_rate: float
    without_rate: float
    matched: int
    exactly: int
    unmatched: int
    weights: Floats


class Matcher:
    """Finds for each deal with a partner the deals without that are most like it, with replacement.

    All that are equally near are taken, so that nothing depends on the order of the list. The variance is that of
    Abadie & Imbens (2006, theorem 7) for matching with replacement, written for any number of matches: resampling
    does not give it (Abadie & Imbens, 2008).
    """

    def __init__(self, cohort: Cohort) -> None:
        self._cohort = cohort
        without = cohort.without
        n = len(cohort.cells)
        self._count = np.bincount(cohort.cell[without], minlength=n).astype(np.float64)
        self._won = np.bincount(cohort.cell[without], cohort.success[without], minlength=n)
        held = np.flatnonzero(self._count)
        self._held = held
        wanted = np.unique(cohort.cell[~without])
        self._nearest = {
            int(c): (near, d) for c, (near, d) in zip(wanted, _nearest(cohort.cells, wanted, held), strict=True)
        }
        overall = cohort.success[without].var() if without.any() else 0.0
        with np.errstate(invalid="ignore"):
            rate = np.where(self._count > 0, self._won / np.maximum(self._count, 1), 0.0)
        squares = self._count * rate * (1 - rate)
        self._variance = (squares + _VARIANCE_STRENGTH * overall) / (
            np.maximum(self._count - 1, 0) + _VARIANCE_STRENGTH
        )

    def match(self, chosen: Mask) -> Matched | None:
        """Compare some deals with a partner to those most like them; None if no deal is like any of them."""
        cohort, n = self._cohort, len(self._cohort.cells)
        treated = np.bincount(cohort.cell[chosen], minlength=n).astype(np.float64)
        won = np.bincount(cohort.cell[chosen], cohort.success[chosen], minlength=n)
        weight, squares = np.zeros(n), np.zeros(n)
        matched = exactly = 0.0
        squared = total = total_without = 0.0
        pairs = []
        for c in np.flatnonzero(treated).tolist():
            near, distance = self._nearest[c]
            if not len(near):
                continue
            among = self._count[near].sum()
            mean = self._won[near].sum() / among
            weight[near] += treated[c] / among
            squares[near] += treated[c] / among**2
            matched += treated[c]
            exactly += treated[c] * (distance == 0)
            total += won[c]
            total_without += treated[c] * mean
            pairs.append((treated[c], won[c], mean))
        if not matched:
            return None
        difference = (total - total_without) / matched
        for count, successes, mean in pairs:
            squared += successes * (1 - mean - difference) ** 2 + (count - successes) * (mean + difference) ** 2
        reused = (self._count * (weight**2 - squares) * self._variance).sum()
        error = ((squared + reused) ** 0.5) / matched
        of_deal = np.where(cohort.without, weight[cohort.cell], 0.0)
        return Matched(
            float(difference), float(error), float(total / matched), float(total_without / matched),
            int(matched), int(exactly), int(treated.sum() - matched), of_deal,
        )  # fmt: skip


def _nearest(cells: Ints, wanted: Ints, held: Ints) -> list[tuple[Ints, float]]:
    """Find for each wanted cell which of the held ones are nearest, and how far they are."""
    found: list[tuple[Ints, float]] = []
    there = cells[held]
    for c in wanted.tolist():
        here = cells[c]
        unknown = (there[:, 1] < 0) != (here[1] < 0)
        size = np.where(unknown, _UNKNOWN_SIZE, np.abs(there[:, 1] - here[1]))
        distance = (
            _OTHER_RELATION * (there[:, 0] != here[0])
            + size
            + _OTHER_COUNTRY * (there[:, 2] != here[2])
            + _QUARTER * np.abs(there[:, 3] - here[3])
        )
        least = float(distance.min()) if len(distance) else _FURTHEST + 1
        near = held[distance == least] if least <= _FURTHEST else held[:0]
        found.append((near, least))
    return found


def balance_rows(cohort: Cohort, chosen: Mask, matched: Matched, name: str | None) -> list[dict[str, object]]:
    """Say how alike the two sides are before and after matching, as rows of BALANCE_SCHEMA."""
    rows: list[dict[str, object]] = []
    for at, attribute in enumerate(_ATTRIBUTES):
        value = np.unique(cohort.cells[:, at], return_inverse=True)[1].ravel()[cohort.cell]
        with_, without, after = (
            _distribution(value, weights)
            for weights in (chosen.astype(float), cohort.without.astype(float), matched.weights)
        )
        rows.append(
            {
                "partner_name": name,
                "attribute": attribute,
                "apart_before": float(np.abs(with_ - without).sum() / 2),
                "apart_after": float(np.abs(with_ - after).sum() / 2),
                "matched": matched.matched,
                "exactly": matched.exactly,
                "unmatched": matched.unmatched,
            }
        )
    return rows


def _distribution(value: Ints, weights: Floats) -> Floats:
    sums = np.bincount(value, weights, minlength=int(value.max(initial=0)) + 1)
    found: Floats = sums / max(sums.sum(), 1e-12)
    return found
