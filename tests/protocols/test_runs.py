"""Runs of several sessions in step, byte for byte as the reference writes them (psi-v1 §5.9)."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from accountmap.curve.openssl import OpenSSLCurve
from accountmap.errors import PeerError
from accountmap.psi.parameters import MessageType, Ports, Role
from accountmap.psi.phases import Counted, Done, Message
from accountmap.psi.run import Run
from accountmap.psi.run_parameters import RunParameters
from accountmap.trust.receipts import OneTimeAead, run_receipt
from tests.protocols.replay import DRAWS, Own, Receipts, parameters
from tests.protocols.vectors import Json, cases, comment, load

RUN = load("psi/run.json")
BODIES = {int(n): bytes.fromhex(body) for n, body in RUN["expect"]["bodies"].items()}
PARAMETERS = RunParameters(tuple(parameters(s) for s in RUN["sessions"]), tuple(RUN["rest_bytes"]))


class InStep:
    """What was recorded for all sessions, in the order in which a run draws: by step, then by session."""

    def __init__(self, role: Role) -> None:
        recorded = [session[role.name.lower()]["random"] for session in RUN["sessions"]]
        names = DRAWS[role]
        # The initiator blinds in one step and makes tokens in the next; the responder does both in one.
        cut = names.index("token_shuffle") if role is Role.INITIATOR else -1
        steps = names[:cut], names[cut:-1], names[-1:]
        self.left = [bytes.fromhex(r[name]) for step in steps for r in recorded for name in step if name in r]

    def __call__(self, length: int) -> bytes:
        drawn = self.left.pop(0)
        assert len(drawn) == length
        return drawn


class GivenRest:
    """Shows the rest of the vector, and accepts that of the partner."""

    def __init__(self, role: Role) -> None:
        self._ours, self._theirs = (bytes.fromhex(RUN["rests"][n]) for n in (role, 1 - role))

    def show(self, matched: Sequence[npt.NDArray[np.int64] | None]) -> bytes:
        assert [None if groups is None else len(groups) for groups in matched] == [3, None]
        return self._ours

    def accepts(self, shown: bytes) -> bool:
        return shown == self._theirs


class Side:
    """One party of the run."""

    def __init__(self, role: Role) -> None:
        self.role, self.random = role, InStep(role)
        first = RUN["sessions"][0]
        self._key = bytes.fromhex(first[role.name.lower()]["channel_key"])
        own = []
        for session in RUN["sessions"]:
            party = session[role.name.lower()]
            entities = Own(party, session["parameters"]["spaces"])
            own.append((entities.groups(tuple(len(s) for s in party["segments"])), entities))
        receipts = Receipts(first[role.name.lower()], first[Role(1 - role).name.lower()])
        self._own, self._ports = own, Ports(OpenSSLCurve(), self.random, OneTimeAead(), receipts)
        self.run = Run.start(role, PARAMETERS, own, GivenRest(role), self._ports)

    def begin(self) -> Message:
        return self.run.offer(self._key)

    def take(self, number: int, body: bytes) -> Message | None:
        """Take a message, and consent at once where that is due; wait for days in between."""
        kind = MessageType(number)
        reply = self.run.answer(self._key, body) if number == 1 else self.run.receive(kind, body)
        self.run = Run.restore(
            self.role, PARAMETERS, self._own, GivenRest(self.role), self._ports, b"".join(self.run.dump())
        )
        return self.run.consent() if self.run.must_decide else reply

    def until(self, number: int) -> None:
        """Take all messages of the partner before one."""
        if self.role is Role.INITIATOR:
            self.begin()
        for n in range(1 if self.role is Role.RESPONDER else 2, number, 2):
            self.take(n, BODIES[n])


def test_every_body_is_as_in_the_vector() -> None:
    sides = [Side(role) for role in Role]
    message: Message | None = sides[0].begin()
    for n in range(1, 11):
        assert message is not None
        assert (int(message.type), message.body.hex()) == (n, BODIES[n].hex())
        message = sides[n % 2].take(n, message.body)
    assert message is None
    for side in sides:
        found = side.run.result
        assert found is not None
        assert [type(each) for each in found] == [Done, Counted]
        assert [each.counts.tolist() for each in found] == RUN["expect"]["counts"]
        assert (
            run_receipt([each.receipt for each in found if isinstance(each, Done)]).hex()
            == RUN["expect"]["receipt"]
        )
        assert side.run.sid.hex() == RUN["expect"]["run"]
        assert side.run.partner_rest.hex() == RUN["rests"][1 - side.role]
        assert side.random.left == []


@pytest.mark.parametrize("case", cases("psi/refuse_runs.json"), ids=comment)
def test_bodies_that_are_cut_otherwise_are_refused_and_change_nothing(case: Json) -> None:
    number = case["message"]
    side = Side(Role(number % 2))
    side.until(number)
    with pytest.raises(PeerError, match="length"):
        side.take(number, bytes.fromhex(case["body"]))
    assert side.run.stopped is None
    assert side.take(number, BODIES[number]) is not None, "the right message is still taken"


@pytest.mark.parametrize("number", range(1, 11))
@pytest.mark.parametrize("where", ["first byte", "last byte"])
def test_a_section_that_is_refused_refuses_the_message(number: int, where: str) -> None:
    """A change in one section leaves no session a step further than the others."""
    framing = 8 * (2 if number <= 4 or number in (8, 9) else 1)
    at = framing if where == "first byte" else len(BODIES[number]) - 1
    changed = bytearray(BODIES[number])
    changed[at] ^= 0x80
    side = Side(Role(number % 2))
    side.until(number)
    before = side.run.due
    try:
        side.take(number, bytes(changed))
    except PeerError:
        ended = number in (6, 7, 8, 9)
        assert (side.run.stopped is not None) is ended
        assert ended or side.run.due == before
    else:
        assert number in (1, 2, 3), (
            "only a nonce, a commitment, or a point or token that stays one, can be another"
        )


def test_a_rest_that_is_not_as_agreed_ends_the_run() -> None:
    side = Side(Role.INITIATOR)
    side.until(8)
    body = BODIES[8][:-1] + b"!"
    with pytest.raises(PeerError, match="rest"):
        side.take(8, body)
    assert side.run.stopped is not None


def test_declining_is_one_decision() -> None:
    sides = {role: Side(role) for role in Role}
    responder = sides[Role.RESPONDER].run
    sides[Role.INITIATOR].until(4)
    responder.answer(b"r's key!", BODIES[1])
    assert responder.receive(MessageType.PREVIEW, BODIES[3]) is None
    stop = responder.stop()
    assert (stop.type, stop.body) == (MessageType.STOP, b"")
    with pytest.raises(PeerError, match="holds nothing"):
        sides[Role.INITIATOR].run.receive(MessageType.STOP, b"x")
    assert sides[Role.INITIATOR].run.receive(MessageType.STOP, b"") is None
    assert responder.stopped is not None
    assert not responder.stopped.by_partner
    stopped = sides[Role.INITIATOR].run.stopped
    assert stopped is not None
    assert stopped.by_partner


def test_nobody_is_asked_when_all_is_to_count_only() -> None:
    only = RunParameters((PARAMETERS.sessions[1],))
    session = RUN["sessions"][1]
    runs = {}
    for role in Role:
        party = session[role.name.lower()]
        entities = Own(party, session["parameters"]["spaces"])
        groups = entities.groups(tuple(len(s) for s in party["segments"]))
        receipts = Receipts(party, session[Role(1 - role).name.lower()])
        draws = [bytes.fromhex(party["random"][name]) for name in DRAWS[role] if name in party["random"]]
        ports = Ports(OpenSSLCurve(), lambda _, left=draws: left.pop(0), OneTimeAead(), receipts)
        runs[role] = Run.start(role, only, [(groups, entities)], GivenRest(role), ports)
    initiator, responder = runs[Role.INITIATOR], runs[Role.RESPONDER]
    answer = responder.answer(b"", initiator.offer(b"").body)
    preview = initiator.receive(answer.type, answer.body)
    assert preview is not None
    opening = responder.receive(preview.type, preview.body)
    assert opening is not None
    assert opening.type is MessageType.PREVIEW_OPENING
    assert initiator.receive(opening.type, opening.body) is None
    for run in (initiator, responder):
        assert run.result is not None
        assert run.preview is not None
        assert run.preview.tolist() == RUN["expect"]["counts"][1]
        assert not run.due
