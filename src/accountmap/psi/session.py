"""One party's session: bytes in, bytes out; the comparisons of all rectangles in step (psi-v2 §9).

    session = Session.start(Role.INITIATOR, parameters, own, sides, ports)
    message = session.offer(channel_key)          # send it; then, for each message of the partner:
    reply = session.receive(message.type, message.body)
    session.decision                              # what a person or a rule has to decide now, if anything; then
    message = session.consent()                   # or session.stop()
    session.result                                # once finished

A session can be saved with `dump` between any two calls, and continued with `restore` later, in another process.
The caller stores the bytes of a message before it sends them, and sends the same bytes again after a crash: two
different messages in one place would show the partner more than one session may.

Bytes from the partner lead to a result or to PeerError. After a PeerError in messages 1 to 5 the session is
unchanged, and can be given the right message; a refusal of the contents of messages 6 to 9 ends it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Final, Self

from accountmap.errors import PeerError, UsageError
from accountmap.model import Role
from accountmap.psi import messages, rounds
from accountmap.psi.codec import Message, RefusalError, check_length
from accountmap.psi.comparison import Comparison, Knowledge
from accountmap.psi.inputs import OwnInputs
from accountmap.psi.matching import SegmentClaims
from accountmap.psi.parameters import MessageType, Parameters
from accountmap.psi.ports import Ports, Side
from accountmap.psi.rounds import Progress, Result, Setting, Step
from accountmap.psi.suite import NONCE_BYTES, Body, first_transcript


class State(StrEnum):
    """The states of a session (psi-v2 §9). In MATCHED and CLAIMED a cap is being applied."""

    BEGIN = "begin"
    OFFERED = "offered"
    ANSWERED = "answered"
    PREVIEWED = "previewed"
    CONSENTED = "consented"
    REVEALING = "revealing"
    MATCHED = "matched"
    CLAIMED = "claimed"
    REVEALED = "revealed"
    SHARING = "sharing"
    RECEIVING = "receiving"
    DONE = "done"
    STOPPED_BY_US = "stopped by us"
    STOPPED_BY_PARTNER = "stopped by partner"


class Decision(StrEnum):
    """What the owner, or a rule of the owner's, decides: whether to reveal, and whether to accept the claims."""

    REVEAL = "reveal"
    CLAIMS = "claims"


class Own(Enum):
    """What our own side does without a message from the partner."""

    START = "start"
    CONSENT = "consent"
    STOP = "stop"


Act = Callable[[Setting, Progress, Body], Step]


def _stop(_setting: Setting, progress: Progress, _body: Body) -> Step:
    return Step(progress, Message(MessageType.STOP, ()))


def _take_stop(_setting: Setting, progress: Progress, body: Body) -> Step:
    check_length(MessageType.STOP, body, (0, 0))
    return Step(progress)


_I, _R = Role.INITIATOR, Role.RESPONDER
_WE, _PARTNER = (_stop, State.STOPPED_BY_US), (_take_stop, State.STOPPED_BY_PARTNER)

TRANSITIONS: Final[dict[tuple[Role, State], dict[MessageType | Own, tuple[Act, State]]]] = {
    (_I, State.BEGIN): {Own.START: (messages.offer, State.OFFERED)},
    (_I, State.OFFERED): {MessageType.ANSWER: (messages.take_answer, State.PREVIEWED)},
    (_I, State.PREVIEWED): {Own.CONSENT: (messages.send_initiator_points, State.CONSENTED), Own.STOP: _WE},
    (_I, State.CONSENTED): {
        MessageType.RESPONDER_POINTS: (messages.take_responder_points, State.REVEALING),
        MessageType.STOP: _PARTNER,
    },
    (_I, State.REVEALING): {
        MessageType.CLAIMS: (messages.take_claims, State.CLAIMED),
        MessageType.STOP: _PARTNER,
    },
    (_I, State.CLAIMED): {Own.CONSENT: (messages.name_rows, State.SHARING), Own.STOP: _WE},
    (_I, State.SHARING): {MessageType.RESPONDER_FIELDS: (messages.take_responder_fields, State.RECEIVING)},
    (_I, State.RECEIVING): {MessageType.RECEIPT: (messages.take_receipt, State.DONE)},
    (_R, State.BEGIN): {MessageType.OFFER: (messages.answer, State.ANSWERED)},
    (_R, State.ANSWERED): {
        MessageType.INITIATOR_POINTS: (messages.take_initiator_points, State.PREVIEWED),
        MessageType.STOP: _PARTNER,
    },
    (_R, State.PREVIEWED): {Own.CONSENT: (messages.send_responder_points, State.CONSENTED), Own.STOP: _WE},
    (_R, State.CONSENTED): {MessageType.TOKENS: (messages.take_tokens, State.MATCHED)},
    (_R, State.MATCHED): {Own.CONSENT: (messages.claim, State.REVEALED), Own.STOP: _WE},
    (_R, State.REVEALED): {
        MessageType.ROWS: (messages.take_rows, State.SHARING),
        MessageType.STOP: _PARTNER,
    },
    (_R, State.SHARING): {MessageType.INITIATOR_FIELDS: (messages.take_initiator_fields, State.DONE)},
}
"""Every event that a state allows: what is done, and the state that follows."""

