"""Proposing, signing and ending agreements in a workspace: what is verified first, and what needs a person."""

from datetime import timedelta
from pathlib import Path

import pytest

from accountmap.errors import TrustError
from accountmap.model import MatchProfile, WeakSlots
from accountmap.session import (
    concerns_of,
    end_agreement,
    propose_agreement,
    propose_preview,
    read_agreement,
    sign_agreement,
)
from accountmap.trust.agreement import Agreement
from accountmap.trust.limits import Concern
from accountmap.trust.terms import AuditTerms
from accountmap.workspace import Workspace
from tests.parties import NOW, Parties, Party, Row, account_list, share_all
from tests.workspace.conftest import save_prepared


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties.make(tmp_path)


def rows(count: int) -> list[Row]:
    return [(f"x{n}", f"Quarry Number {n} Stone", None, "prospect") for n in range(count)]


def propose(party: Party, later: int = 1, **terms: object) -> Agreement:
    now = NOW + timedelta(days=later)
    made = propose_agreement(
        party.workspace, party.partner, purpose="more", sharing=share_all("name"), now=now, **terms
    )
    assert made == party.workspace.agreements(party.partner)[0]
    return made


def bring(party: Party, count: int) -> None:
    save_prepared(party.workspace, account_list(rows(count)))


def concerns(workspace: Workspace, agreement: Agreement) -> set[Concern]:
    return {each.concern for each in concerns_of(workspace, agreement, NOW + timedelta(days=2))}


def test_a_partner_that_is_ten_times_as_large_needs_a_person(parties: Parties) -> None:
    bring(parties.globex, 8)
    bring(parties.acme, 200)
    document = propose(parties.acme).document.encode()
    assert Concern.ABOVE_OWN in concerns(parties.globex.workspace, Agreement.parse(document))
    with pytest.raises(TrustError, match="person has to confirm"):
        sign_agreement(parties.globex.workspace, document, NOW + timedelta(days=2))
    assert not parties.globex.workspace.agreements(parties.globex.partner)[0].document.startswith(
        document.decode()
    )
    sign_agreement(parties.globex.workspace, document, NOW + timedelta(days=2), sizes_confirmed=True)


def test_a_limit_of_the_workspace_needs_a_person(parties: Parties) -> None:
    bring(parties.globex, 40)
    bring(parties.acme, 40)
    document = propose(parties.acme).document
    agreement, workspace = Agreement.parse(document.encode()), parties.globex.workspace
    assert Concern.ABOVE_LIMIT not in concerns(workspace, agreement)
    with workspace.transaction():
        workspace.set_row_limit(50)
    assert workspace.row_limit == 50
    assert Concern.ABOVE_LIMIT in concerns(workspace, agreement)


def test_signatures_are_verified_before_anything_is_read_out(parties: Parties) -> None:
    proposal = propose(parties.acme)
    assert read_agreement(parties.globex.workspace, proposal.document.encode()) == proposal
    changed = proposal.document.replace("sessions_per_30_days = 6", "sessions_per_30_days = 600")
    with pytest.raises(TrustError, match="is not valid"):
        read_agreement(parties.globex.workspace, changed.encode())
    with pytest.raises(TrustError, match="is not valid"):
        sign_agreement(parties.globex.workspace, changed.encode(), NOW + timedelta(days=2), sizes_confirmed=True)


def test_an_agreement_that_ended_begins_no_session(parties: Parties) -> None:
    acme = parties.acme
    ended = end_agreement(acme.workspace, acme.partner, NOW)
    assert ended.complete
    assert {record.ended for record in acme.workspace.agreement_records(acme.partner)} == {NOW}
    with pytest.raises(TrustError):
        acme.map()
    assert acme.workspace.ledger().entries[-1].facts["event"] == "agreement_ended"
    acme.workspace.ledger().check()
    with pytest.raises(TrustError, match="no agreement"):
        end_agreement(acme.workspace, acme.partner, NOW)


def test_a_proposal_can_be_withdrawn_and_not_be_taken_back(parties: Parties) -> None:
    acme, globex = parties.acme, parties.globex
    proposal = propose(acme)
    assert not end_agreement(acme.workspace, acme.partner, NOW + timedelta(days=2)).complete
    assert acme.workspace.ledger().entries[-1].facts["event"] == "proposal_withdrawn"
    now = NOW + timedelta(days=3)
    signed = sign_agreement(globex.workspace, proposal.document.encode(), now, sizes_confirmed=True)
    with pytest.raises(TrustError, match="withdrew"):
        sign_agreement(acme.workspace, signed.document.encode(), now, sizes_confirmed=True)


def test_a_session_that_is_open_keeps_its_agreement(parties: Parties) -> None:
    parties.acme.map()
    with pytest.raises(TrustError, match="is open"):
        end_agreement(parties.acme.workspace, parties.acme.partner, NOW)


@pytest.mark.parametrize(
    ("profile", "audited", "weak"),
    [
        (MatchProfile.BALANCED, True, WeakSlots.ASK),
        (MatchProfile.BALANCED, False, WeakSlots.NONE),
        (MatchProfile.CAREFUL, True, WeakSlots.NONE),
        (MatchProfile.WIDE, False, WeakSlots.REVEAL),
    ],
)
def test_weak_keys_are_sent_only_where_somebody_may_check(
    parties: Parties, profile: MatchProfile, audited: bool, weak: WeakSlots
) -> None:
    audit = AuditTerms() if audited else AuditTerms(required=False, auditor="", keep_days=0)
    terms = propose(parties.acme, profile=profile, audit=audit).terms
    assert terms.weak is weak
    assert (
        Agreement.parse(parties.acme.workspace.agreements(parties.acme.partner)[0].document.encode()).terms
        == terms
    )
    revealed = {name for each in terms.classes if each.reveal_up_to for name in each.leads}
    assert ("label" in revealed) is (weak is WeakSlots.REVEAL)
    if profile is MatchProfile.CAREFUL:
        assert all(each.sure for each in terms.classes if each.reveal_up_to)


def test_a_preview_agreement_is_signed_like_another(parties: Parties) -> None:
    acme, globex = parties.acme, parties.globex
    proposal = propose_preview(acme.workspace, acme.partner, purpose="size it up", now=NOW)
    signed = sign_agreement(globex.workspace, proposal.document.encode(), NOW, sizes_confirmed=True)
    taken = sign_agreement(acme.workspace, signed.document.encode(), NOW, sizes_confirmed=True)
    assert taken.is_preview and taken.complete
    assert acme.workspace.agreements(acme.partner)[0] == taken
