"""Deals and influence at a terminal."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest import mock

import pyarrow.parquet as pq
import pytest

from accountmap import Workspace, read_influence
from accountmap.workspace.user_files import load_deals
from tests.cli.running import accountmap
from tests.parties import Parties

DEALS = """Deal ID,Deal Name,Account ID,Amount,Created,Closed,Status,Source,Partner
1,Roof,a1,1000 EUR,2026-01-10,2026-02-20,Won,Partner,Globex Data
2,Door,a2,500 EUR,2026-01-10,,Open,Web,
3,Gate,a9,70 EUR,2026-01-10,2026-02-01,Lost,,
"""
TOUCHES = "Deal ID,Partner,Type,Date\n2,globex data,Meeting,2026-01-20\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace after a session, in which a1, a2 and a3 are shared."""
    Parties.after_a_session(tmp_path)
    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    (tmp_path / "touches.csv").write_text(TOUCHES, encoding="utf-8")
    return tmp_path


def test_deals_become_a_page_a_workbook_and_tables(folder: Path) -> None:
    checked = accountmap("-w", "acme", "deals", "check", "deals.csv", "--json", cwd=folder)
    said = json.loads(checked.stdout)
    assert (said["deals"], said["won"], said["lost"], said["open"]) == (3, 1, 1, 1)
    assert {each["kind"] for each in said["findings"]} == {"account_unknown"}
    assert not (folder / "acme" / "deals").exists(), "checking keeps nothing"
    prepared = accountmap("-w", "acme", "deals", "prepare", "deals.csv", "--touches", "touches.csv", cwd=folder)
    assert "3 deals: 1 won, 1 lost, 1 open; 1 touch." in prepared.stdout
    rule = folder / "acme" / "influence.toml"
    accountmap("influence", "rules", rule, cwd=folder)
    rule.write_text(
        rule.read_text("utf-8").replace("# since = 2026-01-01", "since = 2026-01-01"), encoding="utf-8"
    )
    built = accountmap("-w", "acme", "influence", "build", cwd=folder)
    assert "Of EUR 1,000 won from 2026-01-01" in built.stderr
    assert "influence.toml" in built.stderr
    page = folder / built.stdout.strip()
    assert page.name == "influence.html"
    deals = pq.read_table(page.with_name("deals.parquet")).to_pylist()
    assert [(row["deal_id"], row["class"], row["shared_with"]) for row in deals] == [
        ("1", "sourced", "Globex Data"),
        ("2", "influenced", "Globex Data"),
        ("3", "untouched", None),
    ]
    with mock.patch("click.launch") as launched:
        accountmap("-w", "acme", "influence", "open", cwd=folder)
    assert launched.call_args.args[0].endswith("influence.html")


def test_the_page_is_built_anew_after_new_deals_or_another_rule(folder: Path) -> None:
    accountmap("-w", "acme", "deals", "prepare", "deals.csv", cwd=folder)
    with mock.patch("click.launch") as launched:
        accountmap("-w", "acme", "influence", "open", cwd=folder)
        page = folder / launched.call_args.args[0]
        first = page.stat().st_mtime_ns
        accountmap("-w", "acme", "influence", "open", cwd=folder)
        assert page.stat().st_mtime_ns == first, "nothing is new"
        (folder / "deals.csv").write_text(DEALS + "4,Cellar,a3,900 EUR,2026-01-10,,Open,,\n", encoding="utf-8")
        accountmap("-w", "acme", "deals", "prepare", "deals.csv", cwd=folder)
        accountmap("-w", "acme", "influence", "open", cwd=folder)
        assert "Cellar" in page.read_text("utf-8")
        second = page.stat().st_mtime_ns
        accountmap("-w", "acme", "influence", "rules", cwd=folder)
        accountmap("-w", "acme", "influence", "open", cwd=folder)
        assert page.stat().st_mtime_ns > second
        accountmap("-w", "acme", "partner", "profile", "globex", "--cost", "500", "--currency", "EUR", cwd=folder)
        accountmap("-w", "acme", "influence", "open", cwd=folder)
        third = page.stat().st_mtime_ns
        for each in (folder / "acme" / "profiles").iterdir():
            each.unlink()
        accountmap("-w", "acme", "influence", "open", cwd=folder)
        assert page.stat().st_mtime_ns > third, "what was deleted counts no longer"


def test_a_page_by_another_rule_is_not_shown_for_that_of_the_workspace(folder: Path) -> None:
    """The rule is compared, not its time: a file that was deleted, or named once, leaves no newer file behind."""
    accountmap("-w", "acme", "deals", "prepare", "deals.csv", cwd=folder)
    rule = folder / "acme" / "influence.toml"
    rule.write_text("[influenced]\nbefore_days = 44\n", encoding="utf-8")
    (folder / "once.toml").write_text("[influenced]\nbefore_days = 33\n", encoding="utf-8")
    page = folder / "acme" / "reports" / "influence" / "influence.html"

    def opened() -> str:
        with mock.patch("click.launch"):
            accountmap("-w", "acme", "influence", "open", cwd=folder)
        return page.read_text("utf-8")

    assert "before_days = 44" in opened()
    accountmap("-w", "acme", "influence", "build", "--rules", "once.toml", cwd=folder)
    assert "before_days = 33" in page.read_text("utf-8")
    assert "before_days = 44" in opened()
    rule.unlink()
    assert "before_days = 90" in opened()
    built = page.stat().st_mtime_ns
    opened()
    assert page.stat().st_mtime_ns == built, "nothing is new"


