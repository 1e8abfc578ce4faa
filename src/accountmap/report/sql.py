"""Write the account map and what partners do for revenue into tables of a database, and views over them.

Repeating it leaves the same rows. The views are what a warehouse, a dashboard or a reverse-ETL tool reads: the
present state, one row per thing that a CRM has.
"""

import logging
import re
from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from accountmap.account_map import AccountMap
from accountmap.accounts.schema import SEGMENTS
from accountmap.databases import Database, open_database
from accountmap.errors import InputError, UsageError
from accountmap.influence import Influence
from accountmap.influence.attribution import INFLUENCED, SHARED, SOURCED
from accountmap.influence.models import MODELS
from accountmap.report.influence_views import influence_tables
from accountmap.report.safe_text import visible_column
from accountmap.report.views import tables_of

_LOG: Final = logging.getLogger(__name__)
_PREFIX: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SESSIONS: Final = (
    "(session_id VARCHAR(64) PRIMARY KEY, partner TEXT NOT NULL, finished TIMESTAMP WITH TIME ZONE NOT NULL,"
    " receipt TEXT NOT NULL, own_entities BIGINT NOT NULL, shared_entities BIGINT NOT NULL)"
)
"""The key makes one of two simultaneous runs wait for the other and fail, before a row is written twice."""

OVERLAP_VIEWS: Final = {
    "latest_sessions": """
        SELECT session_id, partner, finished, own_entities, shared_entities
        FROM (
            SELECT s.*, ROW_NUMBER() OVER (PARTITION BY partner ORDER BY finished DESC, session_id DESC) AS place
            FROM {prefix}sessions AS s
        ) AS ranked
        WHERE place = 1""",
    "partner_overlap": """
        SELECT l.partner, l.finished AS mapped, o.segment, o.their_segment, o.play,
            COUNT(DISTINCT o.entity_id) AS entities, COUNT(DISTINCT o.account_id) AS accounts
        FROM {prefix}overlap AS o JOIN {prefix}latest_sessions AS l ON l.session_id = o.session_id
        GROUP BY l.partner, l.finished, o.segment, o.their_segment, o.play""",
    "account_partners": """
        SELECT account_id, entity_id, partner, mapped, segment, their_segment, play, leader, strength, score,
            match_id
        FROM (
            SELECT o.account_id, o.entity_id, l.partner, l.finished AS mapped, o.segment, o.their_segment, o.play,
                o."lead" AS leader, o.strength, o.score, o.match_id,
                ROW_NUMBER() OVER (PARTITION BY l.partner, o.account_id ORDER BY o.score DESC, o.match_id) AS place
            FROM {prefix}overlap AS o JOIN {prefix}latest_sessions AS l ON l.session_id = o.session_id
        ) AS ranked
        WHERE place = 1""",
    "account_reach": """
        SELECT account_id, COUNT(*) AS partners,
            SUM(CASE WHEN their_segment = '{served}' THEN 1 ELSE 0 END) AS customer_of,
            MAX(score) AS score, MAX(mapped) AS mapped
        FROM {prefix}account_partners
        GROUP BY account_id""",
}
"""Views over the tables of `write_sql`, by their names after the prefix, in the order in which they are made. For
each partner, only the last session counts. docs/warehouse.md has their columns."""

INFLUENCE_SQL_VIEWS: Final = {
    "influence_by_partner": """
        SELECT partner_name AS partner, "of" AS scope, currency, {summed}
        FROM {prefix}influence_totals
        WHERE partner_name IS NOT NULL
        GROUP BY partner_name, "of", currency""",
    "influence_by_deal": """
        SELECT d.deal_id, d.account_id, d.partner_name AS partner, d.role, d."of" AS scope, d.outcome,
            d.deal_amount, d.currency, {models}
        FROM {prefix}influence_partner_deals AS d
        LEFT JOIN (
            SELECT deal_id, partner_name, {credited}
            FROM {prefix}influence_credits
            GROUP BY deal_id, partner_name
        ) AS c ON c.deal_id = d.deal_id AND c.partner_name = d.partner_name""",
}
"""The same over the tables of an `Influence`; docs/warehouse.md has their columns."""

