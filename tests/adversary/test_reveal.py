"""What a partner that cheats learns in a session, against the unmodified command line.

Each test prints what the cheat identified beside what account-psi-v2 §12.4 says that it can.
"""

import json
from pathlib import Path

import pytest

from accountmap.model import Outcome
from tests.adversary.stage import (
    SLOTS,
    Attack,
    companies,
    domain,
    name,
    parties,
    report,
    slot,
    squashed,
)
from tests.parties import Parties

VICTIM = companies(range(30), "v")
OTHERS = companies(range(500, 516), "c")


def test_a_responder_with_a_scalar_for_each_cell_learns_nothing_before_consent(tmp_path: Path) -> None:
    both = parties(tmp_path, VICTIM, OTHERS)
    dictionary = [domain(n) for n in range(60)]
    attack = Attack(tmp_path, "a scalar for each cell", both.globex, both.acme, dictionary=dictionary)
    attack.victim("--json")
    attack.cheat()
    attack.victim("--decline")
    attack.cheat()
    report(attack.program, 0, "before consent, what a sketch says (tests/adversary/test_sketch_game.py)")
    assert "their_points" not in attack.notes
    assert "identified" not in attack.notes
    assert attack.messages() == ["1", "15"]


def test_a_responder_that_tests_every_cell_learns_of_the_keys_that_it_wrote_down(tmp_path: Path) -> None:
    """And of no others: a second dictionary, sent in the place of the first, is never answered."""
    both = parties(tmp_path, VICTIM, OTHERS)
    dictionary = [domain(n) for n in (*range(20, 40), *range(200, 220))]
    attack = Attack(tmp_path, "a scalar for each cell", both.globex, both.acme, dictionary=dictionary)
    attack.victim()
    attack.cheat()
    attack.victim()
    attack.keep_cheat()
    attack.cheat()
    attack.victim()
    attack.cheat()
    identified, cells = attack.notes["identified"], attack.notes["cells"]
    report(attack.program, len(identified), f"{cells} = rows x slots, of {len(dictionary)} keys written down")
    assert set(identified) == {domain(n) for n in range(20, 30)}
    assert len(identified) <= cells == cells // len(SLOTS) * len(SLOTS)
    assert attack.messages() == ["1", "3", "5"], "the victim has shown no row, name or field"

    attack.rewind_cheat()
    attack.tell(dictionary=[domain(n) for n in range(10)], identified=[])
    answered = {path.name: path.read_bytes() for path in attack.files()}
    attack.cheat()
    attack.victim(check=None)
    attack.cheat()
    report("a second message 4 after the first", len(attack.notes["identified"]), 0)
    assert attack.notes["identified"] == []
    assert {path.name: path.read_bytes() for path in attack.files()} == answered


def test_a_dictionary_a_session_ends_with_the_budget_of_sessions(tmp_path: Path) -> None:
    runs = 2
    both = parties(tmp_path, VICTIM, OTHERS, runs=runs)
    attack = Attack(tmp_path, "a scalar for each cell", both.globex, both.acme)
    found: set[str] = set()
    for run in range(runs + 1):
        attack.tell(dictionary=[domain(n) for n in range(8 * run, 8 * run + 8)], identified=[])
        for _ in range(3):
            attack.victim(*(("--new", "--approve") if not attack.messages() else ("--approve",)), check=None)
            attack.cheat()
        found |= set(attack.notes["identified"])
        attack.victim("--abandon", check=None)
        attack.cheat("--abandon")
        for path in both.acme.folder.glob("*.amap"):
            path.unlink()
    cells = attack.notes["cells"]
    report("a dictionary a run", len(found), f"{runs} runs x {cells} = rows x slots")
    assert found == {domain(n) for n in range(8 * runs)}
    refused = attack.victim("--new", "--approve", check=None)
    assert refused.returncode != 0
    assert "30 days" in refused.stderr


def test_the_victims_own_points_sent_back_meet_nothing(tmp_path: Path) -> None:
    """Y is X once more under a scalar of the cheat's, in the hope that V then relates rows that it knows."""
    both = parties(tmp_path, VICTIM, companies(range(500, 530), "c"))
    dictionary = [domain(n) for n in range(30)]
    attack = Attack(tmp_path, "their points back", both.globex, both.acme, dictionary=dictionary)
    attack.turns(4)
    report(attack.program, attack.notes["identified"], f"0, of {attack.notes['tokens']} tokens")
    assert attack.notes["sent_back"] > 100
    assert attack.notes["identified"] == 0
    assert attack.messages() == ["1", "3", "5"]


