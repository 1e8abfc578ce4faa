"""Run accountmap's benchmark and a peer's in turn, and print how many times as fast it was: the median over pairs.

    python benchmarks/pairs.py --runs 5 --ours "--size 100000" \\
        --peer "peer/bin/python benchmarks/peers/openmined_psi.py --size 100000"

Other work on the machine slows both runs of a pair alike, so a ratio says more than seconds. Everything measured
is appended to a file, with one line of JSON for each pair.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def measure(command: list[str]) -> dict:
    done = subprocess.run([*command, "--json"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ours", required=True, help="options of benchmarks/psi.py")
    parser.add_argument("--peer", required=True, help="command of a peer's benchmark")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "pairs.jsonl")
    options = parser.parse_args()
    ours, peer = [sys.executable, str(HERE / "psi.py"), *shlex.split(options.ours)], shlex.split(options.peer)
    options.results.parent.mkdir(exist_ok=True)
    ratios = []
    for _ in range(options.runs):
        pair = {"ours": measure(ours), "peer": measure(peer)}
        with options.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(pair) + "\n")
        ratios.append(pair["peer"]["wall_seconds"] / pair["ours"]["wall_seconds"])
        print(f"{ratios[-1]:.2f} times as fast", flush=True)
    print(f"median: {statistics.median(ratios):.2f} times as fast")


if __name__ == "__main__":
    main()
