"""A session between two workspaces over a channel, one step at a time.

Every step is one transaction of the workspace. What it sends is written into the session's folder before the
transaction ends and put into the channel after it: a process that is killed sends the same bytes again, or has not
sent any yet. A message from the partner is acted upon only if its header is the one that is due, and its tags and
signature are valid.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from accountmap.channels import Channel
from accountmap.errors import ChannelError, PeerError, TrustError, WorkspaceError
from accountmap.model import Role
from accountmap.psi.codec import Message
from accountmap.psi.parameters import MessageType
from accountmap.psi.ports import Curve
from accountmap.psi.session import Decision
from accountmap.session.admission import admit, news_since, signed_agreements, warning
from accountmap.session.decisions import (
    Claims,
    Decisions,
    Preview,
    claims_of,
    note_estimates,
    note_totals,
    preview_of,
    shortfall_notes,
)
from accountmap.session.inbox import Expected, Received, expected_offer, find
from accountmap.session.ledger_entries import record_done, record_end, record_sent
from accountmap.session.open_session import OpenSession, end_audit, sweep
from accountmap.session.result import Outcome, State, session_result
from accountmap.trust.agreement import Agreement
from accountmap.trust.sealed import SealingKey
from accountmap.workspace import PartnerRecord, SessionRecord, Status, Workspace

_OVER: Final = "The session is over: in the reveal a second try would be a second guess. Ask them what happened."


def now_utc() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


class SessionRunner:
    """The session with one partner.

    Args:
        channel: where messages are left and found.
        curve: the backend.
        clock: returns the time in UTC.
        list_id: the prepared list that a new session uses; by default the current one.
        accept_sketch: whether a person has agreed to accept another sketch from the partner, although the last one
            is less than half a year old.
        few_changes: whether a person has agreed to begin with a list that hardly differs from an earlier one.
    """

    def __init__(
        self,
        workspace: Workspace,
        partner: PartnerRecord,
        channel: Channel,
        curve: Curve,
        clock: Callable[[], datetime] = now_utc,
        list_id: int | None = None,
        *,
        accept_sketch: bool = False,
        few_changes: bool = False,
    ) -> None:
        self._workspace, self._partner, self._channel = workspace, partner, channel
        self._curve, self._clock, self._list_id = curve, clock, list_id
        self._accept_sketch, self._few_changes = accept_sketch, few_changes
        self._opened: OpenSession | None = None
        self._ahead: OpenSession | None = None
        self._taken: list[str] = []
        self._sent: list[str] = []
        self._notes: list[str] = []
        self._warnings: list[str] = []

    def advance(self, decisions: Decisions, *, new: bool = False) -> Outcome:
        """Do all that can be done now.

        A responder joins a session that the partner has begun, even after an earlier one is over.

        Args:
            decisions: asked when the estimates are known and it is our turn, and when claims are above a cap.
            new: begin another session although the last one is over.

        Raises:
            PeerError: the partner's message is not as the protocol allows. Before the reveal the session stays as
                it was; in the reveal it ends, since a second try would be a second guess.
            TrustError: there is no agreement under which a session may begin now.
            ChannelError: a message cannot be read or written; run again.
        """
        self._partner.check_not_revoked()
        try:
            self._deliver()
            sweep(self._workspace, self._clock())
            record = self._latest()
            if record is None or record.status is not Status.OPEN:
                begun = self._begin() if record is None or new else self._join()
                if not begun and (record is None or new):
                    return self._outcome_of(State.WAITING, None)
            while self._go_on(decisions):
                sweep(self._workspace, self._clock())
            return self._outcome()
        finally:
            # A step that failed may have changed it, and a large one must not stay in memory while waiting.
            self._opened = None

    def abandon(self) -> Outcome:
        """Give up an open session. What has left cannot be taken back, and a session that counts stays counted."""
        now, workspace = self._clock(), self._workspace
        with workspace.transaction():
            record = self._latest()
            if record is None or record.status is not Status.OPEN:
                raise TrustError("there is no open session with this partner")
            closed = replace(record, status=Status.ABANDONED, finished=now, delivered=True)
            workspace.put_session(closed)
            end_audit(workspace, workspace.agreement(closed.agreement), closed, now)
            record_end(workspace, self._partner, closed, "abandoned", now)
        sweep(workspace, now)
        return self._outcome()

    def _latest(self) -> SessionRecord | None:
        return next(iter(self._workspace.sessions(self._partner)), None)

    def _open(self) -> OpenSession | None:
        """Return the open session: the one in memory, unless another one has been stored since."""
        record = self._latest()
        if record is None or record.status is not Status.OPEN:
            self._opened = None
        elif self._opened is None or self._opened.record != record:
            self._opened = None  # two at once may be more than fits
            about, accept = (self._workspace, self._partner), self._accept_sketch
            self._opened = OpenSession.load(*about, record, self._curve, self._clock(), accept_sketch=accept)
        return self._opened

    def _finished(self) -> frozenset[bytes]:
        sessions = self._workspace.sessions(self._partner)
        return frozenset(s.sid for s in sessions if s.status is not Status.OPEN and s.sid)

    def _deliver(self) -> None:
        """Put the last message into the channel, if it is not there yet."""
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
        if self._opened and self._opened.record == record:
            self._opened.record = replace(record, delivered=True)

    def _check_unchanged(self, record: SessionRecord | None) -> None:
        """Refuse to act on what another command has changed in the meantime. Inside a transaction.

        Two commands that both read one message would send two different replies.
        """
        if self._latest() != record:
            raise WorkspaceError(
                "another command took a step with this partner in the meantime", "Run this again."
            )

    def _join(self) -> bool:
        """As responder, answer the offer of a next session, if it is there and an agreement allows one."""
        signed = signed_agreements(self._workspace, self._partner)
        if Role.RESPONDER not in [each.agreement.role_of(self._workspace.card) for each in signed]:
            return False
        try:
            return self._begin(as_responder=True)
        except TrustError as reason:
            self._notes.append(f"No next session yet: {reason} {reason.hint}".strip())
            return False

    def _begin(self, *, as_responder: bool = False) -> bool:
        """Begin a session: as initiator make the offer, as responder answer one if it is there."""
        now, identity, before = self._clock(), self._workspace.identity, self._latest()
        with self._workspace.transaction():
            self._check_unchanged(before)
            list_id = self._workspace.prepared_list(self._list_id).id
            agreement = self._admit(list_id, now)
            offer = None
            initiates = Role(agreement.role_of(self._workspace.card)) is Role.INITIATOR
            if initiates and as_responder:
                return False
            if not initiates:
                expected = expected_offer(self._workspace, self._partner, agreement, self._finished(), now)
                offer = self._find(expected, identity.sealing)
                if offer is None:
                    return False
            self._warnings = [w for w in (warning(self._workspace, self._partner, agreement, list_id),) if w]
            opened = self._new(agreement, list_id, now)
            reply = opened.take(offer) if offer else opened.session.offer(opened.secrets.key.public)
            if offer:
                note_estimates(opened, now, again=self._accept_sketch)
            self._finish_step(opened, reply)
            self._opened = opened
        self._deliver()
        return True

    def _admit(self, list_id: int, now: datetime) -> Agreement:
        return admit(self._workspace, self._partner, list_id, now, few_changes=self._few_changes)

    def _new(self, agreement: Agreement, list_id: int, now: datetime) -> OpenSession:
        """Return a new session, or the one that was made ahead. Inside a transaction."""
        prepared, self._ahead = self._ahead, None
        if prepared is None or not prepared.is_with(agreement, list_id):
            return self._fresh(agreement, list_id, now)
        prepared.start_late(now)
        return prepared

    def _fresh(self, agreement: Agreement, list_id: int, now: datetime) -> OpenSession:
        about, accept = (self._workspace, self._partner, agreement, list_id), self._accept_sketch
        return OpenSession.begin(*about, self._curve, now, accept_sketch=accept)

    def prepare(self) -> None:
        """Blind our own list while waiting for the partner, since that does not depend on it. Nothing is stored.

        Raises:
            TrustError: there is no agreement under which a session may begin now.
        """
        record, now = self._latest(), self._clock()
        if record is not None and record.status is Status.OPEN:
            opened = self._open()
            if opened and not record.charged:
                opened.session.prepare()
            return
        if self._ahead:
            return
        with self._workspace.transaction():
            list_id = self._workspace.prepared_list(self._list_id).id
            agreement = self._admit(list_id, now)
            self._ahead = self._fresh(agreement, list_id, now)
        self._ahead.session.prepare()

    def _go_on(self, decisions: Decisions) -> bool:
        """Take the next step of the open session, and return whether there was one to take."""
        opened = self._open()
        if opened is None:
            return False
        match opened.session.decision:
            case Decision.REVEAL:
                answer = self._decide_to_reveal(opened, decisions)
            case Decision.CLAIMS:
                answer = self._decide_on_claims(opened, decisions)
            case _:
                return self._take(opened)
        if answer:
            opened.session.prepare()  # before the transaction, which others wait for
        return self._act(opened, answer)

    def _take(self, opened: OpenSession) -> bool:
        """Read the partner's next message and act upon it, if it is there."""
        with self._workspace.transaction():
            self._check_unchanged(opened.record)
            expected = opened.expected(self._finished(), self._clock())
            received = self._find(expected, opened.opening_key)
            if received is None:
                return False
            if MessageType.INITIATOR_POINTS in opened.session.due:
                opened.session.prepare()
            refused = None
            try:
                reply = opened.take(received)
            except PeerError as error:
                if not opened.session.stopped:
                    raise
                refused = self._end_refused(opened, error)  # which raising it here would undo
            else:
                note_estimates(opened, self._clock(), again=self._accept_sketch)
                note_totals(opened)
                self._finish_step(opened, reply)
        if refused:
            raise refused
        self._deliver()
        return True

    def _end_refused(self, opened: OpenSession, error: PeerError) -> PeerError:
        """End a session in which the partner broke the protocol. Inside a transaction that must not be undone."""
        now = self._clock()
        record_end(self._workspace, self._partner, opened.record, "refused", now)
        opened.close(Status.STOPPED, now)
        error.hint = _OVER
        return error

    def _decide_to_reveal(self, opened: OpenSession, decisions: Decisions) -> bool | None:
        """Ask, outside any transaction."""
        answer = decisions.reveal(preview_of(opened))
        if answer:
            opened.secrets = replace(opened.secrets, by_person=decisions.by_person)
        return answer

    def _decide_on_claims(self, opened: OpenSession, decisions: Decisions) -> bool | None:
        """Go on if the claims are within the caps; otherwise ask."""
        claims = claims_of(opened)
        if not claims.above:
            return True
        answer = decisions.go_on(claims)
        if answer:  # the numbers are approved by whoever has seen them, not by whoever agreed to reveal
            opened.secrets = replace(opened.secrets, by_person=decisions.by_person)
        return answer

    def _act(self, opened: OpenSession, answer: bool | None) -> bool:
        """Go on or stop the session; return whether anything was decided."""
        if answer is None:
            return False
        with self._workspace.transaction():
            self._check_unchanged(opened.record)
            refused = None
            try:
                reply = opened.session.consent() if answer else opened.session.stop()
            except PeerError as error:
                refused = self._end_refused(opened, error)  # which raising it here would undo
            else:
                self._finish_step(opened, reply)
        if refused:
            raise refused
        self._deliver()
        return True

    def _find(self, expected: Expected, key: SealingKey) -> Received | None:
        def is_new(transcript: bytes) -> bool:
            return not self._workspace.knows_offer(transcript)

        received, self._notes = find(self._channel, expected, key, is_new)
        if received:
            self._taken.append(received.name)
        return received

    def _finish_step(self, opened: OpenSession, reply: Message | None) -> None:
        """Store what a step led to. Inside a transaction."""
        now = self._clock()
        if reply:
            opened.send(reply, now)
            record_sent(opened, reply, now)
        if opened.session.result:
            result = session_result(opened, opened.session.result, now)
            self._workspace.save_result(opened.record, result)
            record_done(opened, opened.session.result, now)
            self._raise_caps(opened, now)
            self._warnings += shortfall_notes(opened)
            opened.close(Status.DONE, now)
        elif opened.session.stopped:
            event = "declined_by_partner" if opened.session.stopped.by_partner else "declined"
            record_end(self._workspace, self._partner, opened.record, event, now)
            opened.close(Status.STOPPED, now)
        else:
            opened.store()

    def _raise_caps(self, opened: OpenSession, now: datetime) -> None:
        """If a person approved the claims, derive the caps of later sessions from them. Inside a transaction."""
        if opened.secrets.by_person:
            claimed = claims_of(opened).claimed
            self._workspace.caps.approve(self._partner.slug, claimed, opened.record.id, now)

    def _outcome(self) -> Outcome:
        opened, record = self._open(), self._latest()
        if opened is None:
            if record is None:
                return self._outcome_of(State.WAITING, None)
            over = record.status is Status.DONE
            news = news_since(self._workspace, self._partner, record, self._list_id)
            return self._outcome_of(State.DONE if over else State.STOPPED, record, news=news)
        decision = opened.session.decision
        return self._outcome_of(
            State.UNDECIDED if decision else State.WAITING,
            record,
            preview=preview_of(opened) if opened.session.partner_sketch else None,
            claims=claims_of(opened) if decision is Decision.CLAIMS else None,
        )

    def _outcome_of(
        self,
        state: State,
        record: SessionRecord | None,
        *,
        preview: Preview | None = None,
        claims: Claims | None = None,
        news: tuple[str, ...] = (),
    ) -> Outcome:
        notes = (*self._warnings, *self._notes)
        return Outcome(state, record, tuple(self._taken), tuple(self._sent), preview, claims, news, notes)
