"""Time private set intersection: two parties as two processes, n against n, half in common.

    python benchmarks/psi.py --size 100000 --backend openssl --json

It times a session from canonical keys in Parquet to its end, with two marks on the slower party's clock. At the
first, both sides know the matched rows; other programs are compared with this one, so it leaves out the key
exchange of each match. At the second, fields are sealed and receipts signed. Messages go through a pipe, unsealed:
the envelope is timed by benchmarks/envelope.py. Each party uses all processors.
"""

import argparse
import json
import os
import tempfile
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from psi_party import Marks, relay_body, run_party, save_points

from accountmap.curve.backends import BACKENDS
from accountmap.model import Role


def write_keys(folder: Path, size: int, slots: int) -> list[Path]:
    """Write both parties' keys, group by group, slot by slot: like company names, half of them on both lists."""
    files = []
    for name, start in (("left", 0), ("right", size // 2)):
        keys = [f"northwood{n:x}bakery{slot or ''}" for n in range(start, start + size) for slot in range(slots)]
        files.append(folder / f"{name}.parquet")
        pq.write_table(pa.table({"value": keys}), files[-1])
    return files


def run_both(files: list[Path], options: argparse.Namespace) -> list[Marks]:
    """Start both parties, let them begin together, and carry bytes between them."""
    context = get_context("spawn")
    ends = [context.Pipe() for _ in Role]
    parties = [
        context.Process(target=run_party, args=(role, file, end[1], options))
        for role, file, end in zip(Role, files, ends, strict=True)
    ]
    for party in parties:
        party.start()
    (one, _), (other, _) = ends
    for end in (one, other):
        end.recv()
    for end in (one, other):
        end.send("go")
    turns = [(one, other), (other, one)]
    for n in range(10):
        source, target = turns[n % 2]
        relay_body(source, target)
    marks = [end.recv() for end in (one, other)]
    for party in parties:
        party.join()
    return marks


def summary(marks: list[Marks]) -> dict[str, Any]:
    """Put both parties' marks together.

    The responder learns its rows from message 7, which also carries the initiator's half of the key exchanges, so
    the time that the initiator took to make that half is subtracted.
    """
    initiator, responder = marks
    rows = max(initiator.rows, responder.rows - initiator.exchange)
    return {
        "wall_seconds": round(rows, 3),
        "sealed_seconds": round(max(m.sealed for m in marks), 3),
        "cpu_seconds": round(sum(m.cpu for m in marks), 3),
        "peak_mb": round(max(m.peak_mb for m in marks), 1),
        "workers_mb": round(max(m.workers_mb for m in marks), 1),
        "bytes_sent": sum(m.sent for m in marks),
        "stages": {
            role.name.lower(): {name: round(seconds, 3) for name, seconds in m.stages.items()}
            for role, m in zip(Role, marks, strict=True)
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="accounts on each side")
    parser.add_argument("--slots", type=int, default=1, help="keys of each account")
    parser.add_argument("--backend", choices=[b.name for b in BACKENDS], default="openssl")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes of each party")
    parser.add_argument("--cached", action="store_true", help="the points of the keys are made beforehand")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write_keys(Path(folder), options.size, options.slots)
        if options.cached:
            for file in files:
                save_points(file, options)
        result = vars(options) | summary(run_both(files, options))
    del result["json"]
    print(json.dumps(result) if options.json else "\n".join(f"{k:16} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
