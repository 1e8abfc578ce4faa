"""The workspace's SQLite file: its schema, and transactions that keep a second command out."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self

from accountmap.errors import UsageError, WorkspaceError

SCHEMA_VERSION: Final = 3
BUSY_SECONDS: Final = 2.0
_SCHEMA: Final = """
CREATE TABLE partner (
    slug TEXT PRIMARY KEY,
    card TEXT NOT NULL,
    confirmed_by TEXT NOT NULL,
    confirmed_at TEXT NOT NULL,
    revoked_at TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE agreement (
    digest TEXT PRIMARY KEY,
    partner TEXT NOT NULL REFERENCES partner,
    document TEXT NOT NULL,
    added TEXT NOT NULL
) STRICT;
CREATE TABLE account_list (
    id INTEGER PRIMARY KEY,
    created TEXT NOT NULL,
    source TEXT NOT NULL
) STRICT;
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    partner TEXT NOT NULL REFERENCES partner,
    agreement TEXT NOT NULL REFERENCES agreement,
    list INTEGER NOT NULL REFERENCES account_list,
    role INTEGER NOT NULL,
    status TEXT NOT NULL,
    offer BLOB NOT NULL UNIQUE,
    transcript BLOB NOT NULL,
    sid BLOB NOT NULL,
    partner_key BLOB NOT NULL,
    step INTEGER NOT NULL,
    sent TEXT NOT NULL,
    delivered INTEGER NOT NULL,
    created TEXT NOT NULL,
    charged TEXT NOT NULL,
    finished TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_open_session ON session (partner) WHERE status = 'open';
CREATE TABLE former_card (
    digest TEXT PRIMARY KEY,
    card TEXT NOT NULL,
    replaced TEXT NOT NULL
) STRICT;
CREATE TABLE ledger (
    number INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    signature BLOB NOT NULL
) STRICT;
"""
_APPEND_ONLY: Final = (
    "CREATE TRIGGER ledger_no_change BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'append-only'); END",
    "CREATE TRIGGER ledger_no_removal BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'append-only'); END",
    "CREATE TRIGGER ledger_no_gap BEFORE INSERT ON ledger"
    " WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM ledger)"
    " BEGIN SELECT RAISE(ABORT, 'append-only'); END",
)
"""They keep out mistakes; what keeps out people is the chain of signed hashes (trust.chain)."""


class Database:
    """One connection. Every change happens inside `transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._turn = threading.RLock()

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make a new file."""
        path.touch(mode=0o600)
        database = cls(cls._connect(path))
        with database.transaction():
            for statement in (*_SCHEMA.split(";"), *_APPEND_ONLY):
                database.run(statement)
            database.run(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file.

        Raises:
            WorkspaceError: it is missing, damaged, or of another version.
        """
        if not path.is_file():
            raise WorkspaceError(f"{path.parent.resolve()} is not a workspace", "Make one with: accountmap init")
        database = cls(cls._connect(path))
        version = database.one("PRAGMA user_version")[0]
        if version != SCHEMA_VERSION:
            raise WorkspaceError(
                f"the workspace has version {version}, this program reads {SCHEMA_VERSION}",
                "Use the version of accountmap that made it.",
            )
        return database

    @staticmethod
    def _connect(path: Path) -> sqlite3.Connection:
        try:
            # Event loops let other threads do the steps than the one that opened the file.
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error as error:
            raise WorkspaceError(f"the workspace cannot be opened: {error}") from error
        return connection

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep other commands out of the workspace, and other threads waiting; keep all changes or none.

        Raises:
            WorkspaceError: another command is at work here, or the disk is full.
        """
        with self._turn:
            self.run("BEGIN IMMEDIATE")
            try:
                yield
                self.run("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def run(self, statement: str, *values: object) -> int:
        """Execute a statement and return the id of the row that it inserted, if it did."""
        return self._execute(statement, values).lastrowid or 0

    def one(self, statement: str, *values: object) -> sqlite3.Row:
        """Return the only row.

        Raises:
            WorkspaceError: there is none.
        """
        rows = self.all(statement, *values)
        if not rows:
            raise WorkspaceError("the workspace lacks a record that it should have")
        return rows[0]

    def all(self, statement: str, *values: object) -> list[sqlite3.Row]:
        """Return all rows."""
        return self._execute(statement, values).fetchall()

    def _execute(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise WorkspaceError(
                    "another accountmap command is at work in this workspace", "Wait until it has ended."
                ) from error
            raise WorkspaceError(f"the workspace cannot be written: {error}", "Is the disk full?") from error
        except sqlite3.IntegrityError as error:
            raise WorkspaceError("another command changed the workspace meanwhile", "Run this again.") from error
        except sqlite3.ProgrammingError as error:
            raise UsageError("the workspace was closed", "Open it again, or close it later.") from error
        except sqlite3.DatabaseError as error:
            raise WorkspaceError(f"the workspace is damaged: {error}", "Restore it from a backup.") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
