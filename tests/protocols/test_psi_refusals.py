"""Every message that a reader must refuse, and that it refuses it for the rule that is broken."""

import pytest

from accountmap.model import Role
from accountmap.psi.codec import RefusalError
from accountmap.psi.parameters import MessageType
from tests.protocols.replay import Player, bodies
from tests.protocols.vectors import Json, cases, comment, load

SESSION = load("psi/session.json")
HONEST = bodies(SESSION)
FILES = [
    "psi/refuse_claims.json",
    "psi/refuse_consents.json",
    "psi/refuse_fields.json",
    "psi/refuse_lengths.json",
    "psi/refuse_not_due.json",
    "psi/refuse_points.json",
    "psi/refuse_previews.json",
    "psi/refuse_receipts.json",
    "psi/refuse_rows.json",
    "psi/refuse_tokens.json",
]
ALL = [case for name in FILES for case in cases(name)]
REFUSED = [case for case in ALL if case["expect"] != "accept"]


def reader_of(case: Json) -> Player:
    """The reader of a case's message, after all messages before the one that is due."""
    player = Player(SESSION, Role[case["receiver"].upper()])
    player.until(case["due"], HONEST | {int(n): bytes.fromhex(body) for n, body in case["instead"].items()})
    return player


@pytest.mark.parametrize("case", REFUSED, ids=comment)
def test_refused_and_the_right_message_still_taken_unless_that_ends_it(case: Json) -> None:
    player = reader_of(case)
    with pytest.raises(RefusalError) as refused:
        player.take(case["message"], bytes.fromhex(case["body"]))
    assert refused.value.rule == case["expect"].removeprefix("refuse: ")
    assert (player.session.stopped is not None) is case["ends"]
    if not case["ends"]:
        player.take(case["due"], HONEST[case["due"]])


@pytest.mark.parametrize("case", [c for c in ALL if c["expect"] == "accept"], ids=comment)
def test_taken(case: Json) -> None:
    player = reader_of(case)
    player.take(case["message"], bytes.fromhex(case["body"]))
    assert (player.session.stopped is not None) is (case["message"] == MessageType.STOP)


@pytest.mark.parametrize("number", range(1, 11))
def test_a_message_that_is_not_due_is_refused(number: int) -> None:
    player = Player(SESSION, Role(number % 2))
    player.until(number, HONEST)
    for other in MessageType:
        if other not in player.session.due:
            with pytest.raises(RefusalError, match="not due"):
                player.session.receive(other, HONEST.get(other, b""))
