"""One party's session: bytes in, bytes out (psi-v1 §7).

    session = Session.start(Role.INITIATOR, parameters, groups, own, ports)
    message = session.offer(channel_key)          # send it; then, for each message of the partner:
    reply = session.receive(message.type, message.body)
    session.preview                               # counts, once known; then
    message = session.consent()                   # or session.stop()
    session.result                                # once finished

`dump` between any two calls and `restore` later, in another process, go on where the session was. The caller
sends the bytes of a message once they are stored, and the same bytes again after a crash: two different messages
in one place would show the partner more than one session may.

Bytes from the partner lead to a result or to PeerError. After a PeerError in messages 1 to 5 the session is
unchanged, and can be given the right message; in messages 6 to 9 it is over (ENDS_IF_REFUSED).
"""

from dataclasses import replace
from typing import Final, Self

from accountmap.errors import PeerError, UsageError
from accountmap.psi import initiator, responder, state
from accountmap.psi.parameters import Groups, MessageType, OwnEntities, Parameters, Ports, Role
from accountmap.psi.phases import Counted, Done, Message, Phase, Setting, Step, Stopped
from accountmap.psi.rounds import Counts
from accountmap.psi.tables import Order
from accountmap.psi.wire import Body

Receiving = (
    initiator.Offered
    | initiator.Counting
    | initiator.Revealing
    | initiator.Sharing
    | initiator.Receiving
    | responder.Answered
    | responder.Consented
    | responder.Revealed
    | responder.Sharing
)
Deciding = initiator.Previewed | responder.Previewed

AWAITS: Final[dict[type[Phase], MessageType]] = {
    initiator.Offered: MessageType.ANSWER,
    initiator.Counting: MessageType.PREVIEW_OPENING,
    initiator.Revealing: MessageType.REVEAL_OPENING,
    initiator.Sharing: MessageType.RESPONDER_FIELDS,
    initiator.Receiving: MessageType.RECEIPT,
    responder.Answered: MessageType.PREVIEW,
    responder.Consented: MessageType.REVEAL,
    responder.Revealed: MessageType.MATCHES,
    responder.Sharing: MessageType.INITIATOR_FIELDS,
}
"""The one message that each phase takes."""

MAY_STOP: Final = frozenset({initiator.Counting, responder.Consented})
"""The phases in which the partner may end the session instead."""

ENDS_IF_REFUSED: Final = frozenset(
    {
        MessageType.REVEAL_OPENING,
        MessageType.MATCHES,
        MessageType.RESPONDER_FIELDS,
        MessageType.INITIATOR_FIELDS,
    }
)
"""The messages whose refusal ends the session: a second try would be a second guess (psi-v1 §7)."""


