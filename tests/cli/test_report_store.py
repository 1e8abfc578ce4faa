"""Results written to a database from the command line."""

from pathlib import Path

import duckdb

from tests.cli.running import accountmap
from tests.parties import Parties


def test_results_are_stored_once_however_often_it_is_run(tmp_path: Path) -> None:
    Parties.after_a_session(tmp_path)
    store = (
        "-w",
        "acme",
        "report",
        "store",
        "--with",
        "globex",
        "--dsn",
        "duckdb:///out.duckdb",
        "--prefix",
        "g_",
    )
    said = [accountmap(*store, cwd=tmp_path).stdout.split() for _ in range(2)]
    assert said[0] == said[1]
    assert said[0][0] == "g_sessions"
    with duckdb.connect(tmp_path / "out.duckdb") as database:
        rows = database.execute("SELECT account_id, partner FROM g_overlap ORDER BY account_id").fetchall()
    assert rows == [("a1", "Globex Data"), ("a2", "Globex Data"), ("a3", "Globex Data")]


def test_without_a_database_it_says_how_to_name_one(tmp_path: Path) -> None:
    done = accountmap("report", "store", "--with", "globex", cwd=tmp_path, check=3)
    assert "Name it with --dsn." in done.stderr
