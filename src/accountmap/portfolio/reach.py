"""How far the partners reach into the own list: each alone, all together, and what each adds that no other does.

The smallest set of partners that covers a share is a set cover with weights, which is NP-hard. Up to EXACT
partners all sets are looked at; beyond, partners are taken greedily, and a lower bound says how far from the
smallest set that can be (Nemhauser, Wolsey, Fisher 1978, "An analysis of approximations for maximizing
submodular set functions": what any k further sets can add is at most the sum of the k largest gains).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountmap.accounts.schema import SEGMENTS
from accountmap.portfolio.coverage import Coverage, Shares
from accountmap.portfolio.facts import PREVIEW, PartnerFacts

CUSTOMERS: Final = "customers"
OPPORTUNITIES: Final = "opportunities"
TARGETS: Final = "targets"
PIPELINE: Final = "pipeline"
COUNTED: Final = {CUSTOMERS: "customer", OPPORTUNITIES: "opportunity", TARGETS: "prospect"}
"""What is counted in companies, and the own segment that it is."""

EXACT: Final = 16
"""With up to this many partners, all sets are looked at: 65,536 of them."""

PARTS: Final = (0.5, 0.8, 0.9, 1.0)
"""Shares of what all partners reach for which the smallest set is looked for."""

Points = npt.NDArray[np.float64]

REACH_SCHEMA: Final = pa.schema(
    [
        pa.field("measure", pa.string(), nullable=False),
        pa.field("currency", pa.string()),
        pa.field("partner", pa.string()),
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("state", pa.string()),
        *(
            pa.field(name, pa.float64())
            for name in (
                "total",
                "reached",
                "at_least",
                "at_most",
                "share",
                "adds",
                "adds_at_least",
                "adds_at_most",
            )
        ),
    ]
)
"""What the partners reach of the own customers, opportunities, targets (in companies) and open amounts
("pipeline", one measure per currency): one row per partner, and one of all together, whose `partner` is null.
`total` is on the own list, `reached` shared with the partner, `share` the second divided by the first, `adds` what
no other partner reaches. For a partner known only by a preview these are estimates: between `at_least` and
`at_most` in 95 of 100 cases; what it adds is not known, but lies between the last two columns."""

SETS_SCHEMA: Final = pa.schema(
    [
        pa.field("measure", pa.string(), nullable=False),
        pa.field("currency", pa.string()),
        pa.field("wanted", pa.float64(), nullable=False),
        pa.field("members", pa.int64(), nullable=False),
        pa.field("at_least", pa.int64(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("chosen", pa.string(), nullable=False),
        pa.field("reached", pa.float64(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
    ]
)
"""The fewest partners that reach a `wanted` share of what all partners reach: how many they are, the fewest that
any such set can have, "exact" or "greedy", their names, what they reach, and which share of the whole own list
that is."""

ORDER_SCHEMA: Final = pa.schema(
    [
        pa.field("measure", pa.string(), nullable=False),
        pa.field("currency", pa.string()),
        pa.field("step", pa.int64(), nullable=False),
        pa.field("partner", pa.string(), nullable=False),
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("adds", pa.float64(), nullable=False),
        pa.field("reached", pa.float64(), nullable=False),
        pa.field("share", pa.float64(), nullable=False),
        pa.field("best_at_most", pa.float64(), nullable=False),
    ]
)
"""The partners, at each step the one that adds most: what it adds, what is reached with it, which share of the own
list that is, and what no set of as many partners can exceed."""


@dataclass(frozen=True, repr=False)
class Measure:
    """Something that partners can reach a part of.

    Attributes:
        name: CUSTOMERS, OPPORTUNITIES, TARGETS or PIPELINE.
        currency: of amounts, as an ISO 4217 code, or empty if the list names none; None for companies.
        weight: what each own entity counts.
    """

    name: str
    currency: str | None
    weight: Points

    @property
    def total(self) -> float:
        """The measure of the whole own list."""
        return float(self.weight.sum())

    def of(self, entities: npt.NDArray[np.bool_]) -> float:
        """Return the measure of some entities."""
        return float(self.weight[entities].sum())


def measures(coverage: Coverage) -> tuple[Measure, ...]:
    """Return what is measured; open amounts last, one measure per currency, the one of most accounts first."""
    counted = [
        Measure(name, None, (coverage.segment == SEGMENTS.index(segment)).astype(np.float64))
        for name, segment in COUNTED.items()
    ]
    return (*counted, *_pipelines(coverage))


def _pipelines(coverage: Coverage) -> Iterator[Measure]:
    own = coverage.own
    names: list[str] = own.table["currency"].fill_null("").unique().to_pylist()
    open_amount = np.where(own.amount > 0, own.amount, 0.0)
    for name in sorted(names, key=lambda each: (each != own.currency, each)):
        weight = np.where(own.amount_currency == names.index(name), open_amount, 0.0)
        if weight.any():
            yield Measure(PIPELINE, name, weight)


def reach(coverage: Coverage, measured: Sequence[Measure]) -> pa.Table:
    """Measure what the partners reach: REACH_SCHEMA."""
    rows = [row for measure in measured for row in _reach_rows(coverage, measure)]
    return pa.Table.from_pylist(rows, schema=REACH_SCHEMA)


def _reach_rows(coverage: Coverage, measure: Measure) -> Iterator[dict[str, Any]]:
    shares, count = coverage.shares, coverage.count
    together = measure.of(count > 0)
    about = {"measure": measure.name, "currency": measure.currency, "total": measure.total}
    yield about | {"partner_name": "all together"} | _known(together, measure.total)
    for at, partner in enumerate(coverage.partners):
        who = about | {"partner": partner.slug, "partner_name": partner.name, "state": partner.state}
        if partner.state == PREVIEW:
            yield who | _estimated(partner, measure, together, coverage.own.currency)
        elif partner.mappings:
            adds = measure.of(shares[:, at] & (count == 1))
            known = {"adds": adds, "adds_at_least": adds, "adds_at_most": adds}
            yield who | _known(measure.of(shares[:, at]), measure.total) | known


def _known(reached: float, total: float) -> dict[str, float | None]:
    share = reached / total if total else None
    return {"reached": reached, "at_least": reached, "at_most": reached, "share": share}


def _estimated(
    partner: PartnerFacts, measure: Measure, together: float, main_currency: str
) -> dict[str, float | None]:
    """Read a preview: companies as estimated; amounts as if the shared companies were as large as the others."""
    wanted = COUNTED.get(measure.name)
    rows = [row for row in partner.preview.to_pylist() if row["segment"] == wanted]
    if not rows:
        return {}
    row, factor = rows[0], 1.0
    if measure.name == PIPELINE:
        if row["amount"] is None or (row["currency"] or main_currency) != measure.currency or not row["entities"]:
            return {}
        factor = row["amount"] / row["entities"]
    reached, least, most = (factor * row[name] for name in ("estimate", "at_least", "at_most"))
    return {
        "reached": reached,
        "at_least": least,
        "at_most": most,
        "share": min(1.0, reached / measure.total) if measure.total else None,
        "adds_at_least": max(0.0, least - together),
        "adds_at_most": min(most, measure.total - together),
    }


@dataclass(frozen=True)
class _Step:
    """One step of taking partners greedily: who, what it adds, what is reached then, and the gains left after
    it."""

    partner: int
    adds: float
    reached: float
    gains: tuple[float, ...]


def _greedy(shares: Shares, weight: Points) -> tuple[tuple[float, ...], list[_Step]]:
    """Take at each step the partner that adds most, the first of equals, until none adds anything.

    Returns:
        The gains before the first step, largest first, and the steps.
    """
    left = weight.copy()
    gains = left @ shares
    at_first = tuple(sorted(gains.tolist(), reverse=True))
    steps: list[_Step] = []
    reached = 0.0
    while gains.size and gains.max() > 0:
        best = int(gains.argmax())
        adds = float(gains[best])
        reached += adds
        left[shares[:, best]] = 0.0
        gains = left @ shares
        steps.append(_Step(best, adds, reached, tuple(sorted(gains.tolist(), reverse=True))))
    return at_first, steps


def _best_at_most(at_first: tuple[float, ...], steps: list[_Step], size: int) -> float:
    """Return an upper bound of what a set of `size` partners reaches."""
    prefixes = [(0.0, at_first), *((step.reached, step.gains) for step in steps)]
    return min(reached + sum(gains[:size]) for reached, gains in prefixes)


def _every_set(shares: Shares, weight: Points) -> Points:
    """Return what each set of partners reaches, by its bits."""
    partners = shares.shape[1]
    masks = shares @ (1 << np.arange(partners, dtype=np.int64))
    within = np.bincount(masks, weights=weight, minlength=1 << partners)
    for bit in range(partners):  # then `within` has for each set what only its members share
        both = within.reshape(-1, 2, 1 << bit)
        both[:, 1] += both[:, 0]
    reached: Points = within[-1] - within[::-1]  # the complement of a set has all its bits flipped
    return reached


@dataclass(frozen=True)
class _Best:
    """The best set of each size, from 0: what it reaches, and its members as bits."""

    reached: tuple[float, ...]
    members: tuple[int, ...]

    @classmethod
    def of(cls, every: Points) -> "_Best":
        sets = np.arange(len(every))
        size = np.array([int(each).bit_count() for each in sets])
        found = [sets[size == k][every[size == k].argmax()] for k in range(int(size.max()) + 1)]
        return cls(tuple(float(every[each]) for each in found), tuple(map(int, found)))


def smallest_sets(coverage: Coverage, measured: Sequence[Measure]) -> tuple[pa.Table, pa.Table]:
    """Find the fewest partners that reach a share, and the order in which each adds most.

    Returns:
        SETS_SCHEMA and ORDER_SCHEMA.
    """
    sets: list[dict[str, Any]] = []
    order: list[dict[str, Any]] = []
    shares, kind = coverage.kinds
    for measure in measured:
        about = {"measure": measure.name, "currency": measure.currency}
        weight = np.bincount(kind, weights=measure.weight, minlength=len(shares)).astype(np.float64)
        at_first, steps = _greedy(shares, weight)
        if not steps:
            continue
        useful = np.flatnonzero(weight @ shares).tolist()
        exact = _Best.of(_every_set(shares[:, useful], weight)) if len(useful) <= EXACT else None
        for number, step in enumerate(steps, start=1):
            partner = coverage.partners[step.partner]
            best = exact.reached[number] if exact else _best_at_most(at_first, steps, number)
            order.append(
                about
                | {"step": number, "partner": partner.slug, "partner_name": partner.name, "adds": step.adds}
                | {"reached": step.reached, "share": step.reached / measure.total, "best_at_most": best}
            )
        for part in PARTS:
            wanted = part * steps[-1].reached * (1 - 1e-12)  # sums in another order differ in their last digits
            members, least = _smallest(exact, useful, at_first, steps, wanted)
            reached = float(weight[shares[:, members].any(axis=1)].sum())
            names = [coverage.partners[at].name for at in members]
            sets.append(
                about
                | {"wanted": part, "members": len(members), "at_least": least, "chosen": " · ".join(names)}
                | {"method": "exact" if exact else "greedy", "reached": reached, "share": reached / measure.total}
            )
    return pa.Table.from_pylist(sets, schema=SETS_SCHEMA), pa.Table.from_pylist(order, schema=ORDER_SCHEMA)


def _smallest(
    exact: _Best | None, useful: list[int], at_first: tuple[float, ...], steps: list[_Step], wanted: float
) -> tuple[list[int], int]:
    """Return the columns of a small set of partners that reaches enough, and the fewest that any such set can
    have."""
    if exact:
        size = next(k for k, reached in enumerate(exact.reached) if reached >= wanted)
        return [at for bit, at in enumerate(useful) if exact.members[size] >> bit & 1], size
    taken = next(k for k, step in enumerate(steps, start=1) if step.reached >= wanted)
    least = next(k for k in range(taken + 1) if _best_at_most(at_first, steps, k) >= wanted)
    return [step.partner for step in steps[:taken]], least