_PARTS: Final = {
    "served": SEGMENTS[0],
    "models": ", ".join(f"c.{model.replace(' ', '_')}" for model in MODELS),
    "credited": ", ".join(
        f"MAX(CASE WHEN model = '{model}' THEN credited END) AS {model.replace(' ', '_')}" for model in MODELS
    ),
    "summed": ", ".join(
        f"SUM(CASE WHEN \"class\" = '{name}' THEN {column} ELSE 0 END) AS {name}_{what}"
        for name in (SOURCED, INFLUENCED, SHARED)
        for column, what in (("deals", "deals"), ("deal_amount", "amount"))
    ),
}
"""Parts of the queries that have a line for each model or class."""


def write_sql(
    results: AccountMap | Influence, dsn: str, *, password: str | None = None, prefix: str = "accountmap_"
) -> list[str]:
    """Write the account map, or what partners do for revenue, into PostgreSQL, SQLite or DuckDB.

    All of it is one transaction.

    Each table of docs/reports.md becomes a table whose name begins with the prefix, with two more columns, the
    session and the partner; `sessions` has one row per session. What an earlier run wrote about the same session
    is replaced, so that a job may be repeated; other sessions are left alone. Each table of docs/influence.md
    becomes a table whose name begins with the prefix and `influence_`, and holds only the last run. Tables that
    are missing are made, and so are the views over them.

    Args:
        results: as from `read_account_map` or `read_influence`.
        dsn, password: as in `read_sql`.
        prefix: lower-case letters, digits and underscores.

    Returns:
        The names of the tables and of the views.

    Raises:
        InputError: the database refuses, or has tables of these names with other columns; nothing is changed then.
        BackendError: the driver is not installed.
    """
    if not _PREFIX.fullmatch(prefix):
        raise UsageError("a prefix of tables has lower-case letters, digits and underscores only")
    if isinstance(results, Influence):
        return _write_influence(results, dsn, password, prefix)
    tables = {prefix + name: _of_session(results, table) for name, table in tables_of(results).items()}
    sessions = prefix + "sessions"
    tables = {sessions: _session_row(results)} | {k: v for k, v in tables.items() if k != sessions}
    with open_database(dsn, password, write=True) as database:
        database.run(f"CREATE TABLE IF NOT EXISTS {sessions} {_SESSIONS}")
        for name, table in tables.items():
            _replace(database, name, table, results.session_id)
        views = _make_views(database, prefix, OVERLAP_VIEWS)
        database.commit()
    _LOG.info("wrote %d tables of a session to a database", len(tables))
    return [*tables, *views]


def _write_influence(influence: Influence, dsn: str, password: str | None, prefix: str) -> list[str]:
    since, until = influence.period
    report = pa.table(
        {
            "own_name": [influence.own_name],
            "as_of": [influence.as_of],
            "since": [since],
            "until": [until],
            "currency": [influence.currency],
            "rule_digest": [influence.rules.digest],
        }
    )
    tables = {"report": report} | influence_tables(influence)
    tables = {f"{prefix}influence_{name}": _visible(table) for name, table in tables.items()}
    with open_database(dsn, password, write=True) as database:
        for name, table in tables.items():
            _replace(database, name, table, None)
        views = _make_views(database, prefix, INFLUENCE_SQL_VIEWS)
        database.commit()
    _LOG.info("wrote %d tables of influence to a database", len(tables))
    return [*tables, *views]


def _make_views(database: Database, prefix: str, views: Mapping[str, str]) -> list[str]:
    for name, query in views.items():
        database.make_view(prefix + name, query.format(prefix=prefix, **_PARTS))
    return [prefix + name for name in views]


def _replace(database: Database, name: str, table: pa.Table, session: str | None) -> None:
    """Replace the rows of a session, or all rows."""
    database.append(name, table.slice(0, 0))  # Makes it, if it is missing.
    if database.columns(name) != table.column_names:
        raise InputError(
            f"The database cannot be written: a table named {name} has other columns.",
            "Rename it, or write under another prefix; nothing was changed.",
        )
    # The name is checked, and no value is in the statement.
    if session is None:
        database.run(f"DELETE FROM {name}")  # noqa: S608
    else:
        database.run(f"DELETE FROM {name} WHERE session_id = ?", session)  # noqa: S608
    database.append(name, table)


def _visible(table: pa.Table) -> pa.Table:
    """Make text acceptable to every database: it may hold NUL, which PostgreSQL refuses."""
    for at, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(at, field, visible_column(table[field.name]))
    return table


def _of_session(account_map: AccountMap, table: pa.Table) -> pa.Table:
    """Put session and partner before the columns of a table, and make its text fit for every database."""
    table = _visible(table)
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
