"""Vectors of introductions, leads, deals and notes (conversation-v1 §6)."""

import hashlib
from dataclasses import asdict, replace
from itertools import count
from typing import Any

from protocols.reference.conversation import encode_body
from protocols.reference.match_log import (
    DEALS,
    INITIATOR,
    INTRODUCTIONS,
    LEADS,
    NOTES,
    RESPONDER,
    Entry,
    Reader,
    certain_leader,
    decode_entries,
    encode_entries,
    state_of,
)
from protocols.reference.reader import RefusedError

Json = dict[str, Any]
DAY = 86400
START = 1_793_000_000
FIRST, SECOND, OTHER = sorted(hashlib.shake_256(f"logged {n}".encode()).digest(16) for n in range(3))
ASKED = Entry(RESPONDER, 1, 0, START, INTRODUCTIONS, "asked", 0, "Who buys?", (("owner_name", "Zoë Lark"),))
NOTE = Entry(RESPONDER, 2, 1, START + 60, NOTES, "noted", 0, "Their budget closes in March")
OWN = Entry(INITIATOR, 1, 0, START, NOTES, "noted", 0, "Hello")
AGREED = ["owner_name", "amount"]


def _reader() -> Reader:
    """Return the initiator, that wrote one note and has the partner's first entry."""
    return Reader(RESPONDER, {FIRST: AGREED, SECOND: []}, {FIRST: [OWN, ASKED]})


def _verdict(kind: int, content: bytes) -> str:
    try:
        _reader().read(kind, content)
    except RefusedError as refused:
        return f"refuse: {refused}"
    return "accept"


def _altered(entry: Entry, **changed: Any) -> bytes:
    return encode_entries({FIRST: replace(entry, **changed)})


def _contents() -> list[tuple[str, str, int, bytes]]:
    """Return what a content is, the verdict, its kind, and its bytes."""
    note, both = (
        encode_entries({FIRST: NOTE}),
        encode_entries({FIRST: NOTE, SECOND: replace(NOTE, number=1, seen=0)}),
    )
    later = replace(ASKED, number=3, seen=1, step="outcome", value=5, words="", fields=())
    one = len(note) - 2
    return [
        ("a note", "accept", NOTES, note),
        ("the same entry again", "accept", INTRODUCTIONS, encode_entries({FIRST: ASKED})),
        ("notes about two matches", "accept", NOTES, both),
        ("an entry that comes before another", "accept", INTRODUCTIONS, encode_entries({FIRST: later})),
        ("a lead", "accept", LEADS, _altered(NOTE, kind=LEADS, step="proposed", value=3)),
        (
            "a deal with a field",
            "accept",
            DEALS,
            _altered(NOTE, kind=DEALS, step="registered", fields=(("amount", "9"),)),
        ),
        ("words of 1,000 bytes", "accept", NOTES, _altered(NOTE, words="é" * 500)),
        ("no entry", "refuse: content", NOTES, bytes(2)),
        ("a byte behind it", "refuse: content", NOTES, note + b"\x00"),
        ("cut short", "refuse: content", NOTES, note[:-1]),
        ("matches out of order", "refuse: content", NOTES, both[:2] + both[2 + one :] + both[2 : 2 + one]),
        ("a match twice", "refuse: content", NOTES, b"\x00\x02" + note[2:] * 2),
        ("a step that is none", "refuse: content", NOTES, note[:34] + b"\x02" + note[35:]),
        ("step 0", "refuse: content", NOTES, note[:34] + b"\x00" + note[35:]),
        ("a value where there is none", "refuse: content", NOTES, _altered(NOTE, value=1)),
        ("an outcome without a value", "refuse: content", INTRODUCTIONS, _altered(later, value=0)),
        ("an outcome that is none", "refuse: content", INTRODUCTIONS, _altered(later, value=6)),
        ("a time after the year 9999", "refuse: content", NOTES, _altered(NOTE, time=253402300800)),
        ("a note without words", "refuse: content", NOTES, _altered(NOTE, words="")),
        ("words of 1,001 bytes", "refuse: content", NOTES, _altered(NOTE, words="x" * 1001)),
        ("words that are not UTF-8", "refuse: content", NOTES, note[:38] + b"\xff" + note[39:]),
        ("a field that is none", "refuse: content", NOTES, _altered(NOTE, fields=(("phone", "1"),))),
        (
            "fields out of order",
            "refuse: content",
            NOTES,
            _altered(NOTE, fields=(("amount", "1"), ("owner_name", "x"))),
        ),
        ("a field twice", "refuse: content", NOTES, _altered(NOTE, fields=(("amount", "1"), ("amount", "1")))),
        ("an empty field", "refuse: content", NOTES, _altered(NOTE, fields=(("amount", ""),))),
        ("number 0", "refuse: entry-number", NOTES, _altered(NOTE, number=0)),
        ("number 1,001", "refuse: entry-number", NOTES, _altered(NOTE, number=1001)),
        ("a match that is not revealed", "refuse: entry-match", NOTES, encode_entries({OTHER: NOTE})),
        ("a field that is not agreed", "refuse: fields", NOTES, _altered(NOTE, fields=(("stage", "won"),))),
        ("more seen than was written", "refuse: entry-seen", NOTES, _altered(NOTE, seen=2)),
        ("something else in the same place", "refuse: entry-again", NOTES, _altered(NOTE, number=1, seen=0)),
        ("a time before that of the entry before", "refuse: entry-order", NOTES, _altered(NOTE, time=START - 1)),
    ]


