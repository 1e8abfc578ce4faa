"""Seven ways to divide a deal among the partners that touched it. None is the truth; together they show how much
of a number is the deal and how much is the way of counting.

Credits are whole smallest units of the deal's currency, and those of a deal never add up to more than the deal.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, groupby, pairwise
from math import factorial
from typing import Final

import numpy as np
import pyarrow as pa

from accountmap.influence.attribution import PIPELINE, REVENUE, Attribution
from accountmap.influence.facts import DealFacts, Floats, Mask, minor_units
from accountmap.influence.rules import InfluenceRules

MODELS: Final = {
    "first touch": "The whole deal to the partner whose touch came first: who opens doors.",
    "last touch": "The whole deal to the partner whose touch came last: who helps to close.",
    "even": "Each partner that touched the deal gets the same.",
    "position": "The first and the last touch get more than those in between, as the rule says.",
    "time decay": "The later a touch came, the more it counts.",
    "shapley": "Each partner gets what it adds, on average, to the win rate of the other partners of the deal; "
    "the win rate of deals without any partner stays with your own sales.",
    "markov": "Each partner gets a share by how much less would be won if every path through it ended there.",
}
"""Each model and what it does."""

SHAPLEY: Final = "shapley"
"""The one model that does not give partners the whole of a deal: it leaves out the win rate of deals without
any."""

CREDIT_SCHEMA: Final = pa.schema(
    [
        pa.field("deal_id", pa.string(), nullable=False),
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("of", pa.string(), nullable=False),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("credit", pa.int64(), nullable=False),
        pa.field("credited", pa.float64(), nullable=False),
    ]
)
"""One row for each deal, partner and model: `credit` in the smallest unit of the currency, `credited` the same in
whole units. Only revenue and pipeline, as `of` says."""

MODEL_TOTAL_SCHEMA: Final = pa.schema(
    [
        pa.field("partner_name", pa.string()),
        pa.field("of", pa.string(), nullable=False),
        pa.field("currency", pa.string(), nullable=False),
        *(pa.field(name.replace(" ", "_"), pa.float64(), nullable=False) for name in MODELS),
        pa.field("lowest", pa.float64(), nullable=False),
        pa.field("highest", pa.float64(), nullable=False),
        pa.field("spread", pa.float64()),
    ]
)
"""The credits by partner, one column per model; a null `partner_name` is all of them together. `spread` is the
difference between the highest and the lowest of the six models that divide the whole deal, as a share of their
mean, null where all are 0; SHAPLEY leaves a part to the own sales, and so is lower for everybody."""

_STRENGTH: Final = 20.0
"""How strongly the win rate of a set of partners is shrunk towards that of all deals: as by this many deals."""

_LARGEST_SET: Final = 10
"""The most partners of a deal for which Shapley's 2^n subsets are computed; a deal with more is divided evenly."""

Path = tuple[tuple[int, int], ...]
"""The touches of a deal that count: day and partner, by day."""


def apportion(total: int, shares: Sequence[float]) -> list[int]:
    """Divide a whole number by shares that add up to 1 at most, so that the parts add up to no more than it.

    Each part is rounded down, and what is left of the shares' sum goes to the largest remainders (Hamilton's
    method); of equal remainders, to the first.
    """
    exact = [total * share for share in shares]
    parts = [int(each) for each in exact]
    left = min(total, round(sum(exact))) - sum(parts)
    largest = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], at))
    for at in largest[: max(0, left)]:
        parts[at] += 1
    return parts


def credits(facts: DealFacts, found: Attribution, within: dict[str, Mask], rules: InfluenceRules) -> pa.Table:
    """Divide every deal of revenue and pipeline by every model; returns CREDIT_SCHEMA."""
    paths = paths_of(found)
    shapley, markov = Shapley(facts, paths), removal_effects(facts, paths, len(found.names))
    ids = facts.deals["deal_id"].to_pylist()
    scope = {int(row): of for of, mask in within.items() for row in np.flatnonzero(mask)}
    columns: dict[str, list[object]] = {name: [] for name in CREDIT_SCHEMA.names}
    for deal, path in paths.items():
        if scope.get(deal) not in (REVENUE, PIPELINE):
            continue
        partners = sorted({partner for _, partner in path})
        total, currency = int(facts.minor[deal]), facts.currency[deal]
        for model, shares in _shares(path, partners, rules, shapley, markov):
            for partner, credit in zip(partners, apportion(total, shares), strict=True):
                values = (ids[deal], found.names[partner], model, scope[deal], currency, credit)
                for name, value in zip(
                    CREDIT_SCHEMA.names, (*values, credit / minor_units(currency)), strict=True
                ):
                    columns[name].append(value)
    return pa.table(columns, schema=CREDIT_SCHEMA)


