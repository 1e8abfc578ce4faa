"""Mistakes in calling map_accounts."""

from pathlib import Path

import pytest

import accountmap
from accountmap.channels import FolderChannel
from accountmap.errors import UsageError
from tests.parties import Parties


def test_a_direct_connection_needs_a_folder_and_one_direction(tmp_path: Path) -> None:
    workspace = Parties.make(tmp_path).acme.workspace

    def never(_: accountmap.Preview) -> None:
        raise AssertionError("nothing may be asked")

    with pytest.raises(UsageError, match="in a folder"):
        accountmap.map_accounts(workspace, "globex", FolderChannel(tmp_path), never, connect="127.0.0.1:1")
    with pytest.raises(UsageError, match="either listens or connects"):
        accountmap.map_accounts(workspace, "globex", tmp_path, never, listen="127.0.0.1:1", connect="127.0.0.1:1")
