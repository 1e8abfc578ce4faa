"""Running `accountmap` as a user does: its own entry point, with the arguments, folder and input of a terminal.

In this process, since starting one takes longer than most commands; in one of its own where it matters, as for
file descriptors, signals and being killed.
"""

import contextlib
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest import mock

from accountmap import api
from accountmap.errors import BackendError
from accountmap_cli.main import EXIT_CODES, run
from tests.parties import load_reference_once
from tests.talking import Talker

_FORKS = multiprocessing.get_context("forkserver" if hasattr(os, "fork") else "spawn")
if _FORKS.get_start_method() == "forkserver":
    # With all that `map` imports, which takes several times as long as one step of a session.
    _FORKS.set_forkserver_preload(["accountmap_cli.main", "accountmap.exchange", "accountmap.report"])


def accountmap(
    *arguments: str | Path,
    cwd: Path,
    stdin: str = "",
    check: int | None = 0,
    process: bool = False,
    pass_fds: Sequence[int] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a command; fail the test unless it ends with the expected exit code.

    Args:
        process: whether it gets a process of its own.
        pass_fds: the descriptors that such a process inherits.
    """
    typed = list(map(str, arguments))
    done = _in_a_process(typed, cwd, stdin, pass_fds) if process else _here(typed, cwd, stdin)
    if check == 0 and done.returncode == EXIT_CODES[BackendError]:
        raise BackendError(f"{typed[0]} lacks a library", done.stderr)  # tests/conftest.py skips the test then
    if check is not None:
        assert done.returncode == check, done.stdout + done.stderr
    return done


def _in_a_process(
    arguments: list[str], cwd: Path, stdin: str, pass_fds: Sequence[int]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "accountmap_cli", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        pass_fds=pass_fds,
    )


def _here(arguments: list[str], cwd: Path, stdin: str) -> subprocess.CompletedProcess[str]:
    typed = ["accountmap", *arguments]
    out, err = io.BytesIO(), io.BytesIO()
    with (
        contextlib.chdir(cwd),
        mock.patch.object(sys, "argv", typed),
        mock.patch.object(api, "load_reference", load_reference_once),
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


@dataclass(frozen=True)
class Running:
    """A command that goes on beside the test, in a process that starts in milliseconds: its imports are made."""

    process: BaseProcess
    out: Path
    err: Path

    def wait(self, seconds: float = 120) -> tuple[str, str]:
        """Wait for its end, and return what it wrote to stdout and stderr."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "it did not end"
        return self.out.read_text("utf-8"), self.err.read_text("utf-8")

    def wait_until_told(self, text: str, seconds: float = 60) -> str:
        """Wait until it has written a text to stderr, and return all that it wrote there so far."""
        end = time.monotonic() + seconds
        while text not in (told := self.err.read_text("utf-8")):
            assert self.process.is_alive(), told
            assert time.monotonic() < end, told
            time.sleep(0.02)
        return told

    def interrupt(self) -> None:
        """Interrupt it as Ctrl+C does."""
        os.kill(self.process.pid or 0, signal.SIGINT)

    def kill(self) -> None:
        """Kill it as `kill -9` does, or as a power failure."""
        self.process.kill()
        self.process.join()


def start(*arguments: str | Path, cwd: Path) -> Running:
    """Start a command that nobody types into."""
    out, err = (Path(tempfile.mkstemp(dir=cwd.parent, suffix=suffix)[1]) for suffix in (".out", ".err"))
    process = _FORKS.Process(target=_begin, args=(list(map(str, arguments)), cwd, out, err))
    process.start()
    return Running(process, out, err)


def _begin(arguments: list[str], cwd: Path, out: Path, err: Path) -> None:
    os.chdir(cwd)
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        opened = os.open(path, os.O_WRONLY)
        os.dup2(opened, stream.fileno())
    sys.argv = ["accountmap", *arguments]
    run()


def digits(talker: Talker, account: int) -> str:
    """Return the digits of a match by which a user names it."""
    return talker.match(account).hex()[:8]
