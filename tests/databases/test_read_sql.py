"""Account lists from real databases."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from accountmap.accounts.read import read_sql
from accountmap.errors import BackendError, InputError
from tests.databases.postgres import PASSWORD, Server
from tests.databases.systems import Source, psql

STATEMENT = (
    "SELECT id, name, web AS website, kind AS segment, amount, seats AS employees FROM accounts ORDER BY id"
)


def test_every_database_gives_the_same_list(source: Source) -> None:
    accounts = read_sql(STATEMENT, source.dsn, password=source.password, segments={"Kunde": "customer"})
    columns = ["account_id", "name", "website", "segment", "amount", "employees"]
    assert accounts.table.select(columns).to_pylist() == [
        dict(zip(columns, row, strict=True))
        for row in (
            ("a1", "Northwood Bakery GmbH", "northwood-bakery.de", "customer", 1250.5, 51),
            ("a2", "Silverpine Logistics Inc.", None, "prospect", None, None),
        )
    ]


@pytest.mark.parametrize("end", [";", " ;\n\n", " -- the end", ";\n-- the end\n", "\n/* the end */"])
def test_a_statement_may_end_as_it_does_in_a_file(source: Source, end: str) -> None:
    accounts = read_sql(f"-- all\n{STATEMENT}{end}", source.dsn, password=source.password)
    assert len(accounts) == 2


def test_two_statements_are_refused(server: Server) -> None:
    with pytest.raises(InputError, match="not valid SQL"):
        read_sql("SELECT 'Acme' AS name; SELECT 1", server.dsn, password=PASSWORD)


def test_the_source_names_database_and_statement_and_no_secret(source: Source) -> None:
    statement = "SELECT id, name, 'token-77' AS note FROM accounts"
    one = read_sql(statement, source.dsn, password=source.password).source
    other = read_sql(f"\n {statement} ", source.dsn, password=source.password).source
    assert one == other
    assert one.startswith(source.dsn.split(":")[0])
    assert not [secret for secret in ("token-77", PASSWORD, "crm@", "SELECT") if secret in one]


def test_nothing_that_a_statement_changes_is_kept(source: Source) -> None:
    changing = "DELETE FROM accounts RETURNING id, name"
    try:
        read_sql(changing, source.dsn, password=source.password)
    except InputError as refused:
        assert refused.hint
    assert len(source.ask("SELECT id FROM accounts")) == 2


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT id, nope FROM accounts", "a column that the statement names does not exist"),
        ("SELECT id, name FROM Umbrella_Holdings", "a table that the statement names does not exist"),
        ("SELEC id, name FROM accounts", "the statement is not valid SQL"),
    ],
)
def test_a_refused_statement_is_explained_without_quoting_it(source: Source, statement: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        read_sql(statement, source.dsn, password=source.password)
    assert not [word for word in ("nope", "Umbrella", "SELEC", PASSWORD) if word in str(caught.value)]
    assert caught.value.__suppress_context__


def test_values_of_rows_are_in_no_error(server: Server) -> None:
    psql(server, "CREATE TABLE IF NOT EXISTS broken (name TEXT); INSERT INTO broken VALUES ('Umbrella Holdings');")
    with pytest.raises(InputError, match="does not answer the statement \\(SQLSTATE 22P02\\)") as caught:
        read_sql("SELECT name::integer AS name FROM broken", server.dsn, password=PASSWORD)
    assert "Umbrella" not in str(caught.value) + caught.value.hint


def test_a_wrong_password_is_said_to_be_wrong(server: Server) -> None:
    with pytest.raises(InputError, match="cannot be opened: the password is wrong") as caught:
        read_sql(STATEMENT, server.dsn, password="not-the-one")
    assert "not-the-one" not in str(caught.value)


def test_a_server_that_is_not_there_is_named(server: Server) -> None:
    with pytest.raises(
        InputError, match=r"postgresql://127\.0\.0\.1:1/crm cannot be opened: nothing listens there"
    ):
        read_sql(STATEMENT, "postgresql://anna@127.0.0.1:1/crm")


@pytest.mark.parametrize("system", ["sqlite", "duckdb"])
def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, system: str) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_sql("SELECT 1 AS name", f"{system}:///{tmp_path / 'none.db'}")
    assert not list(tmp_path.iterdir())


def test_types_of_postgresql_become_text_and_numbers(server: Server) -> None:
    statement = """
        SELECT '6f1c2d34-0000-4000-8000-000000000001'::uuid AS id, 'Acme  '::char(6) AS name,
               '12.50'::numeric AS amount, 'x'::varchar AS note, '{"a": 1}'::jsonb AS more, ARRAY[1, 2] AS parts
    """
    accounts = read_sql(statement, server.dsn, password=PASSWORD)
    row = accounts.table.to_pylist()[0]
    assert (row["account_id"], row["name"], row["amount"]) == (
        "6f1c2d34-0000-4000-8000-000000000001",
        "Acme",
        12.5,
    )
    assert accounts.extras.to_pylist() == [{"note": "x", "more": '{"a": 1}'}]
    assert "'parts' was left out: it has no text, numbers or dates." in accounts.notes


def test_money_is_refused_for_its_unit_is_unknown(server: Server) -> None:
    with pytest.raises(InputError, match="'amount' has the type money"):
        read_sql("SELECT 'Acme' AS name, 5::money AS amount", server.dsn, password=PASSWORD)


def test_a_column_of_sqlite_may_begin_with_blanks_and_change_its_type(tmp_path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(tmp_path / "crm.db")
    connection.execute("CREATE TABLE accounts (name, zip)")
    rows: list[tuple[Any, Any]] = [(f"Company {n}", None) for n in range(3_000)]
    connection.executemany("INSERT INTO accounts VALUES (?, ?)", [*rows, ("Last", "00123")])
    connection.commit()
    connection.close()
    accounts = read_sql("SELECT name, zip AS postal_code FROM accounts", f"sqlite:///{tmp_path / 'crm.db'}")
    assert accounts.table["postal_code"].to_pylist()[-2:] == [None, "00123"]


def test_without_the_driver_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql.dbapi", None)
    with pytest.raises(BackendError) as caught:
        read_sql(STATEMENT, "postgresql://db/crm")
    assert caught.value.hint == 'Install it with: pip install "accountmap[sql]"'


def count_rows(dsn: str, environment: dict[str, str]) -> str:
    """Read in a process of its own, whose environment libpq sees."""
    import adbc_driver_postgresql  # noqa: F401 - without it, the test is skipped

    code = (
        "import sys; from accountmap.accounts.read import read_sql;"
        " print(len(read_sql('SELECT 1 AS name', sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, dsn],
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout


def test_libpq_takes_the_password_from_its_own_file(server: Server, tmp_path: Path) -> None:
    kept = tmp_path / "pgpass"
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    kept.write_text(f"127.0.0.1:{server.port}:*:*:{escaped}\n", encoding="utf-8")
    kept.chmod(0o600)
    assert count_rows(server.dsn, {"PGPASSFILE": str(kept)}) == "1\n"


def test_libpq_takes_everything_from_a_service_file(server: Server, tmp_path: Path) -> None:
    service = tmp_path / "services"
    known = f"host=127.0.0.1\nport={server.port}\ndbname=postgres\nuser=crm\npassword={PASSWORD}\n"
    service.write_text(f"[crm]\n{known}", encoding="utf-8")
    assert count_rows("postgresql://?service=crm", {"PGSERVICEFILE": str(service)}) == "1\n"
