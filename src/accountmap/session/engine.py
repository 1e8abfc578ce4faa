"""A session between two workspaces over a channel, one step at a time.

Every step is one transaction of the workspace. What it sends is written into the session's folder before the
transaction ends and handed to the channel after it: a process that is killed sends the same bytes again, or had
not yet sent any. A message from the partner is acted upon only when its header is the one that is due and its tags
and signature have held.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from accountmap.channels import Channel
from accountmap.errors import ChannelError, PeerError, TrustError, WorkspaceError
from accountmap.psi.parameters import Curve, Role
from accountmap.psi.phases import Message
from accountmap.session.active import Running, sweep
from accountmap.session.admission import admit, warning
from accountmap.session.inbox import Expected, Received, expected_offer, find
from accountmap.session.ledger_entries import record_done, record_end, record_sent
from accountmap.session.result import Outcome, Preview, State, cells, session_result, shown_fields
from accountmap.trust.agreement import Agreement
from accountmap.trust.kem import SealingKey
from accountmap.trust.roles import ROLES
from accountmap.trust.terms import NAMES
from accountmap.workspace import PartnerRecord, SessionRecord, Status, Workspace

Decide = Callable[[Preview], bool | None]
"""Answers a preview: reveal, decline, or not yet."""

_OVER: Final = "The session is over: in the reveal a second try would be a second guess. Ask them what happened."


def now_utc() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Steps:
    """The session with one partner.

    Args:
        channel: where messages are left and found.
        curve: the backend.
        clock: returns the time in UTC.
        list_id: the prepared list that a new session uses; by default the current one.
    """

    def __init__(
        self,
        workspace: Workspace,
        partner: PartnerRecord,
        channel: Channel,
        curve: Curve,
        clock: Callable[[], datetime] = now_utc,
        list_id: int | None = None,
    ) -> None:
        self._workspace, self._partner, self._channel = workspace, partner, channel
        self._curve, self._clock, self._list_id = curve, clock, list_id
        self._running: Running | None = None
        self._prepared: Running | None = None
        self._taken: list[str] = []
        self._sent: list[str] = []
        self._notes: list[str] = []
        self._warnings: list[str] = []

    def advance(self, decide: Decide, *, new: bool = False) -> Outcome:
        """Do all that can be done now.

        Args:
            decide: asked once both the preview is known and it is our turn.
            new: begin another session although the last one is over.

        Raises:
            PeerError: the partner's message is not as the protocol allows. Before the reveal the session stays as
                it was; in the reveal it ends, for a second try would be a second guess.
            TrustError: there is no agreement under which a session may begin now.
            ChannelError: a message cannot be read or written; run again.
        """
        self._partner.check_not_revoked()
        try:
            self._deliver()
            sweep(self._workspace)
            record = self._latest()
            if (record is None or (new and record.status is not Status.OPEN)) and not self._begin():
                return self._no_offer_yet()
            while self._go_on(decide):
                sweep(self._workspace)
            return self._outcome()
        finally:
            # A step that failed may have changed it, and a large one is not to wait in memory.
            self._running = None

    def abandon(self) -> Outcome:
        """Give up an open session. What has left cannot be taken back, and a run that counts stays counted."""
        now, workspace = self._clock(), self._workspace
        with workspace.transaction():
            record = self._latest()
            if record is None or record.status is not Status.OPEN:
                raise TrustError("there is no open session with this partner")
            closed = replace(record, status=Status.ABANDONED, finished=now, delivered=True)
            workspace.put_session(closed)
            record_end(workspace, self._partner, closed, "abandoned", now)
        sweep(workspace)
        return self._outcome()

    def _latest(self) -> SessionRecord | None:
        return next(iter(self._workspace.sessions(self._partner)), None)

    def _open(self) -> Running | None:
        """Return the open session: the one in memory, unless what is stored is another by now."""
        record = self._latest()
        if record is None or record.status is not Status.OPEN:
            self._running = None
        elif self._running is None or self._running.record != record:
            self._running = None  # two at once may be more than fits
            self._running = Running.load(self._workspace, self._partner, record, self._curve)
        return self._running

    def _finished(self) -> frozenset[bytes]:
        sessions = self._workspace.sessions(self._partner)
        return frozenset(s.sid for s in sessions if s.status is not Status.OPEN and s.sid)

    def _deliver(self) -> None:
        """Hand the last message to the channel, if it is not there yet."""
        record = self._latest()
        if record is None or not record.sent or record.status is Status.ABANDONED:
            return
        if record.delivered and (record.status is not Status.OPEN or record.sent in self._channel.files()):
            return
        path = self._workspace.session_folder(record.id) / record.sent
        if not path.is_file():
            raise ChannelError("the stored message cannot be read", "Check the workspace folder.")
        self._channel.deliver(record.sent, path)
        self._sent.append(record.sent)
        with self._workspace.transaction():
            self._workspace.mark_delivered(record)
        if self._running and self._running.record == record:
            self._running.record = replace(record, delivered=True)

    def _check_unchanged(self, record: SessionRecord | None) -> None:
        """Refuse to act on what another command has changed meanwhile. Inside a transaction.

        Two commands that both took in one message would send two different ones in the same place.
        """
        if self._latest() != record:
            raise WorkspaceError("another command went on with this partner meanwhile", "Run this again.")

    def _begin(self) -> bool:
        """Begin a session: as initiator make the offer, as responder answer one if it is there."""
        now, identity, before = self._clock(), self._workspace.identity, self._latest()
        with self._workspace.transaction():
            self._check_unchanged(before)
            list_id = self._workspace.prepared_list(self._list_id).id
            agreement = admit(self._workspace, self._partner, list_id, now)
            offer = None
            if agreement.role_of(self._workspace.card) == Role.RESPONDER:
                expected = expected_offer(self._workspace, self._partner, agreement, self._finished(), now)
                offer = self._find(expected, identity.sealing)
                if offer is None:
                    return False
            self._warnings = [w for w in (warning(self._workspace, self._partner, agreement, list_id),) if w]
            running = self._new(agreement, list_id, now)
            reply = running.take(offer) if offer else running.session.offer(running.key.public)
            self._finish_step(running, reply)
            self._running = running
        self._deliver()
        return True

    def _new(self, agreement: Agreement, list_id: int, now: datetime) -> Running:
        """Return a new session, or the one that was made ahead. Inside a transaction."""
        prepared, self._prepared = self._prepared, None
        if prepared is None or not prepared.is_with(agreement, list_id):
            return Running.begin(self._workspace, self._partner, agreement, list_id, self._curve, now)
        prepared.start_late(now)
        return prepared

    def prepare(self) -> None:
        """As responder that waits for an offer, compute what does not depend on it. Nothing of it is stored.

        Raises:
            TrustError: there is no agreement under which a session may begin now.
        """
        record, now = self._latest(), self._clock()
        if self._prepared or (record is not None and record.status is Status.OPEN):
            return
        list_id = self._workspace.prepared_list(self._list_id).id
        agreement = admit(self._workspace, self._partner, list_id, now)
        running = Running.begin(self._workspace, self._partner, agreement, list_id, self._curve, now)
        running.session.prepare()
        self._prepared = running

    def _go_on(self, decide: Decide) -> bool:
        """Take the next step of the open session, and tell whether there was one to take."""
        running = self._open()
        if running is None:
            return False
        return self._answer_preview(running, decide) if running.session.must_decide else self._take(running)

    def _take(self, running: Running) -> bool:
        """Take in the partner's next message, if it is there."""
        with self._workspace.transaction():
            self._check_unchanged(running.record)
            expected = running.expected(self._finished(), self._clock())
            received = self._find(expected, running.opening_key)
            if received is None:
                return False
            refused = self._process(running, received)
        if refused:
            raise refused
        self._deliver()
        return True

    def _process(self, running: Running, received: Received) -> PeerError | None:
        """Take a message in. Inside a transaction, which a refusal that ends the session must not undo."""
        try:
            reply = running.take(received)
        except PeerError as error:
            if not running.session.stopped:
                raise
            now = self._clock()
            record_end(self._workspace, self._partner, running.record, "refused", now)
            running.close(Status.STOPPED, now)
            error.hint = _OVER
            return error
        self._finish_step(running, reply)
        return None

    def _answer_preview(self, running: Running, decide: Decide) -> bool:
        """Ask, outside any transaction, and act on the answer."""
        preview = self._preview(running)
        answer = decide(preview) if preview else None
        if answer is None:
            return False
        with self._workspace.transaction():
            self._check_unchanged(running.record)
            self._finish_step(running, running.session.consent() if answer else running.session.stop())
        self._deliver()
        return True

    def _find(self, expected: Expected, key: SealingKey) -> Received | None:
        def is_new(transcript: bytes) -> bool:
            return not self._workspace.knows_offer(transcript)

        received, self._notes = find(self._channel, expected, key, is_new)
        if received:
            self._taken.append(received.name)
        return received

    def _finish_step(self, running: Running, reply: Message | None) -> None:
        """Store what a step led to. Inside a transaction."""
        now = self._clock()
        if reply:
            running.send(reply, now)
            record_sent(running, reply, now)
        if running.session.result:
            result = session_result(running, running.session.result, now)
            self._workspace.save_result(running.record, result)
            record_done(running, running.session.result, now)
            running.close(Status.DONE, now)
        elif running.session.stopped:
            event = "declined_by_partner" if running.session.stopped.by_partner else "declined"
            record_end(self._workspace, self._partner, running.record, event, now)
            running.close(Status.STOPPED, now)
        else:
            running.store()

    def _preview(self, running: Running) -> Preview | None:
        counts = running.session.preview
        if counts is None:
            return None
        terms, role = running.agreement.terms, running.record.role
        compared = cells(counts, running.agreement, role)
        fields = shown_fields(running.agreement, role)
        return Preview(
            counts=compared,
            own_sizes=running.own.sizes,
            partner_sizes=running.agreement.sizes[1 - role],
            named=frozenset(fields),
            shown=tuple(dict.fromkeys(name for ours, _ in fields.values() for name in ours)),
            rest=terms.sharing.rest_of(ROLES[role]),
            smallest=terms.sharing.smallest_cell,
            partner_knows=role == Role.INITIATOR,
            automatic=self._is_automatic(running, sum(compared[cell] for cell in fields)),
        )

    def _is_automatic(self, running: Running, counted: int) -> bool:
        """Tell whether a program may reveal without asking.

        Args:
            counted: entities of the preview in the cells in which matches are revealed.
        """
        sharing, own = running.agreement.terms.sharing, running.own.entities(NAMES)
        names_rest = sharing.rest_of(ROLES[running.record.role]) == NAMES
        few = counted <= running.agreement.terms.automatic_share * len(own)
        return few and not names_rest and self._is_newest(running)

    def _is_newest(self, running: Running) -> bool:
        """Tell whether no other agreement was signed since the session began: that one may reveal less."""
        complete = [a for a in self._workspace.agreements(self._partner) if a.complete]
        return complete[0].digest == running.agreement.digest

    def _no_offer_yet(self) -> Outcome:
        return Outcome(State.WAITING, None, (), tuple(self._sent), None, (*self._warnings, *self._notes))

    def _outcome(self) -> Outcome:
        running, record = self._open(), self._latest()
        if running is None:
            over = record is not None and record.status is Status.DONE
            stopped = record is not None and record.status in (Status.STOPPED, Status.ABANDONED)
            state = State.DONE if over else State.STOPPED if stopped else State.WAITING
            return Outcome(
                state, record, tuple(self._taken), tuple(self._sent), None, (*self._warnings, *self._notes)
            )
        state = State.UNDECIDED if running.session.must_decide else State.WAITING
        preview = self._preview(running)
        return Outcome(
            state, record, tuple(self._taken), tuple(self._sent), preview, (*self._warnings, *self._notes)
        )


