"""Every step that shows the partner something is in the ledger, and no account is."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from accountmap.channels import FolderChannel
from accountmap.errors import PeerError
from accountmap.session import SessionRunner
from accountmap.session.ledger_entries import accounts_digest
from accountmap.trust.ledger import Facts
from tests.parties import CURVE, NOW, Parties, Party, answers


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties.make(tmp_path)


def entries(party: Party) -> list[Facts]:
    ledger = party.workspace.ledger()
    ledger.check()
    return [entry.facts for entry in ledger.entries]


def test_a_session_leaves_what_it_showed_and_one_receipt(parties: Parties) -> None:
    parties.run()
    acme, globex = entries(parties.acme), entries(parties.globex)
    assert [e["message"] for e in acme if e["event"] == "sent"] == [1, 3, 5, 7, 9]
    assert [e["message"] for e in globex if e["event"] == "sent"] == [2, 4, 6, 8]
    assert acme[-1]["receipt"] == globex[-1]["receipt"]
    assert [e["epsilon"] for e in acme + globex if "epsilon" in e] == ["1", "1"]
    assert acme[0]["sketch"] != globex[0]["sketch"]
    assert [e["message"] for e in acme + globex if "matches" in e and e["event"] == "sent"] == [7, 6]
    claimed = [(e["matches"], e["possible"]) for e in acme + globex if "possible" in e]
    assert claimed[0] == claimed[1]
    assert sum(claimed[0]) == 3
    assert [e["matches"] for e in acme + globex if e["event"] == "done"] == [3, 3]
    assert [e["fields"] for e in acme + globex if "fields" in e] == [["name", "owner_name"]] * 2


def test_no_account_stands_in_it_but_the_matched_can_be_proved(parties: Parties) -> None:
    parties.run()
    ledger = parties.acme.workspace.ledger()
    for word in (b"northwood", b"silverpine", b"harbour", b"quillstone"):
        assert word not in ledger.encode().lower()
    assert not {"a1", "a2", "a3", "a4"} & set(re.findall(r"\w+", " ".join(e.body for e in ledger.entries)))
    done = ledger.entries[-1].facts
    own, sid = parties.acme.workspace, bytes.fromhex(done["sid"])
    assert done["own_accounts"] == accounts_digest(own, sid, ["a3", "a1", "a2"])
    assert done["own_accounts"] != accounts_digest(own, sid, ["a1", "a2"])
    assert done["own_accounts"] != accounts_digest(parties.globex.workspace, sid, ["a3", "a1", "a2"]), (
        "whoever has only the ledger cannot try ids"
    )


def test_a_session_given_up_stays_with_what_it_had_shown(parties: Parties) -> None:
    for party in (parties.acme, parties.globex) * 3:
        party.map()
    parties.globex.runner().abandon()
    told = entries(parties.globex)
    assert [(e["event"], e.get("message")) for e in told] == [
        ("sent", 2),
        ("sent", 4),
        ("sent", 6),
        ("abandoned", None),
    ]
    assert told[2]["matches"] + told[2]["possible"] == 3


def test_declining_is_on_both_sides(parties: Parties) -> None:
    for party in (parties.acme, parties.globex, parties.acme):
        party.map()
    parties.globex.map(answer=False)
    parties.acme.map()
    assert entries(parties.globex)[-1]["event"] == "declined"
    assert entries(parties.acme)[-1]["event"] == "declined_by_partner"


class LyingCurve:
    """Exchanges keys for the wrong matches."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        honest: Callable[..., object] = getattr(CURVE, name)
        return (lambda scalars, points: honest(scalars, points[::-1])) if name == "multiply_each" else honest


def test_a_partner_that_lied_in_the_reveal_is_on_record(parties: Parties) -> None:
    globex = parties.globex
    liar = SessionRunner(globex.workspace, globex.partner, FolderChannel(globex.folder), LyingCurve(), lambda: NOW)
    for _ in range(4):
        parties.acme.map()
        liar.advance(answers())
    with pytest.raises(PeerError):
        parties.acme.map()
    told = entries(parties.acme)
    assert [e["message"] for e in told if e["event"] == "sent"] == [1, 3, 5, 7], "its fields never left"
    assert told[-1]["event"] == "refused"


def test_a_step_that_fails_leaves_no_entry(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("accountmap.session.open_session.write_atomic", fail)
        with pytest.raises(Exception, match="No space left"):
            parties.acme.map()
    assert entries(parties.acme) == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET body = '{}' WHERE number = 1",
        "DELETE FROM ledger WHERE number = 1",
        "INSERT OR REPLACE INTO ledger VALUES (1, '{}', x'00')",
        "INSERT INTO ledger VALUES (99, '{}', x'00')",
    ],
)
def test_the_database_only_appends(parties: Parties, statement: str) -> None:
    parties.acme.map()
    with (
        sqlite3.connect(parties.acme.workspace.folder / "accountmap.db") as database,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        database.execute(statement)
    database.close()
    assert entries(parties.acme)[0]["at"] == NOW.isoformat(timespec="seconds")
