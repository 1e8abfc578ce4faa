"""Time a propensity model, and count how often it claims, rightly or wrongly, to be better than the base rate.

    python benchmarks/propensity.py --size 100000 --draws 40

Deals are drawn as in tests/propensity/simulated.py. Without an effect, a model should be said to be better in at
most 5 of 100 draws, and rules of an ideal customer should be found in at most 5. The intervals of the groups of
later deals would contain the mean of their probabilities in 90 of 100 cases if the model had no error of its own.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.propensity.simulated import simulated  # noqa: E402

from accountmap.errors import InputError  # noqa: E402 after the path
from accountmap.propensity import Effort, Trained, train  # noqa: E402
from accountmap.propensity.evaluation import BOOSTED, LINEAR, LOG_LOSS  # noqa: E402
from accountmap.propensity.ideal_rules import learn_ideal_customer  # noqa: E402

SMALL = Effort(bags=2, rounds=1_000, folds=3)


def models(draws: int, effect: float, size: int) -> dict[str, float]:
    """Return how often the model is said to be better, by how much, and how often the intervals are right."""
    better, held, off, errors = [], [], [], []
    less: dict[str, list[float]] = {BOOSTED: [], LINEAR: []}
    for seed in range(draws):
        company = simulated(size, 20_000 + seed, effect)
        examples = company.examples()
        found: Trained = train(examples, SMALL)
        better.append(found.is_better)
        off.append(found.is_off)
        for each in found.measures:
            if each.measure == LOG_LOSS and each.model in less:
                less[each.model].append(each.less_than_base)
        held += [group.at_least <= group.predicted <= group.at_most for group in found.reliability]
        given = found.model.probabilities(examples.table)
        errors.append(float(np.abs(given - company.chance[examples.deal]).mean()))
    return {
        "effect": effect,
        "draws": draws,
        "deals": size,
        "said_to_be_better": round(float(np.mean(better)), 3),
        "less_log_loss": round(float(np.mean(less[BOOSTED])), 4),
        "less_log_loss_of_the_baseline": round(float(np.mean(less[LINEAR])), 4),
        "groups_hold": round(float(np.mean(held)), 3),
        "probabilities_said_to_be_off": round(float(np.mean(off)), 3),
        "mean_error_of_the_probability": round(float(np.mean(errors)), 4),
    }


def rules(draws: int, effect: float, size: int) -> dict[str, float]:
    """Return how often rules of an ideal customer are found, and confirmed by later months."""
    found = confirmed = 0
    for seed in range(draws):
        company = simulated(size, 30_000 + seed, effect)
        try:
            learned = learn_ideal_customer(company.facts, company.accounts)
        except InputError:
            continue
        found += 1
        confirmed += learned.at_least is not None and learned.at_least > 0
    return {"effect": effect, "draws": draws, "found": found / draws, "confirmed_later": confirmed / draws}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="deals to time; 0 for none")
    parser.add_argument("--draws", type=int, default=40, help="companies to draw for each effect")
    parser.add_argument("--deals", type=int, default=1_000, help="deals of each of them")
    options = parser.parse_args()
    result: dict[str, object] = {
        "models": [models(options.draws, effect, options.deals) for effect in (0.0, 1.0)],
        "rules": [rules(10 * options.draws, effect, options.deals) for effect in (0.0, 1.5)],
    }
    if options.size:
        examples = simulated(options.size, 1).examples()
        cpu = time.process_time()
        train(examples)
        result |= {"size": options.size, "processor_seconds": round(time.process_time() - cpu, 1)}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
