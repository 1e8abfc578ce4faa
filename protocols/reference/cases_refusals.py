"""Messages that a reader must refuse, in the session of session.json (psi-v2 §5.4, §7, §9)."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from protocols.reference import shown
from protocols.reference.cases_functions import LOW_ORDER, point_on_twist
from protocols.reference.cases_session import SMALL, small_parties
from protocols.reference.curve import P
from protocols.reference.matching import Match, encode_claims
from protocols.reference.party import INITIATOR, RESPONDER, ROLES, Party
from protocols.reference.reader import Reader, RefusedError, pieces
from protocols.reference.session import Comparison, Played, field_block, join, play, rows
from protocols.reference.suite import consent
from protocols.reference.tables import segment_of

CONSENT = 32
NOT_CANONICAL = [n.to_bytes(32, "little") for n in (P, P + 1, 2**255 - 1, 2**255 + 2)]


@dataclass(frozen=True)
class Case:
    """One message in the small session.

    Attributes:
        comment: what is wrong with it, or what is not.
        rule: name of the rule that refuses it, or None if it must be taken.
        message: its number.
        body: its body.
        instead: earlier bodies that differ from those of the session, by their number; the reader takes them.
        at: number of the message that is due, if another.
    """

    comment: str
    rule: str | None
    message: int
    body: bytes
    instead: dict[int, bytes] = field(default_factory=dict)
    at: int | None = None

    def describe(self) -> dict[str, Any]:
        """Write the case for a file; `ends` says whether the session must be over then (psi-v2 §9)."""
        harmless = {"length", "section-length", "not-due", None}
        due = self.at or self.message
        return {
            "comment": self.comment,
            "receiver": ROLES[due % 2],
            "instead": {str(n): body.hex() for n, body in self.instead.items()},
            "due": due,
            "message": self.message,
            "body": self.body.hex(),
            "ends": self.message in {6, 7, 8, 9} and self.rule not in harmless,
            "expect": f"refuse: {self.rule}" if self.rule else "accept",
        }


@cache
def small() -> tuple[Party, Party, Played]:
    """Play the small session once."""
    i, r = small_parties()
    return i, r, play(i, r, SMALL)


def body(number: int) -> bytes:
    """Return a body of the small session."""
    return small()[2].bodies[number - 1]


def comparison() -> Comparison:
    """Return the comparison of the first rectangle."""
    return small()[2].comparisons[0]


def replaced(data: bytes, start: int, new: bytes) -> bytes:
    """Put other bytes in a place; from the end if `start` is negative."""
    start %= len(data)
    return data[:start] + new + data[start + len(new) :]


def sections(number: int) -> list[bytes]:
    """Return the sections of a body."""
    data = body(number)
    head = CONSENT if number in (3, 4) else 0
    count = 3 if number in (8, 9) else 2
    lengths = [int.from_bytes(data[head + 8 * n : head + 8 * n + 8], "big") for n in range(count)]
    start, found = head + 8 * count, []
    for length in lengths:
        found.append(data[start : start + length])
        start += length
    return found


def with_first_section(number: int, section: bytes) -> bytes:
    """Return a body whose first section is another."""
    data = body(number)
    head = data[:CONSENT] if number in (3, 4) else b""
    tail = data[-64:] if number == 9 else b""
    return head + join([section, *sections(number)[1:]]) + tail


def lengths() -> list[Case]:
    """Every body a byte short and a byte long, and sections that do not fit."""
    cases = []
    for number in range(1, 11):
        rule = "section-length" if number in (6, 8, 9) else "length"
        data = body(number)
        cases += [
            Case(f"message {number}, one byte short", rule, number, data[:-1]),
            Case(f"message {number}, one byte long", rule, number, data + b"\x00"),
            Case(f"message {number}, empty", "length", number, b""),
        ]
    cases.append(Case("stop with a byte", "length", 15, b"\x00", at=4))
    for number in (3, 4, 5, 7):
        data = body(number)
        first = CONSENT if number in (3, 4) else 0
        changed = [
            ("the first length one less", (int.from_bytes(data[first : first + 8], "big") - 1).to_bytes(8, "big")),
            ("a length beyond all", b"\xff" * 8),
        ]
        cases += [
            Case(f"message {number}, {what}", "section-length", number, replaced(data, first, new))
            for what, new in changed
        ]
    six, eight = sections(6), sections(8)
    cases += [
        Case(
            "message 6, a byte moved to the second section",
            "section-length",
            6,
            join([six[0][:3], six[0][3:] + six[1]]),
        ),
        Case("message 6, one section", "section-length", 6, join(six[:1])),
        Case("message 6, three sections", "section-length", 6, join([*six, b""])),
        Case("message 8, no totals, not even empty ones", "section-length", 8, join(eight[:2])),
        Case("message 8, empty totals", None, 8, join([*eight[:2], b""])),
    ]
    return cases


def not_due() -> list[Case]:
    """Messages of another place."""
    return [
        Case("message 3 again", "not-due", 3, body(3), at=5),
        Case("message 5 before consent", "not-due", 5, body(5), at=3),
        Case("message 6 in place of 4", "not-due", 6, body(6), at=4),
        Case("stop in place of 8", "not-due", 15, b"", at=8),
        Case("stop in place of 9", "not-due", 15, b"", at=9),
        Case("stop in place of 2", "not-due", 15, b"", at=2),
        *[Case(f"stop in place of {n}", None, 15, b"", at=n) for n in (3, 4, 6, 7)],
    ]


def previews() -> list[Case]:
    """Messages 1 and 2 (psi-v2 §5.4, §7.1)."""
    array = {1: len(body(1)) - 512, 2: len(body(2)) - 512}
    cases = []
    for number in (1, 2):
        data = body(number)
        cases += [
            Case(f"message {number}: no bit set", "density", number, replaced(data, array[number], bytes(512))),
            Case(
                f"message {number}: all bits set", "density", number, replaced(data, array[number], b"\xff" * 512)
            ),
            Case(f"message {number}: a bit flipped", None, number, replaced(data, -1, bytes([data[-1] ^ 1]))),
        ]
    cases.append(Case("message 2: the reader's own nonce", "nonce", 2, replaced(body(2), 0, body(1)[:32])))
    return cases


def consents() -> list[Case]:
    """Consents after another transcript, in another role, or for another session."""
    _, _, played = small()
    cases = []
    for number, role in ((3, INITIATOR), (4, RESPONDER)):
        t, data = played.transcripts, body(number)
        for what, said in (
            ("after another transcript", consent(played.sid, role, t[number - 2])),
            ("in the reader's role", consent(played.sid, 1 - role, t[number - 1])),
            ("for another session", consent(bytes(32), role, t[number - 1])),
            ("that is nothing", bytes(32)),
        ):
            cases.append(Case(f"message {number}: consent {what}", "consent", number, replaced(data, 0, said)))
    return cases


def _translated(point: bytes) -> bytes:
    """Add the point of order two: 1/u. Every clamped scalar gives both the same product."""
    return pow(int.from_bytes(point, "little"), -1, P).to_bytes(32, "little")


def points() -> list[Case]:
    """The last point of the first section anew, in every way that is refused; bits behind the last row."""
    c, cases = comparison(), []
    for number in (3, 4, 7, 8):
        section = sections(number)[0]
        end = 32 * len(c.claims) if number == 8 else len(section)
        own = {3: sections(4)[0], 4: sections(3)[0], 7: b"".join(c.shares[1]), 8: b"".join(c.shares[0])}[number]
        before = section[end - 64 : end - 32]
        changes: list[tuple[str, str | None, bytes]] = [
            *[("a coordinate that is not canonical", "canonical", u) for u in NOT_CANONICAL],
            ("a point twice", "repeated", before),
            *[("a point of low order", "low-order", bytes.fromhex(u)) for u in LOW_ORDER],
        ]
        if number != 7:
            changes.append(("one of the reader's own points", "own", own[-32:]))
        if number in (3, 4):
            changes.append(("two points with the same product", "same-product", _translated(before)))
            changes.append(("a point of the twist", None, point_on_twist()))
        cases += [
            Case(
                f"message {number}: {what}",
                rule,
                number,
                with_first_section(number, replaced(section, end - 32, u)),
            )
            for what, rule, u in changes
        ]
    for number, size in ((3, 7), (4, 10)):
        section = sections(number)[0]
        last = size // 4
        set_bit = replaced(section, last, bytes([section[last] | 1]))
        cases.append(
            Case(
                f"message {number}: bits behind the last row", "bits", number, with_first_section(number, set_bit)
            )
        )
    return cases


def tokens() -> list[Case]:
    """Message 5 with a token twice."""
    section = sections(5)[0]
    return [
        Case("a token twice", "repeated-token", 5, with_first_section(5, replaced(section, -16, section[:16]))),
        Case(
            "a token twice in a row",
            "repeated-token",
            5,
            with_first_section(5, replaced(section, 16, section[:16])),
        ),
    ]


def _claiming(claims: list[Match]) -> bytes:
    return with_first_section(6, encode_claims(claims))


def _row_of(c: Comparison, account: str) -> int:
    return next(n for n, e in enumerate(c.x.origin) if e and e.account_ids == [account])


def claims() -> list[Case]:
    """Message 6: claims that the initiator must refuse (psi-v2 §7.6)."""
    c = comparison()
    honest = [claim for claim, _ in c.claims]
    by_account = {e.account_ids[0]: n for n, e in enumerate(c.entities[INITIATOR])}
    domain = by_account["I-4"]
    section = sections(6)[0]

    def naming(at: int, **changes: Any) -> bytes:
        made = [replace(claim, **changes) if n == at else claim for n, claim in enumerate(honest)]
        return _claiming(sorted(made, key=lambda claim: claim.x))

    label, name = by_account["I-2"], by_account["I-5"]
    keiki = _row_of(c, "I-3")
    alike = c.x.bits[honest[name].x]
    padding = next(n for n, e in enumerate(c.x.origin) if e is None and c.x.bits[n] == alike)
    free_v = next(n for n in range(10) if n not in {claim.v for claim in honest})
    without_domain = next(n for n in range(10) if not c.y.bits[c.v_order[n]][0] and n not in {m.v for m in honest})
    asked = Match(keiki, free_v, 0, ((1, 5),))
    return [
        Case("the honest claims", None, 6, body(6)),
        Case("one claim less", None, 6, _claiming([m for n, m in enumerate(honest) if n != label])),
        Case("cut inside a claim", "claim-length", 6, with_first_section(6, section[:-1])),
        Case(
            "a claim more than is there",
            "claim-length",
            6,
            with_first_section(6, (5).to_bytes(4, "big") + section[4:]),
        ),
        Case(
            "a claim fewer than is there",
            "claim-length",
            6,
            with_first_section(6, (3).to_bytes(4, "big") + section[4:]),
        ),
        Case("a claim without a pair", "pair-count", 6, naming(domain, pairs=())),
        Case("more pairs than slots", "pair-count", 6, naming(domain, pairs=((0, 0),) * 7)),
        Case("a row of X that does not exist", "row-range", 6, naming(domain, x=7)),
        Case("a row of V that does not exist", "row-range", 6, naming(domain, v=2**32 - 1)),
        Case("a row of X twice", "row-repeated", 6, naming(domain, x=honest[name].x)),
        Case("a row of V twice", "row-repeated", 6, naming(domain, v=honest[label].v)),
        Case("claims in another order", "row-repeated", 6, _claiming(honest[::-1])),
        Case("a slot that does not exist", "pair-slot", 6, naming(domain, pairs=((0, 6),))),
        Case("a slot that does not meet itself", "pair-slot", 6, naming(domain, pairs=((3, 3),))),
        Case("a slot of X twice", "pair-repeated", 6, naming(domain, pairs=((1, 1), (1, 2)))),
        Case("a slot of V twice", "pair-repeated", 6, naming(domain, pairs=((1, 1), (2, 1)))),
        Case("pairs in another order", "pair-repeated", 6, naming(domain, pairs=((1, 1), (0, 0)))),
        Case("slots of two name spaces", "pair-space", 6, naming(domain, pairs=((0, 1),))),
        Case("a domain that a row of V does not have", "pair-bits", 6, naming(domain, v=without_domain)),
        Case("a domain that a row of X does not have", "pair-bits", 6, naming(label, pairs=((0, 0),))),
        Case("a claim that the rule drops", "claim-dropped", 6, naming(name, pairs=((5, 4),))),
        Case(
            "without the sure claims what is asked about is dropped",
            "claim-dropped",
            6,
            _claiming([honest[label]]),
        ),
        Case("a row of padding", "row-padding", 6, naming(name, x=padding)),
        Case("a row without the key", "row-key", 6, naming(name, pairs=((1, 1), (5, 5)))),
        Case(
            "a claim that is made up, of keys that are there: taken until keys are exchanged",
            None,
            6,
            _claiming(sorted([*honest, asked], key=lambda claim: claim.x)),
        ),
    ]


def named_rows() -> list[Case]:
    """Message 7: rows that the responder must refuse (psi-v2 §7.7)."""
    c = comparison()
    honest = [c.v_order[claim.v] for claim, _ in c.claims]
    accounts = [e.account_ids[0] for e in c.entities[RESPONDER]]
    by_domain, by_name = accounts.index("R-6"), accounts.index("R-5")
    shares = sections(7)[0][4 * len(honest) :]

    def naming(at: int, row: int) -> bytes:
        return with_first_section(7, rows([row if n == at else kept for n, kept in enumerate(honest)]) + shares)

    origin, bits = c.y.origin, c.y.bits
    sizes = SMALL.sizes_in(0, RESPONDER)
    first_segment = next(n for n in range(10) if n not in honest and segment_of(n, sizes) == 0)
    padding = [n for n, e in enumerate(origin) if e is None and segment_of(n, sizes) == 1]
    exchanged = list(honest)
    exchanged[by_domain], exchanged[by_name] = honest[by_name], honest[by_domain]
    cases = [
        Case("a row that does not exist", "row-range", 7, naming(by_name, 10)),
        Case("the greatest number", "row-range", 7, naming(by_name, 2**32 - 1)),
        Case("a row twice", "row-repeated", 7, naming(by_name, honest[by_domain])),
        Case("a row of another segment", "row-segment", 7, naming(by_name, first_segment)),
        Case("two rows with other bits exchanged", "row-bits", 7, with_first_section(7, rows(exchanged) + shares)),
    ]
    for row in padding:
        at = by_name if bits[row] == bits[honest[by_name]] else by_domain
        if bits[row] == bits[honest[at]]:
            cases.append(Case("a row of padding", "row-padding", 7, naming(at, row)))
    label = accounts.index("R-4")
    swapped = list(honest)
    swapped[label], swapped[by_name] = honest[by_name], honest[label]
    cases.append(Case("a row without the key", "row-key", 7, with_first_section(7, rows(swapped) + shares)))
    return cases


def sealed_fields() -> list[Case]:
    """Messages 8 and 9: lengths that do not fit, and fields that do not open."""
    c, cases = comparison(), []
    for number, start in ((8, 32 * len(c.claims)), (9, 0)):
        section = sections(number)[0]
        asked = start + 4 * next(n for n, (_, outcome) in enumerate(c.claims) if outcome == "ask")
        revealed = start + 4 * next(n for n, (_, outcome) in enumerate(c.claims) if outcome == "reveal")
        length = int.from_bytes(section[revealed : revealed + 4], "big")
        for what, at, new in (
            ("shorter than a tag", revealed, 15),
            ("longer than agreed", revealed, SMALL.rectangles[0].field_bytes + 17),
            ("the greatest number", revealed, 2**32 - 1),
            ("one less than it is", revealed, length - 1),
            ("that of fields, of a match to ask about", asked, 17),
        ):
            changed = replaced(section, at, new.to_bytes(4, "big"))
            cases.append(
                Case(
                    f"message {number}: a length that is {what}",
                    "field-length",
                    number,
                    with_first_section(number, changed),
                )
            )
        altered = replaced(section, -1, bytes([section[-1] ^ 1]))
        cases.append(
            Case(f"message {number}: an altered tag", "field-open", number, with_first_section(number, altered))
        )
    return [*cases, _another_account(), *totals()]


def _another_account() -> Case:
    """The responder claims another row of ours that has keys in the same slots."""
    c = comparison()
    by_account = {e.account_ids[0]: n for n, e in enumerate(c.entities[INITIATOR])}
    keiki, label = _row_of(c, "I-3"), by_account["I-2"]
    made = [replace(claim, x=keiki) if n == label else claim for n, (claim, _) in enumerate(c.claims)]
    places = sorted(range(len(made)), key=lambda n: made[n].x)
    block = field_block(c, RESPONDER)
    lengths, texts = pieces(block[: 4 * len(made)], 4), block[4 * len(made) :]
    ends = [sum(int.from_bytes(length, "big") for length in lengths[: n + 1]) for n in range(len(made))]
    sealed = [texts[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    parts = (c.shares[RESPONDER], lengths, sealed)
    section = b"".join(part[n] for part in parts for n in places)
    return Case(
        "message 8, after message 6 claimed another account: the keys are not its own",
        "field-open",
        8,
        with_first_section(8, section),
        {6: _claiming([made[n] for n in places])},
    )


def totals() -> list[Case]:
    """Message 8: malformed totals."""
    bad = shown.encode_totals([(0, 0, "", 1)])
    return [Case("message 8: totals with a segment", "totals", 8, join([*sections(8)[:2], bad]))]


def receipts() -> list[Case]:
    """Signatures that are altered, or the reader's own."""
    nine, ten = body(9), body(10)
    return [
        Case("message 9: no signature", "receipt", 9, nine[:-64] + bytes(64)),
        Case("message 9: the reader's own signature", "receipt", 9, nine[:-64] + ten),
        Case("message 10: no signature", "receipt", 10, bytes(64)),
        Case("message 10: the reader's own signature", "receipt", 10, nine[-64:]),
    ]


