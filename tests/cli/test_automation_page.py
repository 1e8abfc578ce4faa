"""The commands of docs/automation.md are commands, in every form in which they stand there."""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from accountmap_cli.digest import ADDRESS_VARIABLE
from accountmap_cli.main import cli
from accountmap_cli.passphrase import CREDENTIAL

PAGE = (Path(__file__).parents[2] / "docs" / "automation.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def block(language: str, number: int = 0) -> str:
    return [text for found, text in BLOCKS if found == language][number]


def commands() -> list[str]:
    """Every line with the program, from its name on, without what the shell does."""
    found = re.findall(r"(?:^|[ =;])(accountmap [^\n]*)", "\n".join(text for _, text in BLOCKS), re.MULTILINE)
    typed = [re.sub(r" 3< ?.*$", "", line) for line in found]
    return list(dict.fromkeys([*typed, *re.findall(r"`(accountmap [^`]*)`", PAGE)]))


def parse(command: click.Command, name: str, arguments: list[str], parent: click.Context | None = None) -> Any:
    """Let click read a command line to its end, and run nothing."""
    context = command.make_context(name, arguments, parent=parent)
    if not isinstance(command, click.Group):
        return context
    found, chosen, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    assert found is not None
    assert chosen is not None
    return parse(chosen, found, rest, context)


@pytest.mark.parametrize("line", commands())
def test_each_command_line_can_be_typed(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "export.csv").touch()
    _, *arguments = shlex.split(line.replace("/home/acme/export.csv", "export.csv"))
    context = parse(cli, "accountmap", arguments)
    while context.parent is not None:
        context = context.parent
    assert context.info_name == "accountmap"


def test_all_places_with_commands_are_read() -> None:
    lines = commands()
    assert len(lines) >= 12
    for verb in ("accounts prepare", "map --with", "inbox --with", "digest"):
        assert any(f" {verb}" in line for line in lines)
    with pytest.raises(click.NoSuchOption):
        parse(cli, "accountmap", ["digest", "--sent"])


def test_units_workflow_and_crontab_are_what_their_programs_read() -> None:
    service, timer = block("ini"), block("ini", 1)
    assert f"LoadCredentialEncrypted={CREDENTIAL}\n" in service
    assert "OnCalendar=" in timer
    workflow = yaml.safe_load(block("yaml"))
    (job,) = workflow["jobs"].values()
    assert workflow["permissions"] == {}
    assert "self-hosted" in job["runs-on"]
    assert ADDRESS_VARIABLE in job["steps"][-1]["env"]
    assert all("--passphrase-fd 3 " in step["run"] for step in job["steps"])
    for line in block("cron").splitlines():
        assert re.match(r"(?:[\d*/,-]+ ){5}[^\d*]", line), line
