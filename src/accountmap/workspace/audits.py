"""What an auditor may ask for: the seeds of sessions, and the headers, digests and signatures of their messages.

With the seed and the messages, names from a dictionary can be tested against a list. So secrets are sealed, and
all of it is erased when the agreed time is over (trust-v2 §4.6).
"""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accountmap.workspace.database import Database
from accountmap.workspace.sealed_files import FileOf, SealedFile, StorageOf, open_cell, seal_cell

SCHEMA: Final = """
CREATE TABLE audit (
    session INTEGER PRIMARY KEY REFERENCES session,
    keep_until TEXT NOT NULL,
    secret BLOB NOT NULL
) STRICT;
CREATE TABLE audit_message (
    session INTEGER NOT NULL REFERENCES audit,
    number INTEGER NOT NULL,
    ours INTEGER NOT NULL,
    header BLOB NOT NULL,
    body_digest BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (session, number)
) STRICT;
"""


@dataclass(frozen=True)
class AuditRecord:
    """What a session was made from.

    Attributes:
        keep_until: None while the session is open.
        seed, nonce, commitment: session seed, own nonce, own input commitment, 32 bytes each.
        sketch: id of the own sketch that was sent.
        channel_key: own key for the envelope, as it was sent.
        key_table: the records of the own rows (account-psi-v2 §6.2), one after another.
    """

    session: int
    keep_until: datetime | None
    seed: bytes = field(repr=False)
    nonce: bytes
    commitment: bytes
    sketch: bytes
    channel_key: bytes
    key_table: bytes | memoryview = field(repr=False)


@dataclass(frozen=True)
class AuditMessage:
    """What a party signed.

    Attributes:
        number: of the message in the session.
        ours: whether this side sent it.
        header: as it was sent.
        body_digest: SHA-256 of its body.
        signature: its sender's, over the transcript.
    """

    session: int
    number: int
    ours: bool
    header: bytes
    body_digest: bytes
    signature: bytes


class Audits:
    """The tables of what is kept for audits. Whatever writes is called inside a transaction of the workspace."""

    def __init__(self, database: Database, storage: StorageOf, file: FileOf) -> None:
        self._database, self._storage, self._file = database, storage, file

    def begin(self, record: AuditRecord) -> None:
        """Keep what a session is made from, before its first message leaves."""
        self._key_table(record.session).write(record.key_table)
        parts = (record.seed, record.nonce, record.commitment, record.sketch, record.channel_key)
        cell = seal_cell(self._storage(), _label(record.session), [part.hex() for part in parts])
        keep_until = record.keep_until.isoformat() if record.keep_until else ""
        self._database.run("INSERT INTO audit VALUES (?, ?, ?)", record.session, keep_until, cell)

    def message(self, message: AuditMessage) -> None:
        """Keep what a party signed; the first message of a number stays."""
        self._database.run(
            "INSERT OR IGNORE INTO audit_message VALUES (?, ?, ?, ?, ?, ?)",
            message.session,
            message.number,
            int(message.ours),
            message.header,
            message.body_digest,
            message.signature,
        )

    def end(self, session: int, keep_until: datetime) -> None:
        """Set until when the record of a session that is over is kept."""
        self._database.run("UPDATE audit SET keep_until = ? WHERE session = ?", keep_until.isoformat(), session)

    def record(self, session: int) -> AuditRecord | None:
        """Return what a session was made from, if it is kept.

        Raises:
            OSError, WorkspaceError: its file is missing or damaged.
        """
        rows = self._database.all("SELECT * FROM audit WHERE session = ?", session)
        return self._record(rows[0]) if rows else None

    def messages(self, session: int) -> list[AuditMessage]:
        """List what the parties of a session signed, in order."""
        rows = self._database.all("SELECT * FROM audit_message WHERE session = ? ORDER BY number", session)
        return [AuditMessage(**{**dict(row), "ours": bool(row["ours"])}) for row in rows]

    def sessions(self) -> list[int]:
        """List the sessions of which records are kept, newest first."""
        return [row["session"] for row in self._database.all("SELECT session FROM audit ORDER BY session DESC")]

    def purge(self, now: datetime) -> None:
        """Erase what has been kept long enough."""
        for row in self._database.all("SELECT session, keep_until FROM audit WHERE keep_until <> ''"):
            if datetime.fromisoformat(row["keep_until"]) < now:
                self._key_table(row["session"]).delete()
                self._database.run("DELETE FROM audit_message WHERE session = ?", row["session"])
                self._database.run("DELETE FROM audit WHERE session = ?", row["session"])

    def _record(self, row: sqlite3.Row) -> AuditRecord:
        session, until = row["session"], row["keep_until"]
        cells = open_cell(self._storage(), _label(session), row["secret"])
        seed, nonce, commitment, sketch, channel_key = map(bytes.fromhex, cells)
        keep_until = datetime.fromisoformat(until) if until else None
        table = self._key_table(session).read()
        return AuditRecord(session, keep_until, seed, nonce, commitment, sketch, channel_key, table)

    def _key_table(self, session: int) -> SealedFile:
        return self._file(f"audits/{session}")


def _label(session: int) -> str:
    return f"audit of session {session}"
