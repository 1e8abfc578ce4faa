"""Previews on their own, the estimates that are made from sketches, and caps.

An estimate is made once for each pair of sketches and own segment, and is never sent (account-psi-v2 §5.5). A cap
grows only by a session that a person approved (§10.2).
"""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from accountmap.model import Role, Strength
from accountmap.workspace.database import Database

SCHEMA: Final = """
CREATE TABLE estimate (
    partner TEXT NOT NULL REFERENCES partner,
    own_sketch BLOB NOT NULL REFERENCES own_sketch,
    partner_sketch BLOB NOT NULL,
    segment TEXT NOT NULL,
    level INTEGER NOT NULL,
    own_values INTEGER NOT NULL,
    estimate INTEGER NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    made TEXT NOT NULL,
    amount REAL,
    currency TEXT NOT NULL,
    PRIMARY KEY (partner, own_sketch, partner_sketch, segment, level)
) STRICT;
CREATE TABLE cap (
    partner TEXT NOT NULL REFERENCES partner,
    segment TEXT NOT NULL,
    strength INTEGER NOT NULL,
    claims INTEGER NOT NULL,
    approved TEXT NOT NULL,
    session INTEGER NOT NULL,
    PRIMARY KEY (partner, segment, strength)
) STRICT;
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

LEAST_WEAK_CAP: Final = 25


@dataclass(frozen=True)
class Estimate:
    """About how many companies of one of our segments are on a partner's list.

    Attributes:
        own_sketch, partner_sketch: ids of the pair.
        segment: own segment; empty for all together.
        level: the least answer that counts (account-psi-v2 §5.4); 1 for a plain sketch.
        own_values: own companies that were compared.
        low, high: 95 of 100 such intervals contain the true number.
        made: when it was made, from our list at that time.
        amount: open pipeline with our companies that were compared, if it is known, in `currency`.
    """

    partner: str
    own_sketch: bytes
    partner_sketch: bytes
    segment: str
    level: int
    own_values: int
    estimate: int
    low: int
    high: int
    made: datetime
    amount: float | None = None
    currency: str = ""


class Estimates:
    """The table of estimates. Whatever writes is called inside a transaction of the workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, estimates: Iterable[Estimate]) -> None:
        """Keep estimates; one that was made before stays as it is."""
        for each in estimates:
            self._database.run(
                "INSERT OR IGNORE INTO estimate VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                each.partner,
                each.own_sketch,
                each.partner_sketch,
                each.segment,
                each.level,
                each.own_values,
                each.estimate,
                each.low,
                each.high,
                each.made.isoformat(),
                each.amount,
                each.currency,
            )

    def of(self, partner: str, own_sketch: bytes, partner_sketch: bytes) -> list[Estimate]:
        """List the estimates of a pair of sketches, in the order in which they were made."""
        return self._where(
            "partner = ? AND own_sketch = ? AND partner_sketch = ?", partner, own_sketch, partner_sketch
        )

    def latest(self, partner: str) -> list[Estimate]:
        """List the estimates of the pair of sketches that was seen last."""
        found = self._where("partner = ?", partner)
        return [each for each in found if _pair(each) == _pair(found[-1])]

    def _where(self, condition: str, *values: object) -> list[Estimate]:
        rows = self._database.all(f"SELECT * FROM estimate WHERE {condition} ORDER BY made, rowid", *values)  # noqa: S608 no value is in it
        return [Estimate(**{**dict(row), "made": datetime.fromisoformat(row["made"])}) for row in rows]


def _pair(estimate: Estimate) -> tuple[bytes, bytes]:
    return estimate.own_sketch, estimate.partner_sketch


@dataclass(frozen=True)
class Cap:
    """What a person last approved for one of our segments and a strength.

    Attributes:
        claims: number of claims in that session, over all comparisons.
        session: number of the session.
    """

    partner: str
    segment: str
    strength: Strength
    claims: int
    approved: datetime
    session: int

    @property
    def limit(self) -> int:
        """The most claims that need no person."""
        more = 5 * self.claims // 4
        return max(more, LEAST_WEAK_CAP) if self.strength is Strength.WEAK else more


class Caps:
    """The table of caps. Whatever writes is called inside a transaction of the workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, partner: str) -> dict[tuple[str, Strength], Cap]:
        """Return the caps of a partner by own segment and strength; empty before a person approved a session."""
        rows = self._database.all("SELECT * FROM cap WHERE partner = ?", partner)
        found = (
            Cap(
                **{
                    **dict(row),
                    "strength": Strength(row["strength"]),
                    "approved": datetime.fromisoformat(row["approved"]),
                }
            )
            for row in rows
        )
        return {(each.segment, each.strength): each for each in found}

    def approve(
        self, partner: str, claims: Mapping[tuple[str, Strength], int], session: int, now: datetime
    ) -> None:
        """Note what a person approved. Do not call this for what a program approves: that changes no cap."""
        for (segment, strength), count in claims.items():
            self._database.run(
                "INSERT OR REPLACE INTO cap VALUES (?, ?, ?, ?, ?, ?)",
                partner,
                segment,
                int(strength),
                count,
                now.isoformat(),
                session,
            )


@dataclass(frozen=True)
class PreviewRecord:
    """One exchange of sketches.

    Attributes:
        agreement: digest of the preview agreement, in hex.
        sketch: id of our sketch.
        nonce: ours, 32 bytes.
        opening: the transcript after its first message, 32 bytes.
        sent: file name of our message.
        delivered: whether our message has reached the channel.
        done: when the partner's sketch was accepted.
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
        """Return whether a first message was received or sent before."""
        return bool(self._database.all("SELECT 1 FROM preview WHERE opening = ?", opening))

    def left_out_segments(self) -> frozenset[str]:
        """Return the segments that the owner never previews."""
        return frozenset(row["segment"] for row in self._database.all("SELECT segment FROM never_previewed"))

    def leave_out(self, segments: Collection[str]) -> None:
        """Set which segments are never previewed; sketches that were made before stay as they are."""
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
