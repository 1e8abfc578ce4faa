"""`accountmap map` as both companies type it, with one command each."""

import os
import re
import shutil
import socket
from pathlib import Path

import pytest

from accountmap_cli.map import map_command
from tests.cli.running import accountmap, start
from tests.cli.test_two_companies import meet, overlap

WAIT = "90"


@pytest.fixture(scope="module")
def met(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two companies before their first session."""
    folder = tmp_path_factory.mktemp("met")
    meet(folder)
    return folder


@pytest.fixture
def companies(met: Path, tmp_path: Path) -> tuple[Path, Path, Path]:
    """A copy of them."""
    acme, globex, shared = (tmp_path / name for name in ("acme", "globex", "shared"))
    for side in (acme, globex):
        shutil.copytree(met / side.name, side)
    shared.mkdir()
    return acme, globex, shared


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_each_waits_for_the_other_in_a_folder(companies: tuple[Path, Path, Path]) -> None:
    acme, globex, shared = companies
    running = [
        start("map", "--with", other, "--folder", shared, "--approve", "--wait", WAIT, cwd=side)
        for side, other in ((acme, "globex"), (globex, "acme"))
    ]
    for command in running:
        said, told = command.wait()
        assert said.startswith("Done."), told
        assert "Waiting for" in told
    assert overlap(acme).keys() == overlap(globex).keys()


@pytest.mark.skipif(os.name == "nt", reason="signals are of POSIX")
def test_an_interruption_while_waiting_is_clean(companies: tuple[Path, Path, Path]) -> None:
    acme, _, shared = companies
    command = start("map", "--with", "globex", "--folder", shared, "--wait", cwd=acme)
    command.wait_until_told("Waiting for")
    command.interrupt()
    _, told = command.wait(20)
    assert command.process.exitcode == 130
    assert "Nothing is lost" in told
    assert "Traceback" not in told


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is of POSIX")
def test_connected_directly_and_killed_now_and_then_they_finish(companies: tuple[Path, Path, Path]) -> None:
    acme, globex, _ = companies
    endpoint = f"127.0.0.1:{free_port()}"
    commands = {
        acme: ("--with", "globex", "--listen", endpoint, "--approve", "--wait", WAIT),
        globex: ("--with", "acme", "--connect", endpoint, "--approve", "--wait", WAIT),
    }
    running = {side: start("map", *options, cwd=side) for side, options in commands.items()}
    killed = 0
    for victim, after in ((globex, 0.1), (acme, 0.1), (globex, 0.2)):
        running[victim].process.join(after)
        if running[victim].process.is_alive():
            running[victim].kill()
            running[victim] = start("map", *commands[victim], cwd=victim)
            killed += 1
    assert killed
    for command in running.values():
        said, told = command.wait()
        assert said.startswith("Done. Your report:"), told
    assert overlap(acme).keys() == overlap(globex).keys()
    assert len(overlap(acme)) == 2


def test_without_a_terminal_a_connection_ends_at_the_preview(companies: tuple[Path, Path, Path]) -> None:
    acme, globex, _ = companies
    options = ("--listen", "127.0.0.1:0", "--approve", "--wait", "6")
    command = start("map", "--with", "globex", *options, cwd=acme)
    port = re.search(r"YOUR-ADDRESS:(\d+)", command.wait_until_told("YOUR-ADDRESS"))
    assert port
    asked = accountmap("map", "--with", "acme", "--connect", f"127.0.0.1:{port[1]}", cwd=globex)
    assert asked.stdout.startswith("Next: decide.")
    said, _ = command.wait(60)
    assert said.startswith("Next: run this again when Globex Data does too")


@pytest.mark.parametrize(
    "options",
    [
        ("--listen", "127.0.0.1:0", "--connect", "127.0.0.1:1"),
        ("--listen", "nowhere"),
        ("--connect", "127.0.0.1:1", "--folder", "sftp://host/path"),
        ("--folder", "sftp://acme:secret@host/path"),
    ],
)
def test_options_that_do_not_fit(companies: tuple[Path, Path, Path], options: tuple[str, ...]) -> None:
    told = accountmap("map", "--with", "globex", *options, cwd=companies[0], check=3)
    assert told.stdout == ""
    assert "secret" not in told.stderr


def test_the_page_on_channels_names_options_that_exist() -> None:
    page = (Path(__file__).parents[2] / "docs" / "channels.md").read_text("utf-8")
    known = {name for parameter in map_command.params for name in parameter.opts}
    assert set(re.findall(r"--[a-z]+", page)) <= known
    assert {"--wait", "--folder", "--listen", "--connect"} <= set(re.findall(r"--[a-z]+", page))
