"""`accountmap demo`: both sides on this machine, going exactly the way that two companies go."""

import csv
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

import click

from accountmap.errors import InputError, WorkspaceError
from accountmap_cli.context import existing_file
from accountmap_cli.output import emit, is_interactive, say

MARKER: Final = ".accountmap-demo"
SIDES: Final = ("left", "right")


@dataclass(frozen=True)
class Side:
    """One company of the demo, with a workspace and a prompt of its own."""

    name: str
    folder: Path
    source: Path

    @property
    def workspace(self) -> Path:
        """Where its workspace lies."""
        return self.folder / "workspace"

    def run(self, *arguments: str, ask: bool = False) -> str:
        """Run one command in its workspace, as its people would type it, and return what it printed.

        Args:
            ask: leave the terminal to the command, which asks the user.
        """
        shown = " ".join(f'"{a}"' if " " in a else a for a in arguments)
        say(f"{self.name.split()[0].lower()}$ accountmap {shown}", bold=True)
        done = subprocess.run(  # noqa: S603 this program itself
            [sys.executable, "-m", "accountmap_cli", *arguments],
            cwd=self.workspace,
            stdout=subprocess.PIPE,
            stderr=None if ask else subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        if done.returncode:
            say(done.stderr or "")
            raise WorkspaceError(
                f"the demo stopped at the command above, with exit code {done.returncode}",
                f"Go on by hand in {self.workspace}, or mend the cause and run the demo again.",
            )
        for line in done.stdout.rstrip("\n").splitlines():
            say(f"  {line}")
        return done.stdout


@click.command()
@click.option("--left", type=existing_file(), help="The one list. [default: samples]")
@click.option("--right", type=existing_file(), help="The other list.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default="accountmap-demo",
    show_default=True,
    help="Folder for both sides and their reports.",
)
@click.option("--profile", help="Match keys to make. [default: the fullest]")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before each side reveals.")
def demo(left: Path | None, right: Path | None, output: Path, profile: str | None, yes: bool) -> None:
    """Run both sides on this machine, on the samples or on any two lists.

    Two workspaces, two identities, and a folder between them: every command is one that two companies would type,
    run as a process of its own. Reports are left in OUTPUT/left and OUTPUT/right.

    \b
    Examples:
      accountmap demo
      accountmap demo --left ours.csv --right theirs.xlsx --output try --yes
    """
    if (left is None) != (right is None):
        raise InputError("the demo needs two lists, or none", "Give both --left and --right.")
    sample = samples() if left is None else None
    sources = (sample / "acme/accounts.csv", sample / "globex/accounts.csv") if sample else (left, right)
    names = ("Acme Cloud", "Globex Data") if sample else ("Left Company", "Right Company")
    root = fresh_folder(output)
    one, other = (
        Side(name, root / side, Path(source).absolute())
        for name, side, source in zip(names, SIDES, (s for s in sources if s), strict=True)
    )
    shared = root / "shared"
    meet(one, other, shared)
    for side in (one, other):
        side.run("accounts", "prepare", str(side.source), *(("--profile", profile) if profile else ()))
    agree(one, other, shared)
    exchange(one, other, shared, ask=not yes and is_interactive())
    for side in (one, other):
        page = side.run("report", "build", "--with", partner_of(side, one, other), "--output", str(side.folder))
        emit(f"{side.name}'s report: {page.strip()}")
    if sample:
        emit(quality(sample / "true_overlap.csv", one.folder / "overlap.csv", other.folder / "overlap.csv"))


def samples() -> Path:
    """Find the samples: beside the package when it is installed, in the checkout otherwise."""
    package = Path(str(files("accountmap_cli")))
    for place in (package / "samples", package.parent.parent / "samples"):
        if (place / "true_overlap.csv").is_file():
            return place
    raise InputError("the samples are not installed", "Give two lists with --left and --right.")


def fresh_folder(folder: Path) -> Path:
    """Make the demo's folder anew; never touch one that is not a demo's.

    Raises:
        WorkspaceError: there is something else in it.
    """
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).is_file():
            raise WorkspaceError(f"{folder} is not empty and not an earlier demo", "Choose another with --output.")
        shutil.rmtree(folder)
    for side in SIDES:
        (folder / side / "workspace").mkdir(parents=True)
    (folder / "shared").mkdir()
    (folder / MARKER).touch()
    return folder


def meet(one: Side, other: Side, shared: Path) -> None:
    """Make both identities and exchange cards."""
    for side in (one, other):
        side.run("init", "--name", side.name, "--no-passphrase")
        side.run("partner", "card", "--output", str(shared / f"{side.folder.name}.card.toml"))
    for side, partner in ((one, other), (other, one)):
        read_out = fingerprint(partner)
        card = str(shared / f"{partner.folder.name}.card.toml")
        side.run("partner", "add", card, "--fingerprint", read_out, "--confirmed-by", "demo")


def fingerprint(side: Side) -> str:
    """Ask a side for its own fingerprint, as its partner would by phone."""
    from accountmap import Workspace

    own = Workspace.open(side.workspace)
    digits = own.card.fingerprint
    own.close()
    return digits


def partner_of(side: Side, one: Side, other: Side) -> str:
    """Name the partner of a side as it is typed."""
    return (other if side is one else one).name.split()[0].lower()


def agree(one: Side, other: Side, shared: Path) -> None:
    """Make and sign the agreement."""
    file = str(shared / "left-right.agreement.toml")
    name = partner_of(one, one, other)
    one.run("agreement", "new", "--with", name, "--output", file, "--purpose", "demo")
    other.run("agreement", "sign", file, "--yes")
    one.run("agreement", "sign", file)


def exchange(one: Side, other: Side, shared: Path, *, ask: bool) -> None:
    """Let both sides repeat `map` until both are done."""
    finished: set[str] = set()
    for turn in range(12):
        side = (one, other)[turn % 2]
        options = ["map", "--with", partner_of(side, one, other), "--folder", str(shared)]
        said = side.run(*options, *(() if ask else ("--approve",)), ask=ask)
        if "To begin another" in said:
            raise click.Abort
        finished |= {side.name} if said.startswith("Done") else set()
        if len(finished) == 2:
            return
    raise WorkspaceError("the session did not come to an end", f"Look at the messages in {shared}.")


def quality(truth_file: Path, left: Path, right: Path) -> str:
    """Compare what was found with the truth that lies beside the samples."""
    truth = {(row["left_id"], row["right_id"]) for row in rows(truth_file)}
    sides: list[defaultdict[str, set[str]]] = [defaultdict(set), defaultdict(set)]
    for accounts, table in zip(sides, (left, right), strict=True):
        for row in rows(table):
            accounts[row["match_id"]].add(row["account_id"])
    found = {(a, b) for match in sides[0] for a in sides[0][match] for b in sides[1][match]}
    hits = len(found & truth)
    return (
        f"Against the truth beside the samples: {len(truth):,} pairs are the same company, {len(found):,} found; "
        f"recall {hits / len(truth):.1%}, precision {hits / max(1, len(found)):.1%}. "
        "The lists hold sister companies and namesakes on purpose: samples/README.md."
    )


def rows(file: Path) -> Sequence[dict[str, str]]:
    """Read a CSV file with a header."""
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