def contents() -> Json:
    """Bodies with entries, taken and refused."""
    cases = []
    for what, expect, kind, content in _contents():
        if _verdict(kind, content) != expect:
            raise ValueError(f"{what}: {_verdict(kind, content)}")
        cases.append({"comment": what, "kind": kind, "body": encode_body(kind, content).hex(), "expect": expect})
    read = decode_entries(INTRODUCTIONS, encode_entries({FIRST: ASKED}), RESPONDER)
    if read != {FIRST: ASKED}:
        raise ValueError("an entry is not read as it was written")
    return {
        "comment": "Bodies from the responder, read by the initiator, that knows the entries under reader",
        "section": "conversation-v1 §6.1, §6.2",
        "reader": {
            "agreed": {FIRST.hex(): AGREED, SECOND.hex(): []},
            "known": {FIRST.hex(): [_described(OWN), _described(ASKED)]},
        },
        "cases": cases,
    }


def _described(entry: Entry) -> Json:
    return {**asdict(entry), "fields": [list(pair) for pair in entry.fields]}


class _Log:
    """Writes entries of both sides, each with what its writer has seen."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._numbers = {INITIATOR: count(1), RESPONDER: count(1)}

    def say(self, role: int, kind: int, step: str, value: int = 0, seen: int | None = None, at: int = 0) -> "_Log":
        """Say something; without `seen`, after all that the other has said."""
        known = sum(each.role != role for each in self.entries) if seen is None else seen
        words = "x" if kind == NOTES else ""
        self.entries.append(Entry(role, next(self._numbers[role]), known, START + at, kind, step, value, words))
        return self

    def lose(self, role: int, number: int) -> "_Log":
        """Lose an entry on the way."""
        self.entries = [each for each in self.entries if (each.role, each.number) != (role, number)]
        return self


def _introduced() -> _Log:
    log = _Log().say(INITIATOR, INTRODUCTIONS, "asked").say(RESPONDER, INTRODUCTIONS, "accepted")
    return log.say(RESPONDER, INTRODUCTIONS, "made")


def _registered(apart: int, **second: Any) -> _Log:
    first = _Log().say(INITIATOR, DEALS, "registered", at=apart)
    return first.say(RESPONDER, DEALS, "registered", **second)


Rules = list[tuple[int | None, list[str]]]


def _logs() -> list[tuple[str, Rules, _Log]]:
    """Return what a log shows, the rules for the cell, and the log."""
    i, r = INITIATOR, RESPONDER
    theirs: Rules = [(r, [])]
    in_one_country: Rules = [(r, ["DE"]), (i, [])]
    alike: Rules = [(r, ["DE"]), (r, [])]
    crossed = _Log().say(i, INTRODUCTIONS, "asked").say(r, INTRODUCTIONS, "asked", seen=0)
    agreed_lead = _Log().say(r, LEADS, "proposed", 1).say(i, LEADS, "agreed").say(i, INTRODUCTIONS, "asked")
    settled = _registered(0, seen=0).say(r, LEADS, "proposed", 1).say(i, LEADS, "agreed")
    return [
        ("nothing was said", [], _Log()),
        ("an introduction that was made", [], _introduced()),
        (
            "with its outcome, told twice",
            [],
            _introduced().say(i, INTRODUCTIONS, "outcome", 2).say(i, INTRODUCTIONS, "outcome", 4),
        ),
        ("the acceptance was lost: what comes behind it waits", [], _introduced().lose(r, 1)),
        ("the introducer tells the outcome", [], _introduced().say(r, INTRODUCTIONS, "outcome", 2)),
        ("who asks accepts it", [], _Log().say(i, INTRODUCTIONS, "asked").say(i, INTRODUCTIONS, "accepted")),
        (
            "accepted, and then declined by who was to make it",
            [],
            _Log()
            .say(i, INTRODUCTIONS, "offered")
            .say(r, INTRODUCTIONS, "accepted")
            .say(i, INTRODUCTIONS, "declined"),
        ),
        ("two requests that cross: the initiator's comes first", [], crossed),
        (
            "a request and an offer that cross",
            [],
            _Log().say(r, INTRODUCTIONS, "offered").say(i, INTRODUCTIONS, "asked", seen=0),
        ),
        ("asked where the other leads", theirs, _Log().say(i, INTRODUCTIONS, "asked")),
        ("asked where the other leads in one country only", in_one_country, _Log().say(i, INTRODUCTIONS, "asked")),
        ("asked where two rules name the other", alike, _Log().say(i, INTRODUCTIONS, "asked")),
        ("who leads asks", theirs, _Log().say(r, INTRODUCTIONS, "asked")),
        ("who leads offers", theirs, _Log().say(r, INTRODUCTIONS, "offered")),
        ("who leads has given up the lead", theirs, agreed_lead),
        (
            "a second proposal before the first is declined",
            [],
            _Log().say(i, LEADS, "proposed", 1).say(i, LEADS, "proposed", 2).say(r, LEADS, "declined"),
        ),
        (
            "the initiator proposes something else as if it had not seen that the other agreed",
            [],
            _Log().say(i, LEADS, "proposed", 2).say(r, LEADS, "agreed").say(i, LEADS, "proposed", 1, seen=0),
        ),
        (
            "the responder does, where its entry comes before what was agreed",
            [],
            _Log()
            .say(r, LEADS, "proposed", 1)
            .say(i, NOTES, "noted")
            .say(i, LEADS, "agreed")
            .say(r, LEADS, "proposed", 2, seen=0),
        ),
        ("one deal", [], _Log().say(r, DEALS, "registered")),
        ("the other was seen: dates do not matter", [], _registered(5 * DAY)),
        ("deals that cross, a day apart", [], _registered(DAY, seen=0)),
        ("deals that cross, a second more apart", [], _registered(DAY + 1, seen=0)),
        ("deals that cross where one leads", theirs, _registered(-9 * DAY, seen=0)),
        ("deals that cross where the country decides who leads", in_one_country, _registered(-9 * DAY, seen=0)),
        ("an agreed lead comes first", theirs, settled),
        (
            "both were agreed to lead",
            [],
            _registered(0, seen=0).say(r, LEADS, "proposed", 3).say(i, LEADS, "agreed"),
        ),
        ("one is withdrawn", [], _registered(0, seen=0).say(i, DEALS, "withdrawn")),
        ("withdrawn twice", [], _registered(0, seen=0).say(i, DEALS, "withdrawn").say(i, DEALS, "withdrawn")),
    ]


def states() -> Json:
    """Logs of both sides, and what is so about the match."""
    cases = [
        {
            "comment": what,
            "rules": [list(rule) for rule in rules],
            "entries": [_described(each) for each in log.entries],
            "expect": state_of(log.entries, certain_leader(rules)),
        }
        for what, rules, log in _logs()
    ]
    return {
        "comment": "What both sides said about one match, in any order; rules are those that fit its cell: who "
        "leads (null for both), countries. Expected: the introduction's state and seeker, the agreed lead, whose "
        "deal counts and by which rule (0: no other), and the entries that are passed over by role and number",
        "section": "conversation-v1 §6.3, §6.4, §6.5",
        "cases": cases,
    }
