"""What a session keeps to itself, and what the list says, is not to be found where Spark writes and shows."""

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from pyspark.sql import SparkSession

from accountmap.spark import SessionSecret

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


@pytest.mark.parametrize("where", ["events", "home", "local", "pages"])
def test_no_secret_and_no_account_is_found(
    spark: SparkSession, places: dict[str, Path], companies: dict[str, dict[str, Any]], where: str
) -> None:
    found = list(shown(spark) if where == "pages" else written(places[where]))
    kept = [part for company in companies.values() for part in vars(company["secret"]).values()]
    sought = [text for part in kept for text in spellings(part)]
    sought += [b"plaza-tenants", b"Sub Corner", b"subcorner", b"1-000000"]
    assert sum(map(len, found)) > 10_000
    assert not [text for text in sought if any(text in content for content in found)]
    if where in ("events", "pages"):
        assert any(b"accountmap tests" in content for content in found)


def test_a_secret_is_not_in_its_repr() -> None:
    assert repr(SessionSecret.fresh(secrets.token_bytes)) == "SessionSecret()"
