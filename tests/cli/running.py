"""Running `accountmap` as a user does: its own entry point, with the arguments, folder and input of a terminal.

In this process, since starting one takes longer than most commands; in one of its own where it matters, as for
file descriptors, signals and being killed.
"""

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from unittest import mock

from accountmap_cli.main import run


def accountmap(
    *arguments: str | Path, cwd: Path, stdin: str = "", check: int | None = 0, process: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a command; fail the test unless it ends with the expected exit code.

    Args:
        process: whether it gets a process of its own.
    """
    done = (_in_a_process if process else _here)(list(map(str, arguments)), cwd, stdin)
    if check is not None:
        assert done.returncode == check, done.stdout + done.stderr
    return done


def _in_a_process(arguments: list[str], cwd: Path, stdin: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "accountmap_cli", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def _here(arguments: list[str], cwd: Path, stdin: str) -> subprocess.CompletedProcess[str]:
    typed = ["accountmap", *arguments]
    out, err = io.BytesIO(), io.BytesIO()
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", typed),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")),
        contextlib.redirect_stdout(io.TextIOWrapper(out, "utf-8", write_through=True)),
        contextlib.redirect_stderr(io.TextIOWrapper(err, "utf-8", write_through=True)),
    ):
        code = _exit_code()
        return subprocess.CompletedProcess(typed, code, out.getvalue().decode(), err.getvalue().decode())


def _exit_code() -> int:
    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
