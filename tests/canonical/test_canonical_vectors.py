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
from accountmap.canonical.reference import load_reference

FOLDER = Path(__file__).parents[2] / "protocols" / "vectors" / "canonical"
VECTORS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
WIDEST = PROFILES["twelve"]

ACCOUNTS = [
    pytest.param(case["account"], case["keys"], id=f"{name}-{at}")
    for name, vector in VECTORS.items()
    for at, case in enumerate(vector.get("accounts", ()))
]
LISTS = [
    pytest.param(case["accounts"], case.get("reference"), case["keys"], id=f"{name}-{at}")
    for name, vector in VECTORS.items()
    for at, case in enumerate(vector.get("lists", ()))
]


@pytest.mark.parametrize(("account", "expected"), ACCOUNTS)
def test_one_account(account: dict[str, str], expected: dict[str, str]) -> None:
    keys = explain(account, WIDEST).keys
    assert {key.slot.name: key.value for key in keys if key.value is not None} == expected


@pytest.mark.parametrize(("accounts", "entries", "expected"), LISTS)
def test_one_list(
    accounts: list[dict[str, str]], entries: list[dict[str, Any]] | None, expected: list[list[str]], tmp_path: Path
) -> None:
    reference = None
    if entries:
        lines = tmp_path / "reference.jsonl"
        lines.write_text("".join(json.dumps(entry) + "\n" for entry in entries), "utf-8")
        reference = load_reference(lines)
    rows: list[dict[str, Any]] = [{"segment": "prospect", **account} for account in accounts]
    arrays = [pa.array([row.get(f.name) for row in rows], f.type) for f in ACCOUNT_SCHEMA]
    listed = AccountList(pa.table(arrays, schema=ACCOUNT_SCHEMA), pa.table({}))
    prepared = prepare_accounts(listed, WIDEST, reference=reference)
    ids = prepared.entities.column("entity_id").to_pylist()
    found = [
        [ids[key["entity"]], WIDEST.slots[key["slot"]].name, key["value"]] for key in prepared.keys.to_pylist()
    ]
    assert sorted(found) == expected


def test_each_file_has_a_purpose_and_cases() -> None:
    for vector in VECTORS.values():
        assert vector["purpose"].endswith(".")
        assert vector.get("accounts") or vector.get("lists")
