"""Graphs that the matching must decide: ties, rows that prefer others, slots that meet across."""

import hashlib
import random

import numpy as np
import pytest
from pyspark.sql import DataFrame, SparkSession

from accountmap.psi.matching import mutual_best
from accountmap.spark import match

WEIGHTS = (8, 4, 2, 1)


def token(value: object) -> bytes:
    return hashlib.sha256(repr(value).encode()).digest()[:16]


def table(side: str, seed: int) -> list[list[bytes]]:
    """Fill slots with values of a small range, each at most once in the table, so that many rows compete."""
    values = list(range(100))
    random.Random(seed).shuffle(values)  # noqa: S311 - an example, the same each time
    cells = iter([token(value) if value < 70 else token((side, value)) for value in values])
    return [[next(cells) for _ in WEIGHTS] for _ in range(25)]


def frame(spark: SparkSession, rows: list[list[bytes]]) -> DataFrame:
    return spark.createDataFrame([(at, b"".join(row)) for at, row in enumerate(rows)], "row long, tokens binary")


def array(rows: list[list[bytes]]) -> np.ndarray:
    return np.frombuffer(b"".join(map(b"".join, rows)), np.uint8).reshape(len(rows), len(WEIGHTS), 16)


@pytest.mark.parametrize("threshold", [1, 4])
def test_rows_that_compete_are_matched_as_here(spark: SparkSession, threshold: int) -> None:
    u, v = table("u", 1), table("v", 2)
    expected = mutual_best(array(u), array(v), WEIGHTS, threshold)
    found = match(frame(spark, u), frame(spark, v), WEIGHTS, threshold).orderBy("u").collect()
    assert [(row["u"], row["v"], row["weight"]) for row in found] == list(
        zip(expected.u.tolist(), expected.v.tolist(), expected.weight.tolist(), strict=True)
    )
    assert 0 < len(expected) < len(u)
