"""What both sides have said about single matches: entries that are kept for ever (conversation-v1 §6)."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from accountmap.account_map.match_log import Entry
from accountmap.model import Role, Step, Topic
from accountmap.workspace.database import Database
from accountmap.workspace.sealed_files import StorageOf, open_cell, seal_cell

SCHEMA: Final = """
CREATE TABLE match_entry (
    partner TEXT NOT NULL REFERENCES partner,
    session INTEGER NOT NULL REFERENCES session,
    match_id BLOB NOT NULL,
    role INTEGER NOT NULL,
    number INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    written TEXT NOT NULL,
    topic INTEGER NOT NULL,
    step TEXT NOT NULL,
    value INTEGER NOT NULL,
    came TEXT NOT NULL,
    message_id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (partner, match_id, role, number)
) STRICT;
"""


@dataclass(frozen=True)
class KeptEntry:
    """An entry with what this workspace knows about it.

    Attributes:
        session: number of the session that has the match.
        account_id: first own account of the match.
        message_id: of the last message that carried it.
    """

    entry: Entry
    partner: str
    session: int
    account_id: str = field(repr=False)
    message_id: bytes

    @property
    def label(self) -> str:
        """Which entry it is, for its seal."""
        entry = self.entry
        return f"match entry {self.partner} {entry.match_id.hex()} {int(entry.role)} {entry.number}"


class MatchEntries:
    """The table of entries. Whatever writes is called inside a transaction of the workspace."""

    def __init__(self, database: Database, storage: StorageOf) -> None:
        self._database, self._storage = database, storage

    def add(self, kept: Iterable[KeptEntry]) -> None:
        """Keep entries that leave, or that came."""
        for each in kept:
            entry = each.entry
            self._database.run(
                "INSERT INTO match_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                each.partner,
                each.session,
                entry.match_id,
                int(entry.role),
                entry.number,
                entry.seen,
                entry.time.isoformat(),
                int(entry.topic),
                entry.step.value,
                entry.value,
                (entry.came or entry.time).isoformat(),
                each.message_id,
                seal_cell(self._storage(), each.label, [each.account_id, entry.text, entry.fields]),
            )

    def sent_in(self, partner: str, message_id: bytes) -> list[KeptEntry]:
        """List the entries of an own message."""
        statement = "SELECT * FROM match_entry WHERE partner = ? AND message_id = ? ORDER BY match_id"
        return list(map(self._kept, self._database.all(statement, partner, message_id)))

    def move(self, partner: str, message_id: bytes, again: bytes) -> None:
        """Note that the entries of an own message were written into another one."""
        statement = "UPDATE match_entry SET message_id = ? WHERE partner = ? AND message_id = ?"
        self._database.run(statement, again, partner, message_id)

    def with_partner(self, partner: str) -> list[KeptEntry]:
        """List all entries about matches with a partner, by match, role and number."""
        statement = "SELECT * FROM match_entry WHERE partner = ? ORDER BY session, match_id, role, number"
        return list(map(self._kept, self._database.all(statement, partner)))

    def about(self, partner: str, match_id: bytes) -> list[Entry]:
        """List the entries about one match."""
        statement = "SELECT * FROM match_entry WHERE partner = ? AND match_id = ? ORDER BY role, number"
        return [self._kept(row).entry for row in self._database.all(statement, partner, match_id)]

    def _kept(self, row: sqlite3.Row) -> KeptEntry:
        entry = Entry(
            row["match_id"],
            Role(row["role"]),
            row["number"],
            row["seen"],
            datetime.fromisoformat(row["written"]),
            Topic(row["topic"]),
            Step(row["step"]),
            row["value"],
            came=datetime.fromisoformat(row["came"]),
        )
        plain = KeptEntry(entry, row["partner"], row["session"], "", row["message_id"])
        account_id, text, fields = open_cell(self._storage(), plain.label, row["sealed"])
        shown = tuple((name, value) for name, value in fields)
        return replace(plain, account_id=account_id, entry=replace(entry, text=text, fields=shown))
