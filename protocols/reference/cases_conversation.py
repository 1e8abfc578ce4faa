"""Vectors of conversations (conversation-v1)."""

import hashlib
from dataclasses import replace
from typing import Any

from protocols.reference import envelope
from protocols.reference.cases_sealed import BRIGHTWATER, HEADER, LARKSPUR, RANDOM
from protocols.reference.conversation import (
    ACKNOWLEDGEMENT,
    ANSWERS,
    FIELDS,
    QUESTIONS,
    Account,
    Talk,
    encode_acknowledgement,
    encode_answers,
    encode_body,
    encode_fields_message,
    encode_questions,
)
from protocols.reference.reader import RefusedError
from protocols.reference.shown import encode_fields

Json = dict[str, Any]


def _id(name: str, length: int = 32) -> bytes:
    return hashlib.shake_256(name.encode()).digest(length)


MATCHES = sorted(_id(f"match {n}", 16) for n in range(30))
REVEALED_MATCH = _id("a match to reveal", 16)
FIRST, SECOND, THIRD = MATCHES[:3]
QUESTIONS_ID, ANSWERS_ID = _id("questions"), _id("answers")
LARK: Account = ("Larkspur & Sons", "larkspur.example", "GB")
BAKER: Account = ("Bäckerei Ulm", "", "")
SHOWN = encode_fields(["Larkspur & Sons", "GB"])
ASKED = encode_questions({FIRST: LARK, SECOND: BAKER})
ANSWERED = encode_answers(QUESTIONS_ID, {FIRST: (LARK, SHOWN), SECOND: None})
FOLLOWING = encode_fields_message(ANSWERS_ID, {FIRST: SHOWN})


def _reader(**known: Any) -> Talk:
    """Return a party that asked about two matches, and said *same* to one of the partner's questions."""
    talk = Talk(set(MATCHES), 100, dict.fromkeys(MATCHES, 2))
    talk.asked = {QUESTIONS_ID: {FIRST, SECOND}}
    talk.answered = {ANSWERS_ID: {FIRST}}
    return replace(talk, **known)


BODIES = [
    ("two questions", encode_body(QUESTIONS, ASKED)),
    (
        "one acknowledgement of two messages",
        encode_body(ACKNOWLEDGEMENT, encode_acknowledgement([QUESTIONS_ID, ANSWERS_ID])),
    ),
    ("an acknowledgement of nothing", encode_body(ACKNOWLEDGEMENT, encode_acknowledgement([]))),
    ("one same, one no", encode_body(ANSWERS, ANSWERED)),
    (
        "no to all: as long as the answer before",
        encode_body(ANSWERS, encode_answers(QUESTIONS_ID, {FIRST: None, SECOND: None})),
    ),
    ("fields that follow", encode_body(FIELDS, FOLLOWING)),
    (
        "25 questions: a longer body",
        encode_body(QUESTIONS, encode_questions(dict.fromkeys(MATCHES[:25], LARK))),
    ),
]


def _verdict(body: bytes, talk: Talk) -> str:
    try:
        talk.read(body)
    except RefusedError as refused:
        return f"refuse: {refused}"
    return "accept"


def bodies() -> Json:
    """Bodies that are taken."""
    for comment, body in BODIES:
        if _verdict(body, _reader()) != "accept":
            raise ValueError(f"{comment}: {_verdict(body, _reader())}")
    return {
        "comment": "Bodies that a reader takes; account is name, website, country",
        "section": "conversation-v1 §2, §3, §4",
        "reader": describe_reader(_reader()),
        "questions": {FIRST.hex(): LARK, SECOND.hex(): BAKER},
        "fields": ["Larkspur & Sons", "GB"],
        "questions_id": QUESTIONS_ID.hex(),
        "answers_id": ANSWERS_ID.hex(),
        "cases": [{"comment": what, "body": body.hex(), "expect": "accept"} for what, body in BODIES],
    }


