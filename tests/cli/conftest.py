"""Two workspaces with a finished session, and a folder between them."""

import shutil
from pathlib import Path

import pytest

from tests.talking import Talker, talkers


@pytest.fixture
def sides(mapped_companies: Path, tmp_path: Path) -> tuple[Path, Path, Talker]:
    """The workspaces of Acme and Globex, and Acme to look into; `shared` is beside them."""
    acme, globex = talkers(mapped_companies, tmp_path)
    shutil.rmtree(acme.folder)
    (tmp_path / "shared").mkdir()
    globex.workspace.close()
    return tmp_path / "acme", tmp_path / "globex", acme
