"""The contents of messages about single matches as bytes, and how they are read (conversation-v1 §3, §4, §6)."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, NamedTuple

from accountmap.account_map.match_log import STEPS, TRANSITIONS, AnyEntry, Entry
from accountmap.errors import PeerError
from accountmap.model import SHARED_FIELDS, Role, Topic
from accountmap.psi.codec import RefusalError, require
from accountmap.psi.suite import MATCH_ID_BYTES
from accountmap.session.parameters import decode_payload

TEXT_BYTES: Final = 200
"""Longer texts are cut, between two characters."""

MESSAGE_ID_BYTES: Final = 32
LEAST_QUESTIONS: Final = 25
"""The number of questions that every session allows, however few matches it revealed."""

NOTE_BYTES: Final = 1_000
"""The longest text of an entry."""

MOST_ENTRIES: Final = 1_000
"""The most entries that the log of one side about a match may have."""

_SAME, _NO = 1, 2
_COUNT, _LENGTH, _LONG, _TIME = 2, 2, 4, 8
_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999."""


class ShownAccount(NamedTuple):
    """What a question, and an answer *same*, shows of an account; website and country may be empty."""

    name: str
    website: str
    country: str


class Same(NamedTuple):
    """The answer *same*: an account of the side that answers, and its agreed fields (message-v2 §6.1)."""

    account: ShownAccount
    payload: bytes


Verdict = Same | None
"""The answer to a question; None is *no*, which also means that the person does not want to tell."""


