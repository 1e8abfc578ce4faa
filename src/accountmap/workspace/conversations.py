"""Questions about possible matches, and the messages that carry them, each taken exactly once (conversation-v1).

A question is about one of our accounts, whoever asked. It shows a name before the account is known to be shared,
so there is only ever one for each account, partner and direction.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final

from accountmap.errors import UsageError
from accountmap.model import Answer
from accountmap.workspace.database import Database
from accountmap.workspace.sealed_files import StorageOf, open_cell, seal_cell

SCHEMA: Final = """
CREATE TABLE question (
    number INTEGER PRIMARY KEY,
    partner TEXT NOT NULL REFERENCES partner,
    session INTEGER NOT NULL REFERENCES session,
    match_id BLOB NOT NULL,
    ours INTEGER NOT NULL,
    segment TEXT NOT NULL,
    message_id BLOB NOT NULL,
    shown INTEGER NOT NULL,
    answer TEXT NOT NULL,
    asked TEXT NOT NULL,
    answered TEXT NOT NULL,
    sealed BLOB NOT NULL,
    UNIQUE (partner, session, match_id, ours)
) STRICT;
CREATE TABLE asking (
    partner TEXT PRIMARY KEY REFERENCES partner,
    closed TEXT NOT NULL,
    opened TEXT NOT NULL
) STRICT;
CREATE TABLE called_same (
    message_id BLOB NOT NULL,
    match_id BLOB NOT NULL,
    PRIMARY KEY (message_id, match_id)
) STRICT;
CREATE TABLE sent_message (
    id BLOB PRIMARY KEY,
    partner TEXT NOT NULL REFERENCES partner,
    session INTEGER NOT NULL REFERENCES session,
    kind INTEGER NOT NULL,
    created TEXT NOT NULL,
    acknowledged TEXT NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE taken_message (
    partner TEXT NOT NULL REFERENCES partner,
    id BLOB NOT NULL,
    digest BLOB NOT NULL,
    kind INTEGER NOT NULL,
    session INTEGER NOT NULL,
    taken TEXT NOT NULL,
    acknowledge INTEGER NOT NULL,
    acknowledged_in BLOB NOT NULL,
    PRIMARY KEY (partner, id)
) STRICT;
"""


ACKNOWLEDGEMENT: Final = 2
"""The kind of messages that are not acknowledged themselves (conversation-v1 §3)."""


@dataclass(frozen=True)
class Question:
    """One question about a possible match.

    Attributes:
        session, match_id: which match it is about; 16 bytes.
        ours: whether we asked; else the partner did.
        account_id: our account.
        segment: of that account.
        message_id: of the message with the question.
        shown: whether people see it; a question that does not fit the evidence is kept from them.
        text: name, website and country that the question showed.
        reply: name, website, country and agreed fields of the other account; None before the answer, or with NO.
    """

    partner: str
    session: int
    match_id: bytes
    ours: bool
    account_id: str = field(repr=False)
    segment: str
    message_id: bytes
    shown: bool
    answer: Answer
    asked: datetime
    answered: datetime | None = None
    text: tuple[str, str, str] | None = field(default=None, repr=False)
    reply: tuple[str, ...] | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """Which question it is, for its seal."""
        return f"question {self.partner} {self.session} {self.match_id.hex()} {int(self.ours)}"


@dataclass(frozen=True)
class SentMessage:
    """A message that was written, with its bytes until it is acknowledged.

    Attributes:
        kind: of the conversation (conversation-v1 §1).
        body: the whole message as it is sent.
    """

    id: bytes
    partner: str
    session: int
    kind: int
    created: datetime
    acknowledged: datetime | None
    body: bytes = field(repr=False)


class Taken(Enum):
    """What a message that arrived is."""

    NEW = "new"
    REPEATED = "repeated"
    ALTERED = "altered"


class Conversations:
    """The tables of questions and messages. Whatever writes is called inside a transaction of the workspace."""

    def __init__(self, database: Database, storage: StorageOf) -> None:
        self._database, self._storage = database, storage

    def ask(self, questions: Iterable[Question]) -> None:
        """Keep questions that leave or arrived.

        Raises:
            UsageError: there was a question about that account with this partner in this direction before.
                Questions that are kept from people may be about any account.
        """
        known: dict[tuple[str, bool], set[str]] = {}
        for each in questions:
            key = (each.partner, each.ours)
            if key not in known:
                known[key] = self.asked_about(each.partner, ours=each.ours)
            about = known[key]
            if each.shown and each.account_id in about:
                raise UsageError("there was a question about this account with this partner before")
            about.add(each.account_id)
            values = (each.partner, each.session, each.match_id, int(each.ours), each.segment, each.message_id)
            state = (int(each.shown), each.answer.value, each.asked.isoformat(), _text(each.answered))
            self._database.run(
                "INSERT INTO question (partner, session, match_id, ours, segment, message_id,"
                " shown, answer, asked, answered, sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *values,
                *state,
                self._sealed(each, each.reply),
            )

    def asked_about(self, partner: str, *, ours: bool) -> set[str]:
        """Return our accounts that there has ever been a question about."""
        return {each.account_id for each in self.questions(partner, ours=ours)}

    def questions(
        self, partner: str | None = None, *, ours: bool | None = None, answer: Answer | None = None
    ) -> list[Question]:
        """List questions, oldest first; with None, all partners, directions and answers."""
        found = map(self._question, self._database.all("SELECT * FROM question ORDER BY number"))
        return [
            each
            for each in found
            if partner in (None, each.partner) and ours in (None, each.ours) and answer in (None, each.answer)
        ]

    def answer(self, question: Question, answer: Answer, reply: tuple[str, ...] | None, now: datetime) -> None:
        """Note an answer. A match that was answered *same* stays the same."""
        self._database.run(
            "UPDATE question SET answer = ?, answered = ?, sealed = ?"
            " WHERE partner = ? AND session = ? AND match_id = ? AND ours = ? AND answer <> 'same'",
            answer.value,
            now.isoformat(),
            self._sealed(question, reply),
            question.partner,
            question.session,
            question.match_id,
            int(question.ours),
        )

    def set_reply(self, question: Question, reply: tuple[str, ...]) -> None:
        """Note what the partner showed of its account after an answer *same*."""
        self._database.run(
            "UPDATE question SET sealed = ? WHERE partner = ? AND session = ? AND match_id = ? AND ours = ?",
            self._sealed(question, reply),
            question.partner,
            question.session,
            question.match_id,
            int(question.ours),
        )

    def call_same(self, message_id: bytes, match_ids: Iterable[bytes]) -> None:
        """Note which matches one of our messages with answers calls the same."""
        for each in match_ids:
            self._database.run("INSERT INTO called_same VALUES (?, ?)", message_id, each)

    def called_same(self) -> dict[bytes, set[bytes]]:
        """Return by message the matches that it called the same; messages without any are left out."""
        found: dict[bytes, set[bytes]] = {}
        for row in self._database.all("SELECT message_id, match_id FROM called_same"):
            found.setdefault(row["message_id"], set()).add(row["match_id"])
        return found

    def recent_answers(self, partner: str, count: int = 20) -> list[Answer]:
        """Return the answers to the partner's last questions, newest first; those kept from people count as NO.

        Questions from before somebody opened asking again do not count.
        """
        _, opened = self._asking(partner)
        asked = [each for each in self.questions(partner, ours=False) if _text(each.asked) > opened]
        done = [each for each in asked if not each.shown or each.answer is not Answer.OPEN]
        return [each.answer if each.shown else Answer.NO for each in reversed(done)][:count]

    def is_closed(self, partner: str) -> bool:
        """Return whether the partner's questions are kept from people."""
        closed, _ = self._asking(partner)
        return bool(closed)

    def close(self, partner: str, now: datetime) -> None:
        """Keep the partner's questions from people until somebody opens asking again."""
        _, opened = self._asking(partner)
        self._database.run("INSERT OR REPLACE INTO asking VALUES (?, ?, ?)", partner, now.isoformat(), opened)

    def reopen(self, partner: str, now: datetime) -> None:
        """Show the partner's questions to people again."""
        self._database.run("INSERT OR REPLACE INTO asking VALUES (?, ?, ?)", partner, "", now.isoformat())

    def _asking(self, partner: str) -> tuple[str, str]:
        rows = self._database.all("SELECT closed, opened FROM asking WHERE partner = ?", partner)
        return (rows[0]["closed"], rows[0]["opened"]) if rows else ("", "")

    def send(self, message: SentMessage) -> None:
        """Keep a message before it leaves."""
        self._database.run(
            "INSERT INTO sent_message VALUES (?, ?, ?, ?, ?, ?, ?)",
            message.id,
            message.partner,
            message.session,
            message.kind,
            message.created.isoformat(),
            _text(message.acknowledged),
            message.body,
        )

    def unacknowledged(self, partner: str) -> list[SentMessage]:
        """List the messages to a partner that are to be sent again, oldest first."""
        statement = "SELECT * FROM sent_message WHERE partner = ? AND acknowledged = '' ORDER BY rowid"
        return list(map(_sent, self._database.all(statement, partner)))

    def sent(self, partner: str, message_id: bytes) -> SentMessage | None:
        """Return a message that was sent to a partner, without its bytes if it is acknowledged."""
        statement = "SELECT * FROM sent_message WHERE partner = ? AND id = ?"
        return next(map(_sent, self._database.all(statement, partner, message_id)), None)

    def acknowledged(self, partner: str, ids: Iterable[bytes], now: datetime) -> None:
        """Note which messages the partner took, and forget their bytes; ids that were not sent are passed over."""
        for each in ids:
            self._database.run(
                "UPDATE sent_message SET acknowledged = ?, body = ? WHERE partner = ? AND id = ?",
                now.isoformat(),
                b"",
                partner,
                each,
            )

    def take(
        self, partner: str, message_id: bytes, digest: bytes, kind: int, session: int, now: datetime
    ) -> Taken:
        """Note that a message arrived; a new or repeated one is to be acknowledged.

        Args:
            digest: SHA-256 of header and body.
        """
        found = self._database.all(
            "SELECT digest FROM taken_message WHERE partner = ? AND id = ?", partner, message_id
        )
        if found and found[0]["digest"] != digest:
            return Taken.ALTERED
        self._database.run(
            "INSERT INTO taken_message VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (partner, id) DO UPDATE SET acknowledge = excluded.acknowledge",
            partner,
            message_id,
            digest,
            kind,
            session,
            now.isoformat(),
            int(kind != ACKNOWLEDGEMENT),
            b"",
        )
        return Taken.REPEATED if found else Taken.NEW

    def to_acknowledge(self, partner: str) -> list[bytes]:
        """List the ids of messages that are still to be acknowledged, ascending."""
        statement = "SELECT id FROM taken_message WHERE partner = ? AND acknowledge = 1 ORDER BY id"
        return [row["id"] for row in self._database.all(statement, partner)]

    def did_acknowledge(self, partner: str, ids: Iterable[bytes], message_id: bytes) -> None:
        """Note that the acknowledgement of these messages is stored, to be sent.

        Args:
            message_id: id of the acknowledgement.
        """
        for each in ids:
            self._database.run(
                "UPDATE taken_message SET acknowledge = 0, acknowledged_in = ? WHERE partner = ? AND id = ?",
                message_id,
                partner,
                each,
            )

    def session_of(self, partner: str, message_id: bytes) -> int:
        """Return the number of the session that a taken message is about."""
        statement = "SELECT session FROM taken_message WHERE partner = ? AND id = ?"
        return int(self._database.one(statement, partner, message_id)["session"])

    def digest_of(self, partner: str, message_id: bytes) -> bytes:
        """Return the digest of a message that was taken."""
        statement = "SELECT digest FROM taken_message WHERE partner = ? AND id = ?"
        return bytes(self._database.one(statement, partner, message_id)["digest"])

    def taken(self, partner: str) -> dict[bytes, bytes]:
        """Return the ids of all taken messages, each with the id of our message that acknowledged it."""
        rows = self._database.all("SELECT id, acknowledged_in FROM taken_message WHERE partner = ?", partner)
        return {row["id"]: row["acknowledged_in"] for row in rows}

    def _sealed(self, question: Question, reply: tuple[str, ...] | None) -> bytes:
        return seal_cell(self._storage(), question.label, [question.account_id, question.text, reply])

    def _question(self, row: sqlite3.Row) -> Question:
        plain = Question(
            row["partner"],
            row["session"],
            row["match_id"],
            bool(row["ours"]),
            "",
            row["segment"],
            row["message_id"],
            bool(row["shown"]),
            Answer(row["answer"]),
            datetime.fromisoformat(row["asked"]),
            datetime.fromisoformat(row["answered"]) if row["answered"] else None,
        )
        account_id, text, reply = open_cell(self._storage(), plain.label, row["sealed"])
        return replace(
            plain,
            account_id=account_id,
            text=tuple(text) if text is not None else None,
            reply=tuple(reply) if reply is not None else None,
        )


def _text(when: datetime | None) -> str:
    return when.isoformat() if when else ""


def _sent(row: sqlite3.Row) -> SentMessage:
    return SentMessage(
        row["id"],
        row["partner"],
        row["session"],
        row["kind"],
        datetime.fromisoformat(row["created"]),
        datetime.fromisoformat(row["acknowledged"]) if row["acknowledged"] else None,
        row["body"],
    )