def paths_of(found: Attribution) -> dict[int, Path]:
    """Return the path of each deal that has one, by its row."""
    paths: dict[int, list[tuple[int, int]]] = {}
    touches = found.touches
    for deal, day, partner in zip(
        touches.deal.tolist(), touches.day.tolist(), touches.partner.tolist(), strict=True
    ):
        paths.setdefault(deal, []).append((day, partner))
    return {deal: tuple(path) for deal, path in paths.items()}


def _shares(
    path: Path,
    partners: list[int],
    rules: InfluenceRules,
    shapley: "Shapley",
    markov: Floats,
) -> Iterator[tuple[str, list[float]]]:
    """Yield each model and the share of each partner."""
    days = sorted({day for day, _ in path})
    even = [1 / len(partners)] * len(partners)
    weights = {
        "first touch": _by_day(path, {days[0]: 1.0}),
        "last touch": _by_day(path, {days[-1]: 1.0}),
        "position": _by_day(path, _position(days, rules.position)),
        "time decay": _by_touch(path, rules.half_life_days),
    }
    yield "even", even
    for model, by_partner in weights.items():
        whole = sum(by_partner.values())
        yield model, [by_partner.get(partner, 0.0) / whole for partner in partners]
    yield SHAPLEY, shapley.shares(frozenset(partners)) if len(partners) <= _LARGEST_SET else even
    effects = [float(markov[partner]) for partner in partners]
    yield "markov", [each / sum(effects) for each in effects] if sum(effects) > 0 else even


def _position(days: list[int], shares: tuple[float, float, float]) -> dict[int, float]:
    first, between, last = shares
    if len(days) == 1:
        return {days[0]: 1.0}
    if len(days) == 2:
        both = first + last
        return {days[0]: first / both, days[1]: last / both} if both else dict.fromkeys(days, 0.5)
    return {days[0]: first, days[-1]: last} | dict.fromkeys(days[1:-1], between / (len(days) - 2))


def _by_day(path: Path, share_of: dict[int, float]) -> dict[int, float]:
    """Divide the share of each day evenly among the partners of that day: within a day there is no order."""
    found: dict[int, float] = {}
    for day, share in share_of.items():
        there = sorted({partner for at, partner in path if at == day})
        for partner in there:
            found[partner] = found.get(partner, 0.0) + share / len(there)
    return found


def _by_touch(path: Path, half_life: int) -> dict[int, float]:
    """Weight each touch by its age, measured from the latest one, so that no weight is rounded to 0."""
    latest = max(day for day, _ in path)
    found: dict[int, float] = {}
    for day, partner in path:
        found[partner] = found.get(partner, 0.0) + 2.0 ** (max(day - latest, -1000 * half_life) / half_life)
    return found


class Shapley:
    """Shapley values of the win rates of deals by their exact set of partners (Shapley, 1953).

    The value of a set is the win rate of the decided deals that exactly its partners touched, shrunk towards that
    of all decided deals; that of no partner is the rate of the deals that nobody touched.
    """

    def __init__(self, facts: DealFacts, paths: dict[int, Path]) -> None:
        decided = ~facts.is_open
        self._deals: Counter[frozenset[int]] = Counter()
        self._won: Counter[frozenset[int]] = Counter()
        for deal, path in paths.items():
            if decided[deal]:
                partners = frozenset(partner for _, partner in path)
                self._deals[partners] += 1
                self._won[partners] += bool(facts.won[deal])
        nobody = frozenset[int]()
        self._deals[nobody] = int(decided.sum()) - sum(self._deals.values())
        self._won[nobody] = int(facts.won.sum()) - sum(self._won.values())
        self._rate = int(facts.won.sum()) / max(1, int(decided.sum()))
        self._found: dict[frozenset[int], list[float]] = {}

    def value(self, partners: frozenset[int]) -> float:
        """Return the win rate of a set of partners."""
        return (self._won[partners] + _STRENGTH * self._rate) / (self._deals[partners] + _STRENGTH)

    def shares(self, partners: frozenset[int]) -> list[float]:
        """Return the shares of the partners of a deal, by number; the rest belongs to the own sales."""
        if partners not in self._found:
            gains = [max(0.0, self._gain(each, partners)) for each in sorted(partners)]
            whole = self.value(frozenset()) + sum(gains)
            self._found[partners] = [gain / whole if whole else 0.0 for gain in gains]
        return self._found[partners]

    def _gain(self, partner: int, partners: frozenset[int]) -> float:
        """Return what a partner adds on average over all orders in which the partners of the deal may come."""
        others, n = sorted(partners - {partner}), len(partners)
        gain = 0.0
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for chosen in combinations(others, size):
                before = frozenset(chosen)
                gain += weight * (self.value(before | {partner}) - self.value(before))
        return gain


