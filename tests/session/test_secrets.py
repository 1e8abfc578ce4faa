"""A session under a passphrase: nothing on disk opens without it, and the session goes on with it."""

import os
import re
import stat
from pathlib import Path

import pytest

from accountmap.errors import WorkspaceError
from accountmap.files import slug_of
from accountmap.trust import key_file
from accountmap.workspace import Workspace
from tests.parties import Parties

PASSPHRASE = "correct horse battery"


@pytest.fixture
def parties(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parties:
    monkeypatch.setitem(key_file.SCRYPT, "n", 1 << 10)
    parties = Parties.make(tmp_path)
    parties.acme.workspace.change_passphrase(PASSPHRASE)
    return parties


def reopen(parties: Parties, passphrase: str | None) -> list[str]:
    """Open the initiator's workspace anew, and return the list of what it asked for."""
    asked: list[str] = []
    folder = parties.acme.workspace.folder
    parties.acme.workspace.close()
    parties.acme.workspace = Workspace.open(folder, lambda card: (asked.append(card.name), passphrase)[1])
    return asked


def test_a_session_goes_on_with_the_passphrase_which_is_asked_once(parties: Parties) -> None:
    parties.acme.map()
    asked = reopen(parties, PASSPHRASE)
    parties.acme.workspace.partners()
    assert asked == []
    parties.acme.workspace.load_list(1)
    assert asked == ["Acme Cloud"], "lists are sealed"
    parties.run()
    assert asked == ["Acme Cloud"]


@pytest.mark.parametrize("passphrase", [None, "wrong horse battery"])
def test_without_it_nothing_goes_on_and_nothing_is_lost(parties: Parties, passphrase: str | None) -> None:
    parties.acme.map()
    reopen(parties, passphrase)
    with pytest.raises(WorkspaceError, match="passphrase"):
        parties.acme.map()
    reopen(parties, PASSPHRASE)
    parties.run()


def test_the_secrets_of_a_running_session_are_sealed(parties: Parties) -> None:
    parties.acme.map()
    (state,) = parties.acme.workspace.session_folder(1).glob("state-*")
    data = state.read_bytes()
    assert b"offered" not in data, "the state names its phase in clear before it is sealed"
    opened = bytes(parties.acme.workspace.sealed("sessions/1/state-1").read())
    assert b"offered" in opened
    for file in parties.acme.workspace.folder.rglob("*"):
        if file.is_file():
            assert opened[:96] not in file.read_bytes(), file.name
            assert opened[:96].hex().encode() not in file.read_bytes(), file.name


def test_a_state_of_another_step_cannot_be_put_in_its_place(parties: Parties) -> None:
    parties.acme.map()
    old = (parties.acme.workspace.session_folder(1) / "state-1").read_bytes()
    parties.globex.map()
    parties.acme.map()
    (parties.acme.workspace.session_folder(1) / "state-3").write_bytes(old)
    with pytest.raises(WorkspaceError, match="damaged or belongs"):
        parties.acme.map()


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_what_holds_accounts_is_for_the_owner_alone(parties: Parties) -> None:
    parties.run()
    folder = parties.acme.workspace.folder
    for name in ("lists", "sessions", "reports", "sketches", "audits"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o700
    for name in ("identity.json", "accountmap.db"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert {p.name for p in folder.iterdir()} == {
        "lists",
        "sessions",
        "reports",
        "sketches",
        "audits",
        "identity.json",
        "accountmap.db",
    }


@pytest.mark.parametrize(
    "name", ["../../evil", "C:\\evil", "..", "CON/../x", "a" * 80, "a" * 39 + " b", "株式会社", ".hidden"]
)
def test_a_partners_name_is_no_path(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug_of(name))
    assert len(slug_of(name)) <= 40
