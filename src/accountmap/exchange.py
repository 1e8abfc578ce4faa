"""The calls that exchange messages with a partner: sessions, previews, questions, direct connections."""

import asyncio
import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from accountmap.channels import Channel, DirectChannel, Endpoint, FolderChannel, open_channel
from accountmap.channels.base import MemoryChannel
from accountmap.curve.backends import make_curve
from accountmap.errors import PeerError, UsageError
from accountmap.session import Claims, Decisions, Outcome, Preview, SessionRunner
from accountmap.session.co_selling import Statement
from accountmap.session.conversation import ConversationOutcome, ConversationRunner
from accountmap.session.direct_tls import open_direct
from accountmap.session.plans import PlanStatement
from accountmap.session.preview import PreviewOutcome, PreviewRunner
from accountmap.session.questions import session_matches
from accountmap.session.waiting import Patience, advance_patiently, repeat_patiently
from accountmap.workspace import SessionRecord, Status, Workspace
from accountmap.workspace.conversations import Question

_LOG: Final = logging.getLogger(__name__)

DIRECT_WAIT: Final = 3600.0
"""Seconds that a direct connection waits for the partner's program by default."""


def map_accounts(
    workspace: Workspace,
    partner: str,
    place: Path | str | Channel,
    reveal: Callable[[Preview], bool | None],
    *,
    go_on: Callable[[Claims], bool | None] = lambda _: None,
    by_person: bool = False,
    listen: str | None = None,
    connect: str | None = None,
    new: bool = False,
    list_id: int | None = None,
    accept_sketch: bool = False,
    few_changes: bool = False,
    wait: float | None = None,
    waiting: Callable[[Outcome], None] = lambda _: None,
    progress: Callable[[int, int], None] | None = None,
    backend: str | None = None,
) -> Outcome:
    """Take all steps of the session with a partner that can be taken now. Call it again until it is done.

    Args:
        partner: name or short name of a partner of the workspace.
        place: where both sides' messages are: a folder (by mail, where you save theirs and find yours), the
            address of a remote folder (`sftp://user@host/path`, `s3://bucket/prefix`), or an open channel.
        reveal: called once the estimates are known and it is our turn: True reveals, False declines, None leaves
            it open. `lambda preview: preview.automatic or None` follows the agreement's rule and leaves the rest
            to people.
        go_on: called if more matches are claimed than this side's caps allow: True goes on, False ends the
            session, None leaves it to people.
        by_person: whether both answers are those of a person; later caps depend on this.
        listen, connect: `HOST:PORT` of a direct connection, one of the two; `place` is then a folder of your own
            that keeps the partner's messages.
        new: begin another session although the last one is over.
        list_id: number of the prepared list that a new session uses; by default the last one.
        accept_sketch: accept another sketch of the partner although the last one is less than half a year old,
            for example after they have replaced their card. Let a person decide that.
        few_changes: begin with a list that differs from an earlier one by fewer companies than the agreement
            requires: the partner could tell that what changed is among these few. Let a person decide that.
        wait: how many seconds at most to wait for each of the partner's files; by default an hour with a direct
            connection, and otherwise not at all.
        waiting: called before each wait, with what was done so far.
        progress: called during long work with the number of points computed so far, and of all points.
        backend: what does the curve arithmetic, a name of docs/backends.md; by default the fastest that this
            machine can use.

    Raises:
        NotNowError: the agreement allows no session today, or none with this list: its sessions are used up, or
            the list differs too little from one that was shown.
        TrustError: no agreement allows a session.
        PeerError: what came from the partner is not what the protocol allows.
        ChannelError, WorkspaceError: a file cannot be read or written; nothing is lost.
        UsageError: a direct connection without a folder; no backend of that name.
        BackendError: this machine cannot use that backend.
    """
    patience = wait if wait is not None else DIRECT_WAIT if listen or connect else 0
    with _opened(workspace, partner, place, listen, connect, patience) as channel:
        curve = make_curve(backend, progress=progress)
        record = workspace.partner(partner)
        runner = SessionRunner(
            workspace,
            record,
            channel,
            curve,
            list_id=list_id,
            accept_sketch=accept_sketch,
            few_changes=few_changes,
        )
        decisions = Decisions(reveal, go_on, by_person)
        outcome = advance_patiently(runner, channel, decisions, Patience(patience, waiting), new=new)
        log_outcome(outcome)
        return outcome


