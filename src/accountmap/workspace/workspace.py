"""The workspace itself: partners, agreements, lists and sessions of one company."""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from accountmap.account_map.schema import SessionResult
from accountmap.accounts.schema import AccountList
from accountmap.errors import UsageError, WorkspaceError
from accountmap.files import slug_of
from accountmap.linkage.prepared import Prepared
from accountmap.model import Role
from accountmap.trust.identity import Card, Identity, Rotation
from accountmap.trust.ledger import BEGINNING, Entry, Facts, Ledger
from accountmap.trust.limits import MOST_ROWS, PartnerBudget, budget_of
from accountmap.trust.sealed import Storage
from accountmap.trust.toml_text import check_name
from accountmap.workspace import audits, conversations, estimates, sketches
from accountmap.workspace.database import (
    Database,
    ListRecord,
    PartnerRecord,
    SessionRecord,
    check_time_zone,
    record_of,
    row_of,
)
from accountmap.workspace.entries import MatchEntries, Plans
from accountmap.workspace.keys import DATABASE, IDENTITY, Ask, OwnKeys, check_free, create
from accountmap.workspace.partners import Partnerships
from accountmap.workspace.sealed_files import SealedFile
from accountmap.workspace.stored import (
    read_entities,
    read_list,
    read_matches,
    read_result,
    same_accounts,
    write_list,
    write_result,
)


