"""The workspace and the place for messages that the user named, and the options that name them."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import click

from accountmap.errors import AccountmapError, InputError
from accountmap_cli.output import Command, is_interactive, say, with_options
from accountmap_cli.passphrase import UNPROTECTED, present

if TYPE_CHECKING:
    from accountmap import Outcome, Workspace
    from accountmap.channels import DirectChannel

Found = TypeVar("Found")


@contextmanager
def workspace(context: click.Context) -> Iterator["Workspace"]:
    """Open the workspace that the user named, or the one in this folder."""
    from accountmap import Workspace

    root = context.find_root().params
    opened = Workspace.open(root["workspace"], present(root["passphrase_fd"]))
    if not opened.is_protected and sys.stderr.isatty():
        say(UNPROTECTED)
    try:
        yield opened
    finally:
        opened.close()


def in_workspace(context: click.Context, look: Callable[["Workspace"], Found]) -> Found | None:
    """Return what is found in the workspace without its passphrase; None where it cannot be read."""
    from accountmap import Workspace

    try:
        with Workspace.open(context.find_root().params.get("workspace") or Path()) as own:
            return look(own)
    except AccountmapError:
        return None


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
    """Read `a=b,c=d` as a mapping; a comma with no pair after it belongs to the name or value."""
    found = {}
    for part in (part for value in values for part in _parts(value)):
        key, equals, value = part.partition("=")
        if not equals:
            raise click.BadParameter(f"{what} is written as NAME=VALUE.")
        found[key.strip()] = value.strip()
    return found


def _parts(text: str) -> list[str]:
    """Split at commas, so that each part has an equals sign."""
    parts, begun = [], ""
    for piece in text.split(","):
        begun = f"{begun},{piece}" if begun else piece
        if "=" in begun:
            parts.append(begun)
            begun = ""
    return [*parts[:-1], f"{parts[-1]},{begun}"] if parts and begun else [*parts, *([begun] if begun else [])]


def partner_option(text: str = "Your partner.", *, required: bool = True) -> Callable[[Command], Command]:
    """Return a decorator that adds `--with`, whose values shells complete."""
    return click.option(
        "--with", "partner", metavar="NAME", required=required, help=text, shell_complete=_partner_names
    )


def _partner_names(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """List the partners of the workspace; none if it cannot be read, since there is nowhere to say why."""
    names = in_workspace(context, lambda own: [partner.slug for partner in own.partners()])
    return [name for name in names or () if name.startswith(begun)]


def existing_file() -> click.Path:
    """Return the type of an argument that is a file to read."""
    return click.Path(exists=True, dir_okay=False, path_type=Path)


def is_fresh(page: Path, folder: Path, inputs: Iterable[str]) -> bool:
    """Return whether a page was made after everything that it is made from last changed.

    Args:
        inputs: patterns of files in the folder. For files of a subfolder, a deleted file counts as a change too.
    """
    if not page.exists():
        return False
    made = page.stat().st_mtime
    patterns = {each for pattern in inputs for each in (pattern, pattern.rpartition("/")[0]) if each}
    return all(file.stat().st_mtime < made for pattern in patterns for file in folder.glob(pattern))


def is_same_rule(used: Path, rule: Path | None, standard: str = "") -> bool:
    """Return whether a page was made by the current rule.

    Args:
        used: the copy, beside the page, of the rule that it was made by.
        rule: the current rule; None for the standard one.
        standard: text of the standard rule.
    """
    try:
        before = used.read_text("utf-8") if used.exists() else ""
        return before == (standard if rule is None else rule.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return False


DEFAULT_WAIT: Final = 3600.0


place_options: Final = with_options(
    click.option(
        "--folder",
        metavar="DIR|URL",
        help="A folder that both of you see, or sftp://user@host/path or s3://bucket/prefix. [default: the "
        "folder exchange in the workspace, for messages by mail]",
    ),
    click.option(
        "--listen", metavar="HOST:PORT", help="Wait for your partner's program to connect to this machine."
    ),
    click.option("--connect", metavar="HOST:PORT", help="Connect to your partner's program, which listens there."),
    click.option(
        "--wait",
        type=click.FloatRange(min=0),
        is_flag=False,
        flag_value=DEFAULT_WAIT,
        metavar="[SECONDS]",
        help="Keep running, and go on whenever something arrives from your partner; wait this long for each. "
        "[an hour without a number]",
    ),
)
"""Adds the options that say where the messages are, and how long to wait for the partner's."""


