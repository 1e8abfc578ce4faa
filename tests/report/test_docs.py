"""docs/reports.md names what the files hold."""

import re
from pathlib import Path

import pytest

from accountmap.account_map import (
    DOUBTS,
    PLAYS,
    REASONS,
    SCORE_PARTS,
    STANDARD_WEIGHTS,
    STRENGTHS,
    WHITESPACE,
    WHY_NOT,
    read_weights,
)
from accountmap.report.columns import COLUMNS
from accountmap.report.crm import EXPORTS, hubspot_companies, salesforce_accounts
from accountmap.report.views import VIEW, VIEWS, View
from accountmap.report.wording import STATUS_MEANINGS, STRENGTH_MEANINGS
from tests.account_map.examples import one_account_map

DOCS = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")


def documented(heading: str) -> set[str]:
    """The names in the first column of the table below a heading."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", DOCS, re.DOTALL | re.MULTILINE)
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}


LIKE_THE_OVERLAP = ("their_customers", "whitespace", "possible", "review")
"""Views that are documented by what differs from the overlap."""


@pytest.mark.parametrize(
    "view", [view for view in VIEWS if view.name not in LIKE_THE_OVERLAP], ids=lambda v: v.name
)
def test_every_column_is_documented(view: View) -> None:
    assert documented(view.name) == set(view.schema.names)


@pytest.mark.parametrize("name", LIKE_THE_OVERLAP)
def test_a_view_like_the_overlap_differs_as_documented(name: str) -> None:
    columns = set(VIEW[name].schema.names)
    assert documented(name) == columns - documented("overlap")


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_every_column_has_a_heading_and_every_sheet_a_name_that_fits(view: View) -> None:
    assert {*view.schema.names, *view.layout} - {"score_parts"} <= set(COLUMNS)
    assert len(view.title) <= 31
    assert view.layout == {} or view.nothing


def test_the_plays_are_documented_in_their_order() -> None:
    rows = re.findall(r"^\| (\d) \| (\w+) \| (\w+) \| ([a-z ]+) \|$", DOCS, re.MULTILINE)
    cells = sorted(PLAYS.items(), key=lambda item: item[1].rank)
    assert rows == [(str(play.rank), mine, theirs, play.name) for (mine, theirs), play in cells]


def test_every_strength_has_a_meaning() -> None:
    assert tuple(STRENGTH_MEANINGS) == STRENGTHS
    assert tuple(STATUS_MEANINGS) == WHITESPACE


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
    assert (weights.fit, weights.stages) == (40.0, {"Technical win": 0.8})


def test_the_weights_are_those_of_the_code() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| ", DOCS, re.MULTILINE)
    assert [(part, float(weight)) for part, weight in rows if part in SCORE_PARTS] == [
        (part, STANDARD_WEIGHTS.of(part)) for part in SCORE_PARTS
    ]


def test_every_reason_doubt_status_and_table_is_documented() -> None:
    for name in (*REASONS, *DOUBTS, *WHITESPACE, *WHY_NOT):
        assert name in DOCS
    for view in VIEWS:
        assert f"| `{view.name}.csv`, `{view.name}.parquet` |" in DOCS