def test_an_initiator_with_a_company_in_each_slot_learns_of_one_for_each_claimed_row(tmp_path: Path) -> None:
    victims = range(60)
    both = parties(tmp_path, companies(range(500, 512), "c"), companies(victims, "v"))
    attack = Attack(
        tmp_path,
        "keys across slots",
        both.acme,
        both.globex,
        dictionary=[domain(n) for n in victims],
        names=[squashed(n) for n in victims],
        spaces=[each.space for each in SLOTS],
    )
    attack.cheat()
    for _ in range(3):
        attack.victim()
        attack.cheat()
    notes = attack.notes
    report(attack.program, notes["claims"], f"{notes['rows']} rows, of {len(notes['places'])} keys sent")
    assert 0 < notes["claims"] <= notes["rows"]
    assert len(set(notes["identified"])) < len(notes["places"])


def test_false_claims_open_nothing_and_end_the_session(tmp_path: Path) -> None:
    both = parties(tmp_path, VICTIM, companies(range(500, 530), "c"))
    attack = false_claims(tmp_path, both, slot="domain", count=1, guess=domain(77))
    attack.turns()
    report("false claims by a strong key", 0, f"0 of {attack.notes['claims']} claimed falsely")
    assert attack.notes["claims"] == 1
    assert not attack.overlap()
    assert "9" not in attack.messages(), "no field of the victim has left"
    opened = json.loads(attack.victim("--json", check=None).stdout or "{}")
    assert opened.get("state") != "done", "refused, or left without an answer: by luck of the row that was claimed"


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_claim_opens_by_one_right_guess_and_one_wrong_guess_opens_nothing(tmp_path: Path, wrong: int) -> None:
    """The cheat has names alone, and claims that the websites are shared as well, each by a guess."""
    numbers = range(20, 24)
    rows = [(f"c{n}", name(n), f"elsewhere-{n}.com", "customer") for n in numbers]
    both = parties(tmp_path, VICTIM, [*rows, *companies(range(500, 512), "c")])
    guesses = {squashed(n): domain(n) for n in numbers} | {squashed(n): "wrong.com" for n in numbers[:wrong]}
    slots = {"domain_slot": slot("domain"), "name_slot": slot("name")}
    attack = Attack(tmp_path, "guessed websites", both.globex, both.acme, guesses=guesses, **slots)
    attack.turns()
    opened = {row["their_name"] for row in attack.overlap()}
    report(f"guessed websites, {wrong} of them wrong", len(opened), f"{len(numbers)}, one guess for each claim")
    assert attack.notes["claims"] == attack.notes["outcomes"].count(Outcome.REVEAL) == len(numbers)
    assert opened == (set() if wrong else {name(n) for n in numbers})
    assert ("9" in attack.messages()) == (not wrong), "after a wrong guess no field of the victim has left"


def test_false_rows_of_weak_matches_are_never_asked_about(tmp_path: Path) -> None:
    """Beside true matches, all that may be asked about are claimed by a weak key that the cheat does not have."""
    without = [(f"c{n}", name(n), None, "customer") for n in range(500, 535)]
    both = parties(tmp_path, VICTIM, [*companies(range(20, 30), "c"), *without])
    attack = false_claims(tmp_path, both, slot="stem", count=25, guess="wrong", true_claims=True)
    attack.turns()
    report("false rows of weak matches", 0, f"0, and one bit: {attack.notes['claims']} claimed falsely")
    assert attack.notes["true"] >= 10
    assert attack.notes["claims"] == attack.notes["outcomes"].count(Outcome.ASK) == 25
    assert not attack.overlap() + attack.possible()
    assert "9" not in attack.messages()
    questions = json.loads(attack.victim("--json", verb="ask", check=None).stdout or "[]")
    assert questions == [], "the victim is not made to ask about accounts that the cheat does not have"


def false_claims(
    folder: Path, both: Parties, *, slot: str, count: int, guess: str, true_claims: bool = False
) -> Attack:
    places = {"slot": [each.name for each in SLOTS].index(slot), "true_claims": true_claims}
    return Attack(folder, "false claims", both.globex, both.acme, count=count, guess=guess, **places)


