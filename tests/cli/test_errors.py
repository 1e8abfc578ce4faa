"""What a user sees when something is wrong: what it is, what to do, and an exit code; never a traceback."""

from pathlib import Path

import pytest

from accountmap.errors import install_command
from accountmap_cli import main as cli_errors
from tests.cli.running import accountmap


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["partner", "list"], 4, "not a workspace"),
        (["map"], 2, "--with"),
        (["nonsense"], 2, "No such command"),
        (["accounts", "check", "missing.csv"], 2, "does not exist"),
        (["accounts", "check", "empty.csv"], 3, ""),
        (["inspect", "empty.csv"], 7, "not an accountmap message"),
        (["agreement", "show", "empty.csv"], 5, "not a valid agreement"),
        (["demo", "--left", "empty.csv"], 3, "two lists"),
        (["demo", "--output", "full"], 4, "not empty"),
        (["init", "full/file/own", "--name", "Acme", "--no-passphrase"], 4, "o workspace can be made in full"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_errors_say_what_to_do(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    done = accountmap(*arguments, cwd=tmp_path, check=code)
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) >= 2, "a message and a hint"


def test_an_unexpected_error_shows_no_account_data(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        {}["Northwood Bakery"]
    except KeyError as error:
        with pytest.raises(SystemExit) as ended:
            cli_errors.report_unexpected(error, debug=False)
    shown = capsys.readouterr().err
    assert ended.value.code == 1
    assert "KeyError in test_errors.py" in shown
    assert "Northwood" not in shown


def test_what_a_command_ends_with_is_the_exit_code_of_the_program(tmp_path: Path) -> None:
    assert accountmap("--help", cwd=tmp_path, check=0).stdout
    accountmap("-w", tmp_path, "doctor", cwd=tmp_path, check=9)


def test_a_file_that_the_system_does_not_let_be_written_is_no_bug(tmp_path: Path) -> None:
    accountmap("init", "--name", "Acme", "--no-passphrase", cwd=tmp_path)
    refused = accountmap("partner", "card", "-o", "missing/card.toml", cwd=tmp_path, check=4)
    assert f"in {tmp_path / 'missing'} cannot be read or written: No such file" in refused.stderr
    assert "Check the path." in refused.stderr


def test_the_name_of_a_file_keeps_its_letters(capsys: pytest.CaptureFixture[str]) -> None:
    for message, shown in (("one.csv is bad", "one.csv is bad"), ("the list is bad", "The list is bad")):
        with pytest.raises(SystemExit):
            cli_errors.report(cli_errors.InputError(message))
        assert capsys.readouterr().err == f"accountmap: {shown}\n"


def test_an_extra_is_installed_where_the_program_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    assert install_command("sql") == 'pip install "accountmap[sql]"'
    (tmp_path / "uv-receipt.toml").touch()
    assert install_command("sql") == f'uv pip install --python "{tmp_path}" "accountmap[sql]"'
    (tmp_path / "pipx_metadata.json").touch()
    assert install_command("sql") == f'pipx runpip {tmp_path.name} install "accountmap[sql]"'
