"""What the library logs, and that it does nothing else on the side."""

import ast
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

import accountmap
from tests.api.companies import PATIENCE, accept, answering, make, over_the_folder
from tests.parties import LEFT, RIGHT

SOURCES = sorted((Path(__file__).parents[2] / "src" / "accountmap").rglob("*.py"))


def test_a_night_at_debug_names_no_account_and_no_count_of_shared_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make(tmp_path, datetime.now(UTC), monkeypatch)
    with caplog.at_level(logging.DEBUG), accountmap.Workspace.open(tmp_path / "acme") as workspace:
        accounts = accountmap.read_accounts(tmp_path / "export.csv")
        prepared = accountmap.prepare_accounts(accounts)
        accountmap.check_accounts(accounts, prepared)
        workspace.save_list(accounts, prepared, accounts.source, datetime.now(UTC))
        with answering(over_the_folder(tmp_path), tmp_path):
            accountmap.map_accounts(workspace, "globex", tmp_path / "shared", accept, wait=PATIENCE)
        found = accountmap.read_account_map(workspace, "globex")
        accountmap.write_reports(found, tmp_path / "reports")
        accountmap.write_sql(found, f"sqlite:///{tmp_path / 'results.db'}")
        accountmap.read_sql(
            "SELECT account_id AS id, name FROM accountmap_overlap", f"sqlite:///{tmp_path / 'results.db'}"
        )
    said = caplog.text.lower()
    assert "prepared 125 accounts, 125 entities" in said
    assert "is done" in said
    for account, name, domain, _ in LEFT + RIGHT:
        assert name.lower() not in said
        assert name.split()[0].lower() not in said
        assert domain is None or domain not in said
        assert f'"{account}"' not in said


def test_a_job_prints_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, datetime.now(UTC), monkeypatch)
    with accountmap.Workspace.open(tmp_path / "acme") as workspace, answering(over_the_folder(tmp_path), tmp_path):
        accountmap.map_accounts(workspace, "globex", tmp_path / "shared", accept, wait=PATIENCE)
        accountmap.write_reports(accountmap.read_account_map(workspace, "globex"), tmp_path / "reports")
    assert capfd.readouterr() == ("", "")


def test_no_module_prints_exits_reads_the_environment_or_sets_up_logging() -> None:
    refused = {
        ("os", "environ"),
        ("os", "getenv"),
        ("os", "_exit"),
        ("sys", "exit"),
        ("sys", "argv"),
        ("sys", "stdout"),
        ("sys", "stderr"),
        ("logging", "basicConfig"),
    }
    for path in SOURCES:
        used, called = set(), set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used.add((node.value.id, node.attr))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                called.add(node.func.id)
        assert used & refused == set(), path
        assert called & {"print", "exit", "quit", "input"} == set(), path
