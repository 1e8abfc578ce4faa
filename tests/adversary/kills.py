"""Kills commands as `kill -9` does, at random times, and checks that nothing is lost, doubled, or half written.

    python -m tests.adversary.kills --times 100 --seed 1

Two companies go through a preview, a reveal, questions and an audit, each command in a process of its own. Some
are killed and typed again. In the end both must have what they would have had without: the same matches, one run
and one sketch charged, each question answered once, nothing that is temporary in any folder; and no file that a
partner may have read was ever replaced by another one.
"""

import argparse
import csv
import hashlib
import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

from accountmap.model import WeakSlots
from accountmap.session import propose_preview, sign_agreement
from accountmap.workspace import Status, Workspace
from accountmap.workspace.stored import RESULT_FILES
from tests.adversary.stage import companies, name
from tests.cli.running import accountmap, start
from tests.parties import Parties, Row

ALIKE: Final = range(8, 14)
"""Companies of which both have two words of the name, and no more: they are asked about."""

SAME: Final = ("c8", "c9", "c10")
"""Those of them that a person calls the same."""

_PARTNER: Final = {"acme": "globex-data", "globex": "acme-cloud"}


def _listed(prefix: str, kind: str) -> list[Row]:
    alike = [(f"{prefix}{n}", f"{' '.join(name(n).split()[:2])} {kind} {n}", None, "customer") for n in ALIKE]
    return [*companies(range(8), prefix), *alike]


def make(folder: Path) -> None:
    """Make the two companies, an auditor, and a folder that the two share."""
    now = datetime.now(UTC)
    left, right = _listed("v", "Holding Service"), _listed("c", "Handel Export")
    parties = Parties.make(folder, left, right, weak=WeakSlots.ASK)
    acme, globex = parties.acme, parties.globex
    proposal = propose_preview(acme.workspace, acme.partner, purpose="size it up", now=now)
    signed = sign_agreement(globex.workspace, proposal.document.encode(), now, sizes_confirmed=True)
    sign_agreement(acme.workspace, signed.document.encode(), now, sizes_confirmed=True)
    for party in (acme, globex):
        party.workspace.close()
    with Workspace.create(folder / "auditor", "Auditor", now, passphrase=None) as auditor:
        (folder / "auditor.card.toml").write_text(auditor.card.document, encoding="utf-8")


