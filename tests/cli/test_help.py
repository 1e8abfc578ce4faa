"""Every command explains itself, with examples that are commands."""

import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from accountmap_cli.main import cli


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = list(commands(cli))


@pytest.mark.parametrize(("path", "command"), ALL, ids=[" ".join(path) for path, _ in ALL])
def test_help_has_a_purpose_an_example_and_a_word_for_each_option(
    path: tuple[str, ...], command: click.Command
) -> None:
    shown = CliRunner().invoke(cli, [*path, "--help"])
    assert shown.exit_code == 0
    assert re.search(r"^  Examples?:$", shown.output, re.MULTILINE), shown.output
    assert f"accountmap {' '.join(path)}" in shown.output
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path}: {parameter.name}"


def test_examples_are_commands_that_exist() -> None:
    names = {path for path, _ in ALL}
    for path, command in ALL:
        for line in re.findall(r"^\s*accountmap ([a-z ]+)", command.help or "", re.MULTILINE):
            words = tuple(line.split())
            assert any(words[: len(name)] == name for name in names), f"{path}: {line}"


def test_the_front_page_names_every_group() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    for name in cli.commands:
        assert f"accountmap {name}" in shown or f"\n  {name}" in shown


def test_help_needs_none_of_the_large_libraries() -> None:
    large = {"cryptography", "numpy", "pandas", "pyarrow"}
    code = f"import sys, accountmap_cli.main; print(*{large} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "\n"
