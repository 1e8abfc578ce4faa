"""What a database's refusal is called here.

Drivers' messages are never passed on: they quote the connection URI, the statement and values of rows. A few
phrases are recognised in them and said in words of our own.
"""

from typing import Final

from accountmap.databases.address import DatabaseAddress
from accountmap.errors import InputError

_REASONS: Final = (
    ("password authentication failed", "the password is wrong"),
    ("no password supplied", "it asks for a password"),
    ("translate host name", "its host is not known"),
    ("connection refused", "nothing listens there"),
    ("timeout expired", "it does not answer"),
    ("definition of service", "the service is not defined on this machine"),
    ("permission denied", "this user may not do that"),
    ("readonly database", "it cannot be written"),
    ("read-only", "it cannot be written"),
    ("not set lock on file", "another program has it open"),
    ("database is locked", "another program has it open"),
    ("syntax error", "the statement is not valid SQL"),
    ("incomplete input", "the statement is not valid SQL"),
    ("no such table", "a table that the statement names does not exist"),
    ("no such column", "a column that the statement names does not exist"),
    ("table with name", "a table that the statement names does not exist"),
    ("referenced column", "a column that the statement names does not exist"),
    ("does not exist in target table", "a table of that name has other columns"),
    ("has no column named", "a table of that name has other columns"),
    ("incorrect column count", "a table of that name has other columns"),
    ("unique constraint", "another run is writing the same rows"),
)
"""Phrases of PostgreSQL, SQLite and DuckDB, in lower case, and what they mean; the first that fits is said."""

_STATES: Final = {
    "42P01": "a table that the statement names does not exist",
    "42703": "a column that the statement names does not exist",
    "42601": "the statement is not valid SQL",
    "42501": "this user may not do that",
    "3F000": "this user has no schema to write to",
    "57014": "it took longer than the database allows",
}
"""SQLSTATE codes (PostgreSQL, appendix A); they hold in every language that a server speaks."""


def refusal(address: DatabaseAddress, doing: str, error: Exception) -> InputError:
    """Describe what a driver raised, without its words.

    Args:
        doing: what failed, such as "cannot be opened".
    """
    state = getattr(error, "sqlstate", None)
    said = str(error).lower()
    reason = _STATES.get(state or "") or next((why for phrase, why in _REASONS if phrase in said), None)
    code = f" (SQLSTATE {state})" if state else ""
    return InputError(
        f"The database {address} {doing}{code}{f': {reason}' if reason else ''}.",
        "Try the same user and statement in the database's own shell; it shows all that the database says.",
    )
