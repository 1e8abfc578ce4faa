"""Results in real databases: the same rows however often they are written."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from accountmap.account_map import AccountMap
from accountmap.databases import open_database
from accountmap.errors import InputError, UsageError
from accountmap.influence.models import MODELS
from accountmap.report import write_sql
from accountmap.report.files import tables_of
from accountmap.report.influence_views import influence_tables
from accountmap.report.sql import INFLUENCE_SQL_VIEWS, OVERLAP_VIEWS
from tests.account_map.examples import one_account_map
from tests.databases.postgres import PASSWORD, Server
from tests.databases.systems import Source, postgres_source
from tests.influence.examples import example

TABLES = [
    "accountmap_sessions",
    *(f"accountmap_{name}" for name in tables_of(one_account_map()) if name != "sessions"),
]
VIEWS = [f"accountmap_{name}" for name in OVERLAP_VIEWS]


def rows_of(source: Source, table: str) -> int:
    return int(source.ask(f"SELECT count(*) FROM {table}")[0][0])


def test_every_table_arrives_as_it_is(source: Source) -> None:
    account_map = one_account_map()
    assert write_sql(account_map, source.dsn, password=source.password) == TABLES + VIEWS
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
    with pytest.raises(InputError, match=r"cannot be written: a table (of that name|named) .*has other columns"):
        write_sql(replace(one, overlap=altered, receipt="other"), source.dsn, password=source.password)
    assert rows_of(source, "accountmap_overlap") == before
    assert source.ask("SELECT receipt FROM accountmap_sessions") == [(one.receipt,)]


def test_columns_in_another_order_are_refused(source: Source) -> None:
    one = one_account_map()
    write_sql(one, source.dsn, password=source.password)
    with pytest.raises(InputError, match="accountmap_matrix has other columns"):
        turned = one.matrix.select(one.matrix.column_names[::-1])
        write_sql(replace(one, matrix=turned), source.dsn, password=source.password)


def rows_as_text(source: Source, statement: str) -> list[tuple[str, ...]]:
    """Ask with the database's own client; psql gives text."""
    return sorted(tuple("" if cell is None else str(cell) for cell in row) for row in source.ask(statement))


def test_the_views_show_the_last_session_of_each_partner(source: Source) -> None:
    """Two sessions with one partner, in which an account was lost, and one with another."""
    one = one_account_map()
    now = [
        replace(one, session_id="aa" * 32, finished=one.finished - timedelta(days=30)),
        replace(one, overlap=one.overlap.slice(1), session_id="bb" * 32),
        replace(one, partner_name="Initech", session_id="cc" * 32, finished=one.finished - timedelta(days=90)),
    ]
    for each in (now[1], now[0], now[2], now[1]):
        write_sql(each, source.dsn, password=source.password)
    latest = rows_as_text(source, "SELECT partner, session_id FROM accountmap_latest_sessions")
    assert latest == [(one.partner_name, "bb" * 32), ("Initech", "cc" * 32)]
    rows = [(each.partner_name, row) for each in now[1:] for row in each.overlap.to_pylist()]
    pairs = {(partner, row["account_id"]) for partner, row in rows}
    found = rows_as_text(source, "SELECT partner, account_id FROM accountmap_account_partners")
    assert found == sorted(pairs)
    reach = rows_as_text(source, "SELECT account_id, partners, customer_of FROM accountmap_account_reach")
    best = {}
    for partner, row in sorted(rows, key=lambda each: (each[1]["score"], each[1]["match_id"])):
        best[partner, row["account_id"]] = row["their_segment"]
    expected = Counter(account for _, account in pairs)
    served = Counter(account for (_, account), segment in best.items() if segment == "customer")
    assert reach == sorted((a, str(n), str(served[a])) for a, n in expected.items())
    cells = rows_as_text(
        source, "SELECT partner, segment, their_segment, entities, accounts FROM accountmap_partner_overlap"
    )
    counted: dict[tuple[str, str, str], tuple[set[str], set[str]]] = {}
    for partner, row in rows:
        entities, accounts = counted.setdefault((partner, row["segment"], row["their_segment"]), (set(), set()))
        entities.add(row["entity_id"])
        accounts.add(row["account_id"])
    assert cells == sorted((*key, str(len(e)), str(len(a))) for key, (e, a) in counted.items())


def test_influence_is_stored_anew_each_time_and_its_views_add_up_to_its_tables(source: Source) -> None:
    found = example()
    for _ in range(2):
        names = write_sql(found, source.dsn, password=source.password)
    assert names[0] == "accountmap_influence_report"
    assert names[-2:] == [f"accountmap_{name}" for name in INFLUENCE_SQL_VIEWS]
    for name, table in influence_tables(found).items():
        assert rows_of(source, f"accountmap_influence_{name}") == table.num_rows
    by_partner = rows_as_text(
        source,
        "SELECT partner, scope, currency, sourced_deals, influenced_deals, shared_deals,"
        " CAST(sourced_amount AS INT), CAST(influenced_amount AS INT) FROM accountmap_influence_by_partner",
    )
    cells: dict[tuple[str, str, str], dict[str, tuple[int, float]]] = {}
    for row in found.totals.to_pylist():
        if row["partner_name"]:
            key = row["partner_name"], row["of"], row["currency"]
            cells.setdefault(key, {})[row["class"]] = row["deals"], row["deal_amount"]
    assert by_partner == sorted(
        (
            *key,
            *(str(of[c][0]) for c in ("sourced", "influenced", "shared")),
            *(str(int(of[c][1])) for c in of if c != "shared"),
        )
        for key, of in cells.items()
    )
    models = [each.replace(" ", "_") for each in MODELS]
    sums = ", ".join(f"CAST(ROUND(100 * SUM({model})) AS INT)" for model in models)
    credited = rows_as_text(
        source,
        f"SELECT partner, scope, currency, {sums} FROM accountmap_influence_by_deal WHERE even IS NOT NULL"
        " GROUP BY partner, scope, currency",
    )
    assert credited == sorted(
        (row["partner_name"], row["of"], row["currency"], *(str(round(100 * row[model])) for model in models))
        for row in found.by_model.to_pylist()
        if row["partner_name"]
    )
    assert rows_of(source, "accountmap_influence_by_deal") == found.partner_deals.num_rows


def test_a_view_of_somebody_else_over_ours_stays(server: Server) -> None:
    """As dbt makes them; PostgreSQL would not let ours be dropped."""
    source = postgres_source(server)
    write_sql(one_account_map(), source.dsn, password=PASSWORD)
    source.ask("CREATE VIEW crm AS SELECT account_id, partners FROM accountmap_account_reach")
    write_sql(one_account_map(), source.dsn, password=PASSWORD)
    assert rows_of(source, "crm") == rows_of(source, "accountmap_account_reach") > 0


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
