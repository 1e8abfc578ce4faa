"""Which header is due, as the mailbox decides it, against the vectors."""

import pytest

from accountmap.model import Strength, WeakSlots
from accountmap.psi.parameters import MatchClass, MessageType, Parameters, Rectangle, Slot
from accountmap.session.inbox import Expected, refusal
from accountmap.trust.envelope import Header
from tests.protocols.identities import FIRST as SENDER
from tests.protocols.identities import SECOND as RECIPIENT
from tests.protocols.vectors import Json, cases, comment, load

VECTOR = load("message/refuse_not_due.json")
RULES = {
    "sender": "it is not from this partner",
    "recipient": "it is meant for somebody else",
    "agreement": "it belongs to another agreement",
    "role": "it comes from the wrong role",
    "type": "another message is due now",
    "transcript": "it belongs to another session",
    "session": "it belongs to another session",
    "expired": "it has expired",
    "agreed-length": "its length is not what the agreement allows",
}
"""What the mailbox says where a rule of message-v2 §3 is broken."""

ROWS, SLOTS = VECTOR["initiator_rows"], VECTOR["slots"]
PARAMETERS = Parameters(
    context=bytes(32),
    slots=tuple(Slot(b"name", SLOTS - n, Strength.STRONG) for n in range(SLOTS)),
    weak=WeakSlots.NONE,
    threshold=1,
    classes=(MatchClass((0,)),),
    rectangles=(Rectangle(((0,), (0,)), 0),),
    sizes=((ROWS,), (1,)),
    sketch_bytes=(0, 0),
    totals_bytes=(0, 0),
    channel_key_bytes=0,
)
DUE = Expected(
    due=frozenset({MessageType(VECTOR["due"]["type"])}),
    role=VECTOR["due"]["role"],
    agreement=bytes.fromhex(VECTOR["due"]["agreement"]),
    sender=SENDER.card,
    recipient=RECIPIENT.card,
    transcript=bytes.fromhex(VECTOR["due"]["transcript"]),
    session=bytes.fromhex(VECTOR["due"]["session"]),
    finished=frozenset(),
    body_limits=PARAMETERS.body_limits,
    now=VECTOR["now"],
)


@pytest.mark.parametrize("case", cases("message/refuse_not_due.json"), ids=comment)
def test_only_the_header_that_is_due_is_taken(case: Json) -> None:
    header = Header.decode(bytes.fromhex(case["header"]))
    rule = case["expect"].removeprefix("refuse: ")
    assert refusal(header, header.file_bytes, DUE) == RULES.get(rule)


def test_a_file_of_another_length_is_not_taken() -> None:
    header = Header.decode(bytes.fromhex(cases("message/refuse_not_due.json")[0]["header"]))
    assert "cut short" in str(refusal(header, header.file_bytes - 1, DUE))
    assert "added" in str(refusal(header, header.file_bytes + 1, DUE))
