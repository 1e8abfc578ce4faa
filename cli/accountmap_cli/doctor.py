"""`accountmap doctor`: whether this machine has what a session needs; `accountmap backends`: how fast it is."""

import os
import platform
import re
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from accountmap import __version__
from accountmap.errors import AccountmapError, BackendError, PeerError, WorkspaceError
from accountmap_cli.output import emit, emit_json, plural, say, table
from accountmap_cli.passphrase import from_keyring, keyring_name

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.curve.backends import BackendState

EXIT_PROBLEM: Final = 9
"""The same as for `audit verify`: the check was made, and something is not as it should be."""

LEAST_FREE: Final = 1 << 30
"""In bytes: a session with a million accounts on each side writes less (docs/performance.md)."""

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
CONNECT_SECONDS: Final = 5.0


class State(StrEnum):
    """What came of a check."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Check:
    """One thing that was checked.

    Attributes:
        name: what was checked, in a word or two, the same in every run.
        said: what was found, in a sentence.
        advice: what to do about it, or an empty string.
    """

    name: str
    state: State
    said: str
    advice: str = ""


@click.command()
@click.option("--folder", "folders", metavar="DIR|URL", multiple=True, help="A shared folder; may be repeated.")
@click.option(
    "--connect",
    "endpoints",
    metavar="HOST:PORT",
    multiple=True,
    help="Where a partner's program listens; may be repeated.",
)
@click.option("--listen", metavar="HOST:PORT", help="Where your program is to listen.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(
    context: click.Context, folders: tuple[str, ...], endpoints: tuple[str, ...], listen: str | None, as_json: bool
) -> None:
    """Check that this machine has what a session needs, and say what to do if something is missing.

    It checks versions, the curve arithmetic, the workspace and who can read it, the clock, the keyring, and free
    disk space, and tries the folders and addresses that you name. It asks for no passphrase, connects to nothing
    else, and changes nothing; a test file in a folder is removed at once. If there is a problem, the exit code is
    9.

    \b
    Examples:
      accountmap doctor
      accountmap doctor --folder "/Shared/acme and globex"
      accountmap doctor --connect maps.acme.example:7443 --json
    """
    root = context.find_root()
    is_named = root.get_parameter_source("workspace") is not click.core.ParameterSource.DEFAULT
    checks = [
        *_versions(),
        *_backends(),
        _console(),
        *_workspace(root.params["workspace"], asked_for=is_named),
        _space(Path(tempfile.gettempdir()), "temporary files"),
        *(check for place in folders for check in _shared_folder(place)),
        *map(_partner_listens, endpoints),
        *([_can_listen(listen)] if listen else []),
    ]
    problems = sum(check.state is State.PROBLEM for check in checks)
    if as_json:
        emit_json({"problems": problems, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            emit(f"{check.state:8} {check.name}: {check.said}")
            if check.advice:
                emit(f"{'':8} {check.advice}")
        say(f"\n{plural(problems, 'problem')}. What to do is below each one." if problems else "\nNo problems.")
    if problems:
        raise click.exceptions.Exit(EXIT_PROBLEM)


def _versions() -> Iterator[Check]:
    yield Check(
        "program",
        State.OK,
        f"accountmap {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()} "
        f"on {platform.machine()}.",
    )
    wrong = [
        f"{name} {found or 'missing'} (needed: {bound}{version})"
        for name, bound, version in _requirements()
        if not _fits(found := _installed(name), bound, version)
    ]
    if wrong:
        yield Check("libraries", State.PROBLEM, f"{', '.join(wrong)}.", _REINSTALL)
    else:
        yield Check("libraries", State.OK, "All are there, in versions that this release works with.")


_REINSTALL: Final = "Install it again: pipx reinstall accountmap, or uv tool upgrade --reinstall accountmap"


def _requirements() -> Iterator[tuple[str, str, str]]:
    """Yield name, bound and version of each library that every installation needs."""
    for line in metadata.requires("accountmap") or []:
        if found := re.fullmatch(r"([\w.-]+)(==|>=)([\d.]+)", line):
            yield found[1], found[2], found[3]


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _fits(found: str, bound: str, version: str) -> bool:
    if not found or bound == "==":
        return found == version
    there, least = (tuple(map(int, re.findall(r"\d+", each))) for each in (found, version))
    return there >= least


def _backends() -> Iterator[Check]:
    """Check the backends for the curve arithmetic. Only one has to be usable."""
    from accountmap.curve.backends import examine_backends

    states = examine_backends(seconds=0.05)
    for state in states:
        if state.default:
            said = f"{state.name} is used; its known-answer tests pass."
            yield Check("curve arithmetic", State.OK, said)
        elif not state.usable:
            yield Check("curve arithmetic", State.NOTE, f"{state.name} is not used: {state.reason}.", state.hint)
    if not any(state.usable for state in states):
        yield Check("curve arithmetic", State.PROBLEM, "No backend can do it here.", _REINSTALL)


def _console() -> Check:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if encoding == "utf8":
        return Check("screen", State.OK, "It shows the letters of all languages.")
    advice = "On Windows use Windows Terminal; elsewhere set LANG to a UTF-8 locale. Files are not affected."
    return Check("screen", State.NOTE, f"Letters that {sys.stdout.encoding} lacks are shown as codes.", advice)


def _workspace(folder: Path, *, asked_for: bool) -> Iterator[Check]:
    """Check the workspace, if there is one here.

    Args:
        asked_for: whether the user named it, so that it is a problem if there is none.
    """
    from accountmap import Workspace
    from accountmap.workspace.keys import DATABASE

    try:
        own = Workspace.open(folder)
    except WorkspaceError as error:
        is_here = asked_for or (folder / DATABASE).exists()
        state = State.PROBLEM if is_here else State.NOTE
        yield Check("workspace", state, _sentence(str(error)), error.hint or "Restore it from a backup.")
        yield _clock([])
        return
    with own:
        yield Check("workspace", State.OK, f"{own.card.name}, in {folder.resolve()}.")
        yield _writable(folder)
        yield _readable_by_others(folder)
        yield _space(folder, "the workspace")
        yield _clock(_moments(own))
        yield _keyring(own)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _writable(folder: Path) -> Check:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("writing", State.OK, "The workspace can be written.")
    except OSError as error:
        said = f"The workspace cannot be written: {error.strerror}."
        return Check("writing", State.PROBLEM, said, "Give yourself write permission on the folder, or make room.")


def _readable_by_others(folder: Path) -> Check:
    """Check that only the owner can read what is private."""
    from accountmap.workspace.keys import DATABASE, IDENTITY

    if os.name == "nt":
        said = "Whether others can read the workspace is not checked on Windows."
        return Check("permissions", State.NOTE, said, f'See for yourself with: icacls "{folder.resolve()}"')
    if _is_closed(folder):
        return Check("permissions", State.OK, "Only you can read the workspace.")
    private = [folder / name for name in (IDENTITY, DATABASE, "lists", "sessions", "reports")]
    is_open = [path.name for path in private if path.exists() and not _is_closed(path)]
    if not is_open:
        return Check("permissions", State.OK, "Only you can read what is private in the workspace.")
    said = f"Others on this machine can read {', '.join(is_open)}."
    return Check("permissions", State.PROBLEM, said, f'Close it: chmod -R go= "{folder.resolve()}"')


def _is_closed(path: Path) -> bool:
    return not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _space(folder: Path, what: str) -> Check:
    free = shutil.disk_usage(folder).free
    said = f"{free / (1 << 30):,.1f} GiB free for {what}."
    if free >= LEAST_FREE:
        return Check("disk", State.OK, said)
    return Check("disk", State.PROBLEM, said, f"Make room on the disk of {folder.resolve()}; 1 GiB is plenty.")


def _moments(own: "Workspace") -> list[datetime]:
    """List when things were recorded in the workspace."""
    partners = own.partners()
    sessions = [session for partner in partners for session in own.sessions(partner)]
    agreements = [record for partner in partners for record in own.agreement_records(partner)]
    return [*(each.created for each in sessions), *(each.added for each in agreements)]


def _clock(moments: Sequence[datetime]) -> Check:
    """Compare the clock with the times that were recorded before, which cannot be in the future."""
    now = datetime.now(UTC)
    said = f"It is {now:%Y-%m-%d %H:%M} UTC by this machine."
    if any(moment > now for moment in moments):
        what = f"{said} The workspace has a record of {max(moments):%Y-%m-%d %H:%M} UTC, which is later."
        return Check("clock", State.PROBLEM, what, "Set the clock of this machine, best from the network.")
    return Check("clock", State.OK, said)


def _keyring(own: "Workspace") -> Check:
    if not own.is_protected:
        said = "Your keys have no passphrase: whoever can read the folder, or a backup of it, can act as you."
        return Check("passphrase", State.NOTE, said, "Set one with: accountmap identity passphrase")
    try:
        name = keyring_name()
    except BackendError as error:
        said = f"Your keys have a passphrase; {error}, so you will be asked for it."
        return Check("passphrase", State.NOTE, said, error.hint)
    if from_keyring(own.card) is not None:
        return Check("passphrase", State.OK, f"Your keys have a passphrase, and the keyring ({name}) has it.")
    said = f"Your keys have a passphrase, and the keyring ({name}) does not have it: you will be asked for it."
    return Check("passphrase", State.OK, said)


def _shared_folder(place: str) -> Iterator[Check]:
    """Try a folder: read it, write to it if it is on this machine, and look at the messages in it."""
    from accountmap.channels import open_channel

    local = None if "://" in place else Path(place)
    shown = re.sub(r"//[^/]*@", "//", place)
    if local and not local.is_dir():
        yield Check("folder", State.PROBLEM, f"There is no folder {shown}.", "Check the spelling, or create it.")
        return
    try:
        with open_channel(local or place) as channel:
            count = len(channel.files())
    except AccountmapError as error:
        yield Check("folder", State.PROBLEM, _sentence(str(error)), error.hint)
        return
    if local is None:
        yield Check("folder", State.OK, f"{shown} can be read: {plural(count, 'message')}. Writing was not tried.")
        return
    try:
        with tempfile.NamedTemporaryFile(dir=local, prefix=".accountmap-doctor-"):
            said = f"{shown} can be read and written: {plural(count, 'message')}."
            yield Check("folder", State.OK, said)
    except OSError as error:
        said = f"{shown} can be read but not written: {error.strerror}."
        yield Check("folder", State.PROBLEM, said, "Ask whoever runs it for write permission, or make room.")
        return
    yield _space(local, f"messages in {shown}")
    yield from _messages_ahead(local)


def _messages_ahead(folder: Path) -> Iterator[Check]:
    """Look for messages that were written later than now: one of the two clocks is wrong."""
    from accountmap.session.disclosure import describe_message

    now, latest = datetime.now(UTC), datetime.min.replace(tzinfo=UTC)
    for file in folder.glob("*.amap"):
        try:
            latest = max(latest, describe_message(file).created)
        except (PeerError, OSError):
            continue
    if latest > now + CLOCK_TOLERANCE:
        said = f"A message in {folder} is dated {latest:%Y-%m-%d %H:%M} UTC, which is in the future."
        yield Check("clock", State.PROBLEM, said, "Compare the clocks of both computers, and set the wrong one.")


def _partner_listens(address: str) -> Check:
    """Try whether anything answers where the partner's program is to listen."""
    from accountmap.channels import Endpoint

    advice = "Ask your partner for the address, and whether the program is listening and the firewall lets you in."
    endpoint = Endpoint.parse(address)
    try:
        socket.create_connection((endpoint.host, endpoint.port), CONNECT_SECONDS).close()
    except socket.gaierror:
        return Check("connection", State.PROBLEM, f"There is no host {endpoint.host}.", "Check the spelling.")
    except ConnectionRefusedError:
        said = f"{endpoint.host} answers, but nothing listens on port {endpoint.port}."
        return Check("connection", State.PROBLEM, said, "Run this again while your partner's program listens.")
    except TimeoutError:
        said = f"{endpoint} did not answer within {CONNECT_SECONDS:.0f} seconds."
        return Check("connection", State.PROBLEM, said, advice)
    except OSError as error:
        return Check("connection", State.PROBLEM, f"{endpoint} cannot be reached: {error.strerror}.", advice)
    said = f"Something listens on {endpoint}. Whether it is your partner is checked when a session begins."
    return Check("connection", State.OK, said)


