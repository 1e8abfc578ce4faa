"""One party's session whose tables are Spark's: the messages of psi.session.Session, byte for byte.

The tables, which grow with the lists, are DataFrames in the session's folder. The driver holds the message that it
makes or takes, and, after both have consented, what the reveal keeps of each match: from there on it is a session
as any other, over the entities that match.
"""

import json
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Self

import numpy as np

from accountmap.errors import PeerError, UsageError
from accountmap.model import Role
from accountmap.psi import state
from accountmap.psi.parameters import Groups, Ports
from accountmap.psi.parameters import MessageType as Type
from accountmap.psi.phases import Message, Setting, Stopped
from accountmap.psi.rounds import Counts
from accountmap.psi.session import ENDS_IF_REFUSED, Session
from accountmap.psi.wire import Body
from accountmap.spark import steps
from accountmap.spark.held import Held
from accountmap.spark.session_tables import SessionTables

_TAKES: Final[dict[tuple[Role, Type], tuple[Type, Callable[[SessionTables, Setting, Held, Body], steps.Took]]]] = {
    (Role.INITIATOR, Type.OFFER): (Type.ANSWER, steps.take_answer),
    (Role.INITIATOR, Type.PREVIEW): (Type.PREVIEW_OPENING, steps.take_preview_opening),
    (Role.INITIATOR, Type.REVEAL): (Type.REVEAL_OPENING, steps.take_reveal_opening),
    (Role.RESPONDER, Type.ANSWER): (Type.PREVIEW, steps.take_preview),
    (Role.RESPONDER, Type.PREVIEW_OPENING): (Type.REVEAL, steps.take_reveal),
    (Role.RESPONDER, Type.REVEAL_OPENING): (Type.MATCHES, steps.take_matches),
}
"""By role and the last message sent or taken: the message that comes next, and the step that takes it."""

_MAY_STOP: Final = {(Role.INITIATOR, Type.PREVIEW), (Role.RESPONDER, Type.PREVIEW_OPENING)}
_DECIDES: Final = {(Role.INITIATOR, Type.PREVIEW_OPENING), (Role.RESPONDER, Type.PREVIEW)}
_LENGTH: Final = struct.Struct(">Q")


class TableSession(Session):
    """A Session over a list that lies in Spark."""

    def __init__(self, tables: SessionTables, ports: Ports) -> None:
        no_groups = Groups((), np.zeros((0, tables.parameters.slots), np.bool_))
        super().__init__(Setting(tables.role, tables.parameters, no_groups, tables.open_entities([]), ports))
        self.tables = tables
        self._held: Held | None = None
        self.ids: tuple[str, ...] = ()
        """Our entity of each match, once they are known."""

    @classmethod
    def resume(cls, tables: SessionTables, ports: Ports, saved: Body) -> Self:
        """Go on with a session that was dumped.

        Raises:
            UsageError: the bytes were not written by `dump`, or were damaged since.
        """
        session = cls(tables, ports)
        try:
            (length,) = _LENGTH.unpack_from(saved)
            ids = json.loads(bytes(saved[_LENGTH.size : _LENGTH.size + length]))
        except (ValueError, struct.error) as error:
            raise UsageError("the saved state of the session cannot be read") from error
        rest = saved[_LENGTH.size + length :]
        if ids is None:
            session._held = Held.load(bytes(rest))
        else:
            session._stand_at(steps.Took(state.load(rest), ids=tuple(ids)))
        return session

    def dump(self) -> list[Body]:
        """Return the session's state in parts, secrets included; its tables stay in their folder."""
        if self._held is None and self._phase is None:
            raise UsageError("the session has not begun")
        ids = None if self._phase is None else self.ids
        head = json.dumps(ids).encode()
        rest: list[Body] = [self._held.dump()] if self._held else super().dump()
        return [_LENGTH.pack(len(head)), head, *rest]

    @property
    def _place(self) -> tuple[Role, Type] | None:
        return (self._setting.role, self._held.step) if self._held else None

    @property
    def due(self) -> frozenset[Type]:
        """The messages that the partner may send next; none when it is our turn, or over."""
        if self._held is None:
            return super().due
        awaited = {_TAKES[self._place][0]} if self._place in _TAKES else set()
        return frozenset(awaited | ({Type.STOP} if self._place in _MAY_STOP else set()))

    @property
    def sid(self) -> bytes:
        """The session's id, or nothing while the responder's nonce is not known."""
        return self._held.sid if self._held else super().sid

    @property
    def preview(self) -> Counts | None:
        """The counts, once they are known."""
        if self._held is None:
            return super().preview
        return self._held.counted if self._held.counts else None

    @property
    def must_decide(self) -> bool:
        """Whether the session waits for our consent."""
        return self._place in _DECIDES

    def offer(self, channel_key: bytes) -> Message:
        """Make message 1."""
        if self._held or self._phase or self._setting.role is not Role.INITIATOR:
            raise UsageError("only an initiator offers, and only once")
        return self._say(steps.offer(self.tables, self._setting, channel_key))

    def answer(self, channel_key: bytes, body: Body) -> Message:
        """Take message 1 and make message 2.

        Raises:
            PeerError: the offer is not as the protocol allows.
        """
        if self._held or not self._may_answer:
            raise UsageError("only a responder answers, and only once")
        self._check_length(Type.OFFER, body)
        return self._say(steps.answer(self.tables, self._setting, channel_key, body))

    def receive(self, kind: Type, body: Body) -> Message | None:
        """Take any later message of the partner and return the reply, if one is due.

        Raises:
            PeerError: it is not the message that is awaited, or not as the protocol allows.
        """
        held = self._held
        if held is None or kind not in self.due:
            return super().receive(kind, body)
        self._check_length(kind, body)
        if kind is Type.STOP:
            self._stand_at(steps.Took(Stopped(by_partner=True)))
            return None
        _, take = _TAKES[self._setting.role, held.step]
        try:
            took = take(self.tables, self._setting, held, body)
        except PeerError:
            if kind in ENDS_IF_REFUSED:
                self.break_off()
            raise
        self._stand_at(took)
        return took.reply

    def consent(self) -> Message:
        """Agree to reveal, given `preview`."""
        if self._held is None or not self.must_decide:
            raise UsageError("there is nothing to consent to")
        return self._say(steps.consent(self.tables, self._setting, self._held))

    def stop(self) -> Message:
        """Decline to reveal and end the session."""
        if not self.must_decide:
            raise UsageError("the session cannot be stopped here")
        return self._say(steps.Took(Stopped(by_partner=False), Message(Type.STOP, ())))

    def fork(self) -> Self:
        """Return a session that stands where this one does, and goes on by itself."""
        other = type(self)(self.tables, self._setting.ports)
        other._setting, other._phase, other._held, other.ids = self._setting, self._phase, self._held, self.ids
        return other

    def break_off(self) -> None:
        """End the session here, without a message."""
        self._stand_at(steps.Took(Stopped(by_partner=False)))

    def _say(self, took: steps.Took) -> Message:
        if took.reply is None:
            raise UsageError("the step makes no message")
        self._stand_at(took)
        return took.reply

    def _stand_at(self, took: steps.Took) -> None:
        if isinstance(took.stands, Held):
            self._held = took.stands
            return
        self._held, self._phase, self.ids = None, took.stands, took.ids
        if took.ids:
            self._setting = replace(self._setting, own=self.tables.open_entities(list(took.ids)))
