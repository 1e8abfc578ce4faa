"""`accountmap doctor` and `accountmap backends`."""

import json
import os
import shutil
import socket
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from accountmap import Workspace
from accountmap_cli import doctor
from tests.cli.running import accountmap

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    Workspace.create(tmp_path / "acme", "Acme Cloud", datetime.now(UTC), passphrase=None).close()
    return tmp_path / "acme"


def states(place: Path, *options: str | Path, check: int = 0) -> dict[str, dict[str, str]]:
    """Run it, and return the worst check of each name."""
    shown = json.loads(accountmap("doctor", *options, "--json", cwd=place, check=check).stdout)
    order = ["ok", "note", "problem"]
    assert all(check["said"].endswith(".") for check in shown["checks"])
    assert all(check["advice"] for check in shown["checks"] if check["state"] == "problem")
    assert shown["problems"] == sum(check["state"] == "problem" for check in shown["checks"])
    return {
        check["name"]: check for check in sorted(shown["checks"], key=lambda check: order.index(check["state"]))
    }


def test_a_sound_machine_has_no_problem(place: Path) -> None:
    shown = states(place)
    assert {
        shown[name]["state"] for name in ("program", "libraries", "workspace", "writing", "disk", "clock")
    } == {"ok"}
    assert shown["passphrase"]["state"] == "note"
    assert "identity passphrase" in shown["passphrase"]["advice"]
    said = accountmap("doctor", cwd=place)
    assert "No problems." in said.stderr
    assert "Acme Cloud" in said.stdout


def test_without_a_workspace_the_machine_is_checked_all_the_same(tmp_path: Path) -> None:
    assert states(tmp_path)["workspace"]["state"] == "note"
    done = accountmap("-w", tmp_path, "doctor", cwd=tmp_path, check=doctor.EXIT_PROBLEM)
    assert "not a workspace" in done.stdout


def test_a_library_of_another_version_is_a_problem(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version
    found = {"anyascii": "0.3.2", "click": "8.0.1"}
    monkeypatch.setattr(metadata, "version", lambda name: found.get(name) or real(name))
    said = states(place, check=doctor.EXIT_PROBLEM)["libraries"]["said"]
    assert said == "anyascii 0.3.2 (needed: ==0.3.3), click 8.0.1 (needed: >=8.1.7)."


@pytest.mark.skipif(os.name == "nt", reason="Windows has access lists")
def test_keys_that_others_can_read_are_a_problem(place: Path) -> None:
    place.chmod(0o755)
    assert states(place)["permissions"]["state"] == "ok"
    (place / "identity.json").chmod(0o644)
    shown = states(place, check=doctor.EXIT_PROBLEM)["permissions"]
    assert shown["said"] == "Others on this machine can read identity.json."
    assert "chmod" in shown["advice"]


def test_a_full_disk_is_a_problem(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 1 << 40, 1 << 20))
    assert "Make room" in states(place, check=doctor.EXIT_PROBLEM)["disk"]["advice"]


def test_a_clock_behind_the_records_is_a_problem() -> None:
    now = datetime.now(UTC)
    assert doctor._clock([now - timedelta(days=1)]).state == "ok"
    assert doctor._clock([now + timedelta(days=1)]).state == "problem"


def test_folders_are_tried(place: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    assert "can be read and written: 0 messages" in states(place, "--folder", shared)["folder"]["said"]
    assert list(shared.iterdir()) == []
    missing = states(place, "--folder", tmp_path / "shred", check=doctor.EXIT_PROBLEM)["folder"]
    assert "There is no folder" in missing["said"]
    assert not (tmp_path / "shred").exists()
    address = "sftp://anna@127.0.0.1:1/exchange"
    refused = states(place, "--folder", address, check=doctor.EXIT_PROBLEM)["folder"]
    assert "anna" not in refused["said"]


def test_a_message_from_the_future_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.amap").write_bytes(b"no message")
    assert list(doctor._messages_ahead(tmp_path)) == []
    ahead = SimpleNamespace(created=datetime.now(UTC) + timedelta(hours=3))
    monkeypatch.setattr("accountmap.session.disclosure.describe_message", lambda _: ahead)
    (found,) = doctor._messages_ahead(tmp_path)
    assert found.state == "problem"


def test_addresses_are_tried(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        assert states(place, "--connect", address)["connection"]["state"] == "ok"
        assert (
            "machine can listen"
            not in states(place, "--listen", address, check=doctor.EXIT_PROBLEM)["listening"]["said"]
        )
    assert (
        "nothing listens" in states(place, "--connect", address, check=doctor.EXIT_PROBLEM)["connection"]["said"]
    )
    assert "can listen" in states(place, "--listen", address)["listening"]["said"]


def test_one_backend_is_the_default_and_each_other_says_why_not(tmp_path: Path) -> None:
    shown = json.loads(accountmap("backends", "--json", cwd=tmp_path).stdout)
    states = {state["name"]: state for state in shown}
    assert list(states) == ["ipp", "openssl"]
    assert states["openssl"]["usable"]
    assert [state["default"] for state in shown].count(True) == 1
    for state in shown:
        assert state["usable"] == (state["multiply_per_second"] > 0) == (state["hash_per_second"] > 0)
        assert state["usable"] or (state["reason"] and not state["default"])


def test_backends_for_people(tmp_path: Path) -> None:
    done = accountmap("backends", cwd=tmp_path)
    assert "openssl" in done.stdout
    assert "its known-answer tests pass" in done.stderr
