"""What a partner that cheats learns in a session, against the unmodified command line.

The cheat is a program of its own (tests/adversary/cheats.py); the victim types what a user types. Each test prints
what the cheat identified beside what account-psi-v2 §12.4 says that it can.
"""

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from accountmap.linkage.prepared import PROFILES
from accountmap.model import WeakSlots
from tests.cli.running import accountmap
from tests.parties import Parties, Party, Row

ROOT = Path(__file__).parents[2]
SLOTS = next(iter(PROFILES.values())).slots
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


class Attack:
    """A cheating party beside its victim."""

    def __init__(self, folder: Path, name: str, cheat: Party, victim: Party, **notes: object) -> None:
        self._name, self._cheat, self._victim = name, cheat, victim
        self._notes = folder / "notes.json"
        self._notes.write_text(json.dumps(notes), "utf-8")

    @property
    def notes(self) -> dict[str, Any]:
        return dict(json.loads(self._notes.read_text("utf-8")))

    def cheat(self) -> subprocess.CompletedProcess[str]:
        """Let the cheat take its steps, in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.adversary.cheats", self._name, self._notes, *_arguments(self._cheat)],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=110,
        )
        assert "internal error" not in done.stderr, done.stderr
        return done

    def victim(self, *options: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Let the victim type its command."""
        arguments = _arguments(self._victim, *options)
        return accountmap(*arguments, cwd=self._victim.folder, check=check)

    def messages(self) -> list[str]:
        return sorted(path.stem.rpartition("-")[2] for path in self._victim.folder.glob(self._pattern))

    @property
    def _pattern(self) -> str:
        return f"{self._victim.workspace.short_name}-*.amap"


def _arguments(party: Party, *options: str) -> list[str]:
    chosen = options or ("--approve",)
    where = ["-w", str(party.workspace.folder), "map", "--with", party.partner.slug]
    return [*where, "--folder", str(party.folder), *chosen]


def parties(folder: Path, left: Sequence[Row], right: Sequence[Row]) -> Parties:
    made = Parties.make(folder, left, right, weak=WeakSlots.ASK)
    for party in (made.acme, made.globex):
        party.workspace.close()
    return made


def test_a_responder_with_a_scalar_for_each_cell_learns_nothing_before_consent(tmp_path: Path) -> None:
    both = parties(tmp_path, companies(range(30), "v"), companies(range(500, 516), "c"))
    dictionary = [domain(n) for n in range(60)]
    attack = Attack(tmp_path, "a scalar for each cell", both.globex, both.acme, dictionary=dictionary)
    attack.victim("--json")
    attack.cheat()
    attack.victim("--decline")
    attack.cheat()
    print("identified before consent: 0; bound: what a sketch says (tests/adversary/test_sketch_game.py)")
    assert "their_points" not in attack.notes
    assert "identified" not in attack.notes
    assert attack.messages() == ["1", "15"]


def test_a_responder_that_tests_every_cell_learns_of_the_keys_that_it_wrote_down(tmp_path: Path) -> None:
    both = parties(tmp_path, companies(range(30), "v"), companies(range(500, 516), "c"))
    dictionary = [domain(n) for n in (*range(20, 40), *range(200, 220))]
    attack = Attack(tmp_path, "a scalar for each cell", both.globex, both.acme, dictionary=dictionary)
    attack.victim()
    attack.cheat()
    attack.victim()
    attack.cheat()
    attack.victim()
    attack.cheat()
    identified, cells = attack.notes["identified"], attack.notes["cells"]
    print(f"identified: {len(identified)} of {len(dictionary)} keys written down; bound: {cells} = rows x slots")
    assert set(identified) == {domain(n) for n in range(20, 30)}
    assert len(identified) <= cells == cells // len(SLOTS) * len(SLOTS)
    assert attack.messages() == ["1", "3", "5"], "the victim has shown no row, name or field"


def test_an_initiator_with_a_company_in_each_slot_learns_of_one_for_each_claimed_row(tmp_path: Path) -> None:
    victims = range(60)
    both = parties(tmp_path, companies(range(500, 512), "c"), companies(victims, "v"))
    sent = [slot.space for slot in SLOTS]
    names = ["".join(str(company(n, "")[1]).lower().split()[:2]) for n in victims]
    attack = Attack(
        tmp_path,
        "keys across slots",
        both.acme,
        both.globex,
        dictionary=[domain(n) for n in victims],
        names=names,
        spaces=sent,
    )
    attack.cheat()
    attack.victim()
    attack.cheat()
    attack.victim()
    attack.cheat()
    attack.victim()
    attack.cheat()
    notes = attack.notes
    print(
        f"identified: {notes['claims']} entities, of {len(notes['places'])} keys sent; bound: {notes['rows']} rows"
    )
    assert 0 < notes["claims"] <= notes["rows"]
    assert len(set(notes["identified"])) < len(notes["places"])


def test_false_claims_open_nothing_and_end_the_session(tmp_path: Path) -> None:
    both = parties(tmp_path, companies(range(30), "v"), companies(range(500, 530), "c"))
    slot = [slot.name for slot in SLOTS].index("domain")
    attack = Attack(tmp_path, "false claims", both.globex, both.acme, domain_slot=slot)
    for _ in range(5):
        if attack.victim(check=None).returncode:
            break
        attack.cheat()
    print(f"claimed falsely: {attack.notes['claims']}; names and fields opened: 0; bound: 0")
    opened = json.loads(attack.victim("--json", check=None).stdout or "{}")
    assert opened.get("state") != "done", "refused, or left without an answer: by luck of the row that was claimed"
    assert "9" not in attack.messages(), "no field of the victim has left"


def test_invented_names_that_share_parts_show_no_name(tmp_path: Path) -> None:
    """First words and stems of the victim's companies, under invented names: no program is changed."""
    victims = companies(range(30), "v")
    invented = [
        (f"c{n}", f"{name.split()[0]} {name.split()[1]} Ventures {n}", None, segment)
        for n, (_, name, _, segment) in enumerate(victims[:20])
    ]
    both = parties(tmp_path, victims, invented)
    cheat = ["-w", str(both.globex.workspace.folder), "map", "--with", both.globex.partner.slug]
    victim = ["-w", str(both.acme.workspace.folder), "map", "--with", both.acme.partner.slug]
    where = ["--folder", str(both.acme.folder), "--approve"]
    for _ in range(6):
        accountmap(*victim, *where, cwd=both.acme.folder)
        accountmap(*cheat, *where, cwd=both.acme.folder)
    reports = both.globex.workspace.folder / "reports" / both.globex.partner.slug
    with (reports / "overlap.csv").open(encoding="utf-8-sig", newline="") as file:
        shown = list(csv.DictReader(file))
    possible = (reports / "possible.csv").read_text("utf-8-sig")
    known = {row[1] for row in invented}
    print(f"names opened: {len(shown)}; possible matches without one: {possible.count(chr(10)) - 1}; bound: 0")
    assert not shown
    assert not [name for _, name, _, _ in victims if name in possible and name not in known]
