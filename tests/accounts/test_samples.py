"""The samples are read as they come, and are what their README says."""

import csv
import re
from pathlib import Path

import pytest

from accountmap.accounts.read import read_accounts
from accountmap.accounts.schema import AccountList
from accountmap_cli.demo import EXPORTED

SAMPLES = Path(__file__).parents[2] / "samples"
README = (SAMPLES / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def lists() -> dict[str, AccountList]:
    return {name: read_accounts(SAMPLES / name / "accounts.csv") for name in ("acme", "globex")}


@pytest.fixture(scope="module")
def truth() -> list[dict[str, str]]:
    return read("true_overlap.csv")


def read(name: str) -> list[dict[str, str]]:
    with (SAMPLES / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("name", "preset", "own", "left_out"),
    [
        ("acme", "Salesforce", {"website", "lei"}, "The lines from row 3646 on were left out: they are a footer"),
        ("globex", "Zoho", {"website"}, "Rows of totals, which are not accounts, left out: 1."),
    ],
)
def test_all_columns_are_recognised_without_a_doubt(
    lists: dict[str, AccountList], name: str, preset: str, own: set[str], left_out: str
) -> None:
    accounts = lists[name]
    assert accounts.notes[0].startswith(left_out)
    assert accounts.notes[1] == f"The headings are read as those of a {preset} export."
    assert accounts.remarks == ()
    assert set(accounts.source_columns) == {
        *("account_id", "name", "country", "segment"),
        *("owner_name", "owner_email", "amount", "currency", "industry", "employees", "last_activity"),
        *own,
    }
    assert accounts.extras.column_names == []
    address = accounts.table["website"]
    assert address.null_count < len(accounts) / 2
    assert accounts.table["last_activity"].null_count == 0
    assert max(accounts.table["last_activity"].to_pylist()) == EXPORTED


@pytest.mark.parametrize("name", ["acme", "globex"])
def test_each_list_has_all_segments_and_amounts(lists: dict[str, AccountList], name: str) -> None:
    table = lists[name].table
    assert len(table) >= 1700
    assert set(table["segment"].to_pylist()) == {"customer", "opportunity", "prospect"}
    assert all(
        (amount is None) == (segment == "prospect")
        for amount, segment in zip(table["amount"].to_pylist(), table["segment"].to_pylist(), strict=True)
    )
    assert table["currency"].null_count == table["amount"].null_count
    assert all(email.endswith(".example.com") for email in table["owner_email"].to_pylist())


def test_the_truth_names_accounts_of_both_lists_once(
    lists: dict[str, AccountList], truth: list[dict[str, str]]
) -> None:
    pairs = {(row["left_id"], row["right_id"]) for row in truth}
    assert len(pairs) == len(truth)
    assert {left for left, _ in pairs} <= set(lists["acme"].table["account_id"].to_pylist())
    assert {right for _, right in pairs} <= set(lists["globex"].table["account_id"].to_pylist())
    companies = {row["company"] for row in truth}
    assert 0.18 <= 2 * len(companies) / (len(lists["acme"]) + len(lists["globex"])) <= 0.22


def test_near_misses_are_accounts_of_both_lists_and_not_in_the_truth(
    lists: dict[str, AccountList], truth: list[dict[str, str]]
) -> None:
    near = [(row["left_id"], row["right_id"]) for row in read("near_misses.csv")]
    assert not {*near} & {(row["left_id"], row["right_id"]) for row in truth}
    assert {left for left, _ in near} <= set(lists["acme"].table["account_id"].to_pylist())
    assert {right for _, right in near} <= set(lists["globex"].table["account_id"].to_pylist())


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
    assert len(apart) >= 15
    assert len({row["left_id"] for row in truth}) < len(truth)


def test_the_readme_gives_the_sizes_kinds_and_licences(
    lists: dict[str, AccountList], truth: list[dict[str, str]]
) -> None:
    near = read("near_misses.csv")
    assert f"| {len(lists['acme']):,} accounts | a Salesforce" in README
    assert f"| {len(lists['globex']):,} accounts | a Zoho" in README
    assert f"| {len(truth):,} pairs |" in README
    assert f"| {len(near):,} pairs |" in README
    assert f"{len({row['company'] for row in truth})} companies are on both lists" in README
    kinds = re.findall(r"^\| `(\w+)` \| ", README, re.MULTILINE)
    assert kinds == [*dict.fromkeys(kinds)]
    assert {*kinds} == {row["kind"] for row in (*truth, *near)}
    for licence in ("CC0 1.0", "CC BY 4.0", "BSD 3-Clause", "Apache 2.0", "US public domain"):
        assert licence in README
    assert (SAMPLES / "LICENSE.name-suggestion-index").is_file()


def test_the_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 2_000_000
