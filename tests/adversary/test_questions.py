"""Questions by guess, against the unmodified command line: what a cheat that asks gets to know."""

import json
from pathlib import Path

import pytest

from tests.adversary.stage import Attack, companies, name, parties, report
from tests.parties import Row

SHARED = companies(range(8), "v")
ALIKE = range(8, 14)
"""Companies of which both lists have two words of the name, and no more."""


def listed(prefix: str, kind: str) -> list[Row]:
    return [(f"{prefix}{n}", f"{' '.join(name(n).split()[:2])} {kind} {n}", None, "customer") for n in ALIKE]


@pytest.fixture
def attack(tmp_path: Path) -> Attack:
    """A session that left possible matches to both."""
    left = [*SHARED, *listed("v", "Holding Service")]
    right = [*companies(range(8), "c"), *listed("c", "Handel Export")]
    both = parties(tmp_path, left, right)
    made = Attack(tmp_path, "honest", both.globex, both.acme)
    made.turns(6)
    return made


def shown(attack: Attack) -> int:
    """Count the questions that the victim's program puts before its person."""
    (answer,) = json.loads(attack.victim("--json", verb="inbox").stdout)
    return int(answer["questions"])


def test_questions_by_guess_are_kept_from_people_and_look_unanswered(attack: Attack) -> None:
    possible = attack.possible()
    assert len(possible) >= 3
    attack.program = "questions by guess"
    attack.tell(guesses=[("Some Other Company", "other.example", "DE"), ("Vantage Foods", "", "")])
    asked = json.loads(attack.cheat("--all", "--yes", "--json", verb="ask").stdout)["asked"]
    before = set(attack.files())
    assert shown(attack) == 0
    (acknowledgement,) = set(attack.files()) - before
    attack.cheat("--json", verb="inbox")
    report(attack.program, 0, f"0 of {len(asked)} companies asked about; one acknowledgement")
    assert len(asked) == len(possible)
    assert acknowledgement.stat().st_size < 4_000
    # An honest question that nobody has answered looks the same.
    assert set(attack.files()) - before == {acknowledgement}
    again = attack.cheat("--all", "--yes", "--json", verb="ask")
    assert "nothing to ask" in again.stdout, "there is no second guess about an account"
    assert not [row for row in attack.possible() if row.get("answer") in ("same", "no")]


def test_a_question_that_shows_what_is_shared_reaches_a_person(attack: Attack) -> None:
    """The same steps by the honest program: or the test above would show nothing."""
    attack.cheat("--all", "--yes", "--json", verb="ask")
    assert shown(attack) >= 3