DECISIONS: Final = {
    State.PREVIEWED: Decision.REVEAL,
    State.MATCHED: Decision.CLAIMS,
    State.CLAIMED: Decision.CLAIMS,
}
"""The states that wait for a decision of our own."""

_ENDS_IF_REFUSED: Final = {State.REVEALING, State.CLAIMED, State.REVEALED, State.SHARING}
"""States in which a second try would give the partner a second guess (psi-v2 §9)."""

_HARMLESS: Final = {"length", "section-length", "not-due"}
"""Rules whose refusal changes nothing, whatever the state."""

_OVER: Final = {State.DONE, State.STOPPED_BY_US, State.STOPPED_BY_PARTNER}
_BEFORE_POINTS: Final = {State.BEGIN, State.OFFERED, State.ANSWERED, State.PREVIEWED}


@dataclass(frozen=True)
class Stopped:
    """A session that ended before it found anything.

    Attributes:
        by_partner: whether the partner stopped it; otherwise we did, or refused a message.
    """

    by_partner: bool


class Session:
    """One party's side of one session."""

    def __init__(self, setting: Setting, state: State, progress: Progress) -> None:
        self._setting, self._state, self._progress = setting, state, progress

    def __repr__(self) -> str:
        return f"<Session {self._setting.role.name.lower()}, {self._state.value}>"

    @classmethod
    def start(
        cls, role: Role, parameters: Parameters, own: OwnInputs, sides: Sequence[Side], ports: Ports
    ) -> Self:
        """Prepare a session; nothing is computed yet.

        Args:
            own: what we bring besides our entities.
            sides: what we bring into the comparison of each rectangle.
        """
        setting = Setting(role, parameters, own, tuple(sides), ports)
        if len(setting.sides) != len(parameters.rectangles):
            raise UsageError("there must be one side for each rectangle")
        nonce = ports.random(NONCE_BYTES)
        progress = Progress(
            transcript=first_transcript(parameters.context),
            nonces=(nonce, b"") if role is Role.INITIATOR else (b"", nonce),
            commitments=(b"", b""),
            known=tuple(Knowledge() for _ in setting.sides),
        )
        return cls(setting, State.BEGIN, progress)

    @classmethod
    def restore(
        cls, role: Role, parameters: Parameters, own: OwnInputs, sides: Sequence[Side], ports: Ports, saved: Body
    ) -> Self:
        """Continue a session that was dumped.

        Raises:
            UsageError: the bytes were not written by `dump`, or were damaged since.
        """
        state, progress = rounds.load(saved, sides)
        if state not in list(State):
            raise UsageError("the saved state of the session cannot be read")
        return cls(Setting(role, parameters, own, tuple(sides), ports), State(state), progress)

    def dump(self) -> list[Body]:
        """Return the session's state in parts, secrets included; large tables are not copied."""
        return rounds.dump(self._state.value, self._progress)

    @property
    def state(self) -> State:
        """The state that the session is in."""
        return self._state

    @property
    def _allowed(self) -> dict[MessageType | Own, tuple[Act, State]]:
        return TRANSITIONS.get((self._setting.role, self._state), {})

    @property
    def due(self) -> frozenset[MessageType]:
        """The messages that the partner may send next; none when it is our turn, or the session is over."""
        return frozenset(event for event in self._allowed if isinstance(event, MessageType))

    @property
    def decision(self) -> Decision | None:
        """What has to be decided, with `consent` or `stop`, before the session goes on."""
        return DECISIONS.get(self._state)

    @property
    def sid(self) -> bytes:
        """The session's id; empty while a nonce is not known."""
        return rounds.sid_of(self._setting, self._progress)

    @property
    def nonce(self) -> bytes:
        """Our own nonce."""
        return self._progress.nonces[self._setting.role]

    @property
    def own_commitment(self) -> bytes:
        """Our input commitment, once it is sent."""
        return self._progress.commitments[self._setting.role]

    @property
    def partner_sketch(self) -> bytes:
        """The partner's sketch, once it is known."""
        return self._progress.partner_sketch

    @property
    def partner_totals(self) -> bytes:
        """What the partner showed of the rest of its list."""
        return self._progress.totals

    @property
    def claimed(self) -> tuple[SegmentClaims, ...]:
        """How many matches are claimed in each own segment, once that is known."""
        if not all(known.claims for known in self._progress.known):
            return ()
        return rounds.claimed(self._setting, self._progress)

    @property
    def result(self) -> Result | None:
        """What the session found, once it is over."""
        return rounds.result_of(self._setting, self._progress) if self._state is State.DONE else None

    @property
    def stopped(self) -> Stopped | None:
        """Who ended the session, if it ended before it found anything."""
        if self._state in (State.STOPPED_BY_US, State.STOPPED_BY_PARTNER):
            return Stopped(by_partner=self._state is State.STOPPED_BY_PARTNER)
        return None

    def offer(self, channel_key: bytes) -> Message:
        """Write message 1, as the initiator."""
        self._setting = replace(self._setting, channel_key=channel_key)
        return self._act(Own.START)

    def answer(self, channel_key: bytes, body: Body) -> Message:
        """Read message 1 and write message 2, as the responder.

        Raises:
            PeerError: the offer is not as the protocol allows.
        """
        if MessageType.OFFER not in self.due:
            raise UsageError("only a responder answers, and only once")
        self._setting = replace(self._setting, channel_key=channel_key)
        return _made(self._go(MessageType.OFFER, body))

    def prepare(self) -> None:
        """Blind our points ahead, while the partner's message is on its way."""
        if self._state in _BEFORE_POINTS:
            self._progress = rounds.each(self._setting, self._progress, Comparison.blind)

    def receive(self, kind: MessageType, body: Body) -> Message | None:
        """Read any message of the partner but the first, and return the reply, if one is due.

        Raises:
            PeerError: it is not a message that is due, or not as the protocol allows.
        """
        if kind not in self.due:
            raise RefusalError("not-due", "the partner sent a message that is not due")
        if kind is MessageType.OFFER:
            raise UsageError("the first message is read by answer")
        return self._go(kind, body)

    def consent(self) -> Message:
        """Decide to go on: reveal, or accept how many matches are claimed.

        Raises:
            PeerError: the initiator accepts claims, and only then finds that they name rows of ours that do not
                have what is claimed. The session is over.
        """
        return self._act(Own.CONSENT)

    def stop(self) -> Message:
        """Decide not to go on, and end the session. The message gives no reason."""
        return self._act(Own.STOP)

    def _act(self, event: Own) -> Message:
        if event not in self._allowed:
            raise UsageError(f"the session cannot {event.value} in its present state")
        return _made(self._go(event, b""))

    def _go(self, event: MessageType | Own, body: Body) -> Message | None:
        act, following = self._allowed[event]
        try:
            step = act(self._setting, self._progress, body)
        except PeerError as error:
            harmless = isinstance(error, RefusalError) and error.rule in _HARMLESS
            if self._state in _ENDS_IF_REFUSED and not harmless:
                self._end(State.STOPPED_BY_US)
            raise
        self._state, self._progress = following, step.progress
        if following in _OVER and following is not State.DONE:
            self._end(following)
        return step.reply

    def _end(self, state: State) -> None:
        """Forget what is known of the comparisons: it has no further use."""
        self._state = state
        self._progress = replace(self._progress, known=tuple(Knowledge() for _ in self._progress.known))


def _made(reply: Message | None) -> Message:
    if reply is None:
        raise AssertionError("this step makes a message")
    return reply
