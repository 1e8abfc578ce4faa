"""Cheating at joint plans, against the unmodified command line: what the victim's person sees."""

import hashlib
import json
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from accountmap.account_map.holdout import draw
from tests.adversary.cheats import cheating
from tests.adversary.plan_cheats import ground_seed
from tests.adversary.stage import report
from tests.cli.running import accountmap
from tests.talking import talkers

SHARED = ("--folder", "../shared")


class Stage:
    """Globex cheats, and Acme types as a user does."""

    def __init__(self, folder: Path, attack: str) -> None:
        self.attack, self._folder = attack, folder
        (folder / "notes.json").write_text("{}", "utf-8")

    def victim(self, *typed: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        return accountmap(*typed, cwd=self._folder / "acme", check=check)

    def cheat(self, *typed: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        with cheating(self.attack, self._folder / "notes.json"):
            return accountmap(*typed, cwd=self._folder / "globex", check=check)

    def exchange(self) -> None:
        for _ in range(2):
            self.cheat("inbox", *SHARED)
            self.victim("inbox", *SHARED)

    def propose(self, matches: Path, *more: str, check: int = 0) -> subprocess.CompletedProcess[str]:
        """Let the cheat propose a plan with all matches of a file."""
        new = ("plan", "new", "--with", "acme", "--title", "Plan", "--until", "2027-03-31", "--holdout", "2")
        return self.cheat(*new, "--file", str(matches), *SHARED, "-y", *more, check=check)

    def plans(self) -> list[dict[str, Any]]:
        """What the victim has."""
        found: list[dict[str, Any]] = json.loads(self.victim("plan", "status", "--json").stdout)
        return found

    def files(self) -> set[str]:
        return {each.name for each in (self._folder / "shared").iterdir()}


@pytest.fixture
def revealed(mapped_companies: Path, tmp_path: Path) -> Path:
    """The matches that both know, as a file."""
    acme, globex = talkers(mapped_companies, tmp_path)
    ids = sorted(each.hex() for each in acme.matches.revealed())
    for each in (acme, globex):
        shutil.rmtree(each.folder)
        each.workspace.close()
    (tmp_path / "shared").mkdir()
    file = tmp_path / "matches.csv"
    file.write_text("match_id\n" + "\n".join(ids) + "\n", "utf-8")
    return file


def signed(stage: Stage, revealed: Path) -> None:
    stage.propose(revealed)
    stage.exchange()
    stage.victim("plan", "sign", "--with", "globex", *SHARED, "-y")
    stage.exchange()


def test_a_seed_that_is_ground_keeps_nobody_out_of_the_holdout() -> None:
    """Whoever signs sees a digest of the other's seed alone: its favourite is held out as often as any account."""
    matches, count, runs = [bytes([n]) * 16 for n in range(5)], 2, 400
    held = {"ground": 0, "known": 0}
    for run in range(runs):
        plan_id, theirs = hashlib.sha256(b"plan %d" % run).digest(), secrets.token_bytes(32)
        for how, guess in (("ground", secrets.token_bytes(32)), ("known", theirs)):
            seed = ground_seed(plan_id, guess, matches, count, matches[0])
            held[how] += matches[0] in draw(plan_id, theirs, seed, matches, count)
    report("a ground seed", runs - held["ground"], f"about {runs * 3 // 5} of {runs} by chance")
    assert held["known"] == 0, "or the grinding itself would not work"
    assert abs(held["ground"] - runs * count / 5) < 4.5 * (runs * 0.24) ** 0.5


def test_a_draw_that_is_not_opened_shows_and_cannot_be_repeated_quietly(revealed: Path, tmp_path: Path) -> None:
    stage = Stage(tmp_path, "a draw that is not opened")
    signed(stage, revealed)
    (plan,) = stage.plans()
    assert (plan["state"], plan["unopened"], plan["drawn"]) == ("signed", True, False)
    assert "for Globex Data to open its seed" in stage.victim("plan", "status").stdout
    shown = stage.victim("plan", "show", "--with", "globex").stdout
    assert "not drawn yet" in shown
    stage.propose(revealed, "--redraw")
    stage.exchange()
    again = next(each["plan"] for each in stage.plans() if each["state"] == "proposed")
    refused = stage.victim("plan", "sign", "--with", "globex", "--plan", again, *SHARED, "-y", check=5)
    assert "has not opened it" in refused.stderr
    report("a draw that is not opened", 0, "no second draw unless a person types --redraw")
    stage.victim("plan", "sign", "--with", "globex", "--plan", again, *SHARED, "-y", "--redraw")


def test_a_running_plan_cannot_be_drawn_anew_by_a_later_date(revealed: Path, tmp_path: Path) -> None:
    """A plan keeps its accounts up to its last day by the own clock, whatever time the partner writes."""
    stage = Stage(tmp_path, "a plan from after the last day")
    signed(stage, revealed)
    stage.propose(revealed)
    stage.exchange()
    again = next(each["plan"] for each in stage.plans() if each["state"] == "proposed")
    refused = stage.victim("plan", "sign", "--with", "globex", "--plan", again, *SHARED, "-y", "--redraw", check=5)
    assert "are in the plan" in refused.stderr
    report(stage.attack, 0, "0: the own clock decides")


def test_another_seed_than_was_fixed_spoils_the_plan(revealed: Path, tmp_path: Path) -> None:
    stage = Stage(tmp_path, "another seed than was fixed")
    signed(stage, revealed)
    (plan,) = stage.plans()
    assert (plan["state"], plan["drawn"]) == ("spoilt", False)
    assert "the seed that was opened is not the one that was fixed" in stage.victim("inbox", *SHARED).stdout
    stage.attack = "honest"
    assert json.loads(stage.cheat("plan", "status", "--json").stdout)[0]["state"] == "spoilt", "on both sides"
    stage.propose(revealed)
    stage.exchange()
    again = stage.plans()[-1]["plan"]
    sign = ("plan", "sign", "--with", "globex", "--plan", again, *SHARED, "-y")
    assert "has not opened it" in stage.victim(*sign, check=5).stderr


def test_the_list_cannot_change_after_it_was_signed(revealed: Path, tmp_path: Path) -> None:
    stage = Stage(tmp_path, "another list under the same id")
    signed(stage, revealed)
    before = stage.plans()
    assert before[0]["state"] == "running"
    at_work = next(e["match_id"] for e in before[0]["lines"] if not e["held_out"] and e["leads"] != "me")
    stage.cheat("plan", "update", "--with", "acme", "--match", at_work, "--next-step", "x", *SHARED, "-y")
    seen = stage.victim("inbox", *SHARED)
    assert "a plan has another id" in seen.stderr
    assert stage.plans() == before


def test_results_that_were_not_reported_close_nothing(revealed: Path, tmp_path: Path) -> None:
    stage = Stage(tmp_path, "results of its own")
    signed(stage, revealed)
    ids = [line["match_id"] for line in stage.plans()[0]["lines"]]
    for side, partner in ((stage.cheat, "acme"), (stage.victim, "globex")):
        side("plan", "progress", "--with", partner, "--match", ids[0], "--result", "nothing", *SHARED, "-y")
    stage.exchange()
    for side, partner in ((stage.cheat, "acme"), (stage.victim, "globex")):
        side("plan", "reconcile", "--with", partner, *SHARED, "-y")
    stage.exchange()
    assert stage.plans()[0]["state"] == "running"
    warning = "Globex Data signed results of plan"
    assert warning in stage.victim("plan", "status").stdout
    stage.victim("plan", "export", "--with", "globex", "-o", "files")
    won = (tmp_path / "acme" / "files" / "comparison.csv").read_text().splitlines()[-1]
    assert won.startswith("won,0,"), won
    stage.attack = "honest"
    stage.cheat("plan", "reconcile", "--with", "acme", *SHARED, "-y")
    stage.exchange()
    assert stage.plans()[0]["state"] == "reconciled"


def test_a_plan_with_matches_that_were_never_revealed_is_not_taken(revealed: Path, tmp_path: Path) -> None:
    stage = Stage(tmp_path, "matches never revealed")
    stage.propose(revealed)
    refused = stage.victim("inbox", *SHARED)
    assert "a plan has a match that is not revealed" in refused.stderr
    assert stage.plans() == []
    assert "Plan" not in refused.stdout
    report(stage.attack, 0, "0: the message is not taken")


def test_the_honest_program_is_believed(revealed: Path, tmp_path: Path) -> None:
    """The same steps without a cheat: or the tests above would show nothing."""
    stage = Stage(tmp_path, "honest")
    signed(stage, revealed)
    (plan,) = stage.plans()
    assert (plan["state"], plan["unopened"], plan["drawn"]) == ("running", False, True)
    assert sum(line["held_out"] for line in plan["lines"]) == 2
