"""A database of each kind with the same accounts, written with its own client."""

import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.databases.postgres import PASSWORD, Server

ACCOUNTS = """
DROP TABLE IF EXISTS accounts;
CREATE TABLE accounts (id TEXT, name TEXT, web TEXT, kind TEXT, amount NUMERIC(12, 2), seats INTEGER, closed DATE);
INSERT INTO accounts VALUES
    ('a1', 'Northwood Bakery GmbH', 'northwood-bakery.de', 'Kunde', 1250.50, 51, '2026-03-01'),
    ('a2', 'Silverpine Logistics Inc.', NULL, 'prospect', NULL, NULL, NULL);
"""


@dataclass(frozen=True)
class Source:
    """A database, and its own client.

    Attributes:
        ask: runs a statement with the database's own client and returns the rows.
    """

    dsn: str
    password: str | None
    ask: Callable[[str], list[tuple[Any, ...]]]


def psql(server: Server, statements: str) -> list[tuple[Any, ...]]:
    done = subprocess.run(
        ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1", server.dsn],
        input=statements,
        env={"PGPASSWORD": PASSWORD, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return [tuple(line.split("|")) for line in done.stdout.splitlines() if line]


def postgres_source(server: Server) -> Source:
    psql(server, "DROP SCHEMA public CASCADE; CREATE SCHEMA public;" + ACCOUNTS)
    return Source(server.dsn, PASSWORD, lambda statement: psql(server, statement))


def sqlite_source(folder: Path) -> Source:
    path = folder / "crm.db"

    def ask(statement: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(path)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    connection = sqlite3.connect(path)
    connection.executescript(ACCOUNTS)
    connection.close()
    return Source(f"sqlite:///{path}", None, ask)


def duckdb_source(folder: Path) -> Source:
    import duckdb

    path = folder / "crm.duckdb"

    def ask(statement: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(path) as connection:
            return connection.execute(statement).fetchall()

    with duckdb.connect(path) as connection:
        connection.execute(ACCOUNTS)
    return Source(f"duckdb:///{path}", None, ask)
