"""A session whose messages are carried by the caller."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import accountmap
from accountmap.errors import PeerError
from accountmap.session import Claims, Preview
from tests.parties import Parties, Party


def yes(_: Preview | Claims) -> bool:
    return True


@dataclass
class Side:
    """One company with a session object, and the messages that have come for it."""

    party: Party
    session: accountmap.Session
    inbox: list[bytes] = field(default_factory=list)
    done: bool = False

    @classmethod
    def of(cls, party: Party) -> "Side":
        return cls(party, accountmap.Session(party.workspace, party.partner.slug))

    def step(self, other: "Side") -> accountmap.Outcome:
        outcome, messages = self.session.step(yes, self.inbox, go_on=yes)
        self.inbox = []
        other.inbox += messages
        self.done = outcome.state == "done"
        return outcome


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Side, Side]:
    parties = Parties.make(tmp_path)
    return Side.of(parties.acme), Side.of(parties.globex)


def shared(side: Side) -> list[str]:
    found = accountmap.read_account_map(side.party.workspace, side.party.partner.slug)
    return sorted(found.overlap["account_id"].to_pylist())


def finish(one: Side, other: Side) -> None:
    for _ in range(8):
        one.step(other)
        other.step(one)
        if one.done and other.done and not one.inbox and not other.inbox:
            return
    raise AssertionError("the session did not end")


def test_bytes_in_and_bytes_out_lead_to_the_same_map(sides: tuple[Side, Side], tmp_path: Path) -> None:
    finish(*sides)
    assert shared(sides[0]) == ["a1", "a2", "a3"]
    assert shared(sides[1]) == ["b1", "b2", "b3"]
    assert not list((tmp_path / "shared").iterdir())


def test_nothing_is_sent_twice_by_one_object(sides: tuple[Side, Side]) -> None:
    acme, _ = sides
    first, offer = acme.session.step(yes)
    second, nothing = acme.session.step(yes)
    assert (len(offer), nothing) == (1, [])
    assert (first.state, second.state) == ("waiting", "waiting")


def test_lost_messages_are_sent_again_by_new_objects(tmp_path: Path) -> None:
    """The process dies after each step, before its messages have left."""
    parties = Parties.make(tmp_path)
    sides = [Side.of(parties.acme), Side.of(parties.globex)]
    for turn in range(24):
        side, other = sides[turn % 2], sides[1 - turn % 2]
        before = list(other.inbox)
        side.step(other)
        other.inbox = before
        side.session = accountmap.Session(side.party.workspace, side.party.partner.slug)
        side.step(other)
        if all(each.done and not each.inbox for each in sides):
            break
    assert turn >= 10
    assert [shared(side) for side in sides] == [["a1", "a2", "a3"], ["b1", "b2", "b3"]]


def test_what_is_no_message_is_passed_over_with_a_note(sides: tuple[Side, Side]) -> None:
    acme, globex = sides
    acme.step(globex)
    outcome, messages = globex.session.step(yes, [b"", b"not a message", globex.inbox[0][:-1]])
    assert (outcome.state, messages) == ("waiting", [])
    assert len(outcome.notes) == 3
    finish(acme, globex)


def test_after_an_altered_message_the_right_one_is_still_taken(sides: tuple[Side, Side]) -> None:
    for turn in range(11):
        side, other = sides[turn % 2], sides[1 - turn % 2]
        for message in side.inbox:
            with suppress(PeerError):
                _, messages = side.session.step(yes, [message[:-1] + bytes([message[-1] ^ 1])])
                assert messages == []
        side.step(other)
    assert all(side.done for side in sides)


def test_an_undecided_preview_waits_and_goes_on(sides: tuple[Side, Side]) -> None:
    acme, globex = sides
    for one, other in ((acme, globex), (globex, acme), (acme, globex)):
        one.step(other)
    outcome, messages = globex.session.step(lambda _: None, globex.inbox)
    globex.inbox = []
    assert (outcome.state, messages) == ("undecided", [])
    assert outcome.preview is not None
    finish(globex, acme)


def test_a_decline_ends_both(sides: tuple[Side, Side]) -> None:
    acme, globex = sides
    for one, other in ((acme, globex), (globex, acme), (acme, globex)):
        one.step(other)
    outcome, messages = globex.session.step(lambda _: False, globex.inbox)
    assert outcome.state == "stopped"
    assert acme.session.step(yes, messages)[0].state == "stopped"


def test_it_goes_on_over_a_folder_and_back(sides: tuple[Side, Side], tmp_path: Path) -> None:
    acme, globex = sides
    acme.step(globex)
    globex.step(acme)
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "from-globex.amap").write_bytes(acme.inbox.pop())
    outcome = accountmap.map_accounts(acme.party.workspace, "globex", folder, yes)
    assert outcome.taken == ("from-globex.amap",)
    acme.session = accountmap.Session(acme.party.workspace, "globex")
    finish(acme, globex)


def test_steps_do_not_hold_up_the_event_loop(sides: tuple[Side, Side]) -> None:
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.005)
            beats += 1

    async def company(side: Side, incoming: "asyncio.Queue[bytes]", outgoing: "asyncio.Queue[bytes]") -> str:
        received: list[bytes] = []
        while True:
            outcome, messages = await side.session.step_async(yes, received, go_on=yes)
            for message in messages:
                await outgoing.put(message)
            if outcome.state in ("done", "stopped"):
                return outcome.state
            received = [await incoming.get()]

    async def both() -> list[str]:
        ticking = asyncio.create_task(beat())
        there: asyncio.Queue[bytes] = asyncio.Queue()
        back: asyncio.Queue[bytes] = asyncio.Queue()
        states = await asyncio.gather(company(sides[0], back, there), company(sides[1], there, back))
        ticking.cancel()
        return states

    assert asyncio.run(both()) == ["done", "done"]
    assert beats > 3
    assert shared(sides[0]) == ["a1", "a2", "a3"]


def test_steps_at_once_wait_for_each_other(sides: tuple[Side, Side]) -> None:
    acme, _ = sides

    async def twice() -> list[int]:
        done = await asyncio.gather(acme.session.step_async(yes), acme.session.step_async(yes))
        return sorted(len(messages) for _, messages in done)

    assert asyncio.run(twice()) == [0, 1]
