"""What the program says holds no account, from the first step of a session to the last."""

import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

from accountmap_cli.main import cli, run
from tests.parties import LEFT, RIGHT, Parties


def test_no_command_of_a_session_names_an_account(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parties = Parties.make(tmp_path)
    for party in (parties.acme, parties.globex):
        party.workspace.close()
    said = ""
    done: set[str] = set()
    shared = str(tmp_path / "shared")
    commands = [["ledger", "show"], ["ledger", "verify"], ["partner", "list"]]
    for n in range(12):
        side, other = (("acme", "globex"), ("globex", "acme"))[n % 2]
        for command in (
            ["map", "--with", other, "--folder", shared, "--approve"],
            ["map", "--with", other, "--dry-run"],
        ):
            result = CliRunner().invoke(cli, ["-w", str(tmp_path / side), *command])
            assert result.exit_code == 0, result.exception
            said += result.output
            done |= {side} if "Done." in result.output else set()
    for command in commands:
        said += CliRunner().invoke(cli, ["-w", str(tmp_path / "acme"), *command]).output
    assert done == {"acme", "globex"}
    assert caplog.records == []
    for _, name, domain, _ in LEFT + RIGHT:
        assert name.lower() not in said.lower()
        assert name.split()[0].lower() not in said.lower()
        assert domain is None or domain not in said.lower()


def test_a_worker_that_another_replaces_is_not_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["accountmap", "--version"])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        run()
        warnings.warn("A worker stopped while some jobs were given to the executor.", UserWarning, stacklevel=1)
        warnings.warn("Something else.", UserWarning, stacklevel=1)
    assert [str(each.message) for each in said] == ["Something else."]
