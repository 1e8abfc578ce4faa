"""Time the tables of a comparison on Spark against those in memory: the same points and tokens, byte for byte.

    python benchmarks/spark.py --size 100000 --executors 2

A party blinds its own points, multiplies the partner's, and finds the tokens that are equal; the keys have been
mapped to points beforehand. Spark runs in local-cluster: a driver, and executors of one core each, as separate
processes. Processor time is that of all processes; a first small run, which starts them, is not counted. Needs
Java 17.
"""

import argparse
import json
import os
import secrets
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from accountmap.curve.backends import make_curve
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.ports import Layout, Points, Tables
from accountmap.psi.suite import KEY_DST, POINT_BYTES
from accountmap.psi.tables import Groups, NumpyTables, rows, tokens
from accountmap.spark import SparkTables

PREFIX, PARTNER = bytes(16), secrets.token_bytes(32)
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Sides:
    """The points of a party and of its partner, half of them equal; the partner's are blinded."""

    own: Points
    theirs: Points


def sides(size: int) -> Sides:
    curve = make_curve()
    points = curve.hash_to_curve(KEY_DST, [b"key %d" % n for n in range(size + size // 2)])
    return Sides(points[:size], curve.multiply(PARTNER, points[size // 2 :]))


def run(tables: Tables, size: int, held: Sides, own: ComparisonSecrets) -> tuple[float, float, bytes]:
    """Do a party's work; return seconds on the clock and of the processors, and what it sent."""
    layout = Layout((size,), np.arange(size), own.own_order((size,)), (0,))
    cpu, start = processor_seconds(), time.monotonic()
    points = tables.blind(layout, own)
    body = bytes(points.body)
    theirs = points.tokens_of(held.theirs.tobytes(), own.scalar, PREFIX)
    wall, used = time.monotonic() - start, processor_seconds() - cpu
    v = tokens(PREFIX, make_curve().multiply(PARTNER, rows(body, POINT_BYTES)))  # the partner's work
    cpu, start = processor_seconds(), time.monotonic()
    shared = theirs.shared_with(v.tobytes())
    wall, used = wall + time.monotonic() - start, used + processor_seconds() - cpu
    assert shared is not None
    assert len(shared[0]) == size - size // 2
    return wall, used, body


def on_spark(spark: SparkSession, points: Points, folder: str) -> SparkTables:
    size = len(points)
    table = pa.table(
        {
            "segment": np.zeros(size, np.int64),
            "place": np.arange(size),
            "slots": pa.array([b"\0"] * size, pa.binary()),
            "points": pa.array([point.tobytes() for point in points], pa.binary()),
        }
    )
    return SparkTables(spark, spark.createDataFrame(table), 1, folder)


def processor_seconds() -> float:
    """Return the processor time of this process and all its descendants (Linux)."""
    parents, used = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        pid = int(stat.parent.name)
        parents[pid], used[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    total, below = 0, [os.getpid()]
    while below:
        pid = below.pop()
        total += used.get(pid, 0)
        below += [child for child, parent in parents.items() if parent == pid]
    return total / TICKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=100_000, help="accounts on each side, of one slot")
    parser.add_argument("--executors", type=int, default=2)
    options = parser.parse_args()
    builder = SparkSession.builder.master(f"local-cluster[{options.executors},1,1024]")
    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.executor.memory": "900m",
        "spark.sql.shuffle.partitions": str(max(2, 2 * options.executors, options.size // 100_000)),
        "spark.ui.enabled": "false",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    own = ComparisonSecrets(secrets.token_bytes(32), bytes(32), 0)
    with tempfile.TemporaryDirectory() as folder:
        small, held = sides(1000), sides(options.size)
        run(on_spark(spark, small.own, f"{Path(folder).as_uri()}/first"), 1000, small, own)
        there = on_spark(spark, held.own, f"{Path(folder).as_uri()}/own")
        wall, cpu, body = run(there, options.size, held, own)
        here = NumpyTables(make_curve(), Groups(np.ones((options.size, 1), np.bool_), lambda: held.own))
        here_wall, here_cpu, here_body = run(here, options.size, held, own)
    spark.stop()
    assert body == here_body
    result = {
        "size": options.size,
        "executors": options.executors,
        "spark_seconds": round(wall, 2),
        "spark_cpu_seconds": round(cpu, 2),
        "memory_seconds": round(here_wall, 2),
        "memory_cpu_seconds": round(here_cpu, 2),
        "ratio": round(wall / here_wall, 2),
        "cpu_ratio": round(cpu / here_cpu, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
