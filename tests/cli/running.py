"""Running `accountmap` as a process, as a user does."""

import subprocess
import sys
from pathlib import Path


def accountmap(
    *arguments: str | Path, cwd: Path, stdin: str = "", check: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command; fail the test unless it ends with the expected exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "accountmap_cli", *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    if check is not None:
        assert done.returncode == check, done.stdout + done.stderr
    return done
