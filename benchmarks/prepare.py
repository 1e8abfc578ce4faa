"""Time the preparation of a list: all that `accounts prepare` does after reading it, over all processors.

    python benchmarks/lists.py NAMES.parquet lists --size 1000000
    python benchmarks/prepare.py lists/left.csv --json
    python benchmarks/prepare.py lists/left.csv --runs 5 --peer "peer/bin/python benchmarks/peers/public_tools.py"

With `--peer`, both are run in turn on the same list, and the median over the pairs says how many times as many
rows a second ours does: what else runs on the machine slows both alike.
"""

import argparse
import json
import os
import resource
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

from loky import get_reusable_executor

from accountmap.accounts.reading import read_accounts
from accountmap.canonical.prepare import prepare_accounts
from accountmap.canonical.profiles import DEFAULT_PROFILE, PROFILES
from accountmap.executors import ProcessExecutor


def cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def measure(path: Path, profile: str) -> dict[str, object]:
    """Prepare a list once."""
    start = time.monotonic()
    accounts = read_accounts(path)
    read, before = time.monotonic() - start, cpu_seconds()
    read_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.monotonic()
    prepared = prepare_accounts(accounts, PROFILES[profile], spread=ProcessExecutor().map)
    wall = time.monotonic() - start
    get_reusable_executor().shutdown()  # the time of workers counts when they have ended
    return {
        "rows": len(accounts),
        "profile": profile,
        "entities": prepared.entities.num_rows,
        "keys": prepared.keys.num_rows,
        "read_seconds": round(read, 2),
        "wall_seconds": round(wall, 2),
        "cpu_seconds": round(cpu_seconds() - before, 2),
        "rows_per_second": round(len(accounts) / wall),
        "read_mb": round(read_mb),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "peak_mb_worker": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
    }


def run(command: list[str]) -> dict[str, float]:
    done = subprocess.run([*command, "--json"], check=True, stdout=subprocess.PIPE)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(options: argparse.Namespace) -> None:
    """Run ours and the peer's in turn."""
    ours = [sys.executable, __file__, str(options.list), "--profile", options.profile]
    ratios = []
    for _ in range(options.runs):
        pair = {"ours": run(ours), "peer": run([*shlex.split(options.peer), str(options.list)])}
        print(json.dumps(pair), flush=True)
        ratios.append(pair["ours"]["rows_per_second"] / pair["peer"]["rows_per_second"])
    print(f"median: {statistics.median(ratios):.2f} times as many rows a second")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("--profile", choices=sorted(PROFILES), default=DEFAULT_PROFILE)
    parser.add_argument("--peer", help="command of a peer's benchmark; it gets the list and --json")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.peer:
        compare(options)
        return
    result = measure(options.list, options.profile)
    print(json.dumps(result) if options.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
