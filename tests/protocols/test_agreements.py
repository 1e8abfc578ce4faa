"""Agreements against the vectors: what they fix, and which are refused (trust-v2 §4, §5)."""

from typing import Any

import pytest

from accountmap.errors import TrustError
from accountmap.session.parameters import preview_parameters, session_parameters, sketch_positions
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import first_transcript
from accountmap.trust.identity import Card
from tests.protocols.vectors import Json, cases, comment

INITIATOR, RESPONDER = (Card.parse(case["card"].encode()) for case in cases("message/cards.json"))


def taken(document: str) -> Agreement:
    """Read an agreement as a party does before it signs, and before a session."""
    agreement = Agreement.parse(document.encode())
    agreement.check_signatures((INITIATOR, RESPONDER))
    if agreement.complete and not agreement.is_preview:
        session_parameters(agreement)
    return agreement


def digests_of(agreement: Agreement) -> dict[str, str]:
    transcript = first_transcript(agreement.digest, INITIATOR.digest, RESPONDER.digest)
    return {"digest": agreement.digest.hex(), "transcript": transcript.hex()}


def sketches_of(agreement: Agreement) -> list[dict[str, Any]]:
    kind = {"sketch": "plain", "segments": "segments"}[agreement.terms.preview]
    return [{"kind": kind, "rows": list(each.rows), "epsilon": each.epsilon.value} for each in agreement.sketches]


def session_of(agreement: Agreement) -> dict[str, Any]:
    """Describe the parameters as the vectors do."""
    found = session_parameters(agreement)
    return {
        "context": found.context.hex(),
        "slots": [
            {
                "space": slot.space.decode(),
                "weight": slot.weight,
                "tier": slot.tier.name.lower(),
                "says": slot.says.value,
                "meets_itself": slot.meets_itself,
            }
            for slot in found.slots
        ],
        "weak": found.weak.value,
        "threshold": found.threshold,
        "classes": [
            {
                "leads": list(each.leads),
                "with": list(each.with_any),
                "tolerates": sorted(str(one.name).lower() for one in each.tolerates),
                "sure": each.sure,
                "reveal_up_to": each.reveal_up_to,
                "ask_up_to": each.ask_up_to,
            }
            for each in found.classes
        ],
        "rectangles": [
            {"segments": [list(side) for side in each.segments], "field_bytes": each.field_bytes}
            for each in found.rectangles
        ],
        "sizes": [list(sizes) for sizes in found.sizes],
        "sketches": sketches_of(agreement),
        "channel_key_bytes": found.channel_key_bytes,
        "totals_bytes": list(found.totals_bytes),
    }


@pytest.mark.parametrize("case", cases("message/agreements.json"), ids=comment)
def test_what_an_agreement_fixes(case: Json) -> None:
    agreement, expected = taken(case["agreement"]), case["expect"]
    for each in expected["session"]["classes"]:
        each["tolerates"] = sorted(each["tolerates"])
    assert digests_of(agreement) | {"session": session_of(agreement)} == expected


@pytest.mark.parametrize("case", cases("message/preview_agreements.json"), ids=comment)
def test_what_a_preview_agreement_fixes(case: Json) -> None:
    if "refuse" in case["expect"]:
        with pytest.raises(TrustError):
            assert not taken(case["agreement"]).is_preview
            raise TrustError("the format of an agreement")
        return
    agreement = taken(case["agreement"])
    assert agreement.is_preview
    found = preview_parameters(agreement)
    about = {"context": found.context.hex(), "sketches": sketches_of(agreement)}
    assert digests_of(agreement) | about == case["expect"]
    bits = 1 if agreement.terms.preview == "sketch" else 2
    lengths = tuple(16 + bits * sketch_positions(each) // 8 for each in agreement.sketches)
    assert found.sketch_bytes == lengths


@pytest.mark.parametrize("case", cases("message/refuse_agreements.json"), ids=comment)
def test_agreements(case: Json) -> None:
    if case["expect"] == "accept":
        assert taken(case["agreement"]).terms == taken(cases("message/agreements.json")[0]["agreement"]).terms
        return
    with pytest.raises(TrustError):
        taken(case["agreement"])
