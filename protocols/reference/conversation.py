"""Messages about single matches, and what a reader makes of them (conversation-v1)."""

from dataclasses import dataclass, field

from protocols.reference.reader import require

QUESTIONS, ACKNOWLEDGEMENT, ANSWERS, FIELDS = 1, 2, 3, 4
LAST_KIND = 9
SAME, NO = 1, 2
LEAST_BODY, GREATEST_BODY = 1024, 1 << 24
TEXT_BYTES = 200

Account = tuple[str, str, str]
"""Name, website, country."""


def encode_body(kind: int, content: bytes) -> bytes:
    """Put content into a body of 1,024 times a power of two (conversation-v1 §2)."""
    length = LEAST_BODY
    while length < 5 + len(content):
        length *= 2
    return bytes([kind]) + len(content).to_bytes(4, "big") + content + bytes(length - 5 - len(content))


def decode_body(body: bytes) -> tuple[int, bytes]:
    """Read a body, after its length was found to be one that a body may have."""
    length = int.from_bytes(body[1:5], "big")
    require(5 + length <= len(body) and encode_body(body[0], body[5 : 5 + length]) == body, "padding")
    require(QUESTIONS <= body[0] <= LAST_KIND, "kind")
    return body[0], body[5 : 5 + length]


def encode_text(text: str) -> bytes:
    """Write a text behind its length."""
    return len(text.encode()).to_bytes(2, "big") + text.encode()


def encode_account(account: Account) -> bytes:
    """Write name, website and country."""
    return b"".join(map(encode_text, account))


def encode_questions(questions: dict[bytes, Account]) -> bytes:
    """Write content of kind 1, by match id."""
    items = (name + encode_account(account) for name, account in sorted(questions.items()))
    return len(questions).to_bytes(2, "big") + b"".join(items)


def encode_acknowledgement(ids: list[bytes]) -> bytes:
    """Write content of kind 2."""
    return len(ids).to_bytes(2, "big") + b"".join(sorted(ids))


def encode_answers(questions_id: bytes, answers: dict[bytes, tuple[Account, bytes] | None]) -> bytes:
    """Write content of kind 3: for *same* the own account and agreed fields, for *no* None."""
    written = questions_id + len(answers).to_bytes(2, "big")
    for name, answer in sorted(answers.items()):
        written += name + bytes([NO if answer is None else SAME])
        if answer is not None:
            account, fields = answer
            written += encode_account(account) + len(fields).to_bytes(4, "big") + fields
    return written


def encode_fields_message(answers_id: bytes, fields: dict[bytes, bytes]) -> bytes:
    """Write content of kind 4."""
    items = (name + len(text).to_bytes(4, "big") + text for name, text in sorted(fields.items()))
    return answers_id + len(fields).to_bytes(2, "big") + b"".join(items)


@dataclass
class Cursor:
    """Content that is read from its beginning."""

    data: bytes

    def take(self, length: int) -> bytes:
        """Take so many bytes."""
        require(len(self.data) >= length, "content")
        taken, self.data = self.data[:length], self.data[length:]
        return taken

    def number(self, length: int) -> int:
        """Take a number of so many bytes."""
        return int.from_bytes(self.take(length), "big")

    def text(self, most: int = TEXT_BYTES) -> str:
        """Take a text of at most so many bytes."""
        length = self.number(2)
        require(length <= most, "content")
        raw = self.take(length)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            require(False, "content")
            raise

    def account(self) -> Account:
        """Take name, website and country."""
        account = self.text(), self.text(), self.text()
        require(account[0] != "", "content")
        return account

    def end(self) -> None:
        """Refuse what is behind the content."""
        require(self.data == b"", "content")


def _ascending(names: list[bytes]) -> None:
    require(names == sorted(set(names)), "content")


def check_agreed_fields(data: bytes, count: int) -> None:
    """Refuse bytes that are not the agreed fields of an entity (message-v2 §6.1)."""
    start = 0
    for _ in range(count):
        length = int.from_bytes(data[start : start + 2], "big")
        require(len(data) >= start + 2 + length and length <= TEXT_BYTES, "fields")
        try:
            data[start + 2 : start + 2 + length].decode()
        except UnicodeDecodeError:
            require(False, "fields")
        start += 2 + length
    require(start == len(data), "fields")


@dataclass
class Talk:
    """What a party knows of one session when it reads a message about it.

    Attributes:
        to_ask: ids of the matches to ask about.
        revealed: number of matches to reveal.
        field_counts: how many fields the partner shows, by match id.
        was_asked: matches that the partner has asked about.
        asked: own messages with questions, by message id: their match ids.
        answered: own messages with answers, by message id: the matches to which they said *same*.
    """

    to_ask: set[bytes]
    revealed: int
    field_counts: dict[bytes, int]
    was_asked: set[bytes] = field(default_factory=set)
    asked: dict[bytes, set[bytes]] = field(default_factory=dict)
    answered: dict[bytes, set[bytes]] = field(default_factory=dict)

    def read(self, body: bytes) -> None:
        """Read a body, and refuse what the text refuses.

        Raises:
            RefusedError: it must not be taken.
        """
        kind, content = decode_body(body)
        reading = Cursor(content)
        {
            QUESTIONS: self._questions,
            ACKNOWLEDGEMENT: self._acknowledgement,
            ANSWERS: self._answers,
            FIELDS: self._fields,
        }[kind](reading)

    def _questions(self, content: Cursor) -> None:
        names = []
        for _ in range(content.number(2)):
            names.append(content.take(16))
            content.account()
        content.end()
        require(names != [], "content")
        _ascending(names)
        require(set(names) <= self.to_ask, "question-match")
        require(not set(names) & self.was_asked, "question-again")
        require(len(names) + len(self.was_asked) <= max(25, self.revealed // 10), "question-count")

    def _acknowledgement(self, content: Cursor) -> None:
        names = [content.take(32) for _ in range(content.number(2))]
        content.end()
        _ascending(names)

    def _answers(self, content: Cursor) -> None:
        questions, names, shown = content.take(32), list[bytes](), dict[bytes, bytes]()
        for _ in range(content.number(2)):
            names.append(content.take(16))
            verdict = content.number(1)
            require(verdict in (SAME, NO), "content")
            if verdict == SAME:
                content.account()
                shown[names[-1]] = content.take(content.number(4))
        content.end()
        _ascending(names)
        require(set(names) == self.asked.get(questions, {b"none"}), "answer-match")
        self._check_shown(shown)

    def _fields(self, content: Cursor) -> None:
        answers, shown, names = content.take(32), dict[bytes, bytes](), list[bytes]()
        for _ in range(content.number(2)):
            names.append(content.take(16))
            shown[names[-1]] = content.take(content.number(4))
        content.end()
        require(names != [], "content")
        _ascending(names)
        require(set(names) <= self.answered.get(answers, set()), "fields-match")
        self._check_shown(shown)

    def _check_shown(self, shown: dict[bytes, bytes]) -> None:
        for name, text in shown.items():
            check_agreed_fields(text, self.field_counts[name])