class Workspace(Partnerships):
    """An open workspace. In a `with` statement it is closed at the end.

    Attributes:
        folder: its folder.
        sketches, estimates, caps, conversations, match_entries, plans, audits, previews: tables, each of what its
            name says.
    """

    def __init__(self, folder: Path, keys: OwnKeys, database: Database) -> None:
        super().__init__(keys, database)
        self.folder = folder
        self.sketches: sketches.Sketches = sketches.Sketches(database, self._storage, self.sealed)
        self.previews: estimates.Previews = estimates.Previews(database)
        self.estimates: estimates.Estimates = estimates.Estimates(database)
        self.caps: estimates.Caps = estimates.Caps(database)
        self.conversations: conversations.Conversations = conversations.Conversations(database, self._storage)
        self.match_entries: MatchEntries = MatchEntries(database, self._storage)
        self.plans: Plans = Plans(database, self._storage)
        self.audits: audits.Audits = audits.Audits(database, self._storage, self.sealed)
        self._loaded: tuple[int, tuple[AccountList, Prepared]] | None = None

    @classmethod
    def create(cls, folder: str | PathLike[str], name: str, now: datetime, *, passphrase: str | None) -> Self:
        """Make a workspace with a new identity.

        Args:
            passphrase: protects the private keys; None leaves them readable to whoever can read the folder.

        Raises:
            WorkspaceError: there is one already, or the folder cannot be written.
            TrustError: the name or the passphrase is not usable.
            UsageError: `now` has no time zone.
        """
        check_time_zone(now)
        cls.check_new(folder, name)
        folder = Path(folder)
        return cls(folder, *create(folder, Identity.generate(name, now), passphrase))

    @staticmethod
    def check_new(folder: str | PathLike[str], name: str | None = None) -> None:
        """Refuse a folder or a company's name with which no workspace can be made, before more is asked.

        Args:
            name: None if it is not known yet.

        Raises:
            WorkspaceError: there is a workspace already.
            TrustError: the name is not usable.
        """
        check_free(Path(folder))
        if name is not None:
            check_name(name)

    @classmethod
    def open(cls, folder: str | PathLike[str], passphrase: Ask = lambda _: None) -> Self:
        """Open a workspace.

        Args:
            passphrase: given the own card, returns the passphrase; asked at most once, and only if private keys
                are needed and protected.

        Raises:
            WorkspaceError: there is none, or it cannot be read.
        """
        folder = Path(folder)
        database = Database.open(folder / DATABASE)
        return cls(folder, OwnKeys.read(folder / IDENTITY, passphrase), database)

    @property
    def identity(self) -> Identity:
        """The own private keys.

        Raises:
            WorkspaceError: the passphrase is wrong or missing.
        """
        return self._keys.identity

    @property
    def is_protected(self) -> bool:
        """Whether a passphrase protects the private keys, and so all that is sealed."""
        return self._keys.is_protected

    def _storage(self) -> Storage:
        return self.identity.storage

    def sealed(self, name: str) -> SealedFile:
        """Return a file of the workspace that only its owner can read.

        Args:
            name: path in the folder, which is bound into the seal.
        """
        return SealedFile(self.folder, name, self._storage)

    def secret(self, label: str) -> bytes:
        """Return 32 secret bytes for one purpose, which only this workspace can make, the same every time."""
        return self._storage().secret(label)

    def change_passphrase(self, passphrase: str | None) -> None:
        """Protect the private keys with another passphrase, or with none if it is None.

        Raises:
            WorkspaceError: the present passphrase is wrong or missing, or the file cannot be written.
        """
        with self.transaction():
            self._keys.change_passphrase(passphrase)

    @property
    def short_name(self) -> str:
        """The own company's name in a form that file names can have."""
        return slug_of(self.card.name)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def rotate(self, now: datetime) -> Rotation:
        """Make new keys, under the same passphrase, and return the card that replaces the old one.

        The identity file changes in one step. If this is interrupted before it, the old card stays in use; after
        it, `last_rotation` has the card for the partners.

        Raises:
            TrustError: a session is open.
            WorkspaceError: the workspace cannot be written; the old card stays in use.
        """
        old = self.identity
        new = old.renewed(now)
        rotation = Rotation.write(old, new)
        with self.transaction():
            self._check_no_open_session()
            self._keys.replace(new, rotation)
        return rotation

    @property
    def last_rotation(self) -> Rotation | None:
        """The card that replaced our last one, signed with the old key, if there was one."""
        return self._keys.last_rotation

    @property
    def row_limit(self) -> int:
        """Rows of a partner above which a person has to confirm an agreement."""
        rows = self._database.all("SELECT value FROM setting WHERE name = 'row_limit'")
        return int(rows[0]["value"]) if rows else MOST_ROWS

    def set_row_limit(self, rows: int) -> None:
        """Set the row limit. Call inside a transaction."""
        self._database.run("INSERT OR REPLACE INTO setting VALUES ('row_limit', ?)", str(rows))

    def remembered(self, what: str) -> dict[str, Any]:
        """Return what was kept with `remember` under a name; empty if there was nothing."""
        rows = self._database.all("SELECT value FROM setting WHERE name = ?", what)
        return dict(json.loads(rows[0]["value"])) if rows else {}

    def remember(self, what: str, facts: Mapping[str, Any]) -> None:
        """Keep facts for a later command, unsealed, so nothing about accounts. Call inside a transaction."""
        self._database.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", what, json.dumps(facts))

    def save_list(
        self,
        accounts: AccountList,
        prepared: Prepared,
        source: str,
        now: datetime,
        *,
        facts: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> ListRecord:
        """Keep a prepared list; it becomes the current one.

        Args:
            prepared: what was made of `accounts`.
            source: where they came from, for people; without anything secret.
            now: with a time zone.
            facts: to be kept with it, by name, as `remember` keeps them.

        Raises:
            UsageError: the two do not belong together, or `now` has no time zone.
            WorkspaceError: it cannot be written.
        """
        check_time_zone(now)
        if not same_accounts(accounts, prepared):
            raise UsageError("the prepared list was made from other accounts", "Save what was prepared together.")
        with self.transaction():
            statement = "INSERT INTO account_list (created, source) VALUES (?, ?)"
            number, self._loaded = self._database.run(statement, now.isoformat(), source), None
            shutil.rmtree(self._list_folder(number), ignore_errors=True)
            write_list(number, accounts, prepared, self.sealed)
            for what, kept in (facts or {}).items():
                self.remember(what, kept)
        return ListRecord(number, now, source)

    @property
    def has_list(self) -> bool:
        """Whether a list is prepared."""
        return bool(self._database.all("SELECT id FROM account_list LIMIT 1"))

    def current_list(self) -> ListRecord:
        """Return the list that was prepared last.

        Raises:
            WorkspaceError: there is none.
        """
        return self.prepared_list(None)

    def prepared_list(self, number: int | None) -> ListRecord:
        """Return a prepared list by its number, or the last one.

        Raises:
            WorkspaceError: there is none.
        """
        rows = self._database.all("SELECT * FROM account_list ORDER BY id DESC")
        found = [row for row in rows if number in (None, row["id"])]
        if not found:
            missing = "no list is prepared yet" if number is None else f"there is no list {number}"
            raise WorkspaceError(missing, "Prepare one with: accountmap accounts prepare FILE")
        return ListRecord(found[0]["id"], datetime.fromisoformat(found[0]["created"]), found[0]["source"])

    def load_list(self, number: int) -> tuple[AccountList, Prepared]:
        """Read a prepared list. The last one stays in memory, since lists never change and steps need one."""
        if self._loaded is None or self._loaded[0] != number:
            self._loaded = None  # two lists at once may be more than fits
            self._loaded = number, read_list(number, self.sealed)
        return self._loaded[1]

    def entities(self, number: int) -> pa.Table:
        """Read the entities of a prepared list (ENTITY_SCHEMA), and nothing else of it."""
        return read_entities(number, self.sealed)

    def _list_folder(self, number: int) -> Path:
        return self.folder / "lists" / str(number)

    def session_folder(self, number: int) -> Path:
        """Return the folder of a session; it exists."""
        folder = self.folder / "sessions" / str(number)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def sessions(self, partner: PartnerRecord) -> list[SessionRecord]:
        """List the sessions with a partner, newest first."""
        statement = "SELECT * FROM session WHERE partner = ? ORDER BY id DESC"
        return [record_of(row) for row in self._database.all(statement, partner.slug)]

    def next_session_id(self) -> int:
        """Return the number that the next session gets. Call inside a transaction."""
        return int(self._database.one("SELECT coalesce(max(id), 0) + 1 FROM session")[0])

    def put_session(self, record: SessionRecord) -> None:
        """Store a session as it is now. Call inside a transaction."""
        values = row_of(record)
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        changes = ", ".join(f"{name} = excluded.{name}" for name in values if name != "id")
        self._database.run(
            f"INSERT INTO session ({columns}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {changes}",  # noqa: S608 no value is in it
            *values.values(),
        )

    def mark_delivered(self, record: SessionRecord) -> None:
        """Note that the last message of a session has reached the channel. Call inside a transaction."""
        self._database.run("UPDATE session SET delivered = 1 WHERE id = ? AND sent = ?", record.id, record.sent)

    def all_sessions(self) -> list[SessionRecord]:
        """List the sessions with all partners."""
        return [record_of(row) for row in self._database.all("SELECT * FROM session ORDER BY id")]

    def knows_offer(self, offer: bytes) -> bool:
        """Return whether a message 1 was answered or made before."""
        return bool(self._database.all("SELECT 1 FROM session WHERE offer = ?", offer))

    def budget(self, partner: PartnerRecord) -> PartnerBudget:
        """Add up what a partner got under all agreements, and what it could have learned from it."""
        counted = [
            (self.agreement(session.agreement), Role(session.role))
            for session in self.sessions(partner)
            if session.charged
        ]
        sent = self.sketches.disclosures(partner.slug)
        return budget_of(counted, sum((each.epsilon.fraction for each in sent), Fraction(0)))

    def record(self, facts: Facts) -> None:
        """Add an entry to the ledger, in constant time. Call inside the transaction of the step it records."""
        number, before = 1, BEGINNING
        for row in self._database.all("SELECT number, body, signature FROM ledger ORDER BY number DESC LIMIT 1"):
            last = Entry(row["body"], row["signature"])
            number, before = row["number"] + 1, last.hash(last.before)
        entry = Entry.write(facts, number, before, self.identity)
        self._database.run("INSERT INTO ledger VALUES (?, ?, ?)", number, entry.body, entry.signature)

    def ledger(self) -> Ledger:
        """Return the ledger with all cards that were ever on file."""
        former = [Card.parse(row[0].encode()) for row in self._database.all("SELECT card FROM former_card")]
        own = (self.card, *self._keys.former_cards)
        cards = [*own, *(partner.card for partner in self.partners()), *former]
        rows = self._database.all("SELECT body, signature FROM ledger ORDER BY number")
        entries = tuple(Entry(row["body"], row["signature"]) for row in rows)
        return Ledger(entries, {card.digest.hex(): card for card in cards})

    def save_result(self, record: SessionRecord, result: SessionResult) -> None:
        """Keep what a session found."""
        write_result(record.id, result, self.sealed)

    def result(self, record: SessionRecord) -> SessionResult:
        """Read what a finished session found."""
        return read_result(record.id, self.sealed)

    def matches(self, record: SessionRecord) -> pa.Table:
        """Read the matches that a finished session revealed, and nothing else of its result."""
        return read_matches(record.id, self.sealed)
