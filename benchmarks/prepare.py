"""Time the preparation of a list, over all processors, after it is read.

    python benchmarks/lists.py NAMES.parquet lists --size 1000000
    python benchmarks/prepare.py lists/left.csv --json
    python benchmarks/prepare.py lists/left.csv --steps same --runs 5 \\
        --peer "peer/bin/python benchmarks/peers/public_tools.py"

`--steps all` does what `accounts prepare` does: keys of all kinds, entities, and making keys distinct. `--steps
same` does only what the public tools do too: names in Latin letters without legal forms, domains, registry
numbers. With `--peer`, both are run in turn on the same list, and the median over the pairs says how many times as
many
rows a second ours prepares: other work on the machine slows both alike.
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

import pyarrow as pa
from loky import get_reusable_executor

from accountmap.accounts.read import read_accounts
from accountmap.linkage.compare import registry_numbers
from accountmap.linkage.domains import registrable_domain
from accountmap.linkage.names import parse, squash
from accountmap.linkage.prepare import PartsOf, by_id, prepare_accounts
from accountmap.linkage.prepared import DEFAULT_PROFILE, PROFILES
from accountmap.parallel import ProcessExecutor


def normalise(table: pa.Table) -> int:
    """Do the steps that public tools do too on one part, and count the names."""
    numbers = registry_numbers(table)
    domains = [registrable_domain(text) for text in table["website"].to_pylist()]
    names = [parse(text or "") for text in table["name"].to_pylist()]
    squashed = [squash(name.full) for name in names if name]
    assert len(domains) == len(numbers["lei"])
    return len(squashed)


def cpu_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def measure(path: Path, profile: str, steps: str) -> dict[str, object]:
    """Prepare a list once, with the memory pool that the command line uses."""
    pa.set_memory_pool(pa.system_memory_pool())
    start = time.monotonic()
    accounts = read_accounts(path)
    read, before = time.monotonic() - start, cpu_seconds()
    read_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.monotonic()
    if steps == "all":
        prepared = prepare_accounts(accounts, PROFILES[profile], spread=ProcessExecutor().map)
        made = {"profile": profile, "entities": prepared.entities.num_rows, "keys": prepared.keys.num_rows}
    else:
        parts = PartsOf(accounts.table, by_id(accounts.table))
        made = {"named": sum(ProcessExecutor().map(normalise, parts))}
    wall = time.monotonic() - start
    get_reusable_executor().shutdown()  # the time of workers counts when they have ended
    return {
        "rows": len(accounts),
        "steps": steps,
        **made,
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
    ours = [sys.executable, __file__, str(options.list), "--profile", options.profile, "--steps", options.steps]
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
    parser.add_argument("--steps", choices=["all", "same"], default="all")
    parser.add_argument("--peer", help="command of a peer's benchmark; it gets the list and --json")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.peer:
        compare(options)
        return
    result = measure(options.list, options.profile, options.steps)
    print(json.dumps(result) if options.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
