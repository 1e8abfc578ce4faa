"""Lengths, preview columns, openings, consents and token tables that a reader must refuse (psi-v1 §5)."""

from collections.abc import Callable

from protocols.reference.cases_session import SMALL
from protocols.reference.labels import commitment, consent
from protocols.reference.matching import Table
from protocols.reference.party import INITIATOR, RESPONDER
from protocols.reference.refusals import Case, replaced
from protocols.reference.session import Played
from protocols.reference.tables import flat

COMMITMENTS_AT = 32 + 8
"""Where the commitments stand in message 2 of the small session, behind nonce and channel key."""


def lengths(session: Played) -> list[Case]:
    """Send every body a byte short and a byte long, and those of varying length beyond their limits."""
    cases = []
    for n, body in enumerate(session.bodies, 1):
        # A body within its limits is refused by what stands in it.
        rule = {6: "row-count", 7: "row-count", 8: "field-length", 9: "field-length"}.get(n, "length")
        cases += [
            Case(f"message {n}, one byte short", rule, n, body[:-1]),
            Case(f"message {n}, one byte long", rule, n, body + b"\x00"),
            Case(f"message {n}, empty", "row-count" if n == 7 else rule if n == 8 else "length", n, b""),
        ]
    return cases


def _exchanged(column: bytes, _: list[int]) -> bytes:
    return column[16:32] + column[:16] + column[32:]


def _twice(column: bytes, _: list[int]) -> bytes:
    return column[:16] + column[:16] + column[32:]


def _in_two_segments(column: bytes, sizes: list[int]) -> bytes:
    """Put the first token of the first segment into the last segment too, in its order."""
    start = 16 * sum(sizes[:-1])
    last = [column[i : i + 16] for i in range(start, len(column), 16)]
    return column[:start] + b"".join(sorted([column[:16], *last[1:]]))


COLUMNS: list[tuple[str, Callable[[bytes, list[int]], bytes]]] = [
    ("two tokens exchanged", _exchanged),
    ("a token twice in a segment", _twice),
    ("a token in two segments", _in_two_segments),
]


def previews(session: Played) -> list[Case]:
    """Columns out of order, in message 3 and, under a commitment that fits, in message 4."""
    sid, (opening, *_), cases = session.preview.sid, session.preview.openings, []
    for what, change in COLUMNS:
        v0 = change(session.bodies[2][32:], SMALL.sizes[1])
        cases.append(Case(f"message 3: {what}", "order", 3, session.bodies[2][:32] + v0))
        u0 = change(session.bodies[3][64:], SMALL.sizes[0])
        two = replaced(session.bodies[1], COMMITMENTS_AT, commitment("preview", sid, opening, u0))
        cases.append(Case(f"message 4: {what}, as committed", "order", 4, session.bodies[3][:64] + u0, {2: two}))
    return cases


def openings(session: Played) -> list[Case]:
    """Openings and columns that do not fit the commitments of message 2."""
    four, five, six = session.bodies[3:6]
    return [
        Case("message 4: another opening", "opening", 4, bytes(32) + four[32:]),
        Case("message 4: another column", "opening", 4, replaced(four, -16, bytes(16))),
        Case("message 5: another opening", "opening", 5, bytes(32) + five[32:]),
        Case("message 5: another table", "opening", 5, replaced(five, -16, bytes(16))),
        Case("message 6: another opening", "opening", 6, bytes(32) + six[32:]),
        Case("message 6: another table", "opening", 6, replaced(six, 32, bytes(16))),
        Case("message 6: the opening of the preview", "opening", 6, four[:32] + six[32:]),
    ]


def consents(session: Played) -> list[Case]:
    """Consents to other counts, in another role, or for another session."""
    sid, counts = session.preview.sid, session.preview.counts
    other = [[counts[0][0] + 1, *counts[0][1:]], *counts[1:]]
    cases = []
    for n, role in ((4, RESPONDER), (5, INITIATOR)):
        for what, said in (
            ("to other counts", consent(sid, role, other)),
            ("in the reader's role", consent(sid, 1 - role, counts)),
            ("for another session", consent(bytes(32), role, counts)),
        ):
            cases.append(
                Case(f"message {n}: consent {what}", "consent", n, replaced(session.bodies[n - 1], 32, said))
            )
    return cases


def _with_cell(table: Table, row: int, slot: int, token: bytes) -> Table:
    return [[token if (r, s) == (row, slot) else t for s, t in enumerate(cells)] for r, cells in enumerate(table)]


def token_tables(session: Played) -> list[Case]:
    """Tables that repeat a token or do not fit the preview, in messages 5 and 6, as committed."""
    pre, cases = session.preview, []
    twice = ("a token twice", "repeated-token", lambda table: _with_cell(table, 0, 2, table[1][1]))
    other = ("another token in slot 0", "preview-column", lambda table: _with_cell(table, 0, 0, bytes(16)))
    swapped = (
        "rows of two segments exchanged",
        "preview-column",
        lambda table: [table[-1], *table[1:-1], table[0]],
    )
    for what, rule, change in (twice, other, swapped):
        v = change(pre.v)
        three = replaced(session.bodies[2], 0, commitment("initiator-table", pre.sid, pre.openings[2], flat(v)))
        cases.append(
            Case(f"message 5: {what}, as committed", rule, 5, session.bodies[4][:64] + flat(v), {3: three})
        )
        u = change(pre.u)
        committed = commitment("table", pre.sid, pre.openings[1], flat(u))
        six = replaced(session.bodies[5], 32, flat(u))
        instead = {2: replaced(session.bodies[1], COMMITMENTS_AT + 32, committed)}
        cases.append(Case(f"message 6: {what}, as committed", rule, 6, six, instead))
    return cases
