"""Write the account map into tables of a database, the same rows however often it is done."""

import logging
import re
from typing import Final

import pyarrow as pa

from accountmap.account_map import AccountMap
from accountmap.databases import Database, open_database
from accountmap.errors import InputError, UsageError
from accountmap.report.safe_text import visible_column
from accountmap.report.views import tables_of

_LOG: Final = logging.getLogger(__name__)
_PREFIX: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SESSIONS: Final = (
    "(session_id VARCHAR(64) PRIMARY KEY, partner TEXT NOT NULL, finished TIMESTAMP WITH TIME ZONE NOT NULL,"
    " receipt TEXT NOT NULL, own_entities BIGINT NOT NULL, shared_entities BIGINT NOT NULL)"
)
"""The key makes one of two simultaneous runs wait for the other and fail, before a row is written twice."""


def write_sql(
    account_map: AccountMap, dsn: str, *, password: str | None = None, prefix: str = "accountmap_"
) -> list[str]:
    """Write the account map into PostgreSQL, SQLite or DuckDB, in one transaction.

    Each table of docs/reports.md becomes one whose name begins with the prefix and which has two columns more, the
    session and the partner; `sessions` has one row a session. Tables that are missing are made. What an earlier
    run wrote of the same session is replaced, so that a job may be repeated; other sessions are left alone.

    Args:
        account_map: as from `account_map`.
        dsn, password: as in `read_sql`.
        prefix: lower-case letters, digits and underscores.

    Returns:
        The names of the tables.

    Raises:
        InputError: the database refuses, or has tables of these names with other columns; nothing is changed then.
        BackendError: the driver is not installed.
    """
    if not _PREFIX.fullmatch(prefix):
        raise UsageError("a prefix of tables has lower-case letters, digits and underscores only")
    tables = {prefix + name: _of_session(account_map, table) for name, table in tables_of(account_map).items()}
    sessions = prefix + "sessions"
    tables = {sessions: _session_row(account_map)} | {k: v for k, v in tables.items() if k != sessions}
    with open_database(dsn, password, write=True) as database:
        database.run(f"CREATE TABLE IF NOT EXISTS {sessions} {_SESSIONS}")
        for name, table in tables.items():
            _replace(database, name, table, account_map.session_id)
        database.commit()
    _LOG.info("wrote %d tables of a session to a database", len(tables))
    return list(tables)


def _replace(database: Database, name: str, table: pa.Table, session: str) -> None:
    database.append(name, table.slice(0, 0))  # Makes it, if it is missing.
    if database.columns(name) != table.column_names:
        raise InputError(
            f"The database cannot be written: a table of the name {name} has other columns.",
            "Rename it, or write under another prefix; nothing was changed.",
        )
    database.run(f"DELETE FROM {name} WHERE session_id = ?", session)  # noqa: S608 the name is checked, no value is in it
    database.append(name, table)


def _of_session(account_map: AccountMap, table: pa.Table) -> pa.Table:
    """Put session and partner before the columns of a table, and make its text such that every database takes it.

    What the partner wrote may hold NUL, which PostgreSQL refuses, and then no result could be stored.
    """
    for at, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(at, field, visible_column(table[field.name]))
    for name, value in (("partner", account_map.partner_name), ("session_id", account_map.session_id)):
        if name not in table.column_names:
            column = pa.repeat(pa.scalar(value, pa.string()), table.num_rows)
            table = table.add_column(0, pa.field(name, pa.string(), nullable=False), column)
    return table


def _session_row(account_map: AccountMap) -> pa.Table:
    summary = account_map.summary
    columns = {
        "session_id": [account_map.session_id],
        "partner": [account_map.partner_name],
        "finished": pa.array([account_map.finished], pa.timestamp("us", "UTC")),
        "receipt": [account_map.receipt],
        "own_entities": [summary.listed.entities],
        "shared_entities": [summary.overlap.entities],
    }
    return pa.table(columns)
