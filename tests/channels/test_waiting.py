"""Staying with a session: one command on each side, whatever order the files come in."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from accountmap.channels import FolderChannel
from accountmap.curve.backends import OpenSSLCurve
from accountmap.psi.ports import Points
from accountmap.session import Outcome, SessionRunner
from accountmap.session.waiting import Patience, advance_patiently
from accountmap.workspace import Workspace
from tests.parties import CURVE, NOW, Parties, Party, answers


class Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched(FolderChannel):
    """A folder in which something may happen during each pause."""

    def __init__(self, folder: Path, clock: Clock, *events: object) -> None:
        super().__init__(folder)
        self._clock, self._events = clock, list(events)
        self.pauses = 0

    def pause(self, seconds: float) -> None:
        self.pauses += 1
        self._clock.now += min(seconds, 10)
        if self._events:
            self._events.pop(0)()


def stay(party: Party, channel: FolderChannel, clock: Clock, seconds: float, *, new: bool = False) -> Outcome:
    steps = SessionRunner(party.workspace, party.partner, channel, CURVE, lambda: NOW)
    return advance_patiently(steps, channel, answers(), Patience(seconds, clock=clock), new=new)


def test_it_goes_on_whenever_the_partner_has_written(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    clock = Clock()
    channel = Watched(parties.acme.folder, clock, *[parties.globex.map] * 5)
    assert stay(parties.acme, channel, clock, 60).state == "done"
    assert channel.pauses == 5
    assert parties.globex.map().state == "done"


def test_the_limit_is_for_each_file_and_is_kept(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    clock = Clock()

    def nothing() -> None:
        return None

    channel = Watched(parties.acme.folder, clock, nothing, nothing, nothing, parties.globex.map)
    outcome = stay(parties.acme, channel, clock, 45)
    assert outcome.state == "waiting"
    assert len(outcome.taken) == 1
    assert clock.now == 40 + 45


def test_files_that_do_not_change_are_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parties = Parties.make(tmp_path)
    clock = Clock()
    looked: list[str] = []
    advance = SessionRunner.advance
    monkeypatch.setattr(SessionRunner, "advance", lambda *a, **k: looked.append("") or advance(*a, **k))
    stay(parties.acme, Watched(parties.acme.folder, clock), clock, 1000)
    assert len(looked) == 1


def test_a_file_that_is_still_arriving_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    clock = Clock()
    parties.acme.map()
    (offer,) = parties.acme.folder.iterdir()
    data = offer.read_bytes()
    offer.write_bytes(data[:1000])
    channel = Watched(
        parties.globex.folder,
        clock,
        lambda: offer.write_bytes(data[:2000]),
        lambda: offer.write_bytes(data),
    )
    outcome = stay(parties.globex, channel, clock, 20)
    assert outcome.taken == (offer.name,)


def test_a_responder_that_wants_another_session_waits_for_its_offer(tmp_path: Path) -> None:
    parties = Parties.after_a_session(tmp_path)
    assert parties.globex.map(new=True).state == "waiting"
    clock = Clock()
    channel = Watched(parties.globex.folder, clock, lambda: parties.acme.map(new=True), *[parties.acme.map] * 4)
    outcome = stay(parties.globex, channel, clock, 20, new=True)
    assert outcome.state == "done"
    assert outcome.session is not None
    assert outcome.session.id == 2


class Counted(OpenSSLCurve):
    """Writes down how many points are multiplied at once, and hashed."""

    def __init__(self) -> None:
        super().__init__()
        self.did: list[tuple[str, int]] = []

    def multiply_parts(self, scalar: bytes, points: Points) -> Iterator[Points]:
        self.did.append(("multiply", len(points)))
        return super().multiply_parts(scalar, points)

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        self.did.append(("hash", len(messages)))
        return super().hash_to_curve(dst, messages)


@pytest.mark.parametrize("changed", [False, True], ids=["same list", "another list meanwhile"])
def test_a_responder_that_waits_for_an_offer_blinds_its_own_list_meanwhile(tmp_path: Path, changed: bool) -> None:
    parties = Parties.make(tmp_path)
    globex, clock, curve = parties.globex, Clock(), Counted()
    before: list[tuple[str, int]] = []

    def comes() -> None:
        before.extend(curve.did)
        assert globex.workspace.all_sessions() == []
        assert list((globex.workspace.folder / "sessions").iterdir()) == [], "nothing secret is kept ahead"
        if changed:
            globex.workspace.save_list(*globex.workspace.load_list(1), "again", NOW)
        parties.acme.map()

    channel = Watched(globex.folder, clock, comes)
    steps = SessionRunner(globex.workspace, globex.partner, channel, curve, lambda: NOW)
    outcome = advance_patiently(steps, channel, answers(None), Patience(15, clock=clock))
    assert outcome.session is not None
    assert outcome.session.list_id == (2 if changed else 1)
    ahead, after = before, curve.did[len(before) :]
    kinds = [kind for kind, _ in ahead]
    assert "hash" in kinds
    assert kinds.count("multiply") == 1
    assert len(after) == (3 if changed else 0), "all of it again, dummies too, or nothing"
    parties.run()


def test_two_sides_wait_for_each_other(tmp_path: Path) -> None:
    parties = Parties.make(tmp_path)
    outcomes: list[Outcome] = []

    def run(party: Party) -> None:
        own = Workspace.open(party.workspace.folder)
        channel = FolderChannel(party.folder)
        steps = SessionRunner(own, party.partner, channel, CURVE, lambda: NOW)
        outcomes.append(advance_patiently(steps, channel, answers(), Patience(60)))
        own.close()

    threads = [threading.Thread(target=run, args=(party,)) for party in (parties.acme, parties.globex)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert [outcome.state for outcome in outcomes] == ["done", "done"]
