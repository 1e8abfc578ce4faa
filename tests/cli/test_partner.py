"""New keys, revoked cards and changed agreements, as typed."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.running import accountmap
from tests.parties import Parties


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The workspaces of two companies with an agreement."""
    parties = Parties.make(tmp_path)
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    return parties.acme.workspace.folder, parties.globex.workspace.folder


def fingerprint(said: str) -> str:
    found = re.search(r"(\d{5} ){5}\d{5}", said)
    assert found
    return found.group()


def test_new_keys_are_taken_after_a_call(folders: tuple[Path, Path]) -> None:
    acme, globex = folders
    made = accountmap("partner", "rotate", cwd=globex)
    file = globex / made.stdout.strip()
    assert file.name == "globex-data.rotation.toml"
    unasked = accountmap("partner", "add", file, cwd=acme, check=5)
    assert "Nobody is here to compare" in unasked.stderr
    added = accountmap("partner", "add", file, "--fingerprint", fingerprint(made.stderr), cwd=acme)
    assert "signed with the old ones" in added.stderr
    (listed,) = json.loads(accountmap("partner", "list", "--json", cwd=acme).stdout)
    assert listed["fingerprint"] == fingerprint(made.stderr)
    refused = accountmap("map", "--with", "globex", cwd=acme, check=5)
    assert "between cards that have been replaced" in refused.stderr
    again = accountmap("partner", "add", file, "--fingerprint", fingerprint(made.stderr), cwd=acme, check=5)
    assert "not signed by the key" in again.stderr


def test_a_rotation_whose_card_cannot_be_written_is_written_again(folders: tuple[Path, Path]) -> None:
    acme, globex = folders
    failed = accountmap("partner", "rotate", "-o", "missing/card.toml", cwd=globex, check=4)
    assert "--again" in failed.stderr
    again = accountmap("partner", "rotate", "--again", "-o", "card.toml", cwd=globex)
    accountmap("partner", "add", globex / "card.toml", "--fingerprint", fingerprint(again.stderr), cwd=acme)
    assert "never replaced" in accountmap("partner", "rotate", "--again", cwd=acme, check=5).stderr


def test_an_agreement_is_ended_and_the_ledger_says_so(folders: tuple[Path, Path]) -> None:
    acme, _ = folders
    assert "obody is here" in accountmap("agreement", "end", "--with", "globex", cwd=acme, check=5).stderr
    assert "has ended" in accountmap("agreement", "end", "--with", "globex", "--yes", cwd=acme).stderr
    assert "You ended the agreement." in accountmap("ledger", "show", cwd=acme).stdout
    accountmap("map", "--with", "globex", cwd=acme, check=5)
    assert "no agreement" in accountmap("agreement", "end", "--with", "globex", "--yes", cwd=acme, check=5).stderr


def test_the_limit_of_the_workspace_is_shown_and_set(folders: tuple[Path, Path]) -> None:
    acme, _ = folders
    assert accountmap("agreement", "limit", cwd=acme).stdout == "10000000\n"
    accountmap("agreement", "limit", "40", cwd=acme)
    assert accountmap("agreement", "limit", cwd=acme).stdout == "40\n"


def test_a_revoked_card_is_refused_and_listed_as_such(folders: tuple[Path, Path]) -> None:
    acme, _ = folders
    assert "obody is here" in accountmap("partner", "revoke", "globex", cwd=acme, check=5).stderr
    accountmap("partner", "revoke", "globex", "--yes", cwd=acme)
    assert "was revoked" in accountmap("map", "--with", "globex", cwd=acme, check=5).stderr
    assert "was revoked" in accountmap("map", "--with", "globex", "--dry-run", cwd=acme, check=5).stderr
    assert re.search(r"revoked \d{4}-", accountmap("partner", "list", cwd=acme).stdout)


def test_agreements_are_compared_in_words(folders: tuple[Path, Path]) -> None:
    acme, _ = folders
    for name, days, fields in (("one", "30", "name"), ("two", "30", "name,owner_email")):
        accountmap(
            "agreement", "new", "--with", "globex", "-o", name, "--days", days, "--fields", fields, cwd=acme
        )
    said = accountmap("agreement", "diff", "one", "two", cwd=acme).stdout
    assert said == "All matches: revealed; both show name, now revealed; both show name, owner email.\n"
    same = json.loads(accountmap("agreement", "diff", "one", "one", "--json", cwd=acme).stdout)
    assert same == {"differences": [], "signatures": ["hold", "hold"]}
    assert accountmap("agreement", "diff", "one", "one", cwd=acme).stdout.startswith("Nothing differs")
