"""`accountmap demo`: both sides on this machine, doing exactly what two companies do."""

import contextlib
import csv
import io
import multiprocessing
import os
import re
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import SequenceMatcher
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import click

from accountmap.errors import InputError, WorkspaceError
from accountmap_cli.context import existing_file
from accountmap_cli.output import emit, is_interactive, plural, say

MARKER: Final = ".accountmap-demo"
SIDES: Final = ("left", "right")
SHARED: Final = "../../shared"
"""The folder that both sides see, from either workspace."""

EXPORTED: Final = date(2026, 11, 27)
"""The day of the samples' newest dates."""

ENGLISH_DATE: Final = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b")
GERMAN_DATE: Final = re.compile(r"\b(\d{2})\.(\d{2})\.(\d{4})\b")

MOST_LINES: Final = 15
"""The most lines of a command's output that are shown; tables of questions are longer."""

Row = dict[str, str]
Pair = tuple[str, str]


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def type_command(workspace: Path, arguments: Sequence[str]) -> Ended:
    """Run one command in a workspace through the program's own entry point, with nobody at the terminal."""
    from accountmap_cli.main import run

    sys.argv = ["accountmap", *arguments]
    out, err, code = io.StringIO(), io.StringIO(), 0
    with contextlib.chdir(workspace), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            run()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return Ended(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Side:
    """One company of the demo, with a workspace, a process and a prompt of its own."""

    name: str
    folder: Path
    source: Path
    process: ProcessPoolExecutor = field(
        default_factory=lambda: ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    )

    @property
    def workspace(self) -> Path:
        """The folder of its workspace."""
        return self.folder / "workspace"

    def run(self, *arguments: str, tell: bool = False) -> str:
        """Run one command in its workspace, as its people would type it, and return its result.

        Args:
            tell: also show what the command says besides its result.
        """
        shown = " ".join(f'"{a}"' if " " in a else a for a in arguments)
        say(f"{self.name.split()[0].lower()}$ accountmap {shown}", bold=True)
        done = self.process.submit(type_command, self.workspace, arguments).result()
        if done.code:
            say(done.err)
            raise WorkspaceError(
                f"the demo stopped at the command above, with exit code {done.code}",
                f"Go on by hand in {self.workspace}, or fix the cause and run the demo again.",
            )
        told = [line for line in done.err.splitlines() if not line.startswith(("Read ", "Wrote "))]
        lines = [*(told if tell else ()), *done.out.rstrip("\n").splitlines()]
        if (more := len(lines) - MOST_LINES) > 1:
            lines[MOST_LINES - 1 : -1] = [f"... and {more + 1} more lines"]
        for line in lines:
            say(f"  {line}".rstrip())
        return done.out

    def table(self, name: str) -> list[Row]:
        """Read a table of its report."""
        return rows(self.folder / f"{name}.csv")


@click.command()
@click.option("--left", type=existing_file(), help="The first list. [default: samples]")
@click.option("--right", type=existing_file(), help="The second list.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default="accountmap-demo",
    show_default=True,
    help="Folder for both sides and their reports.",
)
@click.option("--profile", help="Which match keys to make. [default: standard]")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before each side reveals.")
def demo(left: Path | None, right: Path | None, output: Path, profile: str | None, yes: bool) -> None:
    """Run both sides on this machine, on the samples or on any two lists.

    Two workspaces, two identities, and a folder between them: every command is one that two companies would type,
    each company in a process of its own. Reports are left in OUTPUT/left and OUTPUT/right. On the samples it also
    asks and answers questions, and compares what was found with the truth.

    \b
    Examples:
      accountmap demo
      accountmap demo --left ours.csv --right theirs.xlsx --output try --yes
    """
    if (left is None) != (right is None):
        raise InputError("the demo needs two lists, or none", "Give both --left and --right.")
    root = fresh_folder(output)
    sample = Samples(samples(), root) if left is None else None
    sources = sample.exports() if sample else (left, right)
    names = ("Acme Cloud", "Globex Data") if sample else ("Left Company", "Right Company")
    one, other = (
        Side(name, root / side, Path(source).absolute())
        for name, side, source in zip(names, SIDES, (s for s in sources if s), strict=True)
    )
    with one.process, other.process:
        meet(one, other)
        for side in (one, other):
            shown = os.path.relpath(side.source, side.workspace) if sample else str(side.source)
            side.run("accounts", "prepare", shown, *(("--profile", profile) if profile else ()))
        agree(one, other)
        exchange(one, other, yes=yes or not is_interactive())
        answers = ask(one, other, sample.is_same) if sample else {}
        for side in (one, other):
            page = side.run(
                "report", "build", "--with", partner_of(side, one, other), "--output", str(side.folder)
            )
            emit(f"{side.name}'s report: {page.strip()}")
    say()
    emit("\n".join(sample.outcomes(one, other, answers) if sample else outcomes(one)))


def samples() -> Path:
    """Find the samples: beside the package when it is installed, in the checkout otherwise."""
    package = Path(str(files("accountmap_cli")))
    for place in (package / "samples", package.parent.parent / "samples"):
        if (place / "true_overlap.csv").is_file():
            return place
    raise InputError("the samples are not installed", "Give two lists with --left and --right.")


def fresh_folder(folder: Path) -> Path:
    """Make the demo's folder afresh; never touch one that is not a demo's.

    Raises:
        WorkspaceError: it contains something else.
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


def meet(one: Side, other: Side) -> None:
    """Make both identities and exchange cards."""
    for side in (one, other):
        side.run("init", "--name", side.name, "--no-passphrase")
        side.run("partner", "card", "--output", f"{SHARED}/{side.folder.name}.card.toml")
    for side, partner in ((one, other), (other, one)):
        card = f"{SHARED}/{partner.folder.name}.card.toml"
        side.run("partner", "add", card, "--fingerprint", fingerprint(partner), "--confirmed-by", "demo")


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


def agree(one: Side, other: Side) -> None:
    """Make and sign the agreement."""
    file = f"{SHARED}/left-right.agreement.toml"
    name = partner_of(one, one, other)
    one.run("agreement", "new", "--with", name, "--output", file, "--purpose", "demo")
    other.run("agreement", "sign", file, "--yes")
    one.run("agreement", "sign", file)


def exchange(one: Side, other: Side, *, yes: bool) -> None:
    """Let both sides repeat `map` until both are done; each decides at its preview."""
    finished: set[str] = set()
    for turn in range(14):
        side = (one, other)[turn % 2]
        typed = ["map", "--with", partner_of(side, one, other), "--folder", SHARED]
        said = side.run(*typed, tell=True)
        if said.startswith("Next: decide"):
            if not yes:
                click.confirm(f"\nYou are {side.name}. Reveal?", abort=True, err=True)
            said = side.run(*typed, "--approve")
        finished |= {side.name} if said.startswith("Done") else set()
        if len(finished) == 2:
            return
    raise WorkspaceError("the session did not come to an end", f"Look at the messages in {one.folder.parent}.")


def ask(one: Side, other: Side, is_same: Callable[[Row], bool]) -> Mapping[str, str]:
    """Let one side ask about its possible matches, and a person on the other answer.

    Args:
        is_same: what that person knows, by a row of the table of questions.

    Returns:
        The answers by match id.
    """
    asking, answering = (("--with", partner_of(side, one, other), "--folder", SHARED) for side in (one, other))
    one.run("ask", *asking, "--all", "--yes", tell=True)
    other.run("inbox", *answering, "--write", "questions.csv")
    table = other.workspace / "questions.csv"
    if not (questions := rows(table)):
        return {}
    say(f"  A person at {other.name} writes same or no beside {plural(len(questions), 'question')}.")
    for row in questions:
        row["answer"] = "same" if is_same(row) else "no"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(questions[0]))
        writer.writeheader()
        writer.writerows(questions)
    other.run("inbox", *answering, "--answers", "questions.csv", "--yes")
    one.run("inbox", *asking)
    return {row["match_id"]: row["answer"] for row in questions}


def outcomes(one: Side) -> list[str]:
    """Say what became of the matches of two lists whose truth nobody knows."""
    revealed, possible = ({row["match_id"] for row in one.table(name)} for name in ("overlap", "possible"))
    said = [f"{plural(len(revealed), 'company')} on both lists were revealed."]
    if possible:
        said.append(
            f"{plural(len(possible), 'possible match')} can be asked about: accountmap ask --with right, in "
            f"{one.workspace}."
        )
    return said


@dataclass(frozen=True)
class Samples:
    """The samples, and what is true of them."""

    folder: Path
    root: Path

    def exports(self) -> tuple[Path, Path]:
        """Copy both lists into the demo's folder, their dates moved so that the exports are of last week."""
        weeks = (date.today() - timedelta(days=1) - EXPORTED).days // 7
        copies = (self.root / "left" / "salesforce-export.csv", self.root / "right" / "zoho-export.csv")
        for copy, name in zip(copies, ("acme", "globex"), strict=True):
            text = (self.folder / name / "accounts.csv").read_bytes().decode("utf-8")
            copy.write_bytes(move_dates(text, timedelta(weeks=weeks)).encode("utf-8"))
        return copies

    @cached_property
    def truth(self) -> Mapping[Pair, str]:
        """The accounts of both lists that are the same company -> the number of the company."""
        pairs = rows(self.folder / "true_overlap.csv")
        return {(row["left_id"], row["right_id"]): row["company"] for row in pairs}

    @cached_property
    def accounts(self) -> tuple[Mapping[str, Row], Mapping[str, Row]]:
        """The accounts of both lists by id."""
        left = {row["Account ID"]: row for row in rows(self.folder / "acme" / "accounts.csv")}
        right = {row["Account Id"]: row for row in rows(self.folder / "globex" / "accounts.csv")}
        return left, right

    @cached_property
    def near_misses(self) -> Mapping[Pair, str]:
        """The accounts of both lists that are easily taken for the same company -> why."""
        return {(row["left_id"], row["right_id"]): row["kind"] for row in rows(self.folder / "near_misses.csv")}

    def is_same(self, question: Row) -> bool:
        """Answer a question about an account of the left list, as somebody who knows both companies would."""
        name = question["their_name"].removeprefix("'")
        return any(
            b == question["account_id"] and self.accounts[0][a]["Account Name"] == name for a, b in self.truth
        )

    def outcomes(self, one: Side, other: Side, answers: Mapping[str, str]) -> Iterator[str]:
        """Say what was revealed, asked and dropped, compared with the truth.

        Args:
            answers: to the questions that the left side asked, by match id.
        """
        matches = pairs_by_match(one.table("overlap"), other.table("overlap"))
        revealed = [pairs for match, pairs in matches.items() if match not in answers]
        same = [pairs for match, pairs in matches.items() if match in answers]
        right = [pairs for pairs in revealed if self._companies([pairs])]
        holdings = sum("holding" in map(self.near_misses.get, pairs) for pairs in revealed)
        shown = {pair for pairs in revealed for pair in pairs}
        dropped = [[pair] for pair in self.near_misses if pair not in shown]
        everything = [[pair] for pair in self.truth]
        total, found, with_answers = (
            len(self._companies(each)) for each in (everything, revealed, matches.values())
        )

        yield "What became of the companies on both lists, compared with the truth, which only the samples know:\n"
        yield f"Reveal  {len(revealed):,} matches on strong evidence, such as a website or a rare full name."
        yield f"        Both sides see the other's name and owner. {len(right):,} are right; of the rest,"
        yield f"        {holdings:,} are a company and its holding. For example: {self._example(right, min)}"
        yield f"Ask     {len(answers):,} possible matches, whose names neither side saw. {one.name} asked,"
        yield f"        and a person at {other.name} answered same to {len(same):,} and no to the rest."
        yield f"        For example: {self._example(same, min)}"
        yield "Drop    All else stays hidden. Pairs that are easily confused, such as namesakes and sister"
        yield f"        companies, were put on the lists: {len(dropped):,} of {len(self.near_misses):,}"
        yield f"        were not revealed. For example: {self._example(dropped, max)}\n"
        yield (
            f"Of {total:,} companies on both lists, {found / total:.1%} were revealed (recall), and with the "
            f"answers {with_answers / total:.1%}."
        )
        yield f"Of the matches that were revealed, {len(right) / max(1, len(revealed)):.1%} are right (precision)."

    def _companies(self, matches: Iterable[Collection[Pair]]) -> set[str]:
        return {self.truth[pair] for pairs in matches for pair in pairs if pair in self.truth}

    def _example(self, matches: Sequence[Collection[Pair]], choice: Callable[..., tuple[str, str]]) -> str:
        """Show the match whose two names are most or least alike."""

        def written(pairs: Collection[Pair]) -> tuple[str, str]:
            left, right = (accounts[at] for accounts, at in zip(self.accounts, min(pairs), strict=True))
            return left["Account Name"], right["Account Name"]

        def alike(both: tuple[str, str]) -> float:
            return SequenceMatcher(None, both[0].casefold(), both[1].casefold()).ratio()

        return " | ".join(choice(map(written, matches), key=alike, default=("none", "")))


def pairs_by_match(left: Iterable[Row], right: Iterable[Row]) -> Mapping[str, Collection[Pair]]:
    """Return the pairs of accounts behind each match, from the tables of both sides."""
    sides: tuple[defaultdict[str, list[str]], ...] = (defaultdict(list), defaultdict(list))
    for accounts, table in zip(sides, (left, right), strict=True):
        for row in table:
            accounts[row["match_id"]].append(row["account_id"])
    return {match: [(a, b) for a in sides[0][match] for b in sides[1][match]] for match in sides[0]}


def move_dates(text: str, by: timedelta) -> str:
    """Move all dates in an export, 11/27/2026 in English and 27.11.2026 in German."""

    def english(found: re.Match[str]) -> str:
        month, day, year = map(int, found.groups())
        moved = date(year, month, day) + by
        return f"{moved.month}/{moved.day}/{moved.year}"

    def german(found: re.Match[str]) -> str:
        day, month, year = map(int, found.groups())
        return f"{date(year, month, day) + by:%d.%m.%Y}"

    return re.sub(GERMAN_DATE, german, re.sub(ENGLISH_DATE, english, text))


def rows(file: Path) -> list[Row]:
    """Read a CSV file with headings."""
    with file.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))
