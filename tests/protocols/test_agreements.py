"""Agreements against the vectors: what they fix, and which are refused (trust-v2 §4, §5)."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from accountmap.errors import TrustError
from accountmap.model import Role
from accountmap.session import parameters, sign_agreement
from accountmap.session.parameters import preview_parameters, session_parameters, sketch_positions
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import first_transcript
from tests.protocols.identities import FIRST, SECOND, workspace_of
from tests.protocols.vectors import Json, cases, comment, load

INITIATOR, RESPONDER = FIRST.card, SECOND.card
SIGNING_RULES = {
    "parties": "between other parties|not one of your partners|names a card or a company",
    "segments": "other segments than this program",
    "date": "in the future|older than the one",
    "changed": "not made in this workspace",
    "text": "it is not text",
    "size": "the file is too large",
}


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
                "strength": slot.strength.name.lower(),
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
    (rule,) = agreement.terms.credit
    assert digests_of(agreement) | {"credit_rule": rule.digest, "session": session_of(agreement)} == expected


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


def document_of(case: Json) -> bytes:
    if "repeat" in case:
        part, times = case["repeat"]
        return part.encode() * times
    return bytes.fromhex(case["bytes"]) if "bytes" in case else case["agreement"].encode()


def signed_by_both(like: Agreement, created: datetime) -> Agreement:
    """Return the same agreement with another date."""
    proposal = Agreement.propose(replace(like.terms, created=created), like.parties[0], FIRST)
    return proposal.accept(like.parties[1], SECOND)


def readers_of(case: Json) -> tuple[Role, ...]:
    """Return who reads an agreement: the initiator takes back what it proposed, the responder anything."""
    if "proposed" in case:
        return (Role.INITIATOR,)
    return (Role.RESPONDER,) if case["expect"] == "accept" else tuple(Role)


@pytest.mark.parametrize("case", cases("message/before_signing.json"), ids=comment)
def test_before_signing(case: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table that the vectors name does not exist, so the program is given its digest in place of its own."""
    first = Agreement.parse(cases("message/before_signing.json")[0]["agreement"].encode())
    monkeypatch.setattr(parameters, "data_digests", lambda: first.terms.data)
    monkeypatch.setattr(parameters, "CANONICAL_VERSION", first.terms.canonical)
    now = datetime.fromisoformat(case.get("now", load("message/before_signing.json")["now"]))
    for role in readers_of(case):
        own, other = (FIRST, SECOND) if role is Role.INITIATOR else (SECOND, FIRST)
        workspace, partner = workspace_of(tmp_path / role.label, own, other)
        if "proposed" in case:
            workspace.save_agreement(partner, Agreement.parse(case["proposed"].encode()), now)
        if "last" in case:
            last = signed_by_both(first, datetime.fromisoformat(case["last"]))
            workspace.save_agreement(partner, last, now)
        before = workspace.agreements(partner)
        if case["expect"] == "accept":
            signed = sign_agreement(workspace, document_of(case), now, sizes_confirmed=True)
            assert workspace.agreements(partner) == [signed, *before]
            assert signed.document == case["agreement"]
            continue
        with pytest.raises(TrustError) as refused:
            sign_agreement(workspace, document_of(case), now, sizes_confirmed=True)
        assert re.search(SIGNING_RULES[case["expect"].removeprefix("refuse: ")], str(refused.value))
        assert workspace.agreements(partner) == before