def _can_listen(address: str) -> Check:
    from accountmap.channels import Endpoint

    endpoint = Endpoint.parse(address)
    try:
        endpoint.listener().close()
    except AccountmapError as error:
        return Check("listening", State.PROBLEM, _sentence(str(error)), error.hint)
    said = f"This machine can listen on {endpoint}. Only your partner can try whether they can reach it."
    return Check("listening", State.OK, said)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backends(as_json: bool) -> None:
    """Test the backends for curve arithmetic on this machine, measure them, and say which one is used.

    All backends give the same bytes, so your partner may use another one. The first that can be used is the
    default; accountmap map --backend NAME uses another one.

    \b
    Examples:
      accountmap backends
      accountmap backends --json
    """
    from accountmap.curve.backends import examine_backends

    states = examine_backends()
    if as_json:
        emit_json([{**asdict(state), "usable": state.usable} for state in states])
        return
    emit(table(["backend", "", "points multiplied a second", "keys mapped a second"], [_row(s) for s in states]))
    say()
    for state in states:
        say(f"{state.name}: {state.about}. {_verdict(state)}")
    say("Speeds are those of one processor.")


def _row(state: "BackendState") -> tuple[object, ...]:
    if not state.usable:
        return state.name, "cannot be used", "", ""
    speeds = round(state.multiply_per_second), round(state.hash_per_second)
    return state.name, "default" if state.default else "usable", *speeds


def _verdict(state: "BackendState") -> str:
    if not state.usable:
        return " ".join(filter(None, (f"Not used: {state.reason}.", state.hint)))
    chosen = "Used unless another is asked for" if state.default else "Used if asked for"
    return f"{chosen}; its known-answer tests pass."