def test_the_cost_of_a_partner_is_taken_from_its_profile(folder: Path) -> None:
    accountmap("-w", "acme", "deals", "prepare", "deals.csv", cwd=folder)
    said = ("partner", "profile", "globex", "--cost", "500", "--currency", "eur", "--margin", "10")
    accountmap("-w", "acme", *said, cwd=folder)
    with Workspace.open(folder / "acme", lambda _: "correct horse battery staple") as own:
        (row,) = read_influence(own).returns.to_pylist()
    assert (row["partner_name"], row["currency"], row["cost_from"]) == ("Globex Data", "EUR", "profile")
    assert row["partner_cost"] == 500 + row["sourced_revenue"] / 10


def test_a_rule_is_agreed_said_and_written_where_both_have_signed(folder: Path) -> None:
    rule = folder / "wanted.toml"
    rule.write_text("[influenced]\nbefore_days = 45\n", encoding="utf-8")
    accountmap(
        "-w", "acme", "agreement", "new", "--with", "globex", "--credit-rule", rule, "-o", "x.toml", cwd=folder
    )
    shown = accountmap("agreement", "show", "x.toml", cwd=folder).stdout
    assert "from 45 days before it is created" in " ".join(shown.split())
    said = accountmap("-w", "acme", "influence", "rules", "--agreed-with", "globex", cwd=folder, check=5)
    assert "names a credit rule" in said.stderr
    accountmap("-w", "globex", "agreement", "sign", "x.toml", "--yes", "--confirm-rows", "48", cwd=folder)
    accountmap("-w", "acme", "agreement", "sign", "x.toml", "--confirm-rows", "48", cwd=folder)
    accountmap("-w", "acme", "deals", "prepare", "deals.csv", cwd=folder)
    assert "before days 90, agreed 45" in accountmap("-w", "acme", "influence", "build", cwd=folder).stderr
    accountmap("-w", "acme", "influence", "rules", "--agreed-with", "globex", cwd=folder)
    assert "both sides count by it" in accountmap("-w", "acme", "influence", "build", cwd=folder).stderr
    page = (folder / "acme" / "reports" / "influence" / "influence.html").read_text("utf-8")
    assert "both sides count by it" in page


def test_influence_is_stored_with_its_views(folder: Path) -> None:
    accountmap("-w", "acme", "deals", "prepare", "deals.csv", "--touches", "touches.csv", cwd=folder)
    store = ("-w", "acme", "influence", "store", "--dsn", "sqlite:///crm.db", "--prefix", "p_")
    said = [accountmap(*store, cwd=folder).stdout.split() for _ in range(2)]
    assert said[0] == said[1]
    assert said[0][-1] == "p_influence_by_deal"
    with closing(sqlite3.connect(folder / "crm.db")) as database:
        rows = database.execute(
            "SELECT deal_id, partner, role, even FROM p_influence_by_deal ORDER BY 1"
        ).fetchall()
    assert rows == [("1", "Globex Data", "sourced", 1000.0), ("2", "Globex Data", "influenced", 500.0)]
    assert "Name it with --dsn" in accountmap("-w", "acme", "influence", "store", cwd=folder, check=3).stderr


def test_prepared_deals_are_sealed_and_replace_the_last_ones(folder: Path) -> None:
    for _ in range(2):
        accountmap("-w", "acme", "deals", "prepare", "deals.csv", cwd=folder)
    kept = [path.read_bytes() for path in (folder / "acme" / "deals").rglob("*") if path.is_file()]
    assert len(kept) == 4, "the tables of the last ones, and what is known of them"
    assert not any(word in data for data in kept for word in (b"Roof", b"Globex", b"Partner"))
    with Workspace.open(folder / "acme", lambda _: "correct horse battery staple") as own:
        deals, _ = load_deals(own)
        assert deals.table["deal_id"].to_pylist() == ["1", "2", "3"]
        assert read_influence(own).touches.num_rows > 0


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    accountmap("init", "acme", "--name", "Acme", "--no-passphrase", cwd=tmp_path)
    said = accountmap("-w", "acme", "influence", "build", cwd=tmp_path, check=4)
    assert "accountmap deals prepare FILE" in said.stderr
    said = accountmap("-w", "acme", "influence", "build", "--rules", "none.toml", cwd=tmp_path, check=2)
    assert "none.toml" in said.stderr
    accountmap("-w", "acme", "influence", "rules", cwd=tmp_path)
    assert (tmp_path / "acme" / "influence.toml").is_file()
    assert "is there already" in accountmap("-w", "acme", "influence", "rules", cwd=tmp_path, check=3).stderr
    assert "Give FILE" in accountmap("deals", "check", cwd=tmp_path, check=3).stderr
    (tmp_path / "acme" / "deals").mkdir()
    (tmp_path / "acme" / "deals" / "current").write_bytes(b"rubbish")
    said = accountmap("-w", "acme", "influence", "build", cwd=tmp_path, check=4)
    assert "accountmap" in said.stderr


def test_a_portfolio_by_tiers_that_are_gone_is_built_anew(folder: Path) -> None:
    tiers = folder / "acme" / "tiers.toml"
    tiers.write_text('[[tier]]\nname = "platinum"\nall = [{ field = "shared", at_least = 1 }]\n', encoding="utf-8")
    page = folder / "acme" / "reports" / "portfolio" / "portfolio.html"

    def opened(*more: str) -> str:
        with mock.patch("click.launch"):
            accountmap("-w", "acme", "portfolio", "open", *more, cwd=folder)
        return page.read_text("utf-8")

    assert "platinum" in opened()
    (folder / "once.toml").write_bytes(tiers.read_bytes().replace(b"platinum", b"tungsten"))
    assert "tungsten" in opened("--tiers", "once.toml")
    assert "platinum" in opened()
    tiers.unlink()
    assert "platinum" not in opened()
