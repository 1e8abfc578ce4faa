"""What both sides have said about single matches and joint plans: entries that are kept for ever.

They are those of conversation-v1 §6 and §7. The seeds of our own plans are kept here too.
"""

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
CREATE TABLE plan_entry (
    partner TEXT NOT NULL REFERENCES partner,
    session INTEGER NOT NULL REFERENCES session,
    plan_id BLOB NOT NULL,
    role INTEGER NOT NULL,
    number INTEGER NOT NULL,
    came TEXT NOT NULL,
    message_id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (partner, plan_id, role, number)
) STRICT;
CREATE TABLE plan_seed (
    plan_id BLOB PRIMARY KEY,
    sealed BLOB NOT NULL
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
        """Keep entries that leave or arrived."""
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
        """List the entries in one of our messages."""
        statement = "SELECT * FROM match_entry WHERE partner = ? AND message_id = ? ORDER BY match_id"
        return list(map(self._kept, self._database.all(statement, partner, message_id)))

    def move(self, partner: str, message_id: bytes, again: bytes) -> None:
        """Note that the entries of one of our messages were written into another one."""
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


@dataclass(frozen=True)
class KeptPlanEntry:
    """An entry about a plan as it was written.

    Attributes:
        session: number of the session that has the matches.
        role: of who wrote it.
        content: as it is in its message.
        came: when it arrived; for our own entries, when it was written.
        message_id: of the last message that carried it.
        proof: for a partner's entry, header and signature of its message. With the content they prove to anybody
            who has the partner's card that it said so. Empty for our own entries.
    """

    partner: str
    session: int
    plan_id: bytes
    role: Role
    number: int
    came: datetime
    message_id: bytes
    content: bytes = field(repr=False)
    proof: bytes = field(default=b"", repr=False)

    @property
    def label(self) -> str:
        """Which entry it is, for its seal."""
        return f"plan entry {self.partner} {self.plan_id.hex()} {int(self.role)} {self.number}"


class Plans:
    """The tables of plans. Whatever writes is called inside a transaction of the workspace."""

    def __init__(self, database: Database, storage: StorageOf) -> None:
        self._database, self._storage = database, storage

    def add(self, kept: KeptPlanEntry) -> None:
        """Keep an entry that leaves or arrived."""
        self._database.run(
            "INSERT INTO plan_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            kept.partner,
            kept.session,
            kept.plan_id,
            int(kept.role),
            kept.number,
            kept.came.isoformat(),
            kept.message_id,
            seal_cell(self._storage(), kept.label, [kept.content.hex(), kept.proof.hex()]),
        )

    def with_partner(self, partner: str) -> list[KeptPlanEntry]:
        """List all entries about plans with a partner, in the order in which they were kept."""
        statement = "SELECT * FROM plan_entry WHERE partner = ? ORDER BY rowid"
        return list(map(self._kept, self._database.all(statement, partner)))

    def about(self, partner: str, plan_id: bytes) -> list[KeptPlanEntry]:
        """List the entries about one plan."""
        statement = "SELECT * FROM plan_entry WHERE partner = ? AND plan_id = ? ORDER BY rowid"
        return list(map(self._kept, self._database.all(statement, partner, plan_id)))

    def sent_in(self, partner: str, message_id: bytes) -> KeptPlanEntry:
        """Return the entry in one of our messages."""
        statement = "SELECT * FROM plan_entry WHERE partner = ? AND message_id = ?"
        return self._kept(self._database.one(statement, partner, message_id))

    def move(self, partner: str, message_id: bytes, again: bytes) -> None:
        """Note that the entry of one of our messages was written into another one."""
        statement = "UPDATE plan_entry SET message_id = ? WHERE partner = ? AND message_id = ?"
        self._database.run(statement, again, partner, message_id)

    def keep_seed(self, plan_id: bytes, seed: bytes) -> None:
        """Keep the seed that one of our proposals has fixed."""
        sealed = seal_cell(self._storage(), _seed_label(plan_id), seed.hex())
        self._database.run("INSERT INTO plan_seed VALUES (?, ?)", plan_id, sealed)

    def seed(self, plan_id: bytes) -> bytes:
        """Return the seed of one of our proposals."""
        row = self._database.one("SELECT sealed FROM plan_seed WHERE plan_id = ?", plan_id)
        return bytes.fromhex(open_cell(self._storage(), _seed_label(plan_id), row["sealed"]))

    def _kept(self, row: sqlite3.Row) -> KeptPlanEntry:
        plain = KeptPlanEntry(
            row["partner"],
            row["session"],
            row["plan_id"],
            Role(row["role"]),
            row["number"],
            datetime.fromisoformat(row["came"]),
            row["message_id"],
            b"",
        )
        content, proof = map(bytes.fromhex, open_cell(self._storage(), plain.label, row["sealed"]))
        return replace(plain, content=content, proof=proof)


def _seed_label(plan_id: bytes) -> str:
    return f"plan seed {plan_id.hex()}"
