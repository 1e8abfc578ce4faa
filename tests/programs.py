"""The programs that tests drive: where they are found, and how they are installed.

`python -m tests.programs` installs what is missing with apt where it may, and names the rest; tests that need a
program that is not there are skipped. Only the standard library is used, so that it runs before the environment is
made.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

JAVA_VERSIONS = ("17", "21")
"""Those that Spark runs on."""


@dataclass(frozen=True)
class Program:
    """A program, and how people get it.

    Attributes:
        purpose: what tests need it for.
        find: returns its path, or None.
        debian: its package in Debian and Ubuntu.
        otherwise: what to do on other systems.
    """

    name: str
    purpose: str
    find: Callable[[], str | None]
    debian: str
    otherwise: str

    @property
    def hint(self) -> str:
        """One line that says what to install."""
        return f"{self.purpose} needs {self.name}: apt-get install {self.debian}, or {self.otherwise}"

    def require(self) -> str:
        """Return its path, or skip the test that asks."""
        found = self.find()
        if found is None:
            import pytest  # not before the environment is made

            pytest.skip(self.hint)
        return found


def chromium() -> str | None:
    """Find Chromium or Chrome on the path, or the one that playwright downloaded."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def postgresql() -> str | None:
    """Find the folder of the server's programs where Debian has them, or on the path."""
    if os.name == "nt":
        return None  # the tests start the server as a user of its own, in the manner of POSIX
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    return str(found[-1].parent) if found else str(Path(on_path).parent) if on_path else None


def java() -> str | None:
    """Find the home of a Java that Spark runs on, by asking those that are there for their version."""
    if os.name == "nt":
        return None  # Spark's local cluster, which the tests use, runs on POSIX only
    return next((home for home in _java_homes() if _java_version(home) in JAVA_VERSIONS), None)


def _java_homes() -> Iterator[str]:
    if home := os.environ.get("JAVA_HOME"):
        yield home
    for folder in (
        "/usr/lib/jvm/*",
        "/Library/Java/JavaVirtualMachines/*/Contents/Home",
        "/opt/homebrew/opt/openjdk*",
    ):
        yield from map(str, sorted(Path("/").glob(folder.removeprefix("/"))))
    if on_path := shutil.which("java"):
        yield str(Path(on_path).resolve().parent.parent)


def _java_version(home: str) -> str | None:
    program = Path(home) / "bin" / "java"
    if not program.exists():
        return None
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    return version[1] if version else None


CHROMIUM = Program("Chromium", "the report's page", chromium, "chromium", "playwright install chromium")
POSTGRESQL = Program("PostgreSQL", "a list from SQL", postgresql, "postgresql", "brew install postgresql")
JAVA = Program("Java 17", "Spark", java, "openjdk-17-jre-headless", "brew install openjdk@17")
PROGRAMS = (CHROMIUM, POSTGRESQL, JAVA)


def install() -> None:
    """Install what is missing, or say what to install."""
    missing = [program for program in PROGRAMS if program.find() is None]
    if missing and shutil.which("apt-get") and os.getuid() == 0:
        apt(*(program.debian for program in missing))
        missing = [program for program in missing if program.find() is None]
    for program in missing:
        print(f"Tests are skipped: {program.hint}", file=sys.stderr)


def apt(*packages: str) -> None:
    """Install Debian packages without questions; a failure shows later, as what is still missing."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        subprocess.run(["apt-get", "-qq", *command], env=quiet, stdout=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    install()
