"""Measure two lists from CSV to HTML, both parties on this machine, command by command.

    python benchmarks/lists.py NAMES.parquet lists --size 100000
    python benchmarks/end_to_end.py lists --profile standard [--json]

Each command is a process of its own, as users run it. For each stage it prints the time on the clock, the
processor time of the command and its workers, and the memory of its largest process. The last two hardly depend on
what else the machine does.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from accountmap import Workspace

NAMES = {"left": "Acme Cloud", "right": "Globex Data"}
OTHER = {"left": "globex", "right": "acme"}


@dataclass
class Stage:
    """One command of one party."""

    stage: str
    party: str
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float


class Party:
    """One side: its list, its workspace, and how long its commands took."""

    def __init__(self, side: str, source: Path, folder: Path) -> None:
        self.side, self.source, self.folder = side, source, folder
        self.workspace, self.stages = folder / "workspace", []
        self.workspace.mkdir(parents=True)

    def run(self, *arguments: str, stage: str = "") -> str:
        """Run a command, measure it if it is a stage, and return what it printed."""
        whole = [sys.executable, "-m", "accountmap_cli", "--workspace", str(self.workspace), *arguments]
        start = time.monotonic()
        process = subprocess.Popen(whole, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        said = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)  # which also counts the workers that it has waited for
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"accountmap {' '.join(arguments)} failed")
        if stage:
            wall, cpu = time.monotonic() - start, used.ru_utime + used.ru_stime
            self.stages.append(
                Stage(stage, self.side, round(wall, 2), round(cpu, 2), round(used.ru_maxrss / 1024))
            )
        return said


def meet(parties: tuple[Party, Party], shared: Path) -> None:
    """Make identities, exchange cards, and sign an agreement."""
    for party in parties:
        party.run("init", "--name", NAMES[party.side], "--no-passphrase")
        party.run("partner", "card", "--output", str(shared / f"{party.side}.card.toml"))
    for party, other in (parties, parties[::-1]):
        own = Workspace.open(other.workspace)
        digits = own.card.fingerprint
        own.close()
        card = str(shared / f"{other.side}.card.toml")
        party.run("partner", "add", card, "--fingerprint", digits, "--confirmed-by", "benchmark")


def agree(parties: tuple[Party, Party], shared: Path) -> None:
    one, other = parties
    file = str(shared / "agreement.toml")
    one.run("agreement", "new", "--with", OTHER[one.side], "--output", file, "--automatic-share", "1")
    other.run("agreement", "sign", file, "--yes")
    one.run("agreement", "sign", file)


def exchange(parties: tuple[Party, Party], shared: Path) -> None:
    """Let both take turns until both are done; a call of `map` is a stage."""
    for turn in range(12):
        party = parties[turn % 2]
        options = ("map", "--with", OTHER[party.side], "--folder", str(shared), "--yes")
        said = party.run(*options, stage=f"map, call {turn // 2 + 1}")
        if turn % 2 == 0 and said.startswith("Done"):
            return
    raise SystemExit("the session did not end")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lists", type=Path, help="folder with left.csv and right.csv")
    parser.add_argument("--profile", default="standard")
    parser.add_argument("--folder", type=Path, help="where to work; by default a temporary one")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        shared = Path(folder) / "shared"
        shared.mkdir()
        one, other = (Party(side, options.lists / f"{side}.csv", Path(folder) / side) for side in NAMES)
        parties = (one, other)
        with one.source.open("rb") as file:
            accounts = sum(1 for _ in file) - 1
        meet(parties, shared)
        for party in parties:
            party.run("accounts", "prepare", str(party.source), "--profile", options.profile, stage="prepare")
        agree(parties, shared)
        exchange(parties, shared)
        for party in parties:
            party.run("report", "build", "--with", OTHER[party.side], stage="report, again")
        stages = [stage for party in parties for stage in party.stages]
    for stage in stages:
        row = {"accounts": accounts, "profile": options.profile, **asdict(stage)}
        print(json.dumps(row) if options.json else "  ".join(f"{value!s:>14}" for value in row.values()))


if __name__ == "__main__":
    main()
