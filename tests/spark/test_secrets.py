"""What a session keeps to itself, and what the list says, is not to be found where Spark writes and shows."""

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from pyspark.sql import SparkSession

from accountmap.canonical.profiles import PROFILES
from accountmap.spark import Layout, SessionSecret, blind, make_points, prepare, write_column
from tests.spark.lists import account_list

PAGES = ("environment/", "jobs/", "stages/", "storage/", "executors/", "SQL/")
RESOURCES = ("environment", "jobs", "stages?details=true", "allexecutors", "sql?details=true&length=1000")
SEGMENTS = ("customer", "opportunity", "prospect")


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
def secret(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> SessionSecret:
    """Run what a session needs of a list, and return what must not be found."""
    folder = tmp_path_factory.mktemp("session")
    accounts = spark.createDataFrame(account_list(300).table)
    frames = prepare(accounts, PROFILES["three"], (folder / "prepared").as_uri())
    points = make_points(frames.keys, PROFILES["three"])
    kept = SessionSecret.fresh(secrets.token_bytes)
    layout = Layout(SEGMENTS, (300, 300, 300), 3)
    blinded = blind(frames.entities, points, layout, kept, (folder / "tables").as_uri())
    write_column(blinded.rows, "points", 96, (folder / "body").as_uri())
    return kept


@pytest.mark.parametrize("where", ["events", "home", "local", "pages"])
def test_no_secret_and_no_account_is_found(
    spark: SparkSession, places: dict[str, Path], secret: SessionSecret, where: str
) -> None:
    found = list(shown(spark) if where == "pages" else written(places[where]))
    sought = [text for part in vars(secret).values() for text in spellings(part)]
    sought += [b"plaza-tenants", b"Sub Corner", b"subcorner"]
    assert sum(map(len, found)) > 10_000
    assert not [text for text in sought if any(text in content for content in found)]
    if where in ("events", "pages"):
        assert any(b"accountmap tests" in content for content in found)


def test_a_secret_is_not_in_its_repr(secret: SessionSecret) -> None:
    assert repr(secret) == "SessionSecret()"
