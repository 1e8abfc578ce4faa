"""The sketches of a workspace: our own with their secrets, who got which, and those that partners sent.

A sketch of our own is made once and sent unchanged to everybody (account-psi-v2 §5.3). What it is made from is
kept as long as an audit may ask for it.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final

from accountmap.model import Epsilon, PreviewKind
from accountmap.workspace.database import Database
from accountmap.workspace.sealed_files import FileOf, SealedFile, StorageOf, open_cell, seal_cell

SCHEMA: Final = """
CREATE TABLE own_sketch (
    id BLOB PRIMARY KEY,
    kind TEXT NOT NULL,
    rows TEXT NOT NULL,
    epsilon TEXT NOT NULL,
    countries TEXT NOT NULL,
    list INTEGER NOT NULL REFERENCES account_list,
    created TEXT NOT NULL,
    card BLOB NOT NULL,
    canonical TEXT NOT NULL,
    list_digest BLOB NOT NULL,
    keys_digest BLOB NOT NULL,
    secret BLOB NOT NULL
) STRICT;
CREATE TABLE sketch_sent (
    sketch BLOB NOT NULL REFERENCES own_sketch,
    partner TEXT NOT NULL REFERENCES partner,
    session INTEGER,
    sent TEXT NOT NULL,
    PRIMARY KEY (sketch, partner)
) STRICT;
CREATE TABLE partner_sketch (
    partner TEXT NOT NULL REFERENCES partner,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    rows TEXT NOT NULL,
    epsilon TEXT NOT NULL,
    countries TEXT NOT NULL,
    digest BLOB NOT NULL,
    taken TEXT NOT NULL,
    totals_digest BLOB NOT NULL,
    PRIMARY KEY (partner, id)
) STRICT;
"""


@dataclass(frozen=True)
class OwnSketch:
    """A sketch of our list.

    Attributes:
        id: sketch id, 16 bytes.
        rows: padded rows; one number, or one for each segment.
        countries: those that it covers; empty for the whole list.
        list_id: the prepared list that it was made from.
        card: digest of the card of ours that it was made for.
        canonical: the rules and tables by which its names were made comparable.
        seed: 32 secret bytes.
        list_digest, keys_digest: SHA-256 of that list, and of its key messages (account-psi-v2 §6.2).
        totals: rows of by 0 to 3 as they are sent (message-v2 §6.2), or nothing if none were made.
    """

    id: bytes
    kind: PreviewKind
    rows: tuple[int, ...]
    epsilon: Epsilon
    countries: tuple[str, ...]
    list_id: int
    created: datetime
    card: bytes
    canonical: str
    seed: bytes
    list_digest: bytes
    keys_digest: bytes
    totals: bytes = b""

    def __repr__(self) -> str:
        return f"<OwnSketch {self.id.hex()[:8]} of {self.created:%Y-%m-%d}>"


@dataclass(frozen=True)
class SketchDisclosure:
    """A sketch of ours that a partner has."""

    sketch: bytes
    partner: str
    at: datetime
    epsilon: Epsilon
    countries: tuple[str, ...]


@dataclass(frozen=True)
class PartnerSketch:
    """A sketch that a partner sent.

    Attributes:
        digest: SHA-256 of its bytes.
        taken: when it was first taken.
        totals_digest: SHA-256 of the totals that came with it, or nothing before any came.
    """

    partner: str
    id: bytes
    kind: PreviewKind
    rows: tuple[int, ...]
    epsilon: Epsilon
    countries: tuple[str, ...]
    digest: bytes
    taken: datetime
    totals_digest: bytes = b""


class Sketches:
    """The tables of sketches. Whatever writes is called inside a transaction of the workspace."""

    def __init__(self, database: Database, storage: StorageOf, file: FileOf) -> None:
        self._database, self._storage, self._file = database, storage, file

    def add(self, sketch: OwnSketch, body: bytes | memoryview) -> None:
        """Keep a new sketch of ours.

        Args:
            body: sketch id and bits, as they are sent.
        """
        self._body_file(sketch.id).write(body)
        secret = seal_cell(self._storage(), _label(sketch.id), [sketch.seed.hex(), sketch.totals.hex()])
        self._database.run(
            "INSERT INTO own_sketch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sketch.id,
            sketch.kind.value,
            _joined(sketch.rows),
            sketch.epsilon.value,
            _joined(sketch.countries),
            sketch.list_id,
            sketch.created.isoformat(),
            sketch.card,
            sketch.canonical,
            sketch.list_digest,
            sketch.keys_digest,
            secret,
        )

    def own(self) -> list[OwnSketch]:
        """List our sketches, newest first."""
        return list(
            map(self._own, self._database.all("SELECT * FROM own_sketch ORDER BY created DESC, rowid DESC"))
        )

    def current(self, kind: PreviewKind, countries: Sequence[str] = ()) -> OwnSketch | None:
        """Return our newest sketch of a kind for some countries, if there is one."""
        statement = "SELECT * FROM own_sketch WHERE kind = ? AND countries = ? ORDER BY created DESC, rowid DESC"
        rows = self._database.all(statement, kind.value, _joined(countries))
        return self._own(rows[0]) if rows else None

    def get(self, sketch: bytes) -> OwnSketch:
        """Return one of our sketches by its id.

        Raises:
            WorkspaceError: there is none.
        """
        return self._own(self._database.one("SELECT * FROM own_sketch WHERE id = ?", sketch))

    def body(self, sketch: bytes) -> memoryview:
        """Return one of our sketches as it is sent.

        Raises:
            OSError, WorkspaceError: its file is missing or damaged.
        """
        return self._body_file(sketch).read()

    def sent(self, sketch: bytes, partner: str, session: int | None, now: datetime) -> None:
        """Note that one of our sketches is sent to a partner, for the first time or again."""
        statement = "INSERT OR IGNORE INTO sketch_sent VALUES (?, ?, ?, ?)"
        self._database.run(statement, sketch, partner, session, now.isoformat())

    def disclosures(self, partner: str | None = None) -> list[SketchDisclosure]:
        """List who has which of our sketches, oldest first."""
        statement = (
            "SELECT sketch, partner, sent, epsilon, countries FROM sketch_sent JOIN own_sketch ON id = sketch"
            " WHERE ? IN ('', partner) ORDER BY sent"
        )
        return [
            SketchDisclosure(
                row["sketch"],
                row["partner"],
                datetime.fromisoformat(row["sent"]),
                Epsilon(row["epsilon"]),
                _split(row["countries"]),
            )
            for row in self._database.all(statement, partner or "")
        ]

    def epsilon_spent(self, now: datetime, days: int = 365, partner: str | None = None) -> Fraction:
        """Add up ε over those of our sketches that left in the last days, each once, whoever got it.

        Sketches without a country in common count as one: a company is in only one of them.
        """
        first: dict[bytes, SketchDisclosure] = {}
        for each in self.disclosures(partner):
            if each.at > now - timedelta(days=days):
                first.setdefault(each.sketch, each)
        whole = sum((each.epsilon.fraction for each in first.values() if not each.countries), Fraction(0))
        by_country: dict[str, Fraction] = {}
        for each in first.values():
            for country in each.countries:
                by_country[country] = by_country.get(country, Fraction(0)) + each.epsilon.fraction
        return whole + max(by_country.values(), default=Fraction(0))

    def take(self, sketch: PartnerSketch) -> None:
        """Keep what is known about a partner's sketch; what was kept the first time stays."""
        self._database.run(
            "INSERT OR IGNORE INTO partner_sketch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sketch.partner,
            sketch.id,
            sketch.kind.value,
            _joined(sketch.rows),
            sketch.epsilon.value,
            _joined(sketch.countries),
            sketch.digest,
            sketch.taken.isoformat(),
            sketch.totals_digest,
        )

    def taken(self, partner: str) -> list[PartnerSketch]:
        """List the sketches that a partner sent, newest first."""
        statement = "SELECT * FROM partner_sketch WHERE partner = ? ORDER BY taken DESC, rowid DESC"
        return [
            PartnerSketch(
                row["partner"],
                row["id"],
                PreviewKind(row["kind"]),
                tuple(map(int, _split(row["rows"]))),
                Epsilon(row["epsilon"]),
                _split(row["countries"]),
                row["digest"],
                datetime.fromisoformat(row["taken"]),
                row["totals_digest"],
            )
            for row in self._database.all(statement, partner)
        ]

    def set_totals_digest(self, partner: str, sketch: bytes, digest: bytes) -> None:
        """Note the digest of the totals that came with a partner's sketch; the first one stays."""
        self._database.run(
            "UPDATE partner_sketch SET totals_digest = ? WHERE partner = ? AND id = ? AND totals_digest = ?",
            digest,
            partner,
            sketch,
            b"",
        )

    def _own(self, row: sqlite3.Row) -> OwnSketch:
        seed, totals = open_cell(self._storage(), _label(row["id"]), row["secret"])
        return OwnSketch(
            row["id"],
            PreviewKind(row["kind"]),
            tuple(map(int, _split(row["rows"]))),
            Epsilon(row["epsilon"]),
            _split(row["countries"]),
            row["list"],
            datetime.fromisoformat(row["created"]),
            row["card"],
            row["canonical"],
            bytes.fromhex(seed),
            row["list_digest"],
            row["keys_digest"],
            bytes.fromhex(totals),
        )

    def _body_file(self, sketch: bytes) -> SealedFile:
        return self._file(f"sketches/{sketch.hex()}")


def _label(sketch: bytes) -> str:
    return f"own sketch {sketch.hex()}"


def _joined(values: Sequence[object]) -> str:
    return " ".join(map(str, values))


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())
