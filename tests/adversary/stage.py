"""What the cheating programs run on: made-up companies, and a cheat beside a victim that types as a user does."""

import csv
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from accountmap.linkage.prepared import PROFILES
from accountmap.model import WeakSlots
from accountmap.trust.agreement import Agreement
from accountmap.trust.sharing import Sharing
from accountmap.workspace import Workspace
from tests.adversary.cheats import cheating
from tests.cli.running import accountmap
from tests.parties import Parties, Party, Row

SLOTS: Final = next(iter(PROFILES.values())).slots
FIRST = ("Quill", "Harrow", "Silver", "Brindle", "Copper", "Lantern", "Thistle", "Marrow", "Cinder", "Gannet")
SECOND = ("stone", "wick", "pine", "moor", "gate", "ford", "dale", "combe", "hurst", "mere")
KINDS = ("Analytics", "Bakery", "Logistics", "Optics")


def company(n: int, prefix: str) -> Row:
    word = f"{FIRST[n % 10]}{SECOND[n // 10 % 10]}{'' if n < 100 else n}"
    return f"{prefix}{n}", f"{word} {KINDS[n % 4]} Ltd", f"{word.lower()}.com", "customer"


def companies(numbers: Sequence[int], prefix: str) -> list[Row]:
    return [company(n, prefix) for n in numbers]


def domain(n: int) -> str:
    return str(company(n, "")[2])


def name(n: int) -> str:
    return str(company(n, "")[1])


def squashed(n: int) -> str:
    """The full name as keys have it."""
    return "".join(name(n).lower().split()[:2])


def slot(wanted: str) -> int:
    return [each.name for each in SLOTS].index(wanted)


def parties(
    folder: Path, left: Sequence[Row], right: Sequence[Row], *, runs: int = 10, sharing: Sharing | None = None
) -> Parties:
    """Make two companies with an agreement; their workspaces are closed, for each command opens its own."""
    made = Parties.make(folder, left, right, runs=runs, weak=WeakSlots.ASK, sharing=sharing)
    for party in (made.acme, made.globex):
        party.workspace.close()
    return made


def agreement_of(party: Party) -> Agreement:
    """Read a party's latest agreement."""
    with Workspace.open(party.workspace.folder) as own:
        return own.agreements(own.partner(party.partner.slug))[0]


def report(program: str, identified: int, bound: object) -> None:
    """Print what a cheating program identified, beside what the documents say that it can."""
    print(f"{program}: identified {identified}; bound: {bound}")


class Attack:
    """A cheating party beside its victim.

    Args:
        folder: for the cheat's notes, and copies of its workspace.
        program: which of cheats.ATTACKS the cheat runs; any other name is the honest program.
        notes: what the cheat knows beforehand.
    """

    def __init__(self, folder: Path, program: str, cheat: Party, victim: Party, **notes: object) -> None:
        self.program, self._cheat, self._victim, self._folder = program, cheat, victim, folder
        self._notes = folder / "notes.json"
        self._notes.write_text(json.dumps(notes), "utf-8")

    @property
    def notes(self) -> dict[str, Any]:
        return dict(json.loads(self._notes.read_text("utf-8")))

    def tell(self, **more: object) -> None:
        """Add to what the cheat knows."""
        self._notes.write_text(json.dumps(self.notes | more), "utf-8")

    def cheat(self, *options: str | Path, verb: str = "map") -> subprocess.CompletedProcess[str]:
        """Let the cheat type a command of its own program."""
        with cheating(self.program, self._notes):
            done = accountmap(*_arguments(self._cheat, verb, options), cwd=self._victim.folder, check=None)
        assert "internal error" not in done.stderr, done.stderr
        return done

    def victim(
        self, *options: str | Path, verb: str = "map", check: int | None = 0
    ) -> subprocess.CompletedProcess[str]:
        """Let the victim type its command."""
        return accountmap(*_arguments(self._victim, verb, options), cwd=self._victim.folder, check=check)

    def turns(self, count: int = 5) -> None:
        """Let both take their steps until nothing goes on; the victim's person approves of all."""
        for _ in range(count):
            self.victim(check=None)
            self.cheat()

    def keep_cheat(self) -> None:
        """Copy the cheat's workspace, to go back to this point later."""
        shutil.copytree(self._cheat.workspace.folder, self._folder / "kept")

    def rewind_cheat(self) -> None:
        """Put the copy in the place of the cheat's workspace, as if nothing had happened since."""
        shutil.rmtree(self._cheat.workspace.folder)
        shutil.copytree(self._folder / "kept", self._cheat.workspace.folder)

    def messages(self) -> list[str]:
        """Return the numbers of the messages that the victim sent."""
        return sorted(path.stem.rpartition("-")[2] for path in self.files())

    def files(self) -> list[Path]:
        return list(self._victim.folder.glob(f"{self._victim.workspace.short_name}-*.amap"))

    def overlap(self) -> list[dict[str, str]]:
        """Return the rows of the cheat's report of revealed matches."""
        return self._table("overlap.csv")

    def possible(self) -> list[dict[str, str]]:
        """Return the rows of the cheat's report of possible matches."""
        return self._table("possible.csv")

    def _table(self, file: str) -> list[dict[str, str]]:
        path = self._cheat.workspace.folder / "reports" / self._cheat.partner.slug / file
        if not path.exists():
            return []
        with path.open(encoding="utf-8-sig", newline="") as opened:
            return list(csv.DictReader(opened))


def _arguments(party: Party, verb: str, options: tuple[str | Path, ...]) -> list[str | Path]:
    chosen = options or (("--approve",) if verb == "map" else ())
    where = ["-w", party.workspace.folder, *verb.split(), "--with", party.partner.slug]
    place = [] if verb.startswith("agreement") else ["--folder", party.folder]
    return [*where, *place, *chosen]
