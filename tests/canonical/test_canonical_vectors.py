"""The vectors of protocols/canonical-v1.md, section 10."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.canonical.explain import explain
from accountmap.canonical.prepare import prepare_accounts
from accountmap.canonical.profiles import PROFILES

FOLDER = Path(__file__).parents[2] / "protocols" / "vectors" / "canonical"
VECTORS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
WIDEST = PROFILES["twelve"]

ACCOUNTS = [
    pytest.param(case["account"], case["keys"], id=f"{name}-{at}")
    for name, vector in VECTORS.items()
    for at, case in enumerate(vector.get("accounts", ()))
]
LISTS = [
    pytest.param(case["accounts"], case["keys"], id=f"{name}-{at}")
    for name, vector in VECTORS.items()
    for at, case in enumerate(vector.get("lists", ()))
]


@pytest.mark.parametrize(("account", "expected"), ACCOUNTS)
def test_one_account(account: dict[str, str], expected: dict[str, str]) -> None:
    keys = explain(account, WIDEST).keys
    assert {key.slot.name: key.value for key in keys if key.value is not None} == expected


@pytest.mark.parametrize(("accounts", "expected"), LISTS)
def test_one_list(accounts: list[dict[str, str]], expected: list[list[str]]) -> None:
    rows: list[dict[str, Any]] = [{"segment": "prospect", **account} for account in accounts]
    arrays = [pa.array([row.get(f.name) for row in rows], f.type) for f in ACCOUNT_SCHEMA]
    prepared = prepare_accounts(AccountList(pa.table(arrays, schema=ACCOUNT_SCHEMA), pa.table({})), WIDEST)
    ids = prepared.entities.column("entity_id").to_pylist()
    found = [
        [ids[key["entity"]], WIDEST.slots[key["slot"]].name, key["value"]] for key in prepared.keys.to_pylist()
    ]
    assert sorted(found) == expected


def test_each_file_has_a_purpose_and_cases() -> None:
    for vector in VECTORS.values():
        assert vector["purpose"].endswith(".")
        assert vector.get("accounts") or vector.get("lists")
