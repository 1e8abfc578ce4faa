"""A connection to a database, for reading one statement or writing tables in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

import pyarrow as pa

from accountmap.databases.address import DatabaseAddress, System
from accountmap.databases.failures import refusal
from accountmap.errors import BackendError, InputError

_READING: Final[dict[System, dict[str, str]]] = {
    # The driver would put the statement into a COPY, where it may not end in a semicolon or a comment.
    "postgresql": {"adbc.postgresql.use_copy": "false"},
    # SQLite has no types of columns: the driver takes those of the first so many rows, and refuses others later.
    "sqlite": {"adbc.sqlite.query.batch_rows": str(2**30)},
    "duckdb": {},
}


class Database:
    """An open database. Nothing stays without `commit`."""

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
        """Execute a statement that returns no rows. `?` in it stand for the values, in order."""
        if self._address.system == "postgresql":
            for number in range(1, len(values) + 1):
                statement = statement.replace("?", f"${number}", 1)
        with self._refusing("cannot be written"), self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)

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
    """Turn what drivers raise into InputError; their words, which quote rows and passwords, go no further."""
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
        password: of PostgreSQL, if it is not where libpq looks by itself.
        write: whether anything shall be written; a file that is missing is made then.

    Raises:
        InputError: the address is malformed, the password is for a file, or the database cannot be opened.
        BackendError: the driver is not installed.
    """
    address = DatabaseAddress.parse(dsn)
    if address.path is not None and password is not None:
        raise InputError(f"{address} is a file, which no password opens.", "Leave the password out.")
    if address.path is not None and not write and not address.path.is_file():
        raise InputError(f"There is no file {address.path}.", "Check the path of the database.")
    try:
        with refusing(address, "cannot be opened"):
            connection = _connect(address, password, write=write)
    except ImportError:
        raise BackendError(
            f"{address.system} needs a driver that is not installed",
            'Install it with: pip install "accountmap[sql]"',
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
