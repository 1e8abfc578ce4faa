"""What is kept for an auditor: from the first message on, until the agreed time is over, and sealed."""

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest

from accountmap.psi.inputs import key_table_digest
from accountmap.session.open_session import OpenSession, sweep
from accountmap.session.own_side import OwnSide, key_records
from tests.parties import CURVE, NOW, Parties


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties.make(tmp_path)


def test_all_messages_are_kept_by_both_alike(parties: Parties) -> None:
    parties.run()
    kept = [party.workspace.audits.messages(1) for party in (parties.acme, parties.globex)]
    for messages in kept:
        assert [message.number for message in messages] == list(range(1, 11))
    for ours, theirs in zip(*kept, strict=True):
        assert (ours.header, ours.body_digest, ours.signature) == (
            theirs.header,
            theirs.body_digest,
            theirs.signature,
        )
        assert ours.ours != theirs.ours


def test_the_record_has_what_the_session_was_made_from(parties: Parties) -> None:
    parties.acme.map()
    acme = parties.acme
    (session,) = acme.workspace.sessions(acme.partner)
    opened = OpenSession.load(acme.workspace, acme.partner, session, CURVE, NOW)
    record = acme.workspace.audits.record(session.id)
    assert record is not None
    assert record.keep_until is None, "the session is open"
    assert (record.seed, record.sketch) == (opened.secrets.seed, opened.secrets.sketch)
    assert (record.nonce, record.commitment) == (opened.session.nonce, opened.session.own_commitment)
    table = key_table_digest(key_records(bytes(record.key_table)))
    assert table == key_table_digest(key_records(opened.own.key_table()))
    assert len(list(key_records(bytes(record.key_table)))) == 4
    for file in acme.workspace.folder.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert record.seed not in data, file
            assert record.seed.hex().encode() not in data, file


def test_it_is_kept_as_long_as_agreed_and_then_erased(parties: Parties) -> None:
    parties.run()
    days = parties.acme.workspace.agreements(parties.acme.partner)[0].terms.audit.keep_days
    for party in (parties.acme, parties.globex):
        audits = party.workspace.audits
        record = audits.record(1)
        assert record is not None
        assert record.keep_until == NOW + timedelta(days=days)
        sweep(party.workspace, NOW + timedelta(days=days))
        assert audits.sessions() == [1]
        sweep(party.workspace, NOW + timedelta(days=days, seconds=1))
        assert (audits.sessions(), audits.messages(1), audits.record(1)) == ([], [], None)
        assert not list((party.workspace.folder / "audits").iterdir())


@pytest.mark.parametrize("end", ["decline", "abandon"])
def test_a_session_in_which_no_points_left_needs_none(parties: Parties, end: str) -> None:
    parties.acme.map()
    parties.globex.map()
    if end == "decline":
        parties.acme.map(answer=False)
    else:
        parties.acme.runner().abandon()
    sweep(parties.acme.workspace, NOW + timedelta(seconds=1))
    assert parties.acme.workspace.audits.sessions() == []


def test_the_frozen_list_is_the_one_that_was_committed_to(parties: Parties) -> None:
    parties.acme.map()
    frozen = parties.acme.workspace.sealed("lists/1/frozen.csv")
    before = hashlib.sha256(frozen.read()).digest()
    parties.run()
    assert hashlib.sha256(frozen.read()).digest() == before
    assert b"Northwood" in bytes(frozen.read())
    assert b"Northwood" not in frozen.path.read_bytes()


def test_the_key_table_is_made_for_the_first_message_only(
    parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    key_table = OwnSide.key_table

    def counted(own: OwnSide) -> bytes:
        made.append(own.role.name)
        return key_table(own)

    monkeypatch.setattr(OwnSide, "key_table", counted)
    parties.run()
    assert sorted(set(made)) == ["INITIATOR", "RESPONDER"]
    assert len(made) == 4  # each for its commitment, and to keep it for an auditor