def describe_reader(talk: Talk) -> Json:
    """Write what the reader knows."""
    return {
        "to_ask": sorted(name.hex() for name in talk.to_ask),
        "revealed": talk.revealed,
        "fields": 2,
        "was_asked": sorted(name.hex() for name in talk.was_asked),
        "asked": {name.hex(): sorted(m.hex() for m in matches) for name, matches in talk.asked.items()},
        "answered": {name.hex(): sorted(m.hex() for m in matches) for name, matches in talk.answered.items()},
    }


def _item(name: bytes, *texts: bytes) -> bytes:
    return name + b"".join(len(text).to_bytes(2, "big") + text for text in texts)


def _malformed() -> list[tuple[str, str, int, bytes]]:
    """Return contents that are refused: what is wrong, the rule, the kind, the content."""
    two = b"\x00\x02"
    good = _item(FIRST, b"Larkspur", b"", b"")
    many = encode_questions(dict.fromkeys(MATCHES[:26], LARK))
    ids = sorted([QUESTIONS_ID, ANSWERS_ID], reverse=True)
    three = encode_answers(QUESTIONS_ID, {FIRST: None, SECOND: None, THIRD: None})
    wrong_fields = encode_answers(QUESTIONS_ID, {FIRST: (LARK, SHOWN[:-1]), SECOND: None})
    short_fields = encode_fields_message(ANSWERS_ID, {FIRST: encode_fields(["x"])})
    return [
        ("kind 0", "kind", 0, ASKED),
        ("kind 10", "kind", 10, ASKED),
        ("questions without a number", "content", QUESTIONS, b"\x00"),
        ("no question", "content", QUESTIONS, b"\x00\x00"),
        ("a question too few", "content", QUESTIONS, two + good),
        ("a byte behind the questions", "content", QUESTIONS, ASKED + b"\x00"),
        ("questions out of order", "content", QUESTIONS, two + _item(SECOND, b"a", b"", b"") + good),
        ("one question twice", "content", QUESTIONS, two + good + good),
        ("an empty name", "content", QUESTIONS, b"\x00\x01" + _item(FIRST, b"", b"", b"")),
        ("a name of 201 bytes", "content", QUESTIONS, b"\x00\x01" + _item(FIRST, b"x" * 201, b"", b"")),
        ("a name that is not UTF-8", "content", QUESTIONS, b"\x00\x01" + _item(FIRST, b"\xff", b"", b"")),
        ("a match that is revealed", "question-match", QUESTIONS, encode_questions({REVEALED_MATCH: LARK})),
        ("26 questions", "question-count", QUESTIONS, many),
        ("an acknowledgement cut short", "content", ACKNOWLEDGEMENT, two + QUESTIONS_ID),
        ("ids out of order", "content", ACKNOWLEDGEMENT, two + b"".join(ids)),
        ("an id twice", "content", ACKNOWLEDGEMENT, two + QUESTIONS_ID * 2),
        ("another verdict", "content", ANSWERS, ANSWERED[:50] + b"\x03" + ANSWERED[51:]),
        ("answers cut short", "content", ANSWERS, ANSWERED[:-1]),
        ("answers to a message that was not sent", "answer-match", ANSWERS, ANSWERS_ID + ANSWERED[32:]),
        ("one answer of two", "answer-match", ANSWERS, encode_answers(QUESTIONS_ID, {FIRST: None})),
        ("an answer too many", "answer-match", ANSWERS, three),
        ("fields that are cut short", "fields", ANSWERS, wrong_fields),
        (
            "fields of a match answered no",
            "fields-match",
            FIELDS,
            encode_fields_message(ANSWERS_ID, {SECOND: SHOWN}),
        ),
        ("fields after answers that were not sent", "fields-match", FIELDS, QUESTIONS_ID + FOLLOWING[32:]),
        ("a field too few", "fields", FIELDS, short_fields),
        ("no fields", "content", FIELDS, ANSWERS_ID + b"\x00\x00"),
        ("a byte behind the fields", "content", FIELDS, FOLLOWING + b"\x00"),
    ]


