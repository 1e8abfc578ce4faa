"""Headers that are well formed and not the one that is due (message-v2 §3)."""

from dataclasses import replace
from typing import Any

from protocols.reference.cases_message import answer_to, fields_of
from protocols.reference.cases_sealed import HEADER
from protocols.reference.envelope import Header

ROWS, SLOTS = 7, 2
OFFERED, ANSWERED = bytes(100), bytes(120)
BODY_BYTES = 32 + 8 + 2 + 32 * ROWS * SLOTS
DUE = replace(answer_to(answer_to(HEADER, OFFERED), ANSWERED), body_bytes=BODY_BYTES)
"""Message 3 of a session of one rectangle, in which the initiator has seven rows of two slots."""


def changed_headers() -> list[tuple[str, str, Header]]:
    """Return what is wrong, the rule that refuses it, and the header."""
    other = bytes([255]) * 32
    return [
        ("from another sender", "sender", replace(DUE, sender=other)),
        ("one of the reader's own messages sent back", "sender", answer_to(HEADER, OFFERED)),
        ("to another recipient", "recipient", replace(DUE, recipient=other)),
        ("under another agreement", "agreement", replace(DUE, agreement=other)),
        ("in the reader's role", "role", replace(DUE, role=1)),
        ("in no role", "role", replace(DUE, role=2)),
        ("an earlier message of the sender's", "type", replace(HEADER, created=DUE.created)),
        ("of another type", "type", replace(DUE, type=5)),
        ("of a conversation", "type", replace(DUE, type=16)),
        ("of a preview on its own", "type", replace(DUE, type=11)),
        ("of an unknown type", "type", replace(DUE, type=17)),
        ("after another transcript", "transcript", replace(DUE, transcript=other)),
        ("of another session", "session", replace(DUE, session=other)),
        ("of no session", "session", replace(DUE, session=bytes(32))),
        ("expired a second ago", "expired", replace(DUE, expires=DUE.created - 1)),
        ("one byte short of the agreed length", "agreed-length", replace(DUE, body_bytes=BODY_BYTES - 1)),
        ("one byte more than the agreed length", "agreed-length", replace(DUE, body_bytes=BODY_BYTES + 1)),
    ]


def not_due() -> dict[str, Any]:
    """All cases; the reader's clock stands at the due header's `created`."""
    accepted = [
        ("the header that is due", DUE),
        ("in its last second", replace(DUE, expires=DUE.created)),
    ]
    cases = [(what, "accept", header) for what, header in accepted]
    cases += [(what, f"refuse: {rule}", header) for what, rule, header in changed_headers()]
    return {
        "comment": "Message 3 is due, from the first card of cards.json to the second",
        "section": "message-v2 §3",
        "now": DUE.created,
        "initiator_rows": ROWS,
        "slots": SLOTS,
        "due": fields_of(DUE),
        "cases": [
            {"comment": what, "header": header.encode().hex(), "expect": expect} for what, expect, header in cases
        ],
    }
