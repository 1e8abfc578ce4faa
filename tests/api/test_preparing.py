"""Preparing lists through the public call."""

import pyarrow as pa
import pytest

import accountmap
from accountmap import api
from accountmap.errors import InputError
from accountmap.linkage.prepare import prepare_accounts as prepare_with
from accountmap.linkage.prepared import PROFILES


def accounts_of(count: int) -> accountmap.AccountList:
    return accountmap.read_accounts(pa.table({"name": [f"Company number {n} Ltd" for n in range(count)]}))


def test_parts_on_all_cores_make_the_same_list(monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = accounts_of(9_000)
    monkeypatch.setattr(api, "LONG_LIST", 100)
    seen: list[tuple[int, int]] = []
    spread = accountmap.prepare_accounts(accounts, workers=2, progress=lambda done, of: seen.append((done, of)))
    here = prepare_with(accounts, PROFILES["standard"])
    assert spread.keys.equals(here.keys)
    assert spread.members.equals(here.members)
    assert seen == [(1, 2), (2, 2)]


def test_an_unknown_profile_names_those_that_there_are() -> None:
    with pytest.raises(InputError, match="no profile ten") as caught:
        accountmap.prepare_accounts(accounts_of(1), "ten")
    assert "standard" in caught.value.hint


def test_a_check_says_what_can_match() -> None:
    accounts = accounts_of(3)
    found = accountmap.check_accounts(accounts, accountmap.prepare_accounts(accounts))
    assert found.accounts == 3
    assert found.matchable.filled == 3
