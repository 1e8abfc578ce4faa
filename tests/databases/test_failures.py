"""What is said when a database is busy; drivers' own words are not passed on."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from accountmap.accounts.read import read_sql
from accountmap.errors import InputError
from accountmap.report import write_sql
from tests.account_map.examples import one_account_map


@contextmanager
def held_open(path: Path, system: str, begin: str) -> Iterator[None]:
    """Let another program write to a database meanwhile."""
    importlib.import_module(system)  # without it, the test is skipped
    code = f"""
import {system}, sys
held = {system}.connect({str(path)!r})
held.execute({begin!r})
print("open", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        yield
        other.communicate("")


def test_a_database_of_sqlite_that_another_program_writes_is_said_to_be_open(tmp_path: Path) -> None:
    path = tmp_path / "crm.db"
    with (
        held_open(path, "sqlite3", "BEGIN EXCLUSIVE"),
        pytest.raises(InputError, match="another program has it open"),
    ):
        write_sql(one_account_map(), f"sqlite:///{path}")


def test_a_database_of_duckdb_that_another_program_writes_is_said_to_be_open(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    with held_open(path, "duckdb", "SELECT 1"), pytest.raises(InputError, match="another program has it open"):
        read_sql("SELECT 1 AS name", f"duckdb:///{path}")


def test_a_password_for_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "crm.db").touch()
    with pytest.raises(InputError, match="which has no password"):
        read_sql("SELECT 1 AS name", f"sqlite:///{tmp_path / 'crm.db'}", password="sesame")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "crm.db").write_text("name\nAcme\n" * 100, encoding="utf-8")
    for system in ("sqlite", "duckdb"):
        with pytest.raises(InputError, match="The database") as caught:
            read_sql("SELECT * FROM accounts", f"{system}:///{tmp_path / 'crm.db'}")
        assert "Acme" not in str(caught.value)
