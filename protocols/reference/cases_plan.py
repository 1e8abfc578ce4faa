"""Vectors of joint plans (conversation-v1 §7)."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from protocols.reference.conversation import encode_body
from protocols.reference.plan import (
    INITIATOR,
    RESPONDER,
    Next,
    PlanEntry,
    PlanReader,
    Report,
    Said,
    Terms,
    commit,
    decode_plan_entry,
    digest_of,
    draw_holdout,
    encode_plan_entry,
    encode_terms,
    plan_id,
    state_of_plan,
    tables_of,
)
from protocols.reference.reader import RefusedError

Json = dict[str, Any]
PLANS = 9
START, DAY = 1_793_000_000, 20_752


def _bytes(name: str, length: int) -> bytes:
    return hashlib.shake_256(f"plan {name}".encode()).digest(length)


SID, OTHER_SID = _bytes("session", 32), _bytes("another session", 32)
SEEDS = _bytes("seed of the responder", 32), _bytes("seed of the initiator", 32)
MATCHES = sorted(_bytes(f"match {n}", 16) for n in range(40))
FIRST, SECOND, HIDDEN = MATCHES[:3]
LINE: Next = (2, DAY + 30, "Send the deck")


def _terms(sid: bytes, role: int, matches: list[bytes], **changed: Any) -> Terms:
    lines = dict.fromkeys(matches, LINE) | changed.pop("lines", {})
    plain = Terms(
        kind=1,
        title="Spring campaign",
        first=DAY,
        last=DAY + 90,
        currency="EUR",
        budget=(25_000_000, 12_505_000),
        holdout=len(matches) // 2,
        commitment=commit(sid, role, SEEDS[0]),
        leads=dict.fromkeys(matches, 3) | changed.pop("leads", {}),
        lines=lines,
        owners=dict.fromkeys(matches, "Zoë Lark") | changed.pop("owners", {}),
    )
    return replace(plain, **changed)


def _entry(terms: Terms, role: int, number: int, seen: int, step: int, said: Said, at: int = 0) -> PlanEntry:
    return PlanEntry(plan_id(SID, RESPONDER, terms), role, number, seen, START + at, step, said)


def _proposed(terms: Terms) -> PlanEntry:
    return _entry(terms, RESPONDER, 1, 0, 1, Said(terms=terms))


TERMS = _terms(SID, RESPONDER, [FIRST, SECOND], lines={SECOND: (3, DAY + 60, "")}, owners={SECOND: ""})
BARE = _terms(SID, RESPONDER, [FIRST], currency="", budget=(0, 0), holdout=0, title="No budget")
SIGNED = _entry(TERMS, INITIATOR, 1, 1, 2, Said(seed=SEEDS[1], owners=("Ann", "")))
OWN = [_proposed(TERMS), SIGNED, _proposed(BARE)]
AGREED = {FIRST: ["owner_name", "amount"], SECOND: [], **{each: ["owner_name"] for each in MATCHES[3:6]}}


def _reader() -> PlanReader:
    """Return the initiator, that has signed one plan of the responder and has another proposal of it."""
    return PlanReader(SID, RESPONDER, AGREED, OWN)


def _verdict(content: bytes) -> str:
    try:
        _reader().read(content)
    except RefusedError as refused:
        return f"refuse: {refused}"
    return "accept"


def _later(step: int, said: Said, terms: Terms = TERMS, **changed: Any) -> bytes:
    entry = _entry(terms, RESPONDER, 2, 1 if terms is TERMS else 0, step, said, at=60)
    return encode_plan_entry(replace(entry, **changed))


def _proposal(sid: bytes = SID, role: int = RESPONDER, **changed: Any) -> bytes:
    """Write a new proposal by the responder."""
    matches = changed.pop("matches", MATCHES[3:6])
    terms = _terms(SID, RESPONDER, matches, **changed)
    return encode_plan_entry(PlanEntry(plan_id(sid, role, terms), RESPONDER, 1, 0, START, 1, Said(terms=terms)))


def _proposals() -> Iterator[tuple[str, str, bytes]]:
    good = _proposal()
    yield "a proposal", "accept", good
    yield "the same proposal again", "accept", encode_plan_entry(OWN[0])
    yield "accounts to work on, without a budget", "accept", _proposal(kind=2, currency="", budget=(0, 0))
    yield "no holdout", "accept", _proposal(holdout=0)
    yield "a day long", "accept", _proposal(last=DAY)
    yield "a title of 200 bytes", "accept", _proposal(title="é" * 100)
    yield "a byte behind it", "refuse: content", good + b"\x00"
    yield "cut short", "refuse: content", good[:-1]
    yield "kind 3", "refuse: content", _proposal(kind=3)
    yield "no title", "refuse: content", _proposal(title="")
    yield "a title of 201 bytes", "refuse: content", _proposal(title="é" * 100 + "x")
    yield "it ends before it begins", "refuse: content", _proposal(last=DAY - 1)
    yield "a day after the year 9999", "refuse: content", _proposal(last=2932897)
    yield "a currency in small letters", "refuse: content", _proposal(currency="eur")
    yield "a budget without a currency", "refuse: content", _proposal(currency="", budget=(0, 1))
    yield "a budget that is too large", "refuse: content", _proposal(budget=(10**18 + 1, 0))
    yield "all matches in the holdout", "refuse: content", _proposal(holdout=3)
    yield "no line", "refuse: content", _proposal(matches=[], holdout=0)
    yield "nobody leads", "refuse: content", _proposal(leads={MATCHES[3]: 0})
    yield "a side that is none acts", "refuse: content", _proposal(lines={MATCHES[3]: (4, DAY, "")})
    yield "the id of another session", "refuse: plan-id", _proposal(sid=OTHER_SID)
    yield "an id as if the reader had proposed it", "refuse: plan-id", _proposal(role=INITIATOR)
    yield "a match that is not revealed", "refuse: plan-match", _proposal(matches=[HIDDEN, *MATCHES[3:6]])
    yield "an owner that is not agreed", "refuse: fields", _proposal(matches=[SECOND])
    swapped = encode_terms(_terms(SID, RESPONDER, MATCHES[3:5]))
    line = len(encode_terms(_terms(SID, RESPONDER, MATCHES[3:4]))) - len(swapped)
    swapped = swapped[: 2 * line] + swapped[line:] + swapped[2 * line : line]
    digest = hashlib.sha256(b"accountmap-plan-v1 plan\x00" + SID + b"\x01" + swapped).digest()
    yield "lines out of order", "refuse: content", digest + _proposal()[32:49] + swapped


def _laters() -> Iterator[tuple[str, str, bytes]]:
    report: Report = (3, 1, 1, 3, 120_500_000)
    changed = Said(lines={FIRST: (3, DAY + 40, "Call"), SECOND: LINE})
    reported = Said(spent=10_000, reports={FIRST: report, SECOND: (0, 0, 0, 0, None)})
    yield "the seed is opened", "accept", _later(4, Said(seed=SEEDS[0]))
    yield "another seed: taken, and the plan is spoilt", "accept", _later(4, Said(seed=SEEDS[1]))
    yield "a change", "accept", _later(5, changed)
    yield "another owner", "accept", _later(8, Said(assigned={FIRST: "Ann"}))
    yield "an owner of nothing", "refuse: content", _later(8, Said())
    yield (
        "an owner of an account that is not in the plan",
        "refuse: plan-line",
        _later(8, Said(assigned={HIDDEN: ""})),
    )
    yield "a report before the opening: it waits", "accept", _later(6, reported, number=3)
    yield "what was spent alone", "accept", _later(6, Said(spent=0))
    yield "a report that says nothing of money", "accept", _later(6, Said(reports={FIRST: (0, 0, 0, 0, None)}))
    yield "reconciled", "accept", _later(7, Said(base=(1, 1), digest=bytes(32)))
    yield "step 0", "refuse: content", _later(0, Said(seed=SEEDS[0]))
    yield "step 9", "refuse: content", _later(9, Said(seed=SEEDS[0]))
    yield "a time after the year 9999", "refuse: content", _later(4, Said(seed=SEEDS[0]), time=253402300800)
    yield "number 0", "refuse: entry-number", _later(4, Said(seed=SEEDS[0]), number=0)
    yield "number 1,001", "refuse: entry-number", _later(4, Said(seed=SEEDS[0]), number=1001)
    yield "a short seed", "refuse: content", _later(4, Said(seed=SEEDS[0][:-1]))
    yield "a change of nothing", "refuse: content", _later(5, Said())
    yield "a result that is none", "refuse: content", _later(6, Said(reports={FIRST: (0, 0, 0, 6, None)}))
    too_much: Report = (0, 0, 0, 0, 10**18 + 1)
    yield "an amount that is too large", "refuse: content", _later(6, Said(reports={FIRST: too_much}))
    yield "an amount without a currency", "refuse: content", _later(6, Said(spent=1), BARE)
    yield "a plan that is not known", "refuse: plan-unknown", _later(5, changed, plan=bytes(32))
    yield "a match that is not in the plan", "refuse: plan-line", _later(5, Said(lines={MATCHES[3]: LINE}))
    yield "a report of such a one", "refuse: plan-line", _later(6, Said(reports={MATCHES[3]: report}))
    yield "an owner for each of three lines", "refuse: plan-line", _later(2, Said(seed=SEEDS[1], owners=("",) * 3))
    yield "an owner that is not agreed", "refuse: fields", _later(8, Said(assigned={SECOND: "Ann"}))
    yield "an amount that is not agreed", "refuse: fields", _later(6, Said(reports={SECOND: report}))
    yield (
        "reconciled before the last own entry",
        "refuse: plan-base",
        _later(7, Said(base=(1, 2), digest=bytes(32))),
    )
    yield "reconciled what was not seen", "refuse: plan-base", _later(7, Said(base=(2, 1), digest=bytes(32)))
    yield "more seen than was written", "refuse: entry-seen", _later(4, Said(seed=SEEDS[0]), seen=2)
    yield "something else in the same place", "refuse: entry-again", _later(5, changed, number=1)
    yield "a time before that of the proposal", "refuse: entry-order", _later(5, changed, time=START - 1)


def contents() -> Json:
    """Bodies with entries about plans, taken and refused."""
    cases = []
    for what, expect, content in (*_proposals(), *_laters()):
        if _verdict(content) != expect:
            raise ValueError(f"{what}: {_verdict(content)}")
        cases.append({"comment": what, "body": encode_body(PLANS, content).hex(), "expect": expect})
    if decode_plan_entry(encode_plan_entry(SIGNED), INITIATOR) != SIGNED:
        raise ValueError("an entry is not read as it was written")
    return {
        "comment": "Bodies from the responder, read by the initiator, that knows the entries under reader",
        "section": "conversation-v1 §7.1, §7.2",
        "reader": {
            "sid": SID.hex(),
            "agreed": {match.hex(): names for match, names in AGREED.items()},
            "known": list(map(_described, OWN)),
        },
        "cases": cases,
    }


def _described(entry: PlanEntry) -> Json:
    return {"role": entry.role, "content": encode_plan_entry(entry).hex()}


def draws() -> Json:
    """Plan ids, commitments and holdouts."""
    cases = []
    for number, of, held in ((1, 2, 1), (2, 10, 3), (3, 10, 3), (4, 40, 8), (5, 5, 0)):
        role, seeds = number % 2, (_bytes(f"first seed {number}", 32), _bytes(f"second seed {number}", 32))
        sid = _bytes(f"session {number}", 32)
        terms = _terms(sid, role, MATCHES[:of], holdout=held, commitment=commit(sid, role, seeds[0]))
        name = plan_id(sid, role, terms)
        cases.append(
            {
                "comment": f"{held} of {of} matches, proposed by the {('initiator', 'responder')[role]}",
                "sid": sid.hex(),
                "proposer": role,
                "terms": encode_terms(terms).hex(),
                "seeds": [each.hex() for each in seeds],
                "expect": {
                    "commitment": terms.commitment.hex(),
                    "plan_id": name.hex(),
                    "holdout": [e.hex() for e in draw_holdout(name, *seeds, MATCHES[:of], held)],
                },
            }
        )
    return {
        "comment": "The holdout from the seed of who proposed, and that of who signed",
        "section": "conversation-v1 §7.1, §7.4",
        "cases": cases,
    }


class _Log:
    """Writes entries of both sides about one plan that the responder proposes."""

    def __init__(self, terms: Terms) -> None:
        self.terms, self.entries = terms, list[PlanEntry]()
        self._numbers = {INITIATOR: count(1), RESPONDER: count(1)}

    def say(self, role: int, step: int, said: Said, seen: int | None = None) -> "_Log":
        """Say something; without `seen`, after all that the other has said."""
        known = sum(each.role != role for each in self.entries) if seen is None else seen
        self.entries.append(_entry(self.terms, role, next(self._numbers[role]), known, step, said))
        return self

    def signed(self) -> "_Log":
        """Propose and sign."""
        owners = ("",) * len(self.terms.lines)
        self.say(RESPONDER, 1, Said(terms=self.terms))
        return self.say(INITIATOR, 2, Said(seed=SEEDS[1], owners=owners))

    def running(self) -> "_Log":
        """Propose, sign and open."""
        return self.signed().say(RESPONDER, 4, Said(seed=SEEDS[0]))

    def reconcile(self, role: int, base: tuple[int, int], *, wrong: bool = False) -> "_Log":
        """Say that the results are what the entries of a base come to, or something else."""
        state = state_of_plan(SID, self.entries)
        held = [bytes.fromhex(str(each)) for each in _listed(state["holdout"])]
        based = [each for each in self.entries if each.step == 6 and each.number <= base[each.role]]
        digest = digest_of(self.entries[0].plan, tables_of(self.terms, held, based))
        return self.say(role, 7, Said(base=base, digest=bytes(32) if wrong else digest))

    def lose(self, role: int, number: int) -> "_Log":
        """Lose an entry on the way."""
        self.entries = [each for each in self.entries if (each.role, each.number) != (role, number)]
        return self


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _logs() -> Iterator[tuple[str, _Log]]:
    i, r = INITIATOR, RESPONDER
    seed, wrong = Said(seed=SEEDS[0]), Said(seed=bytes(32))
    nobody, won = Said(words="Not this quarter"), Said(reports={FIRST: (1, 1, 1, 4, 5_000_000)})
    met = Said(spent=70, reports={FIRST: (2, 1, 0, 2, None), SECOND: (0, 0, 0, 1, None)})
    yield "a proposal", _Log(TERMS).say(r, 1, Said(terms=TERMS))
    yield "it is declined", _Log(TERMS).say(r, 1, Said(terms=TERMS)).say(i, 3, nobody)
    yield "declined, and then signed", _Log(TERMS).say(r, 1, Said(terms=TERMS)).say(i, 3, nobody).say(i, 2, seed)
    yield "signed, and not opened", _Log(TERMS).signed()
    yield "opened", _Log(TERMS).running()
    yield "opened with another seed", _Log(TERMS).signed().say(r, 4, wrong).say(r, 4, seed)
    yield "opened by who signed", _Log(TERMS).signed().say(i, 4, seed)
    yield (
        "signed by who proposed",
        _Log(TERMS).say(r, 1, Said(terms=TERMS)).say(r, 2, Said(seed=SEEDS[1], owners=("", ""))),
    )
    before = _Log(TERMS).say(r, 1, Said(terms=TERMS))
    yield (
        "signed as if the proposal had not been seen: it comes before it",
        before.say(i, 2, Said(seed=SEEDS[1], owners=("", "")), seen=0),
    )
    yield "the opening was lost: what comes behind it waits", _Log(TERMS).running().say(r, 6, won).lose(r, 2)
    yield "a report before the opening", _Log(TERMS).signed().say(i, 6, won).say(r, 4, seed)
    led = _terms(SID, r, MATCHES[:6], leads={each: 1 + n % 3 for n, each in enumerate(MATCHES[:6])})
    held = [bytes.fromhex(str(e)) for e in _listed(state_of_plan(SID, _Log(led).running().entries)["holdout"])]
    for match in (held[0], *[each for each in MATCHES[:6] if each not in held]):
        where = (
            "in the holdout" if match in held else ("led by 1", "led by 2", "led by both")[led.leads[match] - 1]
        )
        for role in (i, r):
            line: Next = (role + 1, DAY + 5, "Call")
            yield (
                f"side {role + 1} changes a line {where}",
                _Log(led).running().say(role, 5, Said(lines={match: line})),
            )
    theirs = next(each for each in MATCHES[:6] if each not in held and led.leads[each] == 2)
    owner = Said(assigned={theirs: "Ann", held[0]: "Bo"})
    yield "owners, where the other leads, and in the holdout", _Log(led).running().say(i, 8, owner)
    both = _Log(TERMS).running().say(i, 6, met).say(r, 6, won)
    yield "one side has reconciled", both.reconcile(i, (2, 3))
    agreed = _Log(TERMS).running().say(i, 6, met).say(r, 6, won).reconcile(i, (2, 3)).reconcile(r, (3, 3))
    yield "both have", agreed
    after = _Log(TERMS).running().say(i, 6, met).reconcile(i, (2, 2)).reconcile(r, (3, 2)).say(r, 6, won)
    yield "a report afterwards", after
    crossed = _Log(TERMS).running().say(i, 6, met).reconcile(i, (2, 2)).say(r, 6, won, seen=2).reconcile(r, (2, 3))
    yield "a report that crosses: the numbers differ", crossed
    late = _Log(TERMS).running().say(i, 6, met).say(r, 6, won).reconcile(i, (2, 3)).say(r, 6, met)
    yield "one reconciles older numbers than it reported", late.reconcile(r, (3, 3))
    false = _Log(TERMS).running().say(i, 6, met).say(r, 6, won).reconcile(i, (2, 3))
    yield "other numbers than were reported", false.reconcile(r, (3, 3), wrong=True)
    closed = _Log(TERMS).running().reconcile(i, (1, 2)).reconcile(r, (2, 2))
    yield (
        "other numbers, dated back before both had reconciled",
        closed.say(i, 7, Said(base=(1, 2), digest=bytes(32)), seen=2),
    )


def states() -> Json:
    """Logs of both sides about a plan, and what is so."""
    cases = [
        {
            "comment": what,
            "entries": list(map(_described, log.entries)),
            "expect": state_of_plan(SID, log.entries),
        }
        for what, log in _logs()
    ]
    return {
        "comment": "What both sides said about one plan, in any order. Expected: the state, the holdout, by match "
        "who acts, the day and the next step, by side and match the owner, by side whether its last results "
        "hold, and the entries that "
        "are passed over by role and number",
        "section": "conversation-v1 §7.3, §7.4, §7.5",
        "sid": SID.hex(),
        "cases": cases,
    }


def _reported(matches: list[bytes], results: list[int], meetings: int = 0) -> dict[bytes, Report]:
    return {
        match: (1 if result > 1 else 0, meetings, 0, result, None)
        for match, result in zip(matches, results, strict=True)
    }


def _reports() -> Iterator[tuple[str, Terms, list[bytes], list[PlanEntry]]]:
    """Return what reports show, terms, holdout and entries."""
    small, large = TERMS, _terms(SID, RESPONDER, MATCHES, holdout=12)
    held = MATCHES[::3][:12]

    def log(terms: Terms, *said: tuple[int, Said]) -> list[PlanEntry]:
        numbers = {INITIATOR: count(2), RESPONDER: count(3)}
        return [_entry(terms, role, next(numbers[role]), 3, 6, each) for role, each in said]

    one: dict[bytes, Report] = {FIRST: (4, 2, 1, 4, 1_234_500), SECOND: (1, 0, 0, 2, 0)}
    two: dict[bytes, Report] = {FIRST: (0, 1, 0, 3, None), SECOND: (0, 0, 0, 0, None)}
    yield "nothing was reported", small, [SECOND], []
    yield "both report", small, [SECOND], log(small, (0, Said(spent=5, reports=one)), (1, Said(reports=two)))
    again = log(small, (0, Said(spent=5, reports=one)), (0, Said(spent=7)), (0, Said(reports={FIRST: two[FIRST]})))
    yield "the last report counts", small, [SECOND], again
    for what, hits in (
        ("more than the holdout", lambda match: 4 if match not in held else 1),
        ("fewer than the holdout", lambda match: 4 if match in held else 1),
        ("no difference shown", lambda match: (3, 1, 5, 2)[MATCHES.index(match) % 4]),
        ("three won: too few", lambda match: 4 if match in MATCHES[:3] else 1),
        ("one is not reported", lambda match: 0 if match == FIRST else 2),
    ):
        reports = _reported(MATCHES, [hits(each) for each in MATCHES])
        yield what, large, held, log(large, (0, Said(reports=reports)), (1, Said(reports=reports)))
    few = _terms(SID, RESPONDER, MATCHES, holdout=9)
    half = _reported(MATCHES, [4, 1] * 20)
    yield "nine in the holdout: too few", few, MATCHES[:9], log(few, (1, Said(reports=half)))


def results() -> Json:
    """Reports, and the tables that follow from them."""
    cases = []
    for what, terms, held, entries in _reports():
        tables, name = tables_of(terms, held, entries), plan_id(SID, RESPONDER, terms)
        cases.append(
            {
                "comment": what,
                "terms": encode_terms(terms).hex(),
                "holdout": [each.hex() for each in held],
                "entries": list(map(_described, entries)),
                "expect": {
                    **dict(zip(("accounts", "comparison", "budget"), (e.decode() for e in tables), strict=True)),
                    "digest": digest_of(name, tables).hex(),
                },
            }
        )
    return {
        "comment": "Entries with reports that count, and the tables; the holdout is given, and not drawn",
        "section": "conversation-v1 §7.5",
        "sid": SID.hex(),
        "proposer": RESPONDER,
        "cases": cases,
    }
