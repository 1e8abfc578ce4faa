"""Claims above the caps go to a person, and only what a person approves becomes the measure of later ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from accountmap.channels import FolderChannel
from accountmap.model import Strength
from accountmap.session import Claims, Decisions, Outcome, SessionRunner
from accountmap.workspace.estimates import Cap
from tests.parties import CURVE, NOW, Parties, Party, both_know


@dataclass
class Answers:
    """A side that reveals, answers claims as it is told, and remembers what it was asked."""

    go_on: bool | None = True
    by_person: bool = True
    asked: list[Claims] = field(default_factory=list)

    def decisions(self) -> Decisions:
        def about(claims: Claims) -> bool | None:
            self.asked.append(claims)
            return self.go_on

        return Decisions(lambda _: True, about, self.by_person)


def step(party: Party, answers: Answers, *, new: bool = False) -> Outcome:
    runner = SessionRunner(party.workspace, party.partner, FolderChannel(party.folder), CURVE, lambda: NOW)
    return runner.advance(answers.decisions(), new=new)


def run(parties: Parties, acme: Answers, globex: Answers, *, new: bool = False) -> None:
    for turn in range(8):
        outcomes = step(parties.acme, acme, new=new and not turn), step(parties.globex, globex)
        if all(outcome.state == "done" for outcome in outcomes):
            return
    raise AssertionError("the session did not end")


def until_claims(parties: Parties) -> None:
    """Both have consented, and message 5 is there."""
    for party in (parties.acme, parties.globex) * 2:
        party.map()
    parties.acme.map()


def caps(party: Party) -> dict[tuple[str, Strength], Cap]:
    return party.workspace.caps.of(party.partner.slug)


def test_claims_of_a_segment_too_small_for_an_estimate_are_asked_about(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    acme, globex = Answers(), Answers()
    run(parties, acme, globex)
    for party, side in ((parties.acme, acme), (parties.globex, globex)):
        (claims,) = side.asked
        assert set(claims.allowed.values()) == {None}
        assert sum(claims.above.values()) == sum(claims.claimed.values()) == 3
        assert claims.own_sizes == {s: n for s, n in claims.own_sizes.items() if n}, party.partner.slug


def test_nothing_leaves_before_the_answer(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    until_claims(parties)
    for _ in range(2):
        outcome = step(parties.globex, Answers(go_on=None))
        assert outcome.state == "undecided"
        assert outcome.claims is not None
        assert len(list(parties.acme.folder.iterdir())) == 5
    step(parties.globex, Answers())
    asked = step(parties.acme, Answers(go_on=None))
    assert asked.state == "undecided"
    assert len(list(parties.acme.folder.iterdir())) == 6
    parties.run()


@pytest.mark.parametrize("stops", ["acme", "globex"])
def test_whoever_does_not_go_on_ends_the_session_without_a_reason(tmp_path: Path, stops: str) -> None:
    parties = Parties.make(tmp_path)
    until_claims(parties)
    if stops == "acme":
        parties.globex.map()
    stopper: Party = getattr(parties, stops)
    outcome = step(stopper, Answers(go_on=False))
    assert outcome.state == "stopped"
    assert outcome.sent[0].endswith("-15.amap")
    for party in (parties.acme, parties.globex):
        assert party.map().state == "stopped"
        assert party.workspace.sessions(party.partner)[0].charged is not None, "the run counts: points had left"
        assert caps(party) == {}


def test_claims_within_twice_the_estimate_ask_nobody(tmp_path: Path) -> None:
    """All segments with a match are large enough for an estimate."""
    left, right = both_know(150)
    parties = Parties.make(tmp_path, left[4:], right[4:])
    acme, globex = Answers(), Answers()
    run(parties, acme, globex)
    assert (acme.asked, globex.asked) == ([], [])
    assert caps(parties.acme)["prospect", Strength.STRONG].claims == 150


def test_a_person_raises_the_cap_by_a_quarter_and_a_program_does_not(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    run(parties, Answers(by_person=True), Answers(by_person=False))
    by_person, by_program = caps(parties.acme), caps(parties.globex)
    assert by_program == {}
    assert sum(cap.claims for cap in by_person.values()) == 3
    for (_, strength), cap in by_person.items():
        assert cap.limit == (max(5 * cap.claims // 4, 25) if strength is Strength.WEAK else 5 * cap.claims // 4)
    again, program = Answers(by_person=False), Answers(by_person=False)
    run(parties, again, program, new=True)
    assert again.asked == [], "as many as a person approved"
    assert len(program.asked) == 1, "a program is asked again"
    assert caps(parties.acme) == by_person, "what a program approves does not become the measure"


def test_claims_above_an_approved_cap_ask_again(tmp_path: Path) -> None:
    """A partner whose list matches more than a quarter more than the last time."""
    left, right = both_know(20)
    parties = Parties.make(tmp_path, left, right)
    run(parties, Answers(), Answers())
    with parties.acme.workspace.transaction():
        few = {key: cap.claims // 2 for key, cap in caps(parties.acme).items()}
        parties.acme.workspace.caps.approve(parties.acme.partner.slug, few, 1, NOW)
    acme, globex = Answers(), Answers()
    run(parties, acme, globex, new=True)
    (claims,) = acme.asked
    assert claims.claimed["prospect", Strength.STRONG] > (claims.allowed["prospect", Strength.STRONG] or 0)
    assert globex.asked == []


REVEALS: dict[str, Callable[[Parties], None]] = {
    "a program reveals, a person goes on": lambda parties: decide(parties, False, True),
    "a person reveals, a program goes on": lambda parties: decide(parties, True, False),
}


def decide(parties: Parties, reveals: bool, goes_on: bool) -> None:
    """Let Globex be a person or a program at the preview, and at the claims."""
    for party in (parties.acme, parties.globex, parties.acme):
        party.map()
    step(parties.globex, Answers(by_person=reveals))
    parties.acme.map()
    step(parties.globex, Answers(by_person=goes_on))
    parties.run()


@pytest.mark.parametrize("name", REVEALS)
def test_whoever_saw_the_claims_approved_them(tmp_path: Path, name: str) -> None:
    parties = Parties.make(tmp_path)
    REVEALS[name](parties)
    assert bool(caps(parties.globex)) == name.endswith("a person goes on")
