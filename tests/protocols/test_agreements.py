"""Agreements against the vectors: what they fix, and which are refused (trust-v1 §4, §5)."""

from dataclasses import asdict

import pytest
from accountmap.session.rectangles import run_parameters

from accountmap.errors import TrustError
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import first_transcript
from accountmap.trust.identity import Card
from tests.protocols.vectors import Json, cases, comment

INITIATOR, RESPONDER = (Card.parse(case["card"].encode()) for case in cases("message/cards.json"))


def taken(document: str) -> Agreement:
    """Read an agreement as a party does before it signs, and before a session."""
    agreement = Agreement.parse(document.encode())
    agreement.check_signatures((INITIATOR, RESPONDER))
    if agreement.complete:
        run_parameters(agreement)
    return agreement


@pytest.mark.parametrize("case", cases("message/agreements.json"), ids=comment)
def test_what_an_agreement_fixes(case: Json) -> None:
    agreement, expected = taken(case["agreement"]), case["expect"]
    assert agreement.digest.hex() == expected["digest"]
    transcript = first_transcript(agreement.digest, INITIATOR.digest, RESPONDER.digest)
    assert transcript.hex() == expected["transcript"]
    assert list(run_parameters(agreement).rest_bytes) == expected["rest_bytes"]
    spaces = [slot.space for slot in agreement.terms.slots]
    for session, described in zip(run_parameters(agreement).sessions, expected["sessions"], strict=True):
        made = asdict(session) | {"context": session.context.hex(), "spaces": spaces[: session.slots]}
        made |= {"weights": list(session.weights), "sizes": [list(sizes) for sizes in session.sizes]}
        assert made == described


@pytest.mark.parametrize("case", cases("message/refuse_agreements.json"), ids=comment)
def test_agreements(case: Json) -> None:
    if case["expect"] == "accept":
        assert taken(case["agreement"]).terms == taken(cases("message/agreements.json")[0]["agreement"]).terms
        return
    with pytest.raises(TrustError):
        taken(case["agreement"])
