"""What all commands share: the workspace they work in, and progress on long work."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from accountmap_cli.passphrase import present

if TYPE_CHECKING:
    from accountmap import Workspace


@contextmanager
def workspace(context: click.Context) -> Iterator["Workspace"]:
    """Open the workspace that the user named, or the one in this folder."""
    from accountmap import Workspace

    root = context.find_root().params
    opened = Workspace.open(root["workspace"], present(root["passphrase_fd"]))
    try:
        yield opened
    finally:
        opened.close()


class Progress:
    """A bar on stderr for each long job, if anybody is watching."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._shown = -1

    def __call__(self, done: int, total: int) -> None:
        """Show how far the job is."""
        percent = 100 * done // max(1, total)
        if sys.stderr.isatty() and percent != self._shown:
            bar = ("#" * (percent // 4)).ljust(25)
            click.echo(f"\r{self._label} [{bar}] {percent:3} %", err=True, nl=done == total)
            self._shown = percent


def pairs(values: tuple[str, ...], what: str) -> Mapping[str, str]:
    """Read `a=b,c=d` as a mapping."""
    found = {}
    for part in ",".join(values).split(",") if values else []:
        key, equals, value = part.partition("=")
        if not equals:
            raise click.BadParameter(f"{what} is written as name=Heading,name=Heading")
        found[key.strip()] = value.strip()
    return found


def existing_file() -> click.Path:
    """Return the type of an argument that is a file to read."""
    return click.Path(exists=True, dir_okay=False, path_type=Path)
