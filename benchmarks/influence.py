"""Time what partners do for revenue, and count how often its intervals hold what was planted.

    python benchmarks/influence.py --size 100000 --partners 10 --draws 400

Deals are drawn as in tests/influence/simulated.py: large companies are won more often and meet a partner more
often, and beyond that a partner adds a known effect to the probability of being won. An interval of 90 % should
hold it in 88 to 92 of 100 draws; without an effect, the two sides should be said to differ in about 10 of 100.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.influence.simulated import simulated  # noqa: E402
from tests.influence.test_compare import compared, holds  # noqa: E402

from accountmap.account_map.holdout import NOT_SHOWN  # noqa: E402 after the path
from accountmap.influence.compare import LIKE_WITH_LIKE, SHRUNK, WIN_RATE  # noqa: E402


def coverage(draws: int, effect: float, size: int) -> dict[str, float]:
    """Return for the matched comparison of any partner, and the shrunk one of each, how often the interval
    holds."""
    held, shrunk, claimed, means = [], [], [], []
    for seed in range(draws):
        rows = [row for row in compared(simulated(size, 10_000 + seed, effect)) if row["measure"] == WIN_RATE]
        (whole,) = [row for row in rows if row["method"] == LIKE_WITH_LIKE and row["partner_name"] is None]
        held.append(holds(whole, effect))
        means.append(whole["difference"])
        claimed.append(whole["verdict"] != NOT_SHOWN)
        shrunk += [holds(row, effect) for row in rows if row["method"] == SHRUNK]
    return {
        "effect": effect,
        "draws": draws,
        "deals": size,
        "mean_difference": round(float(np.mean(means)), 4),
        "held": round(float(np.mean(held)), 3),
        "held_by_partner_shrunk": round(float(np.mean(shrunk)), 3),
        "claims_a_difference": round(float(np.mean(claimed)), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="deals to time")
    parser.add_argument("--partners", type=int, default=10)
    parser.add_argument("--draws", type=int, default=400, help="companies to draw for each effect")
    parser.add_argument("--deals", type=int, default=1_500, help="deals of each of them")
    options = parser.parse_args()
    company = simulated(options.size, 1, 0.1, options.partners, days=1_400)
    began, cpu = time.perf_counter(), time.process_time()
    found = company.influence()
    result = {
        "deals": options.size,
        "partners": options.partners,
        "touches": found.touches.num_rows,
        "credits": found.credits.num_rows,
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(time.process_time() - cpu, 1),
        "coverage": [coverage(options.draws, effect, options.deals) for effect in (0.0, 0.1)],
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
