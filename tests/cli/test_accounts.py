"""Lists from files and from databases on the command line."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner

from accountmap_cli.main import cli
from tests.cli.running import accountmap
from tests.databases.postgres import PASSWORD, Server, running
from tests.databases.systems import postgres_source

STATEMENT = "SELECT id, name, web AS website, kind AS segment FROM accounts"
AS = ("--sql", STATEMENT, "--segment", "Kunde=customer")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        postgres_source(started)
        yield started


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    accountmap("init", "own", "--name", "Acme Cloud", "--no-passphrase", cwd=tmp_path)
    return tmp_path / "own"


def test_a_statement_is_prepared_and_its_source_kept_without_secrets(server: Server, workspace: Path) -> None:
    kept = accountmap(
        "accounts",
        "prepare",
        *AS,
        "--dsn",
        server.dsn,
        "--dsn-password-fd",
        "0",
        cwd=workspace,
        stdin=PASSWORD + "\n",
        process=True,
    )
    assert kept.stdout.startswith("2 accounts, 2 companies; kept as list 1 of Acme Cloud.")
    database = sqlite3.connect(workspace / "accountmap.db")
    (source,) = database.execute("SELECT source FROM account_list").fetchone()
    database.close()
    assert source.startswith(f"postgresql://127.0.0.1:{server.port}/postgres, statement ")
    everything = b"".join(path.read_bytes() for path in workspace.rglob("*") if path.is_file())
    assert PASSWORD.encode() not in everything
    assert b"SELECT id" not in everything


def test_a_statement_is_checked_without_a_workspace(server: Server, tmp_path: Path) -> None:
    done = accountmap(
        "accounts",
        "check",
        *AS,
        "--dsn",
        server.dsn,
        "--dsn-password-fd",
        "0",
        cwd=tmp_path,
        stdin=PASSWORD + "\n",
        process=True,
    )
    assert "2 accounts, 2 companies: 1 customer, 0 open opportunities, 1 prospect." in done.stdout
    assert not list(tmp_path.iterdir())


def test_a_password_is_asked_for_and_not_shown(server: Server) -> None:
    asked = CliRunner().invoke(
        cli, ["accounts", "check", *AS, "--dsn", server.dsn, "--ask-dsn-password"], input=f"{PASSWORD}\n"
    )
    assert asked.exit_code == 0, asked.output
    assert "Password of the database" in asked.output
    assert PASSWORD not in asked.output


def test_a_password_on_the_command_line_is_refused_and_not_repeated(tmp_path: Path) -> None:
    done = accountmap("accounts", "check", *AS, "--dsn", "postgresql://anna:sesame@db/crm", cwd=tmp_path, check=3)
    assert "holds a password" in done.stderr
    assert "sesame" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["list.csv", "--dsn", "sqlite:///crm.db"],
        ["--sql", "SELECT 1"],
        ["--dsn", "sqlite:///crm.db"],
        ["--sql", "SELECT 1", "--dsn", "sqlite:///crm.db", "--sheet", "One"],
    ],
)
def test_a_list_is_read_from_one_place(tmp_path: Path, given: list[str]) -> None:
    (tmp_path / "list.csv").write_text("name\nAcme\n", encoding="utf-8")
    done = accountmap("accounts", "check", *given, cwd=tmp_path, check=3)
    assert "Give FILE, or both --sql and --dsn." in done.stderr


def test_a_long_statement_may_stand_in_a_file(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "crm.db")
    connection.execute("CREATE TABLE accounts AS SELECT 'a1' AS id, 'Acme' AS name")
    connection.commit()
    connection.close()
    (tmp_path / "list.sql").write_text("SELECT id, name\nFROM accounts\n", encoding="utf-8")
    given = ("--sql", "@list.sql", "--dsn", "sqlite:///crm.db")
    assert "1 account, 1 company" in accountmap("accounts", "check", *given, cwd=tmp_path).stdout
    lost = accountmap("accounts", "check", "--sql", "@none.sql", *given[2:], cwd=tmp_path, check=3)
    assert "The statement in none.sql cannot be read" in lost.stderr


def checked(folder: Path, text: str, *options: str) -> str:
    """Check a list in this process, and give what is shown."""
    (folder / "list.csv").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(cli, ["accounts", "check", str(folder / "list.csv"), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


LIST = (
    "Firma;Typ;Jahresumsatz;Bemerkung;Web\nAcme;Kunde;5;ruft an;\nGlobex;Wettbewerber, neu;6;;\nInitech;Gold;7;;\n"
)


def test_every_column_and_every_segment_is_shown(tmp_path: Path) -> None:
    lines = [" ".join(line.split()) for line in checked(tmp_path, LIST).splitlines()]
    assert "Jahresumsatz annual_revenue 100% 5 | 6 | 7" in lines
    assert "Bemerkung not read; stays here 33% ruft an" in lines
    assert "Web empty 0%" in lines
    assert "Kunde 1 customer" in lines
    assert "Gold 1 prospect (unknown word)" in lines
    usual = "Agreements usually show these for shared companies, but your list has none: "
    assert f"{usual}owner name, owner email." in lines
    assert any(line.startswith("An agreement could also show these") and "stage" in line for line in lines)
    assert any(
        line.startswith("Rows that count as prospect, because it is not known which segment their 'Typ' means")
        for line in lines
    )


def test_a_value_with_a_comma_may_be_ignored(tmp_path: Path) -> None:
    shown = checked(tmp_path, LIST, "--segment", "Wettbewerber, neu=ignore", "--segment", "Gold=customer")
    assert shown.startswith("2 accounts, 2 companies: 2 customers, 0 open opportunities, 0 prospects.")
    assert "Wettbewerber, neu     1  ignore" in shown


def test_the_next_command_repeats_how_the_list_is_read(tmp_path: Path) -> None:
    (tmp_path / "my list.csv").write_text(LIST, encoding="utf-8")
    given = ["accounts", "check", str(tmp_path / "my list.csv"), "--segment", "Gold=customer", "--currency", "EUR"]
    said = CliRunner().invoke(cli, given).stderr
    assert f"accounts prepare '{tmp_path}/my list.csv' --segment Gold=customer --currency EUR" in said


def test_the_same_stands_in_the_json(tmp_path: Path) -> None:
    values = json.loads(checked(tmp_path, LIST, "--json"))
    assert {each["heading"]: each["read_as"] for each in values["list_columns"]}["Firma"] == ["name"]
    assert {"value": "Gold", "count": 1, "segment": "prospect", "known": False} in values["segment_values"]
    assert "amount" in values["empty_shared_fields"]


def test_a_folder_and_a_file_that_cannot_be_read_are_told_of(tmp_path: Path) -> None:
    for given in (tmp_path, tmp_path / "none.csv"):
        done = CliRunner().invoke(cli, ["accounts", "check", str(given)])
        assert done.exit_code == 2
        assert "Traceback" not in done.output


FIRST = "Firma;Web;Typ;Sitz\nAcme;acme.example;Kd;Bern\nGlobex;globex.example;Ziel;Ulm\n"
SAID = ("--map", "name=Firma", "--segment", "Kd=customer")


def prepared(workspace: Path, text: str, *options: str, check: int = 0) -> str:
    (workspace / "export.csv").write_text(text, "utf-8")
    return accountmap("accounts", "prepare", "export.csv", *options, cwd=workspace, check=check).stderr


def test_how_the_last_list_was_read_holds_for_the_next_and_is_said(workspace: Path) -> None:
    assert "As last time" not in prepared(workspace, FIRST, *SAID, "--currency", "EUR")
    told = prepared(workspace, FIRST + "Initech;initech.example;Kd;Rom\n")
    assert "As last time: --map name=Firma --segment Kd=customer --currency EUR" in told
    checked = accountmap("accounts", "check", "export.csv", cwd=workspace)
    assert ": 2 customers, 0 open opportunities, 1 prospect." in checked.stdout
    assert "As last time:" in checked.stderr
    assert checked.stderr.endswith("Next: accountmap accounts prepare export.csv\n")


def test_what_is_said_now_wins_over_last_time(workspace: Path) -> None:
    prepared(workspace, FIRST, *SAID)
    told = prepared(workspace, FIRST, "--segment", "Kd=opportunity", "--segment", "Ziel=customer")
    assert "As last time: --map name=Firma\n" in told
    checked = accountmap("accounts", "check", "export.csv", cwd=workspace)
    assert ": 1 customer, 1 open opportunity, 0 prospects." in checked.stdout


def test_afresh_forgets_how_the_last_list_was_read(workspace: Path) -> None:
    prepared(workspace, FIRST, *SAID)
    assert "As last time" not in prepared(workspace, "Name,City\nAcme,Bern\n", "--afresh")
    assert "As last time" not in prepared(workspace, "Name,City\nAcme,Bern\n")


def test_headings_of_last_time_that_are_gone_are_an_error_that_says_what_to_do(workspace: Path) -> None:
    prepared(workspace, FIRST, *SAID)
    told = prepared(workspace, "Name,City\nAcme,Bern\n", check=3)
    assert "--afresh reads without the options of last time" in told


def test_options_of_a_workbook_wait_for_the_next_one(workspace: Path) -> None:
    book = xlsxwriter.Workbook(workspace / "export.xlsx")
    for name in ("One", "Two"):
        sheet = book.add_worksheet(name)
        sheet.write_column(0, 0, ["Name", f"Acme {name}"])
    book.close()
    accountmap("accounts", "prepare", "export.xlsx", "--sheet", "Two", cwd=workspace)
    assert "As last time" not in prepared(workspace, "Name,City\nAcme,Bern\n")
    again = accountmap("accounts", "check", "export.xlsx", cwd=workspace)
    assert "As last time: --sheet Two" in again.stderr
    assert "Acme Two" in again.stdout


def test_decisions_of_last_time_must_still_be_there(workspace: Path) -> None:
    decisions = workspace / "pairs.csv"
    decisions.write_text("account_id,other_account_id,same\n", "utf-8")
    prepared(workspace, "ID,Name\n1,Acme\n", "--decisions", "pairs.csv")
    assert f"As last time: --decisions {decisions}" in prepared(workspace, "ID,Name\n1,Acme\n")
    decisions.unlink()
    assert "--afresh" in prepared(workspace, "ID,Name\n1,Acme\n", check=3)


def test_a_list_of_another_company_is_noticed(workspace: Path) -> None:
    ours = "\n".join(["Name", *(f"Harbor Works {n}" for n in range(40))])
    theirs = "\n".join(["Name", *(f"Elbe Labor {n}" for n in range(40))])
    prepared(workspace, ours)
    assert "on the previous list" not in prepared(workspace, ours.replace("Works 3", "Mill 3"))
    assert "Only 0% of the companies on the previous list are on this one." in prepared(workspace, theirs)


def test_the_lock_of_a_workbook_that_is_open_is_not_read(workspace: Path) -> None:
    (workspace / "~$export.xlsx").write_bytes(b"\5Anna")
    refused = accountmap("accounts", "check", "~$export.xlsx", cwd=workspace, check=3)
    assert "Name the workbook itself: export.xlsx" in refused.stderr
