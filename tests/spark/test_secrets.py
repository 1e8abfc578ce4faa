"""What a session keeps to itself, and what the list says, is not to be found where Spark writes and shows."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812 - as all of Spark's documentation has it

from accountmap.curve.backends import make_curve
from accountmap.psi.inputs import ComparisonSecrets
from accountmap.psi.ports import Layout
from accountmap.spark import SparkTables
from accountmap.spark.tables import BlindingSecrets

PAGES = ("environment/", "jobs/", "stages/", "storage/", "executors/", "SQL/")
RESOURCES = ("environment", "jobs", "stages?details=true", "allexecutors", "sql?details=true&length=1000")


def spellings(secret: bytes) -> list[bytes]:
    """Write bytes as they might stand in a file or on a page."""
    return [
        secret,
        secret.hex().encode(),
        base64.b64encode(secret).rstrip(b"="),
        repr(secret)[2:-1].encode(),
        json.dumps(list(secret))[1:-1].encode(),
    ]


def written(folder: Path) -> Iterator[bytes]:
    for file in folder.rglob("*"):  # which does not follow the links to Spark's programs
        if file.is_file() and not file.is_symlink():
            yield file.read_bytes()


def shown(spark: SparkSession) -> Iterator[bytes]:
    site = spark.sparkContext.uiWebUrl
    application = f"api/v1/applications/{spark.sparkContext.applicationId}"
    for path in [*PAGES, *(f"{application}/{resource}" for resource in RESOURCES)]:
        with urlopen(f"{site}/{path}") as page:  # noqa: S310 - the address is that of the test's own Spark
            yield page.read()
    with urlopen(f"{site}/{application}/sql?length=1000") as page:  # noqa: S310 - as above
        executions = json.load(page)
    for execution in executions:
        with urlopen(f"{site}/SQL/execution/?id={execution['id']}") as page:  # noqa: S310 - as above
            yield page.read()


@pytest.fixture(scope="module")
def secrets_used(
    spark: SparkSession, company: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> list[bytes]:
    """The secrets of a comparison that was blinded and tokenised on Spark, for entities that workers looked up."""
    place = company["folder"]
    number = F.row_number().over(Window.orderBy("entity_id")).cast("long") - 1
    entities = spark.read.parquet(f"{place}/points").select(F.lit(0).alias("segment"), number.alias("place"), "*")
    tables = SparkTables(spark, entities.drop("entity_id"), 1, tmp_path_factory.mktemp("secrets").as_uri())
    secrets = ComparisonSecrets(token_bytes(32), token_bytes(32), 0)
    rows = 640
    layout = Layout((rows,), np.zeros(rows, np.int64), secrets.own_order((rows,)), (1,))
    points = tables.blind(layout, secrets)
    partner = make_curve(workers=1).multiply(b"p" * 32, np.frombuffer(points.body, np.uint8).reshape(-1, 32))
    points.tokens_of(partner.tobytes(), secrets.scalar, bytes(16))
    return [secrets.seed, secrets.scalar, secrets.dummies(0)]


@pytest.mark.parametrize("where", ["events", "home", "local", "pages"])
def test_no_secret_and_no_account_is_found(
    spark: SparkSession, places: dict[str, Path], secrets_used: list[bytes], where: str
) -> None:
    found = list(shown(spark) if where == "pages" else written(places[where]))
    sought = [text for part in secrets_used for text in spellings(part)]
    sought += [b"plaza-tenants", b"Sub Corner", b"subcorner", b"1-000000"]
    assert sum(map(len, found)) > 10_000
    assert not [text for text in sought if any(text in content for content in found)]
    if where in ("events", "pages"):
        assert any(b"accountmap tests" in content for content in found)


def test_a_secret_is_not_in_its_repr() -> None:
    assert repr(BlindingSecrets(b"scalar", (b"dummies",), (0,))) == "BlindingSecrets(slots=(0,))"
