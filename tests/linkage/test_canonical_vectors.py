"""The vectors of protocols/canonical-v2.md, section 10."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from accountmap.accounts.cells import clean, drop_overlong
from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage.dedupe import Decision
from accountmap.linkage.keys import explain
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.linkage.reference import Reference, load_reference

FOLDER = Path(__file__).parents[2] / "protocols" / "vectors" / "canonical"
VECTORS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))}
WIDEST = PROFILES["identifiers"]

LISTS = [
    pytest.param(case, id=f"{name}-{at}")
    for name, vector in VECTORS.items()
    for at, case in enumerate(vector.get("lists", ()))
]


def test_cells() -> None:
    cases = VECTORS["cells"]["cells"]
    cleaned, _ = clean(pa.chunked_array([[case["written"] for case in cases]]))
    read, _ = drop_overlong(cleaned)
    assert [cell or "" for cell in read.to_pylist()] == [case["read"] for case in cases]


@pytest.mark.parametrize("name", [name for name, vector in VECTORS.items() if "accounts" in vector])
def test_accounts(name: str) -> None:
    for case in VECTORS[name]["accounts"]:
        keys = explain(case["account"], WIDEST).keys
        found = {key.slot.name: key.value for key in keys if key.value is not None}
        assert found == case["keys"], case["account"]


def reference_of(case: dict[str, Any], folder: Path) -> Reference | None:
    if "reference" not in case:
        return None
    lines = folder / "reference.jsonl"
    lines.write_text("".join(json.dumps(entry) + "\n" for entry in case["reference"]), "utf-8")
    return load_reference(lines)


@pytest.mark.parametrize("case", LISTS)
def test_one_list(case: dict[str, Any], tmp_path: Path) -> None:
    rows = [{"segment": "prospect", **account} for account in case["accounts"]]
    arrays = [pa.array([row.get(f.name) for row in rows], f.type) for f in ACCOUNT_SCHEMA]
    listed = AccountList(pa.table(arrays, schema=ACCOUNT_SCHEMA), pa.table({}))
    pairs = [pair for entity in case.get("entities", ()) for pair in pairwise(entity)]
    same = [Decision.of(one, other, same=True) for one, other in pairs]
    prepared = prepare_accounts(listed, WIDEST, same, reference_of(case, tmp_path))
    ids = prepared.entities.column("entity_id").to_pylist()
    found = [
        [ids[key["entity"]], WIDEST.slots[key["slot"]].name, key["value"]] for key in prepared.keys.to_pylist()
    ]
    assert sorted(found) == case["keys"]


def test_each_file_has_a_purpose_and_cases() -> None:
    for vector in VECTORS.values():
        assert vector["purpose"].endswith(".")
        assert vector.get("cells") or vector.get("accounts") or vector.get("lists")