def most_questions(revealed: int) -> int:
    """Return how many questions may be asked about a session that revealed so many matches."""
    return max(LEAST_QUESTIONS, revealed // 10)


@dataclass(frozen=True)
class SessionMatter:
    """What a reader knows of the session that a message is about.

    Attributes:
        to_ask: ids of the matches to ask about.
        revealed: how many matches were revealed.
        was_asked: ids of those that the partner has asked about.
        asked: by id of a message with own questions, the ids of the matches that it asked about.
        answered: by id of a message with own answers, the ids of the matches that it called the same.
        shown_fields: returns how many fields the partner shows of a match that is the same.
    """

    to_ask: Collection[bytes]
    revealed: int
    was_asked: Collection[bytes]
    asked: Mapping[bytes, Collection[bytes]]
    answered: Mapping[bytes, Collection[bytes]]
    shown_fields: Callable[[bytes], int]


def write_questions(questions: Mapping[bytes, ShownAccount]) -> bytes:
    """Write questions: for each match the account that is shown."""
    return _counted(match + _account(shown) for match, shown in sorted(questions.items()))


def write_acknowledgement(ids: Iterable[bytes]) -> bytes:
    """Write which messages were taken."""
    return _counted(sorted(ids))


def write_answers(questions_id: bytes, verdicts: Mapping[bytes, Verdict]) -> bytes:
    """Write the answers to all questions of a message."""
    items = []
    for match, verdict in sorted(verdicts.items()):
        if verdict is None:
            items.append(match + bytes([_NO]))
        else:
            items.append(match + bytes([_SAME]) + _account(verdict.account) + _payload(verdict.payload))
    return questions_id + _counted(items)


def write_fields(answers_id: bytes, fields: Mapping[bytes, bytes]) -> bytes:
    """Write the agreed fields of the matches that a message called the same."""
    return answers_id + _counted(match + _payload(payload) for match, payload in sorted(fields.items()))


def read_questions(content: bytes, matter: SessionMatter) -> dict[bytes, ShownAccount]:
    """Read the partner's questions.

    Raises:
        PeerError: they are not as conversation-v1 §4 says.
    """
    cursor = Cursor(content)
    questions = {match: cursor.account() for match in cursor.matches(least=1)}
    cursor.end()
    require(questions.keys() <= set(matter.to_ask), "question-match", "a question is not about a possible match")
    again = questions.keys() & set(matter.was_asked)
    require(not again, "question-again", "the partner asks about a match for a second time")
    most = most_questions(matter.revealed)
    few = len(questions) + len(matter.was_asked) <= most
    require(few, "question-count", "the partner asks more questions than a session allows")
    return questions


def read_acknowledgement(content: bytes) -> list[bytes]:
    """Read which messages the partner took.

    Raises:
        PeerError: the content is not as conversation-v1 §3 says.
    """
    cursor = Cursor(content)
    ids = [cursor.take(MESSAGE_ID_BYTES) for _ in range(cursor.number(_COUNT))]
    cursor.end()
    _require_ascending(ids)
    return ids


def read_answers(content: bytes, matter: SessionMatter) -> tuple[bytes, dict[bytes, Verdict]]:
    """Read the partner's answers to own questions.

    Returns:
        The id of the message with the questions, and the answers.

    Raises:
        PeerError: they are not as conversation-v1 §4 says.
    """
    cursor = Cursor(content)
    questions_id = cursor.take(MESSAGE_ID_BYTES)
    verdicts = {match: cursor.verdict() for match in cursor.matches()}
    cursor.end()
    asked = matter.asked.get(questions_id)
    require(
        asked is not None and verdicts.keys() == set(asked), "answer-match", "the answers are to other questions"
    )
    for match, verdict in verdicts.items():
        if verdict is not None:
            _check_fields(verdict.payload, matter.shown_fields(match))
    return questions_id, verdicts


def read_fields(content: bytes, matter: SessionMatter) -> dict[bytes, bytes]:
    """Read the partner's agreed fields of matches that we called the same.

    Raises:
        PeerError: they are not as conversation-v1 §4 says.
    """
    cursor = Cursor(content)
    answers_id = cursor.take(MESSAGE_ID_BYTES)
    fields = {match: cursor.payload() for match in cursor.matches(least=1)}
    cursor.end()
    same = set(matter.answered.get(answers_id, ()))
    require(
        fields.keys() <= same, "fields-match", "the partner shows fields of a match that was not called the same"
    )
    for match, payload in fields.items():
        _check_fields(payload, matter.shown_fields(match))
    return fields


@dataclass(frozen=True)
class LogMatter:
    """What a reader of entries knows of the session that they are about.

    Attributes:
        sender: the partner's role.
        fields: returns the names of the agreed fields that the partner shows of a match, or None if the match is
            not revealed.
        known: returns the entries about a match that are known, of both sides.
        came: when the entries arrive, in UTC.
    """

    sender: Role
    fields: Callable[[bytes], Collection[str] | None]
    known: Callable[[bytes], Collection[Entry]]
    came: datetime


def write_entries(entries: Iterable[Entry]) -> bytes:
    """Write entries of one topic about different matches."""
    return _counted(map(_entry, sorted(entries, key=lambda each: each.match_id)))


def place_bytes(entry: AnyEntry) -> bytes:
    """Write number, seen and time of an entry."""
    time = int(entry.time.timestamp()).to_bytes(_TIME, "big")
    return entry.number.to_bytes(_LONG, "big") + entry.seen.to_bytes(_LONG, "big") + time


def _entry(entry: Entry) -> bytes:
    code = STEPS[entry.topic].index(entry.step) + 1
    said = place_bytes(entry) + bytes([code, entry.value]) + text_bytes(entry.text)
    return (
        entry.match_id
        + said
        + bytes([len(entry.fields)])
        + b"".join(text_bytes(part) for pair in entry.fields for part in pair)
    )


def text_bytes(text: str) -> bytes:
    """Write a text after its length."""
    raw = text.encode()
    return len(raw).to_bytes(_LENGTH, "big") + raw


def read_entries(topic: Topic, content: bytes, matter: LogMatter) -> list[Entry]:
    """Read the partner's entries; those that are known already are left out.

    Raises:
        PeerError: they are not as conversation-v1 §6 says.
    """
    cursor = Cursor(content)
    entries = [cursor.entry(topic, matter.sender, match) for match in cursor.matches(least=1)]
    cursor.end()
    return [replace(each, came=matter.came) for each in entries if _is_new(each, matter)]


def _is_new(entry: Entry, matter: LogMatter) -> bool:
    """Return whether an entry is not known yet.

    Raises:
        RefusalError: it does not fit what is known of its match.
    """
    agreed = matter.fields(entry.match_id)
    if agreed is None:
        raise RefusalError("entry-match", "a message is about a match that is not revealed")
    require(
        {name for name, _ in entry.fields} <= set(agreed), "fields", "an entry shows a field that is not agreed"
    )
    return is_new_in_log(entry, matter.known(entry.match_id), matter.sender)


def is_new_in_log(entry: AnyEntry, known: Collection[AnyEntry], sender: Role) -> bool:
    """Return whether an entry is not known yet.

    Args:
        known: entries of both sides about the same match or plan.

    Raises:
        RefusalError: it does not fit what is known (conversation-v1 §6.2).
    """
    written = sum(each.role is not sender for each in known)
    require(entry.seen <= written, "entry-seen", "the partner says that it has seen entries that were not written")
    theirs = {each.number: each for each in known if each.role is sender}
    same = theirs.get(entry.number)
    require(same in (None, entry), "entry-again", "the partner has sent two different entries of one number")
    for each in theirs.values():
        before, after = sorted((each, entry), key=lambda one: one.number)
        rises = before.seen <= after.seen and before.time <= after.time
        require(rises, "entry-order", "what the partner says is out of order")
    return same is None


def _check_fields(payload: bytes, count: int) -> None:
    try:
        decode_payload(payload, count)
    except PeerError as error:
        raise RefusalError("fields", str(error)) from error


def _counted(items: Iterable[bytes]) -> bytes:
    made = list(items)
    return len(made).to_bytes(_COUNT, "big") + b"".join(made)


def _account(shown: ShownAccount) -> bytes:
    return b"".join(len(raw).to_bytes(_LENGTH, "big") + raw for raw in map(_text, shown))


def _text(text: str) -> bytes:
    return text.encode()[:TEXT_BYTES].decode(errors="ignore").encode()


def _payload(payload: bytes) -> bytes:
    return len(payload).to_bytes(_LONG, "big") + payload


def _require_ascending(ids: Sequence[bytes]) -> None:
    require(all(one < other for one, other in pairwise(ids)), "content", "a message about matches is out of order")


class Cursor:
    """Reads a content from its start to its end. Each method raises RefusalError if that cannot be read there."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, count: int) -> bytes:
        """Read so many bytes."""
        part = self._content[self._at : self._at + count]
        require(len(part) == count, "content", "a message about matches is cut short")
        self._at += count
        return part

    def number(self, count: int) -> int:
        """Read a number of so many bytes."""
        return int.from_bytes(self.take(count), "big")

    def matches(self, least: int = 0) -> "_Matches":
        """Read the match ids of items, which must ascend; the caller reads what follows each."""
        count = self.number(_COUNT)
        require(count >= least, "content", "a message about matches contains none")
        return _Matches(self, count)

    def text(self, *, empty: bool, most: int = TEXT_BYTES) -> str:
        """Read a text."""
        raw = self.take(self.number(_LENGTH))
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise RefusalError("content", "a message about matches is not text") from error
        fits = len(raw) <= most and (empty or bool(raw))
        require(fits, "content", "a message about matches has a text that is too long, or no name")
        return text

    def account(self) -> ShownAccount:
        """Read an account that is shown."""
        return ShownAccount(self.text(empty=False), self.text(empty=True), self.text(empty=True))

    def payload(self) -> bytes:
        """Read agreed fields, as bytes."""
        return self.take(self.number(_LONG))

    def verdict(self) -> Verdict:
        """Read an answer."""
        kind = self.number(1)
        require(kind in (_SAME, _NO), "content", "an answer is neither same nor no")
        return Same(self.account(), self.payload()) if kind == _SAME else None

    def entry(self, topic: Topic, role: Role, match: bytes) -> Entry:
        """Read an entry about a match."""
        number, seen, time = self.place_in_log()
        code, value = self.number(1), self.number(1)
        steps = STEPS[topic]
        require(1 <= code <= len(steps), "content", "an entry has an unknown step")
        step = steps[code - 1]
        values = {each for row in TRANSITIONS if (row.topic, row.step) == (topic, step) for each in row.values}
        require(value in values, "content", "an entry has a value that its step does not have")
        text = self.text(empty=topic is not Topic.NOTE, most=NOTE_BYTES)
        return Entry(match, role, number, seen, time, topic, step, value, text, self._fields())

    def place_in_log(self) -> tuple[int, int, datetime]:
        """Read number, seen and time of an entry."""
        number, seen, seconds = self.number(_LONG), self.number(_LONG), self.number(_TIME)
        require(1 <= number <= MOST_ENTRIES, "entry-number", "the number of an entry is out of range")
        require(seconds <= _LAST_SECOND, "content", "the time of an entry is out of range")
        return number, seen, datetime.fromtimestamp(seconds, UTC)

    def _fields(self) -> tuple[tuple[str, str], ...]:
        fields = [(self.text(empty=False), self.text(empty=False)) for _ in range(self.number(1))]
        named = [SHARED_FIELDS.index(name) if name in SHARED_FIELDS else -1 for name, _ in fields]
        ascend = all(one < other for one, other in pairwise([-1, *named]))
        require(ascend, "content", "the fields of an entry are unknown or out of order")
        return tuple(fields)

    def end(self) -> None:
        """Refuse anything after the content."""
        require(self._at == len(self._content), "content", "a message about matches has something after its end")


class _Matches:
    """Yields the match ids of items in ascending order; what follows each is read in between."""

    def __init__(self, cursor: Cursor, count: int) -> None:
        self._cursor, self._left, self._last = cursor, count, b""

    def __iter__(self) -> "_Matches":
        return self

    def __next__(self) -> bytes:
        if not self._left:
            raise StopIteration
        match = self._cursor.take(MATCH_ID_BYTES)
        _require_ascending([self._last, match])
        self._left, self._last = self._left - 1, match
        return match
