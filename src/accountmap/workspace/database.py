"""The workspace's SQLite file: its records, its schema, and transactions."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from accountmap.errors import TrustError, UsageError, WorkspaceError
from accountmap.trust.agreement import Agreement
from accountmap.trust.identity import Card


class Status(StrEnum):
    """How far a session is."""

    OPEN = "open"
    DONE = "done"
    STOPPED = "stopped"
    ABANDONED = "abandoned"


@dataclass(frozen=True)
class PartnerRecord:
    """A partner, its card, who confirmed the card's fingerprint, and when the card was revoked, if it was."""

    slug: str
    card: Card
    confirmed_by: str
    confirmed_at: datetime
    revoked_at: datetime | None = None

    def check_not_revoked(self) -> None:
        """Refuse a partner whose card was revoked.

        Raises:
            TrustError: it was.
        """
        if self.revoked_at:
            raise TrustError(
                f"the card of {self.card.name} was revoked on {self.revoked_at:%Y-%m-%d}",
                "Ask for a new card, compare its fingerprint by phone, and add it: accountmap partner add FILE",
            )


@dataclass(frozen=True)
class ListRecord:
    """A prepared list: its number, when it was prepared, and from which file."""

    id: int
    created: datetime
    source: str


@dataclass(frozen=True)
class SessionRecord:
    """A session with a partner.

    Attributes:
        id: number in this workspace.
        agreement: digest in hex.
        list_id: the prepared list that the session was begun with.
        role: ours, 0 initiator, 1 responder.
        offer: digest of message 1 as it was sent, so that the same offer is not answered twice.
        transcript: hash of all messages so far.
        sid: session id, empty until it is known.
        partner_key: the partner's sealing key for this session, empty until it is known.
        step: number of the last message sent or taken.
        sent: file name of the last message sent, or empty.
        delivered: whether that message has reached the channel.
        charged: when the first points left: the session counts from then on.
    """

    id: int
    partner: str
    agreement: str
    list_id: int
    role: int
    status: Status
    offer: bytes
    transcript: bytes
    sid: bytes
    partner_key: bytes
    step: int
    sent: str
    delivered: bool
    created: datetime
    charged: datetime | None
    finished: datetime | None

    @property
    def waits_for_us(self) -> bool:
        """Whether the next message of an open session is ours: initiators send the odd ones."""
        return self.step % 2 == self.role


SCHEMA_VERSION: Final = 7
BUSY_SECONDS: Final = 2.0
_MOST_SUGGESTED: Final = 3
SCHEMA: Final = """
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
    added TEXT NOT NULL,
    ended TEXT NOT NULL DEFAULT ''
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
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
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
"""They prevent mistakes. Its chain of signed hashes (trust.chain) reveals that somebody changed the ledger."""


class Database:
    """One connection. Every change happens inside `transaction`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._turn = threading.RLock()

    @classmethod
    def create(cls, path: Path, tables: Iterable[str]) -> Self:
        """Make a new file.

        Args:
            tables: further tables, as SQL.
        """
        path.touch(mode=0o600)
        database = cls(cls._connect(path))
        try:
            with database.transaction():
                for statement in (*"".join((SCHEMA, *tables)).split(";"), *_APPEND_ONLY):
                    database.run(statement)
                database.run(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except BaseException:
            database.close()  # so that Windows lets it be removed
            raise
        return database

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a file.

        Raises:
            WorkspaceError: it is missing, damaged, or of another version.
        """
        if not path.is_file():
            raise WorkspaceError(f"{path.parent.resolve()} is not a workspace", _where_else(path))
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
            # With event loops, other threads than the one that opened the file take steps.
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
                    "another accountmap command is running in this workspace", "Wait until it has ended."
                ) from error
            if "readonly" in str(error):
                hint = "Give yourself write permission on its folder, or copy it to where you have it."
            else:
                hint = "Make room, then run this again; nothing is lost."
            raise WorkspaceError(f"the workspace cannot be written: {error}", hint) from error
        except sqlite3.IntegrityError as error:
            raise WorkspaceError(
                "another command changed the workspace in the meantime", "Run this again."
            ) from error
        except sqlite3.ProgrammingError as error:
            raise UsageError("the workspace was closed", "Open it again, or close it later.") from error
        except sqlite3.DatabaseError as error:
            raise WorkspaceError(f"the workspace is damaged: {error}", "Restore it from a backup.") from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(frozen=True)
class AgreementRecord:
    """An agreement that is on file.

    Attributes:
        added: when it came here by our clock; the dates in it may be the partner's.
        ended: when this side withdrew or ended it.
    """

    agreement: Agreement
    added: datetime
    ended: datetime | None


def _where_else(path: Path) -> str:
    """Look above, in and beside a folder that is not a workspace for one that is, and suggest it."""
    start = path.parent.resolve()
    above = [folder for folder in start.parents if (folder / path.name).is_file()]
    try:
        around = [*start.glob(f"*/{path.name}"), *start.parent.glob(f"*/{path.name}")]
    except OSError:
        around = []
    near = list(dict.fromkeys([*above[:1], *sorted(file.parent for file in around)]))[:_MOST_SUGGESTED]
    commands = [f'cd "{folder}"' for folder in near]
    return f"Change to one: {'  or  '.join(commands)}" if commands else "Make one with: accountmap init"


def row_of(record: SessionRecord) -> dict[str, object]:
    """Return the columns of a session; a time that has not come is empty."""
    return {
        "id": record.id,
        "partner": record.partner,
        "agreement": record.agreement,
        "list": record.list_id,
        "role": record.role,
        "status": record.status.value,
        "offer": record.offer,
        "transcript": record.transcript,
        "sid": record.sid,
        "partner_key": record.partner_key,
        "step": record.step,
        "sent": record.sent,
        "delivered": int(record.delivered),
        "created": record.created.isoformat(),
        "charged": record.charged.isoformat() if record.charged else "",
        "finished": record.finished.isoformat() if record.finished else "",
    }


def record_of(row: sqlite3.Row) -> SessionRecord:
    """Read a session back."""
    return SessionRecord(
        id=row["id"],
        partner=row["partner"],
        agreement=row["agreement"],
        list_id=row["list"],
        role=row["role"],
        status=Status(row["status"]),
        offer=row["offer"],
        transcript=row["transcript"],
        sid=row["sid"],
        partner_key=row["partner_key"],
        step=row["step"],
        sent=row["sent"],
        delivered=bool(row["delivered"]),
        created=datetime.fromisoformat(row["created"]),
        charged=_when(row["charged"]),
        finished=_when(row["finished"]),
    )


def _when(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def check_time_zone(now: datetime) -> None:
    """Refuse a time that cannot be compared with those on file."""
    if now.tzinfo is None:
        raise UsageError("the time has no time zone", "Pass datetime.now(UTC).")
