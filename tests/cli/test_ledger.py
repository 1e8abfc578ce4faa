"""`accountmap ledger` after one session: the answer in one command, and the proof without the workspace."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

from accountmap_cli.ledger import in_words
from tests.cli.running import accountmap
from tests.parties import Parties


@pytest.fixture
def acme(tmp_path: Path) -> Path:
    parties = Parties.after_a_session(tmp_path)
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    return parties.acme.workspace.folder


def test_it_says_what_the_partner_learned(acme: Path) -> None:
    said = accountmap("ledger", "show", "--with", "globex", cwd=acme).stdout
    assert said.startswith("What the messages have shown Globex Data:\n  1 blurred copy of your list.")
    assert "Which of its own companies you have too, at most 3 at a time: once." in said
    assert "For the companies that you share, from your list: name, owner name." in said
    assert "Finished; both signed the receipt" in said
    about = json.loads(accountmap("ledger", "show", "--json", cwd=acme).stdout)
    entries = about["entries"]
    assert [e["event"] for e in entries] == ["sent"] * 5 + ["done"]


def test_it_says_what_the_partner_could_have_learned(acme: Path) -> None:
    """Rows by slots, and no more than there are: 48 rows of 10 slots against 48 of our own."""
    said = accountmap("ledger", "show", "--with", "globex", cwd=acme).stdout
    assert "right 73 times in 100" in said
    assert "In 1 session it could have tried out 480 names or websites" in said
    assert "at\n  most 48 of your companies" in said
    could = json.loads(accountmap("ledger", "show", "--json", cwd=acme).stdout)["could_have_learned"]
    assert (could["Globex Data"]["sessions"], could["Globex Data"]["keys"]) == (1, 480)


def test_it_says_that_nothing_was_learned(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    said = accountmap("ledger", "show", "--with", "globex", cwd=parties.acme.workspace.folder).stdout
    assert said == "Globex Data has learned nothing from you: nothing was sent.\n"


def test_an_auditor_checks_it_without_the_workspace(acme: Path, tmp_path: Path) -> None:
    head = re.search(r"[0-9a-f]{64}", accountmap("ledger", "verify", cwd=acme).stdout)
    assert head
    accountmap("ledger", "export", "audit.json", cwd=acme)
    elsewhere = tmp_path / "auditor"
    elsewhere.mkdir()
    checked = accountmap("ledger", "verify", acme / "audit.json", "--head", head.group(), cwd=elsewhere)
    assert "6 entries, 1 receipt signed by both parties" in checked.stdout
    assert "Globex Data" in checked.stderr
    other = accountmap("ledger", "verify", acme / "audit.json", "--head", "00", cwd=elsewhere, check=5)
    assert "does not contain that hash" in other.stderr


def test_an_insider_who_writes_the_file_is_found_out(acme: Path) -> None:
    with sqlite3.connect(acme / "accountmap.db") as database:
        database.execute("DROP TRIGGER ledger_no_change")
        database.execute(
            "UPDATE ledger SET body = replace(body, '\"matches\":3', '\"matches\":2') WHERE number = 4"
        )
    database.close()
    found = accountmap("ledger", "verify", cwd=acme, check=5)
    assert "Entry 4 of the ledger is not valid" in found.stderr
    accountmap("ledger", "export", "audit.json", cwd=acme, check=5)
    assert not (acme / "audit.json").exists()


def test_questions_and_answers_are_said() -> None:
    at = {"at": "2026-11-22T12:00:00", "session": 1, "list": 1, "agreement": "00" * 32, "role": "initiator"}
    entries = [
        {**at, "number": 1, "event": "asked", "questions": 3},
        {**at, "number": 2, "event": "was_asked", "questions": 1},
        {**at, "number": 3, "event": "answered", "questions": 1, "same": 1},
        {**at, "number": 4, "event": "something_new"},
    ]
    said = "\n".join(in_words("Globex", entries))
    for sentence in (
        "By your questions: name, website and country of 3 of your companies.",
        "By your answers: the same, and the agreed fields, of 1 of your companies.",
        "You asked about 3 possible matches.",
        "They asked about 1 possible match.",
        "Something new.",
    ):
        assert sentence in said
    assert "No name of a company" not in said