@pytest.mark.parametrize("program", ["few claims", "honest"])
def test_matches_left_out_are_told_to_the_victims_person(tmp_path: Path, program: str) -> None:
    """The responder can keep matches to itself; but its sketch says how many there are about."""
    both = parties(tmp_path, companies(range(110), "v"), companies(range(110), "c"))
    attack = Attack(tmp_path, program, both.globex, both.acme, count=5)
    told = ""
    for _ in range(6):
        told += attack.victim().stderr
        attack.cheat()
    shown = len(attack.overlap())
    report(program, attack.notes.get("left_out", 0), "all matches, of which the victim is told")
    assert ("Far fewer matches than expected: 5 of your 110" in told) == (program == "few claims")
    assert shown == (5 if program == "few claims" else 110)


def test_a_cheat_that_hides_its_websites_learns_only_of_names_that_it_wrote_down(tmp_path: Path) -> None:
    """Names of the victim's companies beside other websites: bits that deny these contradict nothing."""
    rows = [(f"c{n}", name(n), f"other-{n}.example.org", "customer") for n in range(20, 40)]
    both = parties(tmp_path, VICTIM, [*rows, *companies(range(500, 503), "c")])
    attack = Attack(tmp_path, "no domain bits", both.globex, both.acme)
    attack.turns()
    shown = {row["their_name"] for row in attack.overlap()}
    report("bits that lie", len(shown), f"{len(rows)} names that it wrote down")
    assert shown <= {name(n) for n in range(20, 30)}


def test_rows_moved_to_the_place_of_other_bits_end_the_session(tmp_path: Path) -> None:
    cheats = [(f"c{n}", name(n), domain(n) if n % 2 else None, "customer") for n in range(20, 40)]
    victims = [(f"v{n}", name(n), domain(n) if n % 3 else None, "customer") for n in range(30)]
    both = parties(tmp_path, cheats, victims)
    attack = Attack(tmp_path, "moved bits", both.acme, both.globex)
    for _ in range(5):
        attack.cheat()
        attack.victim(check=None)
    report("bits that move", len(attack.overlap()), 0)
    assert attack.notes["moved"] > 0
    assert not attack.overlap()
    assert "8" not in attack.messages(), "no field of the victim has left"


def test_a_dictionary_of_all_companies_identifies_at_most_its_rows(tmp_path: Path) -> None:
    """No program is changed: the list is simply not the cheat's own. Without a person nothing is revealed."""
    dictionary = companies(range(90), "c")
    both = parties(tmp_path, VICTIM, dictionary)
    attack = Attack(tmp_path, "honest", both.globex, both.acme)
    foreseen = json.loads(attack.victim("--dry-run", "--json").stdout)
    attack.turns(2)
    attack.victim()
    attack.cheat()
    attack.victim("--yes")
    assert attack.messages() == ["1", "3", "5"], "a person has to look at so many claims"
    attack.turns()
    shown = {row["their_name"] for row in attack.overlap()}
    rows = sum(foreseen["partner_sizes"].values())
    report("a dictionary of all companies", len(shown), f"{rows} rows, after a person went on")
    assert shown == {name(n) for n in range(30)}
    assert len(shown) <= foreseen["most_matches"] <= rows


@pytest.mark.parametrize("parts", ["first words", "two words under another name"])
def test_parts_of_names_show_no_name(tmp_path: Path, parts: str) -> None:
    """First words as full names, and invented names with the same stems: no program is changed."""
    made = {
        "first words": lambda n: name(n).split()[0],
        "two words under another name": lambda n: f"{' '.join(name(n).split()[:2])} Ventures {n}",
    }
    invented = [(f"c{n}", made[parts](n), None, "customer") for n in range(20)]
    both = parties(tmp_path, VICTIM, [*invented, *companies(range(25, 30), "c")])
    attack = Attack(tmp_path, "honest", both.globex, both.acme)
    attack.turns(6)
    shown, possible = attack.overlap(), attack.possible()
    report(parts, len(shown) - 5, f"0 names; {len(possible)} possible matches without one, at most 25")
    assert {row["their_name"] for row in shown} == {name(n) for n in range(25, 30)}
    assert len(possible) <= 25
    known = {row[1] for row in invented}
    text = json.dumps(possible)
    assert not [n for n in range(25) if name(n) in text and name(n) not in known]
