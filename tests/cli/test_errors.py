"""What a user sees when something is wrong: what it is, what to do, and an exit code; never a traceback."""

from pathlib import Path

import pytest

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
        (["agreement", "show", "empty.csv"], 5, "no agreement"),
        (["demo", "--left", "empty.csv"], 3, "two lists"),
        (["demo", "--output", "full"], 4, "not empty"),
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
