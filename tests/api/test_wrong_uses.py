"""What a program gets wrong is refused at the call that is wrong, in words that say what to do."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import accountmap
from accountmap.errors import InputError, UsageError
from tests.api.companies import accept
from tests.parties import LEFT, RIGHT, Parties, account_list

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_lazy_frame_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="LazyFrame") as caught:
        accountmap.read_accounts(pl.DataFrame({"name": ["Acme"]}).lazy())
    assert "not lazy" in caught.value.hint


@pytest.mark.parametrize(
    "table", [pd.DataFrame([["1", "x", "y"]], columns=["id", "name", "name"]), pd.Series(["Acme"], name="name")]
)
def test_a_table_that_pandas_cannot_hand_over_is_refused(table: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="handed over"):
        accountmap.read_accounts(table)


def test_a_table_that_was_not_read_is_refused() -> None:
    with pytest.raises(UsageError, match="DataFrame") as caught:
        accountmap.prepare_accounts(pd.DataFrame({"name": ["Acme"]}))
    assert "read_accounts" in caught.value.hint


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_do_no_work(workers: int) -> None:
    with pytest.raises(UsageError, match="workers"):
        accountmap.prepare_accounts(account_list(LEFT), workers=workers)


def test_a_list_is_saved_with_what_was_prepared_from_it(tmp_path: Path) -> None:
    prepared = accountmap.prepare_accounts(account_list(RIGHT))
    with (
        accountmap.Workspace.create(tmp_path / "acme", "Acme", NOW, passphrase=None) as workspace,
        pytest.raises(UsageError, match="other accounts"),
    ):
        workspace.save_list(account_list(LEFT), prepared, "x", NOW)


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(UsageError, match="time zone"):
        accountmap.Workspace.create(tmp_path / "acme", "Acme", naive, passphrase=None)
    accounts = account_list(LEFT)
    prepared = accountmap.prepare_accounts(accounts)
    with (
        accountmap.Workspace.create(tmp_path / "acme", "Acme", NOW, passphrase=None) as workspace,
        pytest.raises(UsageError, match="time zone"),
    ):
        workspace.save_list(accounts, prepared, "x", naive)


def test_deals_are_read_before_they_are_saved_and_at_a_time_with_a_zone(tmp_path: Path) -> None:
    frame = pd.DataFrame({"deal_id": ["1"], "account_id": ["a1"], "outcome": ["won"]})
    with accountmap.Workspace.create(tmp_path / "acme", "Acme", NOW, passphrase=None) as workspace:
        with pytest.raises(UsageError, match="DataFrame") as caught:
            accountmap.save_deals(workspace, frame, NOW)
        assert "read_deals" in caught.value.hint
        with pytest.raises(UsageError, match="time zone"):
            accountmap.save_deals(workspace, accountmap.read_deals(frame), NOW.replace(tzinfo=None))


def test_a_closed_workspace_says_so(tmp_path: Path) -> None:
    workspace = accountmap.Workspace.create(tmp_path / "acme", "Acme", NOW, passphrase=None)
    workspace.close()
    workspace.close()
    with pytest.raises(UsageError, match="was closed"):
        accountmap.map_accounts(workspace, "globex", tmp_path, accept)


def test_one_message_is_not_a_list_of_messages(tmp_path: Path) -> None:
    session = accountmap.Session(Parties.make(tmp_path).acme.workspace, "globex")
    with pytest.raises(UsageError, match=r"not a list") as caught:
        session.step(accept, b"message")  # bytes are numbers, one by one
    assert caught.value.hint == "Write [message]."
