"""Prepared deals in a workspace: replaced as a whole, and prepared again where they are damaged."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from accountmap.accounts.schema import DEAL_SCHEMA, DealList
from accountmap.errors import WorkspaceError
from accountmap.workspace import Workspace
from accountmap.workspace.user_files import load_deals, save_deals
from tests.parties import NOW


def deals(name: str) -> DealList:
    row = {"deal_id": name, "account_id": "a1", "outcome": "open", "row": "1"}
    return DealList(pa.Table.from_pylist([row], schema=DEAL_SCHEMA), source="deals.csv")


def ids(workspace: Workspace) -> list[str]:
    found: list[str] = load_deals(workspace)[0].table["deal_id"].to_pylist()
    return found


@pytest.mark.parametrize("name", ["deals/current", "deals/1/table"])
def test_damaged_deals_are_said_to_be_and_can_be_prepared_again(tmp_path: Path, name: str) -> None:
    with Workspace.create(tmp_path / "acme", "Acme", NOW, passphrase=None) as own:
        save_deals(own, deals("D1"), NOW)
        path = own.folder / name
        path.write_bytes(path.read_bytes()[:-1])
        with pytest.raises(WorkspaceError, match="are damaged") as damaged:
            load_deals(own)
        assert "deals prepare" in str(damaged.value.hint)
        save_deals(own, deals("D2"), NOW + timedelta(days=1))
        assert ids(own) == ["D2"]


def test_those_of_before_go_and_so_does_what_a_killed_command_left(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "acme", "Acme", NOW, passphrase=None) as own:
        save_deals(own, deals("D1"), NOW)
        (own.folder / "deals" / "7").mkdir()
        save_deals(own, deals("D2"), NOW)
        assert ids(own) == ["D2"]
        assert sorted(path.name for path in (own.folder / "deals").iterdir()) == ["8", "current"]
