"""Columns that say yes or no."""

import pyarrow as pa
import pytest

from accountmap.accounts.cells import NO, YES, read_off_limits, read_registrations
from accountmap.accounts.read import read_accounts


def column(*cells: str | None) -> pa.ChunkedArray:
    return pa.chunked_array([cells], pa.string())


def test_no_word_says_both() -> None:
    assert not YES & NO
    assert all(word and word == word.lower() for word in YES | NO)


@pytest.mark.parametrize(
    ("cells", "flags"), [(["Yes", "JA", "1", "✓"], True), (["No", "Nein", "0", "false"], False)]
)
def test_words_of_several_languages(cells: list[str], flags: bool) -> None:
    assert read_off_limits(column(*cells), "Tabu")[0].to_pylist() == [flags] * 4


def test_a_reason_counts_as_yes() -> None:
    flags, notes = read_off_limits(column("no", None, "n/a", "ask Mary first", "yes"), "Tabu")
    assert flags.to_pylist() == [False, None, None, True, True]
    assert notes == (
        "'Tabu': accounts that are off limits and take no part in any session: 2.",
        "'Tabu': of these, accounts whose cell says neither yes nor no: 1.",
    )


def test_a_registered_deal_is_an_id_or_a_yes() -> None:
    deals, notes = read_registrations(column("DR-0042", "yes", "No", "false", None, "x" * 1001), "Deal")
    assert deals.to_pylist() == ["DR-0042", "yes", None, None, None, None]
    assert notes == ("'Deal': cells that are too long, left blank: 1.",)


def test_rows_of_one_account_are_merged_by_the_latest_and_the_strictest() -> None:
    table = pa.table(
        {
            "Account ID": ["1", "1", "2", "2"],
            "Account Name": ["Acme", "Acme", "Globex", "Globex"],
            "Stage": ["Negotiation", "Demo", None, "Closed Won"],
            "Last Activity": ["2026-01-31", "2026-03-02", None, None],
            "Deal Registration": [None, "DR-1", None, None],
            "Off Limits": [False, True, None, False],
        }
    )
    accounts = read_accounts(table)
    rows = accounts.table.select(["stage", "last_activity", "registered_deal", "off_limits"]).to_pylist()
    assert [tuple(map(str, row.values())) for row in rows] == [
        ("Negotiation", "2026-03-02", "DR-1", "True"),
        ("Closed Won", "None", "None", "False"),
    ]
    assert accounts.table["segment"].to_pylist() == ["opportunity", "customer"]
