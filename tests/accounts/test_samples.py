"""The samples are read as they come, and are what their README says."""

import csv
import re
from pathlib import Path

import pytest

from accountmap.accounts.read import read_accounts
from accountmap.accounts.schema import AccountList

SAMPLES = Path(__file__).parents[2] / "samples"
README = (SAMPLES / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def lists() -> dict[str, AccountList]:
    return {name: read_accounts(SAMPLES / name / "accounts.csv") for name in ("acme", "globex")}


@pytest.fixture(scope="module")
def truth() -> list[dict[str, str]]:
    with (SAMPLES / "true_overlap.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("name", "preset", "own", "extras"),
    [
        ("acme", "Salesforce", ["website", "last_activity"], []),
        ("globex", "HubSpot", ["domain"], ["Erstellungsdatum"]),
    ],
)
def test_all_columns_are_recognised_without_a_doubt(
    lists: dict[str, AccountList], name: str, preset: str, own: list[str], extras: list[str]
) -> None:
    accounts = lists[name]
    assert accounts.notes[0] == f"The headings are read as those of a {preset} export."
    assert all(note.startswith("Columns that are filled and were not read") for note in accounts.notes[1:])
    assert accounts.remarks == ()
    assert set(accounts.source_columns) == {
        *("account_id", "name", "country", "lei", "segment"),
        *("owner_name", "owner_email", "amount", "industry", "employees"),
        *own,
    }
    assert accounts.extras.column_names == extras
    assert all(accounts.table[name].null_count < len(accounts) for name in own)


@pytest.mark.parametrize("name", ["acme", "globex"])
def test_each_list_has_all_segments_and_amounts(lists: dict[str, AccountList], name: str) -> None:
    table = lists[name].table
    assert len(table) >= 3000
    assert set(table["segment"].to_pylist()) == {"customer", "opportunity", "prospect"}
    assert all(
        (amount is None) == (segment == "prospect")
        for amount, segment in zip(table["amount"].to_pylist(), table["segment"].to_pylist(), strict=True)
    )
    assert all(email.endswith(".example.com") for email in table["owner_email"].to_pylist())


def test_the_truth_names_accounts_of_both_lists_once(
    lists: dict[str, AccountList], truth: list[dict[str, str]]
) -> None:
    pairs = {(row["left_id"], row["right_id"]) for row in truth}
    assert len(pairs) == len(truth)
    assert {left for left, _ in pairs} <= set(lists["acme"].table["account_id"].to_pylist())
    assert {right for _, right in pairs} <= set(lists["globex"].table["account_id"].to_pylist())
    for name, found in (("acme", {left for left, _ in pairs}), ("globex", {right for _, right in pairs})):
        assert 0.25 <= len(found) / len(lists[name]) <= 0.4


def test_some_pairs_share_no_letter_and_some_entities_stand_twice(
    lists: dict[str, AccountList], truth: list[dict[str, str]]
) -> None:
    names = {
        side: dict(
            zip(lists[side].table["account_id"].to_pylist(), lists[side].table["name"].to_pylist(), strict=True)
        )
        for side in lists
    }
    apart = [
        row
        for row in truth
        if not set(names["acme"][row["left_id"]].casefold())
        & set(names["globex"][row["right_id"]].casefold()) - {" "}
    ]
    assert len(apart) >= 50
    assert len({row["left_id"] for row in truth}) < len(truth)


def test_the_readme_gives_the_sizes_kinds_and_licences(
    lists: dict[str, AccountList], truth: list[dict[str, str]]
) -> None:
    assert f"| {len(lists['acme']):,} | a Salesforce" in README
    assert f"| {len(lists['globex']):,} | a HubSpot" in README
    assert f"| {len(truth):,} pairs |" in README
    assert set(re.findall(r"^\| `(\w+)` \| the ", README, re.MULTILINE)) == {row["kind"] for row in truth}
    for licence in ("CC0 1.0", "BSD 3-Clause", "Apache 2.0", "US public domain"):
        assert licence in README
    assert (SAMPLES / "LICENSE.name-suggestion-index").is_file()


def test_the_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 2_000_000
