"""Making and finding a workspace: what fails leaves nothing, and who stands beside one is told where it is."""

import os
from pathlib import Path

import pytest

from accountmap.errors import TrustError, WorkspaceError
from accountmap.files import windows_command
from accountmap.workspace import Workspace
from accountmap.workspace.database import Database
from tests.workspace.conftest import NOW


@pytest.mark.parametrize("name", ["new", "new/deeper", "old"])
def test_a_creation_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "mine.txt").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(TrustError, match="passphrase"):
        Workspace.create(tmp_path / name, "Acme", NOW, passphrase="short")
    assert sorted(tmp_path.rglob("*")) == before

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Database, "create", full)
    with pytest.raises(WorkspaceError, match="No space left"):
        Workspace.create(tmp_path / name, "Acme", NOW, passphrase=None)
    assert sorted(tmp_path.rglob("*")) == before


def test_whoever_is_beside_or_below_a_workspace_is_told_where_it_is(tmp_path: Path) -> None:
    tmp_path /= "home"
    tmp_path.mkdir()
    Workspace.create(tmp_path / "acme", "Acme", NOW, passphrase=None).close()
    (tmp_path / "acme" / "exchange").mkdir()
    (tmp_path / "downloads").mkdir()
    for start in ("acme/exchange", "downloads", "."):
        with pytest.raises(WorkspaceError, match="is not a workspace") as refused:
            Workspace.open(tmp_path / start)
        assert f'cd "{tmp_path / "acme"}"' in refused.value.hint
    with pytest.raises(WorkspaceError) as refused:
        Workspace.open(tmp_path / "acme" / "exchange" / "deep")
    assert str(tmp_path / "acme") in refused.value.hint


def test_who_is_nowhere_near_one_is_told_how_to_make_it(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(WorkspaceError) as refused:
        Workspace.open(tmp_path / "a" / "b")
    assert "accountmap init" in refused.value.hint


def test_only_the_owner_reads_what_is_made(tmp_path: Path) -> None:
    with Workspace.create(tmp_path / "own", "Acme", NOW, passphrase=None) as own:
        own.sealed("lists/1/x").write(b"x")
    made = [tmp_path / "own", *(tmp_path / "own").rglob("*")]
    assert len(made) > 5
    if os.name != "nt":
        assert not [path for path in made if path.stat().st_mode & 0o077]


def test_windows_drops_inherited_rights_and_grants_one_user() -> None:
    command = windows_command(Path("C:/acme"), "ann")
    assert Path(command[0]).name == "icacls.exe"
    assert command[2:] == ["/inheritance:r", "/grant:r", "ann:(OI)(CI)F"]
