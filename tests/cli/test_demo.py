"""The demo's samples: dates of the day, and what it says of the outcome."""

import csv
import re
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import pytest

from accountmap.accounts.read import read_accounts
from accountmap_cli.demo import Samples, Side, move_dates, outcomes, samples

Match = tuple[str, str, str]
"""Match id, account of the left list, account of the right one."""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    root = tmp_path_factory.mktemp("demo")
    for side in ("left", "right"):
        (root / side).mkdir()
    return Samples(samples(), root)


def sides(folder: Path, matches: Iterable[Match], possible: Iterable[Match] = ()) -> tuple[Side, Side]:
    """Make both sides with the tables of a report."""
    both = (Side("Acme Cloud", folder / "left", folder), Side("Globex Data", folder / "right", folder))
    for at, side in enumerate(both, start=1):
        side.folder.mkdir()
        for name, table in (("overlap", matches), ("possible", possible)):
            with (side.folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
                csv.writer(stream).writerows([("match_id", "account_id"), *((m[0], m[at]) for m in table)])
    return both


def test_the_exports_are_of_the_last_week(sample: Samples) -> None:
    for export in sample.exports():
        newest = max(read_accounts(export).table["last_activity"].to_pylist())
        assert date.today() - timedelta(days=8) < newest < date.today()


def test_moved_dates_stay_dates_of_their_language() -> None:
    assert move_dates('a,"1,234.50",2/28/2027\r\n', timedelta(days=2)) == 'a,"1,234.50",3/2/2027\r\n'
    assert move_dates("a;1.234,50;31.12.2026", timedelta(days=-7)) == "a;1.234,50;24.12.2026"


def test_what_is_revealed_asked_and_dropped_is_counted_against_the_truth(sample: Samples, tmp_path: Path) -> None:
    companies = {company: pair for pair, company in sample.truth.items()}
    pairs = list(companies.values())
    holding = next(pair for pair, kind in sample.near_misses.items() if kind == "holding")
    matches = [(f"r{at}", *pair) for at, pair in enumerate(pairs[:98])]
    matches += [("h", *holding), ("w", pairs[200][0], pairs[201][1]), ("asked", *pairs[99])]
    said = "\n".join(sample.outcomes(*sides(tmp_path, matches), {"asked": "same", "other": "no"}))
    assert "Reveal  100 matches" in said
    assert "98 are right; of the rest,\n        1 are a company and its holding" in said
    assert "Ask     2 possible matches" in said
    assert "answered same to 1 and no to the rest" in said
    assert f"{len(sample.near_misses) - 1:,} of {len(sample.near_misses):,}" in said
    recall, with_answers = (f"{found / len(companies):.1%}" for found in (98, 99))
    assert f"{recall} were revealed (recall), and with the answers {with_answers}" in said
    assert "98.0% are right (precision)" in said


def test_a_question_is_answered_by_the_truth(sample: Samples) -> None:
    left, right = next(iter(sample.truth))
    name = sample.accounts[0][left]["Account Name"]
    asked = {"their_name": name, "their_website": "", "account_id": right}
    assert sample.is_same(asked)
    assert not sample.is_same({**asked, "their_name": "Somebody Else"})


def test_without_a_truth_it_counts_only(tmp_path: Path) -> None:
    one, _ = sides(tmp_path, [("1", "a", "b"), ("2", "c", "d")], [("3", "e", "f")])
    said = "\n".join(outcomes(one))
    assert re.match("2 companies on both lists were revealed.\n1 possible match can be asked about", said)