def time_to_wait(wait: float | None, listen: str | None, connect: str | None) -> float:
    """Return how many seconds to wait: as given, else an hour on a direct connection and not at all elsewhere."""
    return wait if wait is not None else DEFAULT_WAIT if listen or connect else 0


@dataclass(frozen=True)
class Place:
    """A folder, the address of a remote one, or a connection.

    Attributes:
        target: what the library is given.
        text: how it is shown: an address without its user.
        travels: whether what is written there reaches the partner by itself.
    """

    target: "Path | str | DirectChannel"
    text: str
    travels: bool

    @classmethod
    def of(cls, folder: str | None, default: Path) -> "Place":
        """Understand `--folder`; without it messages go by mail, from and to a folder of the workspace.

        Raises:
            InputError: there is no such folder, or it is something else.
        """
        if folder is not None and "://" in folder:
            return cls(folder, re.sub(r"//[^/]*@", "//", folder).rstrip("/"), travels=True)
        if folder is None:
            default.mkdir(parents=True, exist_ok=True)
            return cls(default, str(default), travels=False)
        local = Path(folder)
        if not local.is_dir():
            _create(local)
        return cls(local, str(local), travels=True)

    def file(self, name: str) -> str:
        """Return how a file in it is shown."""
        return f"{self.text}/{name}" if isinstance(self.target, str) else str(Path(self.text) / name)

    def next_step(self, outcome: "Outcome", partner: str) -> str:
        """Say what has to happen before the partner's next file can be read."""
        if not isinstance(self.target, Path | str):
            return f"Next: run this again when {partner} does too; it goes on where it stopped."
        last = outcome.sent[-1] if outcome.sent else None
        if last and not self.travels:
            return (
                f"Next: send {self.file(last)} to {partner}; save their answer in {self.text} and run this again."
            )
        if astray := self._astray():
            return f"Next: move {astray} to {self.text}, if it is {partner}'s answer, and run this again."
        mailed = outcome.session.sent if outcome.session and not self.travels else ""
        reminder = f" If you have not sent {self.file(mailed)} yet, send it now." if mailed else ""
        return f"Next: wait for {partner}'s file; when it is in {self.text}, run this again.{reminder}"

    def _astray(self) -> Path | None:
        """Return a message that was saved beside the folder for messages by mail instead of in it."""
        if self.travels or not isinstance(self.target, Path):
            return None
        here = {path.name for path in self.target.glob("*.amap")}
        beside = sorted({*Path().glob("*.amap"), *self.target.parent.glob("*.amap")})
        return next((path for path in beside if path.name not in here), None)

    def please_send(self, sent: tuple[str, ...], partner: str, why: str) -> str:
        """Ask the user to mail the last file, or nothing where files arrive by themselves."""
        if not sent or self.travels:
            return ""
        return f"Send {self.file(sent[-1])} to {partner}{why} "


def _create(folder: Path) -> None:
    """Create a folder that the user named, if that is what the user wants."""
    if folder.exists():
        raise InputError(f"{folder} is not a folder.", "Name the folder that both of you see.")
    if not is_interactive() or not click.confirm(f"There is no folder {folder}. Create it?", err=True):
        raise InputError(f"There is no folder {folder}.", "Check the spelling, or create it first.")
    folder.mkdir(parents=True)


@contextmanager
def open_place(
    own: "Workspace",
    partner: str,
    folder: str | None,
    listen: str | None,
    connect: str | None,
    wait: float,
    *,
    command: str = "map",
) -> Iterator[Place]:
    """Understand `--folder`, `--listen` and `--connect`.

    Args:
        command: what the partner runs at the other end of a direct connection.

    Raises:
        InputError: they cannot be combined.
    """
    from accountmap.exchange import direct_channel

    place = Place.of(folder, own.folder / "exchange")
    if listen is None and connect is None:
        yield place
        return
    if (listen and connect) or not isinstance(place.target, Path):
        raise InputError(
            "a direct connection either listens or connects, and keeps its messages in a local folder",
            "Give --listen on one side and --connect on the other.",
        )
    with closing(
        direct_channel(own, partner, place.target, listen=listen, connect=connect, wait=wait, tell=say)
    ) as channel:
        name = own.partner(partner).card.name
        if listen:
            say(f"Listening on {channel.endpoint} for {name}.")
            say(
                f"They run: accountmap {command} --with {own.short_name} "
                f"--connect YOUR-ADDRESS:{channel.endpoint.port}"
            )
        else:
            say(f"Connecting to {channel.endpoint}, where {name} listens.")
        yield Place(channel, place.text, travels=True)
