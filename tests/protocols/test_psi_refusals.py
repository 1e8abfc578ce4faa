"""Every message that a reader must refuse, and that it refuses it for the rule that is broken."""

import re

import pytest

from accountmap.errors import PeerError
from accountmap.model import Role
from accountmap.psi.parameters import MessageType
from tests.protocols.replay import Side, bodies
from tests.protocols.vectors import Json, cases, comment, load

RULES = {
    "length": "bytes where the agreement allows",
    "canonical": "not canonical",
    "repeated": "the same value twice",
    "own": "one of our own values",
    "low-order": "point of low order",
    "same-product": "same product",
    "order": "out of order, or a token twice",
    "opening": "does not open the commitment",
    "consent": "consents to other counts",
    "repeated-token": "holds a token twice",
    "preview-column": "does not fit the preview column",
    "row-count": "more or fewer rows",
    "row-range": "a row twice, or one that does not exist",
    "row-repeated": "a row twice, or one that does not exist",
    "row-segment": "another segment",
    "row-padding": "no account of ours",
    "row-key": "without the key",
    "field-length": "lengths that the agreement does not allow|too short for the matches",
    "field-open": "do not open",
    "receipt": "not signed under the same receipt",
}
"""What the package says where a rule of psi-v1 §5 is broken."""

SESSION = load("psi/session.json")
HONEST = bodies(SESSION)
ALL = [
    *cases("psi/refuse_lengths.json"),
    *cases("psi/refuse_points.json"),
    *cases("psi/refuse_previews.json"),
    *cases("psi/refuse_openings.json"),
    *cases("psi/refuse_consents.json"),
    *cases("psi/refuse_tables.json"),
    *cases("psi/refuse_rows.json"),
    *cases("psi/refuse_row_counts.json"),
    *cases("psi/refuse_fields.json"),
    *cases("psi/refuse_receipts.json"),
]


def reader_of(case: Json) -> Side:
    """The reader of a case's message, after all messages before it."""
    side = Side(SESSION, Role[case["receiver"].upper()])
    side.until(case["message"], HONEST | {int(n): bytes.fromhex(body) for n, body in case["instead"].items()})
    return side


@pytest.mark.parametrize("case", [c for c in ALL if c["expect"] != "accept"], ids=comment)
def test_refused(case: Json) -> None:
    side = reader_of(case)
    rule = case["expect"].removeprefix("refuse: ")
    with pytest.raises(PeerError) as refused:
        side.take(case["message"], bytes.fromhex(case["body"]))
    assert re.search(RULES[rule], str(refused.value))


@pytest.mark.parametrize("case", [c for c in ALL if c["ends"]], ids=comment)
def test_a_refusal_in_the_reveal_ends_the_session(case: Json) -> None:
    side = reader_of(case)
    with pytest.raises(PeerError):
        side.take(case["message"], bytes.fromhex(case["body"]))
    assert side.session.due == frozenset()


@pytest.mark.parametrize("case", [c for c in ALL if c["expect"] == "accept"], ids=comment)
def test_taken(case: Json) -> None:
    reply = reader_of(case).take(case["message"], bytes.fromhex(case["body"]))
    assert reply is not None


def test_every_rule_has_a_case() -> None:
    assert {c["expect"].removeprefix("refuse: ") for c in ALL} == {*RULES, "accept"}


@pytest.mark.parametrize("number", range(1, 11))
def test_a_message_that_is_not_due_is_refused(number: int) -> None:
    side = Side(SESSION, Role(number % 2))
    side.until(number, HONEST)
    for other in MessageType:
        if other not in side.session.due:
            with pytest.raises(PeerError, match="not due"):
                side.session.receive(other, HONEST.get(other, b""))
