"""Results in real databases: the same rows however often they are written."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from accountmap.account_map import AccountMap
from accountmap.databases import open_database
from accountmap.errors import InputError, UsageError
from accountmap.report import write_sql
from accountmap.report.files import tables_of
from tests.account_map.examples import one_account_map
from tests.databases.postgres import PASSWORD, Server
from tests.databases.systems import Source, postgres_source

TABLES = [
    "accountmap_sessions",
    *(f"accountmap_{name}" for name in tables_of(one_account_map()) if name != "sessions"),
]


def rows_of(source: Source, table: str) -> int:
    return int(source.ask(f"SELECT count(*) FROM {table}")[0][0])


def test_every_table_arrives_as_it_is(source: Source) -> None:
    account_map = one_account_map()
    assert write_sql(account_map, source.dsn, password=source.password) == TABLES
    with open_database(source.dsn, source.password) as database:
        for name, table in tables_of(account_map).items():
            if name == "sessions":
                continue
            found = database.query(f"SELECT * FROM accountmap_{name}").select(table.column_names).to_pylist()
            expected = table.to_pylist()
            assert len(found) == len(expected)
            assert all(row in expected for row in found)
    ((partner,),) = source.ask("SELECT partner FROM accountmap_sessions")
    assert partner == account_map.partner_name


def test_a_second_run_leaves_the_same_rows(source: Source) -> None:
    account_map = one_account_map()
    write_sql(account_map, source.dsn, password=source.password)
    before = {table: rows_of(source, table) for table in TABLES}
    write_sql(account_map, source.dsn, password=source.password)
    assert {table: rows_of(source, table) for table in TABLES} == before
    assert before["accountmap_overlap"] > 0


def test_other_sessions_stay(source: Source) -> None:
    one = one_account_map()
    write_sql(one, source.dsn, password=source.password)
    alone = {table: rows_of(source, table) for table in TABLES}
    write_sql(replace(one, session_id="ff" * 32), source.dsn, password=source.password)
    write_sql(one, source.dsn, password=source.password)
    assert {table: rows_of(source, table) for table in TABLES} == {table: 2 * n for table, n in alone.items()}


def test_a_refusal_changes_nothing(source: Source) -> None:
    one = one_account_map()
    write_sql(one, source.dsn, password=source.password)
    before = rows_of(source, "accountmap_overlap")
    altered = one.overlap.append_column("surprise", one.overlap["match_id"])
    with pytest.raises(InputError, match=r"cannot be written: a table of (that|the) name .*has other columns"):
        write_sql(replace(one, overlap=altered, receipt="other"), source.dsn, password=source.password)
    assert rows_of(source, "accountmap_overlap") == before
    assert source.ask("SELECT receipt FROM accountmap_sessions") == [(one.receipt,)]


def test_columns_in_another_order_are_refused(source: Source) -> None:
    one = one_account_map()
    write_sql(one, source.dsn, password=source.password)
    with pytest.raises(InputError, match="accountmap_matrix has other columns"):
        turned = one.matrix.select(one.matrix.column_names[::-1])
        write_sql(replace(one, matrix=turned), source.dsn, password=source.password)


def test_two_runs_at_once_double_nothing(server: Server) -> None:
    source, one = postgres_source(server), one_account_map()
    write_sql(replace(one, session_id="00" * 32), source.dsn, password=PASSWORD)

    def run(_: int) -> str:
        try:
            write_sql(one, source.dsn, password=PASSWORD)
        except InputError as refused:
            return str(refused)
        return ""

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(run, range(8)))
    assert "" in said
    assert rows_of(source, "accountmap_overlap") == 2 * one.overlap.num_rows
    assert rows_of(source, "accountmap_sessions") == 2


def test_a_user_who_may_not_write_is_told_so(server: Server) -> None:
    source = postgres_source(server)
    source.ask("GRANT USAGE ON SCHEMA public TO PUBLIC; CREATE ROLE reader LOGIN PASSWORD 'r';")
    with pytest.raises(InputError, match="this user may not do that"):
        write_sql(one_account_map(), server.dsn.replace("crm@", "reader@"), password="r")


@pytest.mark.parametrize("prefix", ["", "Upper_", "a; DROP TABLE accounts; --", 'x"y', "ä_"])
def test_a_prefix_is_a_plain_name(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(UsageError):
        write_sql(one_account_map(), f"sqlite:///{tmp_path / 'x.db'}", prefix=prefix)


def test_what_a_partner_wrote_cannot_keep_results_from_being_stored(source: Source) -> None:
    hostile = "Evil\0 \u202eCorp'; DROP TABLE accounts; --"
    one = one_account_map({"name": hostile})
    write_sql(one, source.dsn, password=source.password)
    ((stored,),) = source.ask("SELECT their_name FROM accountmap_overlap")
    assert stored == "Evil[U+0000] [U+202E]Corp'; DROP TABLE accounts; --"
    assert len(source.ask("SELECT id FROM accounts")) == 2


def test_an_empty_result_makes_the_tables_too(source: Source) -> None:
    one = one_account_map()
    empty: AccountMap = replace(one, overlap=one.overlap.slice(0, 0), session_id="ee" * 32)
    write_sql(empty, source.dsn, password=source.password)
    assert rows_of(source, "accountmap_overlap") == 0
    assert rows_of(source, "accountmap_sessions") == 1