DUE = {
    INITIATOR: {2: {2}, 4: {4, 15}, 6: {6, 15}, 8: {8}, 10: {10}},
    RESPONDER: {1: {1}, 3: {3, 15}, 5: {5}, 7: {7, 15}, 9: {9}},
}
"""Which messages each role takes where a message is due (psi-v2 §9)."""


def rule_of(case: Case) -> str | None:
    """Read a case, and return the rule that refuses it."""
    i, r, played = small()
    due = case.at or case.message
    role = due % 2
    if case.message not in DUE[role][due]:
        return "not-due"
    bodies = {n: case.instead.get(n, body(n)) for n in range(1, due)}
    drawn = [i.drawn[f"key_shares {n}"] for n in range(len(SMALL.rectangles))]
    scalars = [pieces(data, 32) for data in drawn]
    partner = (i, r)[1 - role]
    try:
        Reader(played, SMALL, role, bodies, partner.signing_seed, scalars).read(case.message, case.body)
    except RefusedError as refused:
        return str(refused)
    return None


def refusals(comment: str, section: str, make: Callable[[], list[Case]]) -> Callable[[], dict[str, Any]]:
    """Write cases against session.json.

    Raises:
        ValueError: the reference reads a case in another way than the case says.
    """

    def written() -> dict[str, Any]:
        for case in make():
            if rule_of(case) != case.rule:
                raise ValueError(f"{case.comment}: {rule_of(case)} in place of {case.rule}")
        cases = [case.describe() for case in make()]
        return {"comment": comment, "section": section, "session": "session.json", "cases": cases}

    return written
