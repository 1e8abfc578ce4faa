"""Time the influence report, and count how often its intervals contain the truth and how often it names a change.

    python benchmarks/influence.py --size 100000 --partners 10 --draws 400

Deals are drawn as in tests/influence/simulated.py. In the first kind of data, deals with large companies are won
more often and have a partner more often, and besides, a partner adds a known effect to the probability of being
won. In the second kind, deals are won and lost at constant rates, and a partner multiplies the rate of being won.
An interval of 90 % should contain the truth in 88 to 92 of 100 draws; without an effect, deals with and without a
partner should be said to differ in about 10 of 100. Months are drawn as in tests/influence/recorded.py: without a
change, 5 of 100 series should seem to have one by chance, and 5 of 100 reports should name one.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.influence.recorded import Years  # noqa: E402 after the path
from tests.influence.simulated import LOST_A_DAY, STANDARD, apart, lasting, simulated, winning_rate  # noqa: E402
from tests.influence.test_compare import attributed, compared, holds  # noqa: E402

from accountmap.account_map.holdout import NOT_SHOWN  # noqa: E402
from accountmap.influence.compare import AS_THEY_ARE, DAYS, WIN_RATE, time_rows  # noqa: E402
from accountmap.influence.watch import CHANGED, FALSE_ALARMS  # noqa: E402

Held = dict[str, dict[str, float]]


def counted(rows: Iterable[dict[str, Any]], truth: dict[str, float]) -> Held:
    """Return for each kind of interval how often it contains the truth, and how often a difference is claimed.

    Args:
        truth: by kind; for other kinds, the mean of what was found is used.
    """
    found = defaultdict(list)
    for row in rows:
        of = "any partner" if row["partner_name"] is None else "each partner"
        if row["difference"] is not None:
            found[f"{row['measure']}, {row['method']}, {of}"].append(row)
    return {kind: _held(listed, truth.get(kind)) for kind, listed in sorted(found.items())}


def _held(rows: list[dict[str, Any]], truth: float | None) -> dict[str, float]:
    mean = float(np.mean([row["difference"] for row in rows]))
    planted = mean if truth is None else truth
    return {
        "truth": round(planted, 4),
        "mean": round(mean, 4),
        "intervals": len(rows),
        "held": round(float(np.mean([holds(row, planted) for row in rows])), 3),
        "claims_a_difference": round(float(np.mean([row["verdict"] != NOT_SHOWN for row in rows])), 3),
    }


def coverage(draws: int, effect: float, size: int) -> Held:
    """Count for comparisons of rates and sizes. The difference of the unadjusted rates is not planted."""
    rows = [row for seed in range(draws) for row in compared(simulated(size, 10_000 + seed, effect))]
    kinds = {f"{row['measure']}, {row['method']}, {who} partner" for row in rows for who in ("any", "each")}
    rates = {kind: effect for kind in kinds if kind.startswith(WIN_RATE) and AS_THEY_ARE not in kind}
    sizes = {kind: 1.0 for kind in kinds if not kind.startswith(WIN_RATE)}
    return counted(rows, rates | sizes)


def times(draws: int, ratio: float, size: int) -> Held:
    """Count for the days to a decision and the rate of winning."""
    rows = []
    for seed in range(draws):
        rows += time_rows(*attributed(lasting(size, 20_000 + seed, ratio)), STANDARD)
    found = counted(rows, {})
    return counted(rows, {kind: median_difference(ratio) if kind.startswith(DAYS) else ratio for kind in found})


def differing(draws: int, partners: int, size: int, spread: float) -> Held:
    """Count for partners whose effects differ: what each adds is drawn around five points."""
    draw, found = np.random.default_rng(1), defaultdict(list)
    for seed in range(draws):
        effects = np.clip(draw.normal(0.05, spread, partners), -0.15, 0.3).tolist()
        for row in compared(apart(size, 40_000 + seed, effects)):
            if row["partner_name"] and row["measure"] == WIN_RATE and row["method"] != AS_THEY_ARE:
                effect = effects[int(row["partner_name"].split()[1])]
                less = {name: row[name] - effect for name in ("difference", "at_least", "at_most")}
                found[row["method"]].append(row | less)
    return {method: _held(rows, 0.0) for method, rows in found.items()}


def median_difference(ratio: float, deals: int = 2_000_000) -> float:
    """Return by how many days the medians of all deals with and without a partner differ."""
    draw = np.random.default_rng(1)
    large = draw.normal(0, 1, deals)
    met = draw.random(deals) < 1 / (1 + np.exp(-large))
    days = 1 + draw.exponential(1 / (winning_rate(large, met, ratio) + LOST_A_DAY)).astype(int)
    return float(np.median(days[met]) - np.median(days[~met]))


def changes(draws: int, factor: float) -> dict[str, float]:
    """Return how often each series is said to change at FALSE_ALARMS, alone and in its report."""
    alone, together, reports = defaultdict(list), defaultdict(list), []
    for seed in range(draws):
        rows = Years(30_000 + seed, factor).watched()
        for row in rows:
            alone[row["series"]].append(row["by_chance"] is not None and row["by_chance"] <= FALSE_ALARMS)
            together[row["series"]].append(row["verdict"] == CHANGED)
        reports.append(any(row["verdict"] == CHANGED for row in rows))
    shares = {f"{name}, alone": np.mean(listed) for name, listed in alone.items()}
    shares |= {f"{name}, in its report": np.mean(listed) for name, listed in together.items()}
    return {name: round(float(share), 3) for name, share in (shares | {"reports": np.mean(reports)}).items()}


def timed(size: int, partners: int) -> dict[str, float]:
    """Time one report on many deals."""
    company = simulated(size, 1, 0.1, partners, days=1_400)
    began, cpu = time.perf_counter(), time.process_time()
    found = company.influence()
    return {
        "deals": size,
        "partners": partners,
        "touches": found.touches.num_rows,
        "credits": found.credits.num_rows,
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(time.process_time() - cpu, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="deals to time")
    parser.add_argument("--partners", type=int, default=10)
    parser.add_argument("--draws", type=int, default=400, help="companies to draw for each effect")
    parser.add_argument("--deals", type=int, default=1_500, help="deals of each of them")
    parser.add_argument(
        "--only", choices=("time", "rates", "differing", "times", "changes"), help="run only this part"
    )
    options = parser.parse_args()
    draws, deals = options.draws, options.deals
    parts = {
        "time": lambda: timed(options.size, options.partners),
        "rates": lambda: {effect: coverage(draws, effect, deals) for effect in (0.0, 0.1)},
        "differing": lambda: {f"{n} partners": differing(draws // 2, n, 2 * deals, 0.05) for n in (3, 10)},
        "times": lambda: {ratio: times(draws, ratio, deals) for ratio in (1.0, 1.5)},
        "changes": lambda: {factor: changes(draws, factor) for factor in (1.0, 2.0)},
    }
    found = {name: part() for name, part in parts.items() if options.only in (None, name)}
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
