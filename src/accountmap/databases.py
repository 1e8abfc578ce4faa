"""SQL databases through ADBC: where lists are read from and results are written to.

The password of a database is never part of its address. Drivers' messages are never passed on, because they quote
the connection URI, the statement and values of rows: a few phrases are recognised in them and put in words of our
own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import parse_qsl, quote

import pyarrow as pa

from accountmap.errors import BackendError, InputError, install_command

System = Literal["postgresql", "sqlite", "duckdb"]

_SYSTEMS: Final[dict[str, System]] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
}
_SECRETS: Final = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
"""Parameters of a PostgreSQL connection URI that are secret (libpq, "Parameter Key Words")."""


@dataclass(frozen=True, repr=False)
class DatabaseAddress:
    """A database, as the user named it.

    Attributes:
        server: for PostgreSQL, what is between `//` and `?`: user, hosts, ports, name of the database.
        options: for PostgreSQL, what is after `?`.
        path: for SQLite and DuckDB, the file.
    """

    system: System
    server: str = ""
    options: str = ""
    path: Path | None = None

    @classmethod
    def parse(cls, dsn: str) -> Self:
        """Read `postgresql://user@host:port/name?option=value`, `sqlite:///file` or `duckdb:///file`.

        Three slashes lead to a file in the current folder, four to one from the root.

        Raises:
            InputError: it is none of these, or it has a password in it. The message does not repeat the address.
        """
        scheme, _, rest = dsn.partition("://")
        system = _SYSTEMS.get(scheme)
        if system is None:
            raise InputError(
                "This is not an address of a database that can be used.",
                "Write postgresql://user@host/name, sqlite:///file.db or duckdb:///file.duckdb.",
            )
        if system == "postgresql":
            user, address = _user(rest)
            server, _, options = address.partition("?")
            _refuse_password(user, options)
            return cls(system, f"{user}@{server}" if user else server, options)
        if not rest.startswith("/") or len(rest) == 1:
            raise InputError(
                f"The address names no file of {scheme}.", f"Write {scheme}:///file, or ////path/file."
            )
        return cls(system, path=Path(rest[1:]))

    def __str__(self) -> str:
        """Show what a workspace or a log may contain: no user, and no options but the service."""
        if self.path is not None:
            return f"{self.system}:///{self.path.name}"
        service = next((value for name, value in parse_qsl(self.options) if name == "service"), None)
        return f"postgresql://{self.server.rpartition('@')[2]}" + (f"?service={service}" if service else "")

    def uri(self, password: str | None) -> str:
        """Return the URI for libpq, which without a password looks where it always does: PGPASSFILE, a service."""
        options = [
            part for part in (self.options, f"password={quote(password, safe='')}" if password else "") if part
        ]
        return f"postgresql://{self.server}" + (f"?{'&'.join(options)}" if options else "")


def _user(rest: str) -> tuple[str, str]:
    """Cut off what libpq reads as user and password: all before the first `@`, if there is no `/` before it."""
    user, at, address = rest.partition("@")
    return (user, address) if at and "/" not in user else ("", rest)


def _refuse_password(user: str, options: str) -> None:
    if ":" in user or _SECRETS & {name for name, _ in parse_qsl(options, keep_blank_values=True)}:
        raise InputError(
            "The address of the database holds a password, which would end up in logs and histories.",
            "Leave it out: keep it in ~/.pgpass or a service file, or give it separately; see docs/library.md.",
        )


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
"""Phrases of PostgreSQL, SQLite and DuckDB, in lower case, and what they mean; the first that fits is used."""

_STATES: Final = {
    "42P01": "a table that the statement names does not exist",
    "42703": "a column that the statement names does not exist",
    "42601": "the statement is not valid SQL",
    "42501": "this user may not do that",
    "3F000": "this user has no schema to write to",
    "57014": "it took longer than the database allows",
}
"""SQLSTATE codes (PostgreSQL, appendix A), which do not depend on the server's language."""


