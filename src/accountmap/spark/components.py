"""Connected components of a graph too large for one machine.

Alternating large-star and small-star steps (Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii: Connected
Components in MapReduce and Beyond, SoCC 2014): the number of rounds grows with the logarithm of a component's
size, however long its paths are.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.spark.frames import settle


def components(edges: DataFrame, folder: str) -> DataFrame:
    """Label each node with the smallest node of its component.

    Args:
        edges: longs `node` and `other`; the order of the two, repetitions and loops mean nothing.
        folder: for intermediate tables.

    Returns:
        Longs `node` and `component`, each node once that has another in its component.
    """
    current = settle(_downwards(edges), folder, "edges-0")
    state, rounds = _fingerprint(current), 0
    while True:
        rounds += 1
        # Two names in turn: a table cannot be written while it is read.
        current = settle(_small_star(_large_star(current)), folder, f"edges-{rounds % 2}")
        before, state = state, _fingerprint(current)
        if before == state:
            break
    roots = current.select(F.col("other").alias("node"), F.col("other").alias("component")).distinct()
    return current.select("node", F.col("other").alias("component")).union(roots)


def _downwards(edges: DataFrame) -> DataFrame:
    """Point each edge from its greater node to its smaller one, and keep it once."""
    ends = edges.select(F.greatest("node", "other").alias("node"), F.least("node", "other").alias("other"))
    return ends.where("node > other").distinct()


def _large_star(edges: DataFrame) -> DataFrame:
    """Connect the greater neighbours of each node to its smallest one, or to itself if it is smaller."""
    both = edges.union(edges.select(F.col("other").alias("node"), F.col("node").alias("other")))
    smallest = both.groupBy("node").agg(F.least(F.min("other"), F.col("node")).alias("smallest"))
    greater = both.where("other > node").join(smallest, "node")
    return greater.select(F.col("other").alias("node"), F.col("smallest").alias("other")).distinct()


def _small_star(edges: DataFrame) -> DataFrame:
    """Connect each node and its smaller neighbours to the smallest of them."""
    smallest = edges.groupBy("node").agg(F.min("other").alias("smallest"))
    smaller = edges.join(smallest, "node").select(F.col("other").alias("node"), F.col("smallest").alias("other"))
    return (
        smaller.union(smallest.select("node", F.col("smallest").alias("other"))).where("node > other").distinct()
    )


def _fingerprint(edges: DataFrame) -> tuple[int, int]:
    row = edges.agg(F.count("*").alias("edges"), F.bit_xor(F.xxhash64("node", "other")).alias("digest")).first()
    return (row["edges"], row["digest"] or 0) if row else (0, 0)
