"""The same accounts in each database that can be used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases.postgres import Server, running
from tests.databases.systems import Source, duckdb_source, postgres_source, sqlite_source


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


@pytest.fixture(params=["postgresql", "sqlite", "duckdb"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    """A database with a table `accounts`."""
    if request.param == "postgresql":
        return postgres_source(request.getfixturevalue("server"))
    return {"sqlite": sqlite_source, "duckdb": duckdb_source}[request.param](tmp_path)
