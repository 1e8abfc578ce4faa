"""Paths, stars and rings: what makes labels travel far, or meet in one place."""

import random

import pytest
from pyspark.sql import SparkSession

from accountmap.linkage.dedupe import Clusters
from accountmap.spark import dedupe

PATH = [(n, n + 1) for n in range(7)]
STAR = [(100, 101 + n) for n in range(20)]
RING = [(500 + n, 500 + (n + 3) % 8) for n in range(8)]
LOOP_AND_REPEATED = [(600, 600), (601, 602), (602, 601)]


@pytest.mark.usefixtures("two_partitions")
@pytest.mark.parametrize("few", [0, dedupe.FEW_EDGES])
def test_each_node_is_labelled_with_the_smallest_of_its_component(
    spark: SparkSession, folder: str, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(dedupe, "FEW_EDGES", few)
    edges = [*PATH, *STAR, *RING, *LOOP_AND_REPEATED]
    names = list(range(700))
    random.Random(5).shuffle(names)  # noqa: S311 - an example, the same each time
    named = [(names[one], names[other]) for one, other in edges]
    clusters = Clusters(len(names))
    for one, other in named:
        clusters.join(one, other)
    touched = {end for edge in named for end in edge if edge[0] != edge[1]}
    found = dedupe.components(spark.createDataFrame(named, "node long, other long"), folder).collect()
    assert {row["node"]: row["component"] for row in found} == {node: clusters.root(node) for node in touched}
    assert len(found) == len(touched)
