"""Reading an account list from a SQL database."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pyarrow as pa

from accountmap.accounts.arrow_reader import from_arrow
from accountmap.accounts.interpret import interpret
from accountmap.accounts.schema import AccountList
from accountmap.databases import DatabaseAddress, open_database
from accountmap.errors import InputError

_LOG: Final = logging.getLogger(__name__)


def read_sql(
    statement: str,
    dsn: str,
    *,
    password: str | None = None,
    mapping: Mapping[str, str] | None = None,
    segments: Mapping[str, str] | None = None,
    preset: str | None = None,
) -> AccountList:
    """Read a company's account list from PostgreSQL, SQLite or DuckDB.

    The columns of the result are recognised as headings of a file are: `select firm as name` or `mapping`
    help where they are not. Nothing that the statement may change is kept.

    Args:
        statement: one SQL statement that returns one row an account; of several, SQLite executes the first.
        dsn: `postgresql://user@host:port/name`, `sqlite:///file` or `duckdb:///file`, without a password.
        password: of PostgreSQL; None to take it from where libpq does, such as ~/.pgpass or a service file.
        mapping, segments, preset: as in `read_accounts`.

    Raises:
        InputError: the database refuses, or its answer cannot be read as an account list. The message holds
            neither the password nor the statement nor values of rows.
        BackendError: the driver is not installed.
    """
    with open_database(dsn, password) as database:
        table = database.query(statement)
    _LOG.info("read %d rows from a database", table.num_rows)
    _refuse_money(table.schema)
    return replace(interpret(from_arrow(table), mapping, segments, preset), source=sql_source(statement, dsn))


def sql_source(statement: str, dsn: str) -> str:
    """Describe where a list came from, for people who know their databases, without anything secret.

    A statement may hold credentials (DuckDB attaches databases by one), so that only its digest is told.
    """
    digest = hashlib.sha256(" ".join(statement.split()).encode()).hexdigest()
    return f"{DatabaseAddress.parse(dsn)}, statement {digest[:8]}"


def _refuse_money(schema: pa.Schema) -> None:
    """Refuse PostgreSQL's type money, which arrives as a whole number of its smallest units, unknown which."""
    for column in schema:
        if (column.metadata or {}).get(b"POSTGRESQL:type") == b"money":
            raise InputError(
                f"The column '{column.name}' is of the type money.", "Select it as a number: amount::numeric."
            )
