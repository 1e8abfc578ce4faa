"""Every command explains itself, with examples that are commands."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from accountmap_cli.main import COMPLETE_VARIABLE, TOPICS, cli, topic_text
from tests.cli.running import accountmap
from tests.parties import Parties


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


def test_the_list_of_commands_is_not_cut() -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=80).output
    assert "..." not in shown.partition("Commands:")[2]


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


def test_topics_are_listed_and_read() -> None:
    listed = CliRunner().invoke(cli, ["help"]).output
    for topic in TOPICS:
        shown = CliRunner().invoke(cli, ["help", topic])
        assert shown.exit_code == 0
        assert f"  {topic:9} {shown.output.splitlines()[0]}" in listed
        assert all(len(line) <= 110 for line in shown.output.splitlines())


@pytest.mark.parametrize("topic", TOPICS)
def test_topics_name_commands_and_options_that_exist(topic: str) -> None:
    by_name = dict(ALL)
    named = re.findall(r"accountmap ([a-z][^\n]*)", topic_text(topic))
    assert named
    for line in named:
        words = tuple(line.split())
        path = next((words[:n] for n in (2, 1) if words[:n] in by_name), None)
        assert path is not None, line
        known = {name for parameter in by_name[path].params for name in parameter.opts}
        options = re.findall(r"(?<=\s)--?[a-z][a-z-]*", line.partition("  ")[0])
        assert set(options) <= known, line
        if path == ("help",):
            assert words[1].strip(",.") in {*TOPICS, "TOPIC"}, line


def test_help_shows_that_of_a_command(tmp_path: Path) -> None:
    shown = CliRunner().invoke(cli, ["help", "accounts", "check"]).output
    assert shown.startswith("Usage: accountmap accounts check") or "accounts check [OPTIONS]" in shown
    assert "--hidden-rows" in shown
    assert "Topics: mapping" in accountmap("help", "nonsense", cwd=tmp_path, check=3).stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_calls_the_program(shell: str) -> None:
    shown = CliRunner().invoke(cli, ["completion", shell])
    assert f"_ACCOUNTMAP_COMPLETE={shell}_complete" in shown.output
    assert "accountmap" in shown.output


def test_words_are_completed(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    parties.acme.workspace.close()
    complete = ShellComplete(cli, {}, "accountmap", COMPLETE_VARIABLE)

    def completed(*words: str) -> list[str]:
        return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]

    assert completed("acc") == ["accounts"]
    assert "--with" in completed("map", "--w")
    assert completed("-w", str(tmp_path / "acme"), "map", "--with", "g") == ["globex-data"]
    assert completed("-w", str(tmp_path), "map", "--with", "g") == []


def test_help_needs_none_of_the_large_libraries() -> None:
    large = {"cryptography", "numpy", "pandas", "pyarrow"}
    code = f"import sys, accountmap_cli.main; print(*{large} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "\n"
