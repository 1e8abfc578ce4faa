"""The dbt project of docs/examples describes the views as they are in a database, every column of them."""

from pathlib import Path
from typing import Any

import yaml

from accountmap.report.sql import INFLUENCE_SQL_VIEWS, OVERLAP_VIEWS, write_sql
from tests.account_map.examples import one_account_map
from tests.databases.systems import duckdb_source
from tests.influence.examples import example

PROJECT = Path(__file__).parents[2] / "docs" / "examples" / "dbt"
PAGE = Path(__file__).parents[2] / "docs" / "warehouse.md"
PREFIX = "{{ var('accountmap_prefix', 'accountmap_') }}"


def described() -> dict[str, Any]:
    (source,) = yaml.safe_load((PROJECT / "models" / "accountmap.yml").read_text("utf-8"))["sources"]
    return {table["name"]: table for table in source["tables"]}


def test_the_source_file_has_every_column_of_every_view(tmp_path: Path) -> None:
    source = duckdb_source(tmp_path)
    for results in (one_account_map(), example()):
        write_sql(results, source.dsn)
    assert set(described()) == {*OVERLAP_VIEWS, *INFLUENCE_SQL_VIEWS, "influence_report"}
    for name, table in described().items():
        assert table["identifier"] == PREFIX + name
        columns = [row[0] for row in source.ask(f"DESCRIBE accountmap_{name}")]
        assert [column["name"] for column in table["columns"]] == columns
        assert all(each["description"].strip() for each in (table, *table["columns"]))


def test_its_tests_hold_in_what_was_written(tmp_path: Path) -> None:
    """The kinds of tests that dbt has of itself, asked as dbt asks."""
    source = duckdb_source(tmp_path)
    for results in (one_account_map(), example()):
        write_sql(results, source.dsn)
    asked = 0
    for name, table in described().items():
        for column in table["columns"]:
            for test in column.get("data_tests", []):
                kind, about = next(iter(test.items())) if isinstance(test, dict) else (test, {})
                about = about.get("arguments", {})
                wrong = {
                    "not_null": f"{column['name']} IS NULL",
                    "accepted_values": f"{column['name']} NOT IN {tuple(about.get('values', 'xx'))}",
                    "unique": f"{column['name']} IN (SELECT {column['name']} FROM accountmap_{name} GROUP BY 1 "
                    "HAVING count(*) > 1)",
                    "relationships": f"{column['name']} NOT IN (SELECT {about.get('field', '1')} "
                    "FROM accountmap_latest_sessions)",
                }[kind]
                assert source.ask(f"SELECT * FROM accountmap_{name} WHERE {wrong}") == []
                asked += 1
    assert asked > 20


def test_the_models_read_the_sources_and_the_page_names_every_view(tmp_path: Path) -> None:
    source = duckdb_source(tmp_path)
    for results in (one_account_map(), example()):
        write_sql(results, source.dsn)
    for model in (PROJECT / "models").glob("*.sql"):
        statement = model.read_text("utf-8")
        for name in described():
            statement = statement.replace(f"{{{{ source('accountmap', '{name}') }}}}", f"accountmap_{name}")
        key = "account_id" if model.stem == "crm_accounts" else "deal_id"
        ((rows, different),) = source.ask(f"SELECT count(*), count(DISTINCT {key}) FROM ({statement})")
        assert rows == different > 0
    page = PAGE.read_text("utf-8")
    assert all(f"`{name}`" in page for name in described())
