"""docs/reports.md names what the files hold."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from accountmap.account_map import (
    BUDGET_SCHEMA,
    CAMPAIGN_SCHEMA,
    CHANGE_SCHEMA,
    CONFLICT_SCHEMA,
    COVERAGE_SCHEMA,
    DOUBTS,
    MATRIX_SCHEMA,
    OVERLAP_SCHEMA,
    PLAYS,
    REASONS,
    REST_SCHEMA,
    SCORE_PARTS,
    SESSION_SCHEMA,
    STANDARD_WEIGHTS,
    TIERS,
    WHITESPACE_SCHEMA,
    read_weights,
)
from accountmap.report.columns import TIER_MEANINGS
from accountmap.report.crm import hubspot_companies, salesforce_accounts
from accountmap.report.files import EXPORTS, tables_of
from tests.account_map.examples import one_account_map

DOCS = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")


def documented(heading: str) -> set[str]:
    """The names in the first column of the table below a heading."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOCS, re.DOTALL | re.MULTILINE)
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize(
    ("heading", "schema"),
    [
        ("overlap", OVERLAP_SCHEMA),
        ("conflicts", CONFLICT_SCHEMA),
        ("matrix", MATRIX_SCHEMA),
        ("theirs_without_me", REST_SCHEMA),
        ("coverage", COVERAGE_SCHEMA),
        ("campaign", CAMPAIGN_SCHEMA),
        ("budget", BUDGET_SCHEMA),
        ("changes", CHANGE_SCHEMA),
        ("sessions", SESSION_SCHEMA),
    ],
)
def test_every_column_is_documented(heading: str, schema: pa.Schema) -> None:
    assert documented(heading) == set(schema.names)


def test_the_whitespace_differs_from_the_overlap_as_documented() -> None:
    left_out = {"match_id", "play", "lead", "tier", "evidence", "doubt", "change"}
    kept = {name for name in documented("overlap") - left_out if not name.startswith(("their_", "score"))}
    assert kept | documented("whitespace") == set(WHITESPACE_SCHEMA.names)


def test_the_plays_are_documented_in_their_order() -> None:
    rows = re.findall(r"^\| (\d) \| (\w+) \| (\w+) \| ([a-z ]+) \|$", DOCS, re.MULTILINE)
    cells = sorted(PLAYS.items(), key=lambda item: item[1].rank)
    assert rows == [(str(play.rank), mine, theirs, play.name) for (mine, theirs), play in cells]


def test_every_tier_has_a_meaning() -> None:
    assert tuple(TIER_MEANINGS) == TIERS


def test_every_file_and_every_import_heading_is_documented() -> None:
    account_map = one_account_map()
    for name in ("report.html", "report.xlsx", "report.json", *EXPORTS):
        assert f"`{name}`" in DOCS
    pairs = re.findall(r"^\| [^|]+ \| `(\w+)` \| `([\w ]+)` \|$", DOCS, re.MULTILINE)
    assert [a for a, _ in pairs] == salesforce_accounts(account_map).column_names
    assert [b for _, b in pairs] == hubspot_companies(account_map).column_names


def test_the_example_of_weights_is_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    (tmp_path / "weights.toml").write_text(example, "utf-8")
    weights = read_weights(tmp_path / "weights.toml")
    assert (weights.fit, weights.ideal.employees) == (40.0, (51, 5000))


def test_the_weights_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| ", DOCS, re.MULTILINE)
    assert [(part, float(weight)) for part, weight in rows if part in SCORE_PARTS] == [
        (part, STANDARD_WEIGHTS.of(part)) for part in SCORE_PARTS
    ]


def test_every_reason_doubt_and_table_is_documented() -> None:
    for name in (*REASONS, *DOUBTS):
        assert name in DOCS
    for name in tables_of(one_account_map()):
        assert f"| `{name}.csv`, `{name}.parquet` |" in DOCS