def removal_effects(facts: DealFacts, paths: dict[int, Path], partners: int) -> Floats:
    """Return for each partner what share of won deals would be lost if every path ended where it comes in.

    A deal is a path from its beginning through the partners that touched it, one after another, to won or lost;
    the paths of decided deals are a Markov chain of first order (Anderl et al., 2016).
    """
    start, won, lost = partners, partners + 1, partners + 2
    counts = np.zeros((partners + 3, partners + 3))
    for deal in np.flatnonzero(~facts.is_open).tolist():
        end = won if facts.won[deal] else lost
        steps = [[start], *_steps(paths.get(deal, ())), [end]]
        for before, after in pairwise(steps):
            counts[np.ix_(before, after)] += 1 / (len(before) * len(after))
    moves = counts[: partners + 1] / np.maximum(counts[: partners + 1].sum(axis=1, keepdims=True), 1)
    as_it_is = _chance_to_win(moves, start, won)
    effects = np.zeros(partners)
    for partner in range(partners):
        without = moves.copy()
        without[:, partner] = 0.0  # Paths that would come here are lost.
        effects[partner] = 1 - _chance_to_win(without, start, won) / as_it_is if as_it_is else 0.0
    return np.maximum(effects, 0.0)


def _steps(path: Path) -> list[list[int]]:
    """Return the partners of each day: within a day there is no order, so a step goes evenly from all to all."""
    return [sorted({partner for _, partner in group}) for _, group in groupby(path, lambda touch: touch[0])]


def _chance_to_win(moves: Floats, start: int, won: int) -> float:
    among = moves[:, : start + 1]
    return float(np.linalg.solve(np.eye(start + 1) - among, moves[:, won])[start])


def model_totals(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Add the credits up by partner; returns MODEL_TOTAL_SCHEMA, the rows of all partners together first."""
    sums: Counter[tuple[str | None, str, str, str]] = Counter()
    columns = [table[name].to_pylist() for name in ("partner_name", "of", "currency", "model", "credit")]
    for partner, of, currency, model, credit in zip(*columns, strict=True):
        sums[partner, of, currency, model] += credit
        sums[None, of, currency, model] += credit
    cells = sorted({(of, currency) for _, of, currency, _ in sums}, key=lambda cell: (cell[0] != REVENUE, cell[1]))
    rows = []
    for partner in (None, *names):
        for of, currency in cells:
            by_model = {model: sums[partner, of, currency, model] / minor_units(currency) for model in MODELS}
            if any(by_model.values()):
                rows.append(_model_row(partner, of, currency, by_model))
    return pa.Table.from_pylist(rows, schema=MODEL_TOTAL_SCHEMA)


def _model_row(partner: str | None, of: str, currency: str, by_model: dict[str, float]) -> dict[str, object]:
    values = list(by_model.values())
    lowest, highest = min(values), max(values)
    whole = [value for model, value in by_model.items() if model != SHAPLEY]
    mean = sum(whole) / len(whole)
    columns = {model.replace(" ", "_"): value for model, value in by_model.items()}
    spread = (max(whole) - min(whole)) / mean if mean else None
    return {
        "partner_name": partner,
        "of": of,
        "currency": currency,
        **columns,
        "lowest": lowest,
        "highest": highest,
        "spread": spread,
    }