def preview_accounts(
    workspace: Workspace,
    partner: str,
    place: Path | str | Channel,
    *,
    listen: str | None = None,
    connect: str | None = None,
    new: bool = False,
    accept_sketch: bool = False,
    wait: float | None = None,
    waiting: Callable[[PreviewOutcome], None] = lambda _: None,
) -> PreviewOutcome:
    """Take all steps of the preview with a partner that can be taken now. Call it again until it is done.

    Under a preview agreement each side sends its sketch, a frozen noisy copy of its list, and estimates from the
    other's how many of its own companies are on that list. Nothing else leaves.

    Args:
        partner, place, listen, connect, wait, waiting: as in `map_accounts`.
        new: exchange sketches again, because one of them has been renewed since.
        accept_sketch: accept another sketch of the partner although the last one is less than half a year old. Two
            sketches say more about the partner's list than one, and cost more of their privacy: let a person
            decide that.

    Raises:
        NotNowError: with `new`, the sketches are still those of the last preview.
        TrustError: no preview agreement is in force today.
        PeerError: what came from the partner is not what the protocol allows; nothing has changed.
        ChannelError, WorkspaceError: a file cannot be read or written; nothing is lost.
    """
    patience = wait if wait is not None else DIRECT_WAIT if listen or connect else 0
    with _opened(workspace, partner, place, listen, connect, patience) as channel:
        runner = PreviewRunner(workspace, workspace.partner(partner), channel, accept_sketch=accept_sketch)
        begun = iter([new])
        outcome = repeat_patiently(
            lambda: runner.advance(new=next(begun, False)), channel, Patience(patience, waiting), lambda: None
        )
        _LOG.info("preview is %s: took in %d messages", outcome.state, len(outcome.taken))
        return outcome


def exchange_messages(
    workspace: Workspace,
    partner: str,
    place: Path | str | Channel,
    *,
    ask: Collection[bytes] = (),
    same: Collection[Question] = (),
    no: Collection[Question] = (),
    say: Iterable[tuple[SessionRecord, Sequence[Statement]]] = (),
    plan: Iterable[PlanStatement] = (),
    listen: str | None = None,
    connect: str | None = None,
    wait: float | None = None,
    waiting: Callable[[ConversationOutcome], None] = lambda _: None,
) -> ConversationOutcome:
    """Ask about possible matches, answer the partner's questions, and say things about revealed matches.

    Each question shows name, website and country of one of our accounts. Each answer *same* returns these three,
    and the agreed fields of both follow. Call it again to take in what has arrived since.

    Args:
        partner, place, listen, connect, wait, waiting: as in `map_accounts`.
        ask: ids of possible matches of the last session.
        same, no: questions of the partner that a person has answered. All questions of one message are answered
            together: those that are in neither count as *no* for now.
        say: messages about revealed matches, each with its session and of one topic and step: introductions,
            leads, deals or notes.
        plan: what is said about joint plans, as session.plan_drafts makes it; either all of it is kept or nothing.

    Raises:
        UsageError: a match cannot be asked about, there are too many, or a step does not follow from what was
            said.
        InputError, TrustError: what is to be said is not agreed, or a rule of engagement does not allow it.
        WorkspaceError: no session with this partner is finished.
        ChannelError: a message cannot be read or written; nothing is lost.
    """
    patience = wait if wait is not None else DIRECT_WAIT if listen or connect else 0
    with _opened(workspace, partner, place, listen, connect, patience) as channel:
        runner = ConversationRunner(workspace, workspace.partner(partner), channel)
        if ask:
            runner.ask(session_matches(workspace, partner).record, ask)
        if same or no:
            runner.answer(same, no)
        for record, statements in say:
            runner.say(record, statements)
        runner.say_plan(*plan)
        outcome = repeat_patiently(runner.exchange, channel, Patience(patience, waiting), lambda: None)
        _LOG.info("took in %d messages about single matches, wrote %d", len(outcome.taken), len(outcome.sent))
        return outcome


def log_outcome(outcome: Outcome) -> None:
    """Log the state of a session, but no count that would say how much two companies share."""
    number = outcome.session.id if outcome.session else "not begun"
    taken, sent = len(outcome.taken), len(outcome.sent)
    _LOG.info("session %s is %s: took in %d messages, wrote %d", number, outcome.state, taken, sent)


@contextmanager
def _opened(
    workspace: Workspace,
    partner: str,
    place: Path | str | Channel,
    listen: str | None,
    connect: str | None,
    wait: float,
) -> Iterator[Channel]:
    if not (listen or connect):
        with open_channel(place) as channel:
            yield channel
        return
    if not isinstance(place, Path | str):
        raise UsageError("a direct connection keeps its messages in a folder")
    with closing(
        direct_channel(workspace, partner, Path(place), listen=listen, connect=connect, wait=wait)
    ) as direct:
        yield direct


def direct_channel(
    workspace: Workspace,
    partner: str,
    folder: Path,
    *,
    listen: str | None = None,
    connect: str | None = None,
    wait: float = DIRECT_WAIT,
    tell: Callable[[str], None] = lambda _: None,
) -> DirectChannel:
    """Open a TLS connection to a partner, as the place of `map_accounts`. Close it after that call.

    Args:
        folder: keeps the partner's messages; a session that was begun by mail goes on if they are in it.
        listen, connect: `HOST:PORT`, one of the two.
        wait: seconds after which a message that cannot be sent is given up.
        tell: called, from another thread, with what prevents a connection.

    Raises:
        InputError: the address is malformed.
        ChannelError: nothing can listen there.
    """
    address = listen or connect
    if not address or (listen and connect):
        raise UsageError("a direct connection either listens or connects")
    record = workspace.partner(partner)
    return open_direct(
        workspace,
        record,
        Endpoint.parse(address),
        folder,
        listen=listen is not None,
        patience=wait,
        now=datetime.now(UTC),
        tell=tell,
    )


