"""One party's side of a run: the sessions of all rectangles in lockstep, one message for all (psi-v1 §5.9).

It is used as a Session is. A message holds a section for each session; the decision to reveal is one for all.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Final, Protocol, Self

import numpy as np
import numpy.typing as npt

from accountmap.errors import PeerError, UsageError
from accountmap.psi.parameters import Groups, MessageType, OwnEntities, Ports, Role
from accountmap.psi.phases import Counted, Done, Message, Stopped
from accountmap.psi.rounds import Counts
from accountmap.psi.run_parameters import SHOWS_REST, RunParameters, join
from accountmap.psi.session import ENDS_IF_REFUSED, Session
from accountmap.psi.suite import digest
from accountmap.psi.wire import Body

_LENGTH: Final = struct.Struct(">Q")


class Rest(Protocol):
    """What the parties show each other, after the reveal, of entities that do not match."""

    def show(self, matched: Sequence[npt.NDArray[np.int64] | None]) -> bytes:
        """Return what the agreement lets the partner see.

        Args:
            matched: the own groups that match, of each session; None where none are revealed.
        """
        ...

    def accepts(self, shown: bytes) -> bool:
        """Tell whether what the partner shows has the form that the agreement gives it."""
        ...


class Run:
    """One party's side of one run."""

    def __init__(self, parameters: RunParameters, sessions: list[Session], rest: Rest, their_rest: bytes) -> None:
        self._parameters, self._sessions = parameters, sessions
        self._rest, self._their_rest = rest, their_rest

    def __repr__(self) -> str:
        return f"<Run {self._sessions!r}>"

    @classmethod
    def start(
        cls,
        role: Role,
        parameters: RunParameters,
        own: Sequence[tuple[Groups, OwnEntities]],
        rest: Rest,
        ports: Ports,
    ) -> Self:
        """Prepare a run; nothing is computed yet.

        Args:
            own: what takes part in each session.
        """
        sessions = [
            Session.start(role, p, groups, entities, ports)
            for p, (groups, entities) in zip(parameters.sessions, own, strict=True)
        ]
        return cls(parameters, sessions, rest, b"")

    @classmethod
    def restore(
        cls,
        role: Role,
        parameters: RunParameters,
        own: Sequence[tuple[Groups, OwnEntities]],
        rest: Rest,
        ports: Ports,
        saved: Body,
    ) -> Self:
        """Go on with a run that was dumped. The points of the groups are not needed.

        Raises:
            UsageError: the bytes were not written by `dump`, or were damaged since.
        """
        parts = unpack(saved)
        if len(parts) != len(own) + 1:
            raise UsageError("the saved state of the session cannot be read")
        sessions = [
            Session.restore(role, p, groups, entities, ports, part)
            for p, (groups, entities), part in zip(parameters.sessions, own, parts[:-1], strict=True)
        ]
        return cls(parameters, sessions, rest, bytes(parts[-1]))

    def dump(self) -> list[Body]:
        """Return the run's state in parts, secrets included; large ones are tables where they lie."""
        states: list[list[Body]] = [*(session.dump() for session in self._sessions), [self._their_rest]]
        return [part for state in states for part in (_LENGTH.pack(sum(map(len, state))), *state)]

    @property
    def due(self) -> frozenset[MessageType]:
        """The messages that the partner may send next; none when it is our turn, or over."""
        return frozenset().union(*(session.due for session in self._sessions))

    @property
    def sid(self) -> bytes:
        """The run's id, or nothing while the responder's nonces are not known."""
        sids = [session.sid for session in self._sessions]
        return digest("run", *sids) if all(sids) else b""

    @property
    def preview(self) -> Counts | None:
        """The counts of all cells, once they are known; zero in those that no session compares."""
        counts = [session.preview for session in self._sessions]
        known = [each for each in counts if each is not None]
        return np.sum(known, axis=0, dtype=np.int64) if len(known) == len(counts) else None

    @property
    def must_decide(self) -> bool:
        """Whether the run waits for our consent."""
        return any(session.must_decide for session in self._sessions)

    @property
    def result(self) -> tuple[Done | Counted, ...] | None:
        """What each session found, once all are over."""
        found = [session.result for session in self._sessions]
        known = tuple(each for each in found if each is not None)
        return known if len(known) == len(found) else None

    @property
    def partner_rest(self) -> bytes:
        """What the partner showed of its entities that do not match."""
        return self._their_rest

    @property
    def stopped(self) -> Stopped | None:
        """Who ended the run, if it was ended."""
        return next((session.stopped for session in self._sessions if session.stopped), None)

    def offer(self, channel_key: bytes) -> Message:
        """Make message 1."""
        keys = self._channel_keys(channel_key)
        made = [session.offer(key) for session, key in zip(self._sessions, keys, strict=True)]
        return Message(MessageType.OFFER, join([message.parts for message in made]))

    def prepare(self) -> None:
        """As responder, blind our own groups while message 1 is still on its way; `answer` does it otherwise."""
        for session in self._sessions:
            session.prepare()

    def answer(self, channel_key: bytes, body: Body) -> Message:
        """Take message 1 and make message 2.

        Raises:
            PeerError: the offer is not as the protocol allows.
        """
        sections, keys = self._parameters.split(MessageType.OFFER, body), iter(self._channel_keys(channel_key))
        reply = self._step(MessageType.OFFER, sections, lambda session, part: session.answer(next(keys), part))
        if reply is None:
            raise UsageError("a responder answers an offer")
        return reply

    def receive(self, kind: MessageType, body: Body) -> Message | None:
        """Take any later message of the partner and return the reply, if one is due.

        Raises:
            PeerError: it is not the message that is awaited, or not as the protocol allows.
        """
        if kind not in self.due:
            raise PeerError("the partner sent a message that is not due")
        if kind is MessageType.STOP:
            self._take_stop(body)
            return None
        sections = self._parameters.split(kind, body)
        try:
            reply = self._step(kind, sections, lambda session, part: session.receive(kind, part))
        except PeerError:
            if kind in ENDS_IF_REFUSED:
                for session in self._sessions:
                    session.break_off()
            raise
        # Nobody is asked about counts that both have agreed to and that nothing follows.
        return self.consent() if self.must_decide and not self._parameters.reveals else reply

    def consent(self) -> Message:
        """Agree to reveal, given `preview`."""
        made = [session.consent() for session in self._deciding()]
        return Message(made[0].type, join([message.parts for message in made]))

    def stop(self) -> Message:
        """Decline to reveal and end the run."""
        made = [session.stop() for session in self._deciding()]
        return made[0]

    def _deciding(self) -> list[Session]:
        sessions = [session for session in self._sessions if session.must_decide]
        if not sessions:
            raise UsageError("there is nothing to decide")
        return sessions

    def _take_stop(self, body: Body) -> None:
        if body:
            raise PeerError("a refusal to reveal holds nothing")
        for session in self._sessions:
            if MessageType.STOP in session.due:
                session.receive(MessageType.STOP, body)

    def _step(
        self, kind: MessageType, sections: list[memoryview], take: Callable[[Session, Body], Message | None]
    ) -> Message | None:
        """Let each session take its section; all of them, or none."""
        sessions = list(self._sessions)
        numbers = self._parameters.taking_part(kind)
        replies = []
        for number, section in zip(numbers, sections, strict=False):
            sessions[number] = sessions[number].fork()
            replies.append(take(sessions[number], section))
        their_rest = bytes(sections[-1]) if kind in SHOWS_REST else self._their_rest
        if kind in SHOWS_REST and not self._rest.accepts(their_rest):
            raise PeerError("what the partner shows of the rest of its list is not as the agreement says")
        self._sessions = sessions
        self._their_rest = their_rest
        made = [reply for reply in replies if reply is not None]
        return self._bundle(made) if made else None

    def _bundle(self, made: list[Message]) -> Message:
        kind = made[0].type
        sections = [message.parts for message in made]
        if kind in SHOWS_REST:
            sections.append((self._rest.show([session.groups for session in self._sessions]),))
        return Message(kind, join(sections))

    def _channel_keys(self, channel_key: bytes) -> list[bytes]:
        """The first session carries the key for the envelope; one is enough."""
        return [channel_key, *[b""] * (len(self._sessions) - 1)]


def unpack(saved: Body) -> list[memoryview]:
    """Cut what `Run.dump` wrote: the state of each session, then what the partner shows of the rest of its list.

    Raises:
        UsageError: it was not written by `dump`, or was damaged since.
    """
    parts, at, view = [], 0, memoryview(saved)
    while at < len(saved):
        if len(saved) < at + _LENGTH.size:
            raise UsageError("the saved state of the session cannot be read")
        (length,) = _LENGTH.unpack_from(saved, at)
        at += _LENGTH.size
        parts.append(view[at : at + length])
        at += length
    if at != len(saved):
        raise UsageError("the saved state of the session cannot be read")
    return parts