def _changed() -> list[tuple[str, str, bytes, Talk]]:
    """Return bodies, what is the matter with each, the verdict, and who reads it."""
    reader = _reader()
    questions, answers, fields = (
        encode_body(kind, text) for kind, text in ((QUESTIONS, ASKED), (ANSWERS, ANSWERED), (FIELDS, FOLLOWING))
    )
    padding = [
        ("a length beyond the body", questions[:1] + b"\xff" * 4 + questions[5:]),
        ("padding that is not zero", questions[:-1] + b"\x01"),
        ("a body longer than it need be", questions + bytes(1024)),
    ]
    again = _reader(was_asked={FIRST})
    full = _reader(was_asked=set(MATCHES[3:28]))
    larger = _reader(was_asked=set(MATCHES[3:28]), revealed=270)
    return [
        *((what, "refuse: padding", body, reader) for what, body in padding),
        *((what, f"refuse: {rule}", encode_body(kind, text), reader) for what, rule, kind, text in _malformed()),
        ("a match that was asked about before", "refuse: question-again", questions, again),
        ("two more than 25", "refuse: question-count", questions, full),
        ("a tenth of 270 is 27", "accept", questions, larger),
        ("answers, whatever else was asked", "accept", answers, full),
        ("fields, whatever else was asked", "accept", fields, full),
    ]


def refusals() -> Json:
    """Bodies that are refused, and some that are taken."""
    cases = []
    for what, expect, body, reader in _changed():
        if _verdict(body, reader) != expect:
            raise ValueError(f"{what}: {_verdict(body, reader)}")
        cases.append(
            {
                "comment": what,
                "body": body.hex(),
                "was_asked": describe_reader(reader)["was_asked"],
                "revealed": reader.revealed,
                "expect": expect,
            }
        )
    return {
        "comment": "Bodies of the reader of bodies.json, but for was_asked and revealed",
        "section": "conversation-v1 §2, §3, §4",
        "reader": describe_reader(_reader()),
        "cases": cases,
    }


def _header(body: bytes, name: str = "a message") -> envelope.Header:
    return replace(HEADER, type=16, session=_id("session"), transcript=_id(name), body_bytes=len(body))


def sealed() -> Json:
    """One message with questions, and messages in one place of which one only may be taken."""
    body = BODIES[0][1]
    header = _header(body)

    def written(head: envelope.Header, text: bytes) -> str:
        return envelope.write(head, text, BRIGHTWATER.signing_seed, LARKSPUR.sealing_key, RANDOM).hex()

    other = encode_body(QUESTIONS, encode_questions({FIRST: LARK}))
    session_signed = replace(header, type=3)
    foreign = envelope.signature(session_signed, body, BRIGHTWATER.signing_seed)
    before = envelope.write(header, body, BRIGHTWATER.signing_seed, LARKSPUR.sealing_key, RANDOM)[: 192 + 1168]
    cases = [
        ("the first copy", written(header, body), "accept"),
        ("the same bytes again: acknowledged again, not acted upon", written(header, body), "repeat"),
        (
            "other bytes under the same id",
            written(replace(header, body_bytes=len(other)), other),
            "refuse: repeated-id",
        ),
        ("another id", written(_header(other, "another message"), other), "accept"),
        (
            "signed as a message of a session",
            (before + envelope.seal_chunks(RANDOM.content_key, body + foreign)).hex(),
            "refuse: signature",
        ),
    ]
    return {
        "comment": "Messages from the first card of message/cards.json to the second, read in this order",
        "section": "conversation-v1 §2, §3",
        "header": header.encode().hex(),
        "body": body.hex(),
        "random": {name: value.hex() for name, value in vars(RANDOM).items()},
        "expect": {
            "message_id": header.transcript.hex(),
            "signature": envelope.signature(header, body, BRIGHTWATER.signing_seed).hex(),
            "digest": hashlib.sha256(header.encode() + body).hexdigest(),
        },
        "cases": [{"comment": what, "message": text, "expect": expect} for what, text, expect in cases],
    }
