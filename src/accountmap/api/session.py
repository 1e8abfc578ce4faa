"""The session as an object, for programs that move the messages themselves."""

import asyncio
import threading
from collections.abc import Callable, Iterable

from accountmap.api.mapping import log_outcome
from accountmap.channels.memory import MemoryChannel
from accountmap.errors import PeerError, UsageError
from accountmap.exchange import Outcome, Preview, Steps, default_curve
from accountmap.workspace import Status, Workspace


class Session:
    """The session with one partner: bytes in, bytes out.

    What it knows lies in the workspace. It may be left after any step and gone on with by another object, by
    another process, or by `map_accounts`. A new object hands out the last message once more, in case it never
    arrived; the partner passes over what it has already.

    Steps from several threads wait for each other.

    Args:
        workspace: the own side.
        partner: name or short name of a partner of the workspace.
        list_id: number of the prepared list that a new session uses; by default the last one.
        progress: called during long work with the points computed so far and in all.
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
        self._curve = default_curve(progress=progress, backend=backend)
        self._channel = MemoryChannel()
        self._stepped = False
        self._turn = threading.Lock()

    def step(
        self,
        reveal: Callable[[Preview], bool | None],
        received: Iterable[bytes] = (),
        *,
        new: bool = False,
    ) -> tuple[Outcome, list[bytes]]:
        """Take all steps that can be taken now.

        Args:
            reveal: asked once the counts are known: True reveals, False declines, None leaves it open.
            received: messages that have come from the partner, whole. Others, old ones and forged ones are passed
                over, with a note in the outcome.
            new: begin another session although the last one is over.

        Returns:
            Where the session stands, and the messages to hand to the partner, in order. The session is over when
            the state is `done` or `stopped`; messages of that last step must still go out.

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
            return self._step(reveal, received, new=new)

    def _step(
        self, reveal: Callable[[Preview], bool | None], received: Iterable[bytes], *, new: bool
    ) -> tuple[Outcome, list[bytes]]:
        names = [self._channel.put(message) for message in received]
        if not self._stepped and not new:
            self._repeat_last()
        self._stepped = True
        steps = Steps(self._workspace, self._partner, self._channel, self._curve, list_id=self._list_id)
        try:
            outcome = steps.advance(reveal, new=new)
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
        new: bool = False,
    ) -> tuple[Outcome, list[bytes]]:
        """Do the same as `step` without holding up the event loop.

        The work is done in another thread, and `reveal` is called there.
        """
        return await asyncio.to_thread(self.step, reveal, received, new=new)

    def _repeat_last(self) -> None:
        """Lay out the last message of a session that is over; that of an open one is delivered again anyway."""
        last = next(iter(self._workspace.sessions(self._partner)), None)
        if last is not None and last.status in (Status.DONE, Status.STOPPED) and last.sent:
            self._channel.deliver(last.sent, self._workspace.session_folder(last.id) / last.sent)