class Session:
    """One party's side of one session, in one rectangle."""

    def __init__(self, setting: Setting, phase: Phase | None = None) -> None:
        self._setting = setting
        self._phase = phase

    def __repr__(self) -> str:
        return f"<Session {self._setting.role.name.lower()}, {type(self._phase).__name__}>"

    @classmethod
    def restore(
        cls, role: Role, parameters: Parameters, groups: Groups, own: OwnEntities, ports: Ports, saved: Body
    ) -> Self:
        """Go on with a session that was dumped. The points of the groups are not needed."""
        return cls(Setting(role, parameters, groups, own, ports), state.load(saved))

    @classmethod
    def start(cls, role: Role, parameters: Parameters, groups: Groups, own: OwnEntities, ports: Ports) -> Self:
        """Prepare a session; nothing is computed yet."""
        return cls(Setting(role, parameters, groups, own, ports))

    def dump(self) -> list[Body]:
        """Return the session's state in parts, secrets included; large ones are tables where they lie."""
        if self._phase is None:
            raise UsageError("the session has not begun")
        return state.dump(self._phase)

    @property
    def due(self) -> frozenset[MessageType]:
        """The messages that the partner may send next; none when it is our turn, or over."""
        if self._may_answer:
            return frozenset({MessageType.OFFER})
        awaited = None if self._phase is None else AWAITS.get(type(self._phase))
        stop = {MessageType.STOP} if type(self._phase) in MAY_STOP else set()
        return frozenset(stop if awaited is None else {awaited, *stop})

    @property
    def sid(self) -> bytes:
        """The session's id, or nothing while the responder's nonce is not known."""
        return getattr(self._phase, "sid", b"")

    @property
    def preview(self) -> Counts | None:
        """The counts, shape (initiator's segments, responder's segments), once they are known."""
        return getattr(self._phase, "counts", None)

    @property
    def must_decide(self) -> bool:
        """Whether the session waits for our consent."""
        return isinstance(self._phase, Deciding)

    @property
    def result(self) -> Done | Counted | None:
        """What the session found, once it is over."""
        return self._phase if isinstance(self._phase, Done | Counted) else None

    @property
    def stopped(self) -> Stopped | None:
        """Who ended the session, if it was ended before the reveal."""
        return self._phase if isinstance(self._phase, Stopped) else None

    def offer(self, channel_key: bytes) -> Message:
        """Make message 1."""
        if self._phase is not None or self._setting.role is not Role.INITIATOR:
            raise UsageError("only an initiator offers, and only once")
        message = self._go(initiator.offer(self._setting, channel_key))
        self._drop_points()
        return message

    def answer(self, channel_key: bytes, body: Body) -> Message:
        """Take message 1 and make message 2.

        Raises:
            PeerError: the offer is not as the protocol allows.
        """
        if not self._may_answer:
            raise UsageError("only a responder answers, and only once")
        self._check_length(MessageType.OFFER, body)
        ready = self._phase if isinstance(self._phase, responder.Ready) else responder.prepare(self._setting)
        message = self._go(responder.answer(self._setting, ready, channel_key, body))
        self._drop_points()
        return message

    def prepare(self) -> None:
        """As responder, blind our own groups while message 1 is still on its way; `answer` does it otherwise."""
        if not self._may_answer:
            raise UsageError("only a responder prepares, before it answers")
        self._phase = responder.prepare(self._setting)
        self._drop_points()

    def _drop_points(self) -> None:
        """Forget the points of our groups: they are blinded, and nothing later needs them."""
        self._setting = replace(self._setting, groups=replace(self._setting.groups, points=None))

    @property
    def _may_answer(self) -> bool:
        fresh = self._phase is None or isinstance(self._phase, responder.Ready)
        return fresh and self._setting.role is Role.RESPONDER

    def receive(self, kind: MessageType, body: Body) -> Message | None:
        """Take any later message of the partner and return the reply, if one is due.

        Raises:
            PeerError: it is not the message that is awaited, or not as the protocol allows.
        """
        phase = self._phase
        if kind not in self.due:
            raise PeerError("the partner sent a message that is not due")
        self._check_length(kind, body)
        if kind is MessageType.STOP:
            self._phase = Stopped(by_partner=True)
            return None
        if not isinstance(phase, Receiving):
            raise UsageError("the first message is taken by answer")
        try:
            step = phase.receive(self._setting, body)
        except PeerError:
            if kind in ENDS_IF_REFUSED:
                self._phase = Stopped(by_partner=False)
            raise
        self._phase = step.phase
        return step.reply

    def consent(self) -> Message:
        """Agree to reveal, given `preview`."""
        if not isinstance(self._phase, Deciding):
            raise UsageError("there is nothing to consent to")
        return self._go(self._phase.consent(self._setting))

    def stop(self) -> Message:
        """Decline to reveal and end the session."""
        if not isinstance(self._phase, Deciding):
            raise UsageError("the session cannot be stopped here")
        return self._go(Step(Stopped(by_partner=False), Message(MessageType.STOP, ())))

    @property
    def groups(self) -> Order | None:
        """The own groups that match, once they are known."""
        return getattr(self._phase, "group", None)

    def fork(self) -> Self:
        """Return a session that stands where this one does, and goes on by itself."""
        return type(self)(self._setting, self._phase)

    def break_off(self) -> None:
        """End the session here, without a message: another session of the same run was refused."""
        self._phase = Stopped(by_partner=False)

    def _check_length(self, kind: MessageType, body: Body) -> None:
        least, most = self._setting.parameters.body_limits(kind)
        if not least <= len(body) <= most:
            raise PeerError(
                f"message {kind.value} has {len(body)} bytes where the agreement allows {least} to {most}"
            )

    def _go(self, step: Step) -> Message:
        if step.reply is None:
            raise UsageError("the step makes no message")
        self._phase = step.phase
        return step.reply
