"""Previews on their own: which were exchanged with whom, and what of the list the owner never previews."""

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accountmap.model import Role
from accountmap.workspace.database import Database

SCHEMA: Final = """
CREATE TABLE preview (
    id INTEGER PRIMARY KEY,
    partner TEXT NOT NULL REFERENCES partner,
    agreement TEXT NOT NULL REFERENCES agreement,
    role INTEGER NOT NULL,
    sketch BLOB NOT NULL REFERENCES own_sketch,
    nonce BLOB NOT NULL,
    opening BLOB NOT NULL UNIQUE,
    sent TEXT NOT NULL,
    delivered INTEGER NOT NULL,
    begun TEXT NOT NULL,
    done TEXT NOT NULL
) STRICT;
CREATE TABLE never_previewed (segment TEXT PRIMARY KEY) STRICT;
"""


@dataclass(frozen=True)
class PreviewRecord:
    """One exchange of sketches.

    Attributes:
        agreement: digest of the preview agreement, in hex.
        sketch: id of the own sketch.
        nonce: own, 32 bytes.
        opening: the transcript after its first message, 32 bytes.
        sent: file name of the own message.
        delivered: whether the own message has reached the channel.
        done: when the partner's sketch was taken.
    """

    id: int
    partner: str
    agreement: str
    role: Role
    sketch: bytes
    nonce: bytes = field(repr=False)
    opening: bytes
    sent: str
    delivered: bool
    begun: datetime
    done: datetime | None


class Previews:
    """The tables of previews. Whatever writes is called inside a transaction of the workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def next_id(self) -> int:
        """Return the number that the next preview gets."""
        return int(self._database.one("SELECT coalesce(max(id), 0) + 1 FROM preview")[0])

    def put(self, record: PreviewRecord) -> None:
        """Keep a preview as it is now."""
        self._database.run(
            "INSERT INTO preview VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET delivered = excluded.delivered, done = excluded.done",
            record.id,
            record.partner,
            record.agreement,
            int(record.role),
            record.sketch,
            record.nonce,
            record.opening,
            record.sent,
            int(record.delivered),
            record.begun.isoformat(),
            record.done.isoformat() if record.done else "",
        )

    def of(self, partner: str) -> list[PreviewRecord]:
        """List the previews with a partner, newest first."""
        return [
            _record(row)
            for row in self._database.all("SELECT * FROM preview WHERE partner = ? ORDER BY id DESC", partner)
        ]

    def knows(self, opening: bytes) -> bool:
        """Return whether a first message was taken, or sent, before."""
        return bool(self._database.all("SELECT 1 FROM preview WHERE opening = ?", opening))

    def left_out_segments(self) -> frozenset[str]:
        """Return the segments that the owner never previews."""
        return frozenset(row["segment"] for row in self._database.all("SELECT segment FROM never_previewed"))

    def leave_out(self, segments: Collection[str]) -> None:
        """Say which segments are never previewed; sketches that were made before stay as they are."""
        self._database.run("DELETE FROM never_previewed")
        for segment in sorted(segments):
            self._database.run("INSERT INTO never_previewed VALUES (?)", segment)


def _record(row: sqlite3.Row) -> PreviewRecord:
    return PreviewRecord(
        id=row["id"],
        partner=row["partner"],
        agreement=row["agreement"],
        role=Role(row["role"]),
        sketch=row["sketch"],
        nonce=row["nonce"],
        opening=row["opening"],
        sent=row["sent"],
        delivered=bool(row["delivered"]),
        begun=datetime.fromisoformat(row["begun"]),
        done=datetime.fromisoformat(row["done"]) if row["done"] else None,
    )