def abandon_session(workspace: Workspace, partner: str) -> None:
    """Give up the open session with a partner. What has left cannot be taken back.

    Raises:
        TrustError: there is no open session.
    """
    SessionRunner(workspace, workspace.partner(partner), FolderChannel(workspace.folder), make_curve()).abandon()


def revoke_partner(workspace: Workspace, partner: str) -> None:
    """Stop trusting a partner's card, and give up the open session with them, if there is one.

    Raises:
        TrustError: there is no such partner.
    """
    record = workspace.partner(partner)
    workspace.revoke_partner(record, datetime.now(UTC))
    if any(session.status is Status.OPEN for session in workspace.sessions(record)):
        abandon_session(workspace, partner)


class Session:
    """The session with one partner: bytes in, bytes out.

    All its state is in the workspace. It may be left after any step and continued by another object, by another
    process, or by `map_accounts`. A new object hands out the last message once more, in case it never arrived; the
    partner ignores what they have already.

    Calls from several threads wait for each other.

    Args:
        workspace: your own side.
        partner: name or short name of a partner of the workspace.
        list_id: number of the prepared list that a new session uses; by default the last one.
        progress: called during long work with the number of points computed so far, and of all points.
        backend: what does the curve arithmetic, a name of docs/backends.md; by default the fastest that this
            machine can use.

    Raises:
        UsageError: there is no backend of that name.
        BackendError: this machine cannot use it.
    """

    def __init__(
        self,
        workspace: Workspace,
        partner: str,
        *,
        list_id: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        backend: str | None = None,
    ) -> None:
        self._workspace, self._partner = workspace, workspace.partner(partner)
        self._list_id = list_id
        self._curve = make_curve(backend, progress=progress)
        self._channel = MemoryChannel()
        self._stepped = False
        self._turn = threading.Lock()

    def step(
        self,
        reveal: Callable[[Preview], bool | None],
        received: Iterable[bytes] = (),
        *,
        go_on: Callable[[Claims], bool | None] = lambda _: None,
        new: bool = False,
    ) -> tuple[Outcome, list[bytes]]:
        """Take all steps that can be taken now.

        Args:
            reveal, go_on: as for `map_accounts`.
            received: whole messages that have come from the partner. Old, forged and unrelated ones are ignored,
                with a note in the outcome.
            new: begin another session although the last one is over.

        Returns:
            The state of the session, and the messages to hand to the partner, in order. The session is over when
            the state is `done` or `stopped`; the messages of that last step must still go out.

        Raises:
            NotNowError: the agreement allows no session today, or none with this list.
            TrustError: no agreement allows a session.
            UsageError: `received` is a message instead of a list of messages.
            PeerError: what came is not what the protocol allows. All that was received in this call is forgotten
                and may be handed in again; in the reveal the session is over.
            WorkspaceError, OSError: the workspace cannot be read or written; nothing is lost.
        """
        if isinstance(received, bytes | bytearray | memoryview | str):
            raise UsageError("one message is not a list of messages", "Write [message].")
        with self._turn:
            return self._step(Decisions(reveal, go_on), received, new=new)

    def _step(self, decisions: Decisions, received: Iterable[bytes], *, new: bool) -> tuple[Outcome, list[bytes]]:
        names = [self._channel.put(message) for message in received]
        if not self._stepped and not new:
            self._repeat_last()
        self._stepped = True
        runner = SessionRunner(self._workspace, self._partner, self._channel, self._curve, list_id=self._list_id)
        try:
            outcome = runner.advance(decisions, new=new)
        except PeerError:  # A folder would keep the file for people to see; here it would only be refused again.
            for name in names:
                self._channel.forget(name)
            raise
        log_outcome(outcome)
        for name in outcome.taken:
            self._channel.forget(name)
        return outcome, self._channel.take()

    async def step_async(
        self,
        reveal: Callable[[Preview], bool | None],
        received: Iterable[bytes] = (),
        *,
        go_on: Callable[[Claims], bool | None] = lambda _: None,
        new: bool = False,
    ) -> tuple[Outcome, list[bytes]]:
        """Do the same as `step` without holding up the event loop.

        The work is done in another thread, and `reveal` and `go_on` are called there.
        """
        return await asyncio.to_thread(self.step, reveal, received, go_on=go_on, new=new)

    def _repeat_last(self) -> None:
        """Hand out the last message of a finished session again; that of an open one is delivered again anyway."""
        last = next(iter(self._workspace.sessions(self._partner)), None)
        if last is not None and last.status in (Status.DONE, Status.STOPPED) and last.sent:
            self._channel.deliver(last.sent, self._workspace.session_folder(last.id) / last.sent)