@dataclass
class Round:
    """One pass through all commands.

    Attributes:
        folder: as `make` leaves it.
        kills: how many commands are to be killed.
    """

    folder: Path
    kills: int
    random_: random.Random
    killed: list[str] = field(default_factory=list)
    _seen: dict[str, str] = field(default_factory=dict)
    _lasted: dict[str, float] = field(default_factory=dict)
    _commands: int = 26
    """Still to be typed, so that kills are spread over all of them."""

    @property
    def shared(self) -> Path:
        return self.folder / "shared"

    def type(self, who: str, *words: str | Path) -> str:
        """Type a command; perhaps it is killed, perhaps more than once, and typed again. Return its stdout."""
        verb = words[0] if words[0] != "audit" else f"audit {words[1]}"
        while self.random_.random() < min(0.7, (self.kills - len(self.killed)) / self._commands):
            if self._kill(who, str(verb), words):
                self.killed.append(f"{who} {verb}")
            self._check_shared()
        self._commands = max(1, self._commands - 1)
        began = time.monotonic()
        done = self._run(who, words)
        self._lasted[str(verb)] = time.monotonic() - began
        assert done.returncode == 0, f"{words}: {done.stderr}"
        self._check_shared()
        return done.stdout

    def _run(self, who: str, words: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        return accountmap("-w", self.folder / who, *words, cwd=self.folder, check=None)

    def _kill(self, who: str, verb: str, words: Sequence[str | Path]) -> bool:
        """Begin a command and kill it after a while, or as it writes; return whether it was still running."""
        running = start("-w", self.folder / who, *words, cwd=self.folder)
        if self.random_.random() < 0.5:
            running.process.join(self.random_.uniform(0, 1.2 * self._lasted.get(verb, 1.0)))
        else:
            nth = self.random_.randrange(1, 4)
            while running.process.exitcode is None and nth:
                nth -= any(self.folder.rglob(".*.part"))
        alive = running.process.exitcode is None
        running.kill()
        for path in (running.out, running.err):
            path.unlink()
        return alive

    def _check_shared(self) -> None:
        """A file that was there is there and the same: no message is ever replaced by another."""
        now = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.shared.iterdir()
            if not path.name.startswith(".")
        }
        assert self._seen.items() <= now.items(), "a message was replaced or is gone"
        self._seen = now

    def go(self) -> None:
        """Take all steps, and check what is there in the end."""
        place = ("--folder", self.shared)
        for who in ("acme", "globex", "acme"):
            self.type(who, "preview", "--with", _PARTNER[who], *place)
        for _ in range(6):
            for who in ("acme", "globex"):
                self.type(who, "map", "--with", _PARTNER[who], *place, "--approve")
        self.questions(place)
        for who in ("acme", "globex"):
            to = self.folder / f"{who}.audit"
            card = self.folder / "auditor.card.toml"
            self.type(who, "audit", "export", to, "--with", _PARTNER[who], "--auditor", card, "--yes")
        files = [self.folder / f"{who}.audit" for who in _PARTNER]
        audit = json.loads(self.type("auditor", "audit", "verify", *files, "--json"))
        assert all(each["holds"] for party in audit["parties"] for each in party["findings"])
        assert all(each["holds"] for each in audit["both"])
        self.check()

    def questions(self, place: tuple[str | Path, ...]) -> None:
        """Acme asks about all possible matches; Globex calls some the same."""
        self.type("acme", "ask", "--with", _PARTNER["acme"], *place, "--all", "--yes")
        self.type("acme", "inbox", "--with", _PARTNER["acme"], *place)  # sends what a killed command had stored
        table = self.folder / "questions.csv"
        self.type("globex", "inbox", "--with", _PARTNER["globex"], *place, "--write", table)
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            row["answer"] = "same" if row["account_id"] in SAME else "no"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.type("globex", "inbox", "--with", _PARTNER["globex"], *place, "--answers", table, "--yes")
        for _ in range(2):
            for who in ("acme", "globex"):
                self.type(who, "inbox", "--with", _PARTNER[who], *place)

    def check(self) -> None:
        """Compare what both have with what they would have without a kill."""
        for who in _PARTNER:  # the last thing that a person types
            self._run(who, ("map", "--with", _PARTNER[who], "--folder", self.shared))
        overlap, possible = (
            [self._report(who, file) for who in _PARTNER] for file in ("overlap.csv", "possible.csv")
        )
        assert overlap[0].keys() == overlap[1].keys(), "both have the same matches"
        assert possible[0].keys() == possible[1].keys()
        accounts = sorted(row["account_id"] for row in overlap[1].values())
        assert accounts == sorted([*(f"c{n}" for n in range(8)), *SAME]), accounts
        for who in _PARTNER:
            with Workspace.open(self.folder / who) as own:
                self._check_workspace(own, _PARTNER[who], ours=who == "acme")
        numbers = sorted(path.stem.rpartition("-")[2] for path in self.shared.glob("*.amap"))
        once = [number for number in numbers if number != "16"]
        assert once == sorted(map(str, range(1, 13))), once

    def _report(self, who: str, file: str) -> dict[str, dict[str, str]]:
        path = self.folder / who / "reports" / _PARTNER[who] / file
        self._run(who, ("report", "build", "--with", _PARTNER[who]))
        with path.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
        assert len({row["match_id"] for row in rows}) == len(rows)
        return {row["match_id"]: row for row in rows}

    def _check_workspace(self, own: Workspace, partner: str, *, ours: bool) -> None:
        record = own.partner(partner)
        (session,) = own.sessions(record)
        assert session.status is Status.DONE
        assert session.charged is not None, "one run was charged"
        assert own.sketches.epsilon_spent(datetime.now(UTC)) == Fraction(1), "one sketch was charged"
        asked = own.conversations.questions(partner, ours=ours)
        assert {each.account_id[1:] for each in asked} == {str(n) for n in ALIKE}
        assert len(asked) == len(ALIKE), "each was asked once"
        assert sorted(str(each.answer) for each in asked) == ["no"] * 3 + ["same"] * 3
        assert not own.conversations.questions(partner, ours=not ours)
        own.ledger().check()
        events = [entry.facts["event"] for entry in own.ledger().entries]
        assert len(events) == len(own.ledger().entries)
        kept = {path.name for path in own.session_folder(session.id).iterdir()}
        assert kept <= {*RESULT_FILES, session.sent}, kept
        self._check_no_leftovers(own)

    def _check_no_leftovers(self, own: Workspace) -> None:
        files = [path for folder in (own.folder, self.shared) for path in folder.rglob("*") if path.is_file()]
        names = {path.name for path in files} - {
            ".written.json"
        }  # which says what a folder of reports was made of
        left = [name for name in names if name.endswith(".part") or name.startswith(".")]
        assert not left, left
        known = {each.sent for each in own.previews.of(next(iter(own.partners())).slug)}
        assert {path.name for path in (own.folder / "previews").iterdir()} == known


def run(times: int, seed: int, folder: Path, kills_a_round: int = 6) -> list[str]:
    """Kill so many commands, in as many rounds as it takes, and return which were killed."""
    template, random_ = folder / "template", random.Random(seed)  # noqa: S311 - times, not secrets
    make(template)
    killed: list[str] = []
    while len(killed) < times:
        copy = folder / f"round-{len(killed)}"
        shutil.copytree(template, copy)
        this = Round(copy, min(kills_a_round, times - len(killed)), random_)
        this.go()
        killed += this.killed
        shutil.rmtree(copy)
        print(f"{len(killed)} killed: {', '.join(this.killed)}", flush=True)
    return killed


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        killed = run(chosen.times, chosen.seed, Path(folder))
    verbs = sorted({each.partition(" ")[2] for each in killed})
    print(f"{len(killed)} commands killed ({', '.join(verbs)}); nothing lost, doubled, or half written")


if __name__ == "__main__":
    main()