def refusal(address: DatabaseAddress, doing: str, error: Exception) -> InputError:
    """Describe a driver's error, in words of our own.

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


_READING: Final[dict[System, dict[str, str]]] = {
    # The driver would put the statement into a COPY, in which it may not end in a semicolon or a comment.
    "postgresql": {"adbc.postgresql.use_copy": "false"},
    # SQLite's columns have no types: the driver infers them from this many rows, and refuses other types later.
    "sqlite": {"adbc.sqlite.query.batch_rows": str(2**30)},
    "duckdb": {},
}


class Database:
    """An open database. Without `commit`, nothing is kept."""

    def __init__(self, address: DatabaseAddress, connection: Any) -> None:
        self._address, self._connection = address, connection

    def query(self, statement: str) -> pa.Table:
        """Return the rows of one statement.

        Raises:
            InputError: the database refuses it.
        """
        with self._refusing("does not answer the statement"), self._connection.cursor() as cursor:
            cursor.adbc_statement.set_options(**_READING[self._address.system])
            cursor.execute(statement)
            return cursor.fetch_arrow_table()

    def run(self, statement: str, *values: str) -> None:
        """Execute a statement that returns no rows. Each `?` in it stands for one of the values, in order."""
        if self._address.system == "postgresql":
            for number in range(1, len(values) + 1):
                statement = statement.replace("?", f"${number}", 1)
        with self._refusing("cannot be written"), self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)

    def make_view(self, name: str, query: str) -> None:
        """Make a view, replacing one of that name; other people's views that read it stay."""
        if self._address.system == "sqlite":
            self.run(f"DROP VIEW IF EXISTS {name}")
        create = "CREATE VIEW" if self._address.system == "sqlite" else "CREATE OR REPLACE VIEW"
        self.run(f"{create} {name} AS {query}")

    def columns(self, name: str) -> list[str]:
        """Return the names of a table's columns; the table exists."""
        with self._refusing("cannot be read"):
            return list(self._connection.adbc_get_table_schema(name).names)

    def append(self, name: str, table: pa.Table) -> None:
        """Add rows to a table, which is made if it is missing."""
        with self._refusing("cannot be written"), self._connection.cursor() as cursor:
            cursor.adbc_ingest(name, table, mode="create_append")

    def commit(self) -> None:
        """Keep what was written."""
        with self._refusing("cannot be written"):
            self._connection.commit()

    @contextmanager
    def _refusing(self, doing: str) -> Iterator[None]:
        with refusing(self._address, doing):
            yield


@contextmanager
def refusing(address: DatabaseAddress, doing: str) -> Iterator[None]:
    """Turn drivers' errors into InputError; their messages, which quote rows and passwords, go no further."""
    from adbc_driver_manager import Error  # noqa: PLC0415 of the extra `sql`

    try:
        yield
    except (Error, pa.ArrowException, OSError) as error:
        raise refusal(address, doing, error) from None


@contextmanager
def open_database(dsn: str, password: str | None = None, *, write: bool = False) -> Iterator[Database]:
    """Connect to a database.

    Args:
        dsn: as `DatabaseAddress.parse` reads it.
        password: for PostgreSQL, if it is not where libpq looks by itself.
        write: whether anything is to be written; a missing file is then made.

    Raises:
        InputError: the address is malformed, a password is given for a file, or the database cannot be opened.
        BackendError: the driver is not installed.
    """
    address = DatabaseAddress.parse(dsn)
    if address.path is not None and password is not None:
        raise InputError(f"{address} is a file, which has no password.", "Leave the password out.")
    if address.path is not None and not write and not address.path.is_file():
        raise InputError(f"There is no file {address.path}.", "Check the path of the database.")
    try:
        with refusing(address, "cannot be opened"):
            connection = _connect(address, password, write=write)
    except ImportError:
        raise BackendError(
            f"{address.system} needs a driver that is not installed",
            f"Install it with: {install_command('sql')}",
        ) from None
    try:
        yield Database(address, connection)
    finally:
        with refusing(address, "cannot be closed"):
            connection.close()


def _connect(address: DatabaseAddress, password: str | None, *, write: bool) -> Any:
    if address.system == "postgresql":
        return import_module("adbc_driver_postgresql.dbapi").connect(address.uri(password))
    if address.system == "sqlite":
        return import_module("adbc_driver_sqlite.dbapi").connect(str(address.path))
    options = {
        "path": str(address.path),
        "entrypoint": "duckdb_adbc_init",
        "access_mode": "READ_WRITE" if write else "READ_ONLY",
    }
    driver = import_module("adbc_driver_duckdb").driver_path()
    return import_module("adbc_driver_manager.dbapi").connect(driver=driver, db_kwargs=options)