@dataclass(frozen=True)
class Patience:
    """How long to wait for each of the partner's files.

    Attributes:
        seconds: at most so long without one; 0 does not wait.
        tell: called before each wait, with what was done so far.
        clock: seconds that only grow.
    """

    seconds: float = 0
    tell: Callable[[Outcome], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic


def advance_patiently(
    steps: Steps, channel: Channel, decide: Decide, patience: Patience, *, new: bool = False
) -> Outcome:
    """Take all steps that can be taken, waiting for the partner's files in between.

    The session is looked at again only when a file of the channel has come, gone or grown, for reading a large
    list back costs more than listing a folder. While a responder waits for an offer, it computes what does not
    depend on it. An interruption is safe at every point.

    Args:
        steps, channel: the session and the channel that it runs over.
        decide, new: as in Steps.advance.

    Returns:
        The last outcome. Its state is `waiting` if the partner's file did not come in time.
    """
    deadline = patience.clock() + patience.seconds
    taken = 0
    while True:
        seen = channel.files() if patience.seconds else {}
        outcome = steps.advance(decide, new=new)
        new = new and outcome.session is None
        if len(outcome.taken) > taken:
            taken, deadline = len(outcome.taken), patience.clock() + patience.seconds
        if outcome.state is not State.WAITING or patience.clock() >= deadline:
            return outcome
        patience.tell(outcome)
        if outcome.session is None:
            steps.prepare()
        if not _changed(channel, seen, frozenset(outcome.sent), deadline, patience.clock):
            return outcome


def _changed(
    channel: Channel, seen: dict[str, int], sent: frozenset[str], deadline: float, clock: Callable[[], float]
) -> bool:
    """Wait until the files are others than before, our own aside."""
    before = {name: size for name, size in seen.items() if name not in sent}
    while True:
        if {name: size for name, size in channel.files().items() if name not in sent} != before:
            return True
        left = deadline - clock()
        if left <= 0:
            return False
        channel.pause(left)
