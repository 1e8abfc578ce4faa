"""New keys and revoked cards: what still works, and what does not."""

from pathlib import Path

import pytest

from accountmap.errors import PeerError, TrustError
from accountmap.exchange import revoke_partner
from accountmap.session import propose_agreement, sign_agreement
from accountmap.trust.identity import Rotation
from accountmap.workspace import Status, Workspace
from tests.parties import NOW, Parties, share_all


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties.make(tmp_path)


def rotate(parties: Parties) -> Rotation:
    made = parties.globex.workspace.rotate(NOW)
    assert parties.globex.workspace.last_rotation == made
    return made


def agree(parties: Parties) -> None:
    acme, globex = parties.acme, parties.globex
    draft = propose_agreement(
        acme.workspace,
        acme.partner,
        purpose="again",
        sharing=share_all(),
        days=365,
        automatic_share=1.0,
        sessions_per_30_days=10,
        now=NOW,
    )
    signed = sign_agreement(globex.workspace, draft.document.encode(), NOW, sizes_confirmed=True)
    sign_agreement(acme.workspace, signed.document.encode(), NOW, sizes_confirmed=True)


def test_after_a_rotation_both_agree_anew_and_the_ledger_still_holds(parties: Parties) -> None:
    parties.run()
    rotation = rotate(parties)
    with pytest.raises(TrustError, match="cards that have been replaced"):
        parties.globex.map(new=True)
    parties.acme.partner = parties.acme.workspace.renew_partner(rotation, "test", NOW)
    assert parties.acme.partner.card == parties.globex.workspace.card
    with pytest.raises(TrustError, match="cards that have been replaced"):
        parties.acme.map(new=True)
    agree(parties)
    parties.acme.map(new=True)
    parties.globex.map(new=True)
    with pytest.raises(PeerError, match="another blurred copy") as refused:
        parties.acme.map()
    assert "--accept-another" in refused.value.hint, "a new card has a new sketch, and two say more than one"
    parties.acme.accept_sketch = True
    for _ in range(6):
        parties.acme.map(new=len(parties.acme.workspace.sessions(parties.acme.partner)) == 1)
        parties.globex.map(new=len(parties.globex.workspace.sessions(parties.globex.partner)) == 1)
    for party in (parties.acme, parties.globex):
        assert [s.status for s in party.workspace.sessions(party.partner)] == [Status.DONE] * 2
        ledger = party.workspace.ledger()
        ledger.check()
        assert sum("receipt" in entry.facts for entry in ledger.entries) == 2


def test_the_new_keys_are_there_after_opening_anew(parties: Parties) -> None:
    card = rotate(parties).card
    parties.globex.workspace.close()
    again = Workspace.open(parties.globex.workspace.folder)
    assert again.card == again.identity.card == card


def test_cards_do_not_change_under_an_open_session(parties: Parties) -> None:
    before = parties.globex.workspace.card
    parties.acme.map()
    parties.globex.map()
    with pytest.raises(TrustError, match="is open"):
        rotate(parties)
    assert parties.globex.workspace.card == before
    rotation = Rotation.write(parties.globex.workspace.identity, parties.globex.workspace.identity)
    with pytest.raises(TrustError, match="is open"):
        parties.acme.workspace.renew_partner(rotation, "test", NOW)


def test_a_card_alone_does_not_take_the_place_of_another(parties: Parties) -> None:
    rotation = rotate(parties)
    with pytest.raises(TrustError, match="another card"):
        parties.acme.workspace.add_partner(rotation.card, "test", NOW)


def test_a_replaced_card_does_not_come_back(parties: Parties) -> None:
    old = parties.acme.partner.card
    rotation = rotate(parties)
    parties.acme.workspace.renew_partner(rotation, "test", NOW)
    with pytest.raises(TrustError, match="replaced or revoked"):
        parties.acme.workspace.add_partner(old, "test", NOW)


def test_a_revoked_card_opens_nothing(parties: Parties) -> None:
    parties.acme.map()
    revoke_partner(parties.acme.workspace, "globex")
    (session,) = parties.acme.workspace.sessions(parties.acme.partner)
    assert session.status is Status.ABANDONED
    parties.globex.map()
    parties.acme.partner = parties.acme.workspace.partner("globex")
    for attempt in (parties.acme.map, lambda: parties.acme.map(new=True), lambda: agree(parties)):
        with pytest.raises(TrustError, match="was revoked"):
            attempt()
    with pytest.raises(TrustError, match="replaced or revoked"):
        parties.acme.workspace.add_partner(parties.acme.partner.card, "test", NOW)


def test_a_command_that_waits_notices_a_revocation(parties: Parties) -> None:
    waiting = parties.acme.runner()
    revoke_partner(parties.acme.workspace, "globex")
    with pytest.raises(TrustError, match="was revoked"):
        waiting.advance(lambda _: True)
    assert parties.acme.workspace.sessions(parties.acme.partner) == []


def test_a_revoked_key_cannot_name_its_successor_but_a_call_can(parties: Parties) -> None:
    rotation = rotate(parties)
    revoke_partner(parties.acme.workspace, "globex")
    with pytest.raises(TrustError, match="was revoked"):
        parties.acme.workspace.renew_partner(rotation, "test", NOW)
    parties.acme.partner = parties.acme.workspace.add_partner(rotation.card, "called them", NOW)
    assert parties.acme.partner.revoked_at is None
    agree(parties)
    assert parties.acme.map().sent
