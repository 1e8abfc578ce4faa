"""Waiting for the partner's files until an exchange is over or somebody has to act."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from accountmap.channels import Channel
from accountmap.session.decisions import Decisions
from accountmap.session.result import Outcome, State
from accountmap.session.runner import SessionRunner

Progress = TypeVar("Progress")


@dataclass(frozen=True)
class Patience(Generic[Progress]):
    """How long to wait for each of the partner's files.

    Attributes:
        seconds: at most this long for the next one; 0 does not wait.
        tell: called before each wait, with what was done so far.
        clock: a monotonic clock, in seconds.
    """

    seconds: float = 0
    tell: Callable[[Progress], None] = lambda _: None
    clock: Callable[[], float] = time.monotonic


class Step(Protocol):
    """What was done by a step of any exchange with a partner."""

    @property
    def state(self) -> str:
        """ "waiting" if nothing more can be done before the partner's next file."""
        ...

    @property
    def taken(self) -> tuple[str, ...]:
        """File names of the partner's messages that were read."""
        ...

    @property
    def sent(self) -> tuple[str, ...]:
        """File names of own messages that were written."""
        ...


Done = TypeVar("Done", bound=Step)


def advance_patiently(
    runner: SessionRunner,
    channel: Channel,
    decisions: Decisions,
    patience: Patience[Outcome],
    *,
    new: bool = False,
) -> Outcome:
    """Take all steps of a session that can be taken, waiting for the partner's files in between.

    While waiting for the partner, it blinds our own list.

    Args:
        runner, channel: the session and the channel that it runs over.
        decisions, new: as in SessionRunner.advance.

    Returns:
        The last outcome. Its state is `waiting` if the partner's file did not come in time.
    """
    turns = Turns(channel, patience, runner.prepare)
    while turns.more():
        outcome = runner.advance(decisions, new=new)
        new = new and outcome.session is None
        turns.done(outcome)
    return turns.last


def repeat_patiently(
    step: Callable[[], Done], channel: Channel, patience: Patience[Done], meanwhile: Callable[[], None]
) -> Done:
    """Repeat a step as long as the partner's files come.

    Args:
        step: does all that can be done now.
        meanwhile: called before each wait.

    Returns:
        What the last step did.
    """
    turns = Turns(channel, patience, meanwhile)
    while turns.more():
        turns.done(step())
    return turns.last


class Turns(Generic[Done]):
    """When to repeat a step: as long as the partner's files come.

    It is repeated only when a file of the channel has come, gone or grown, since reading a large list back costs
    more than listing a folder. An interruption is safe at every point.

    Args:
        meanwhile: called before each wait.

    Attributes:
        last: what the last step did.
    """

    last: Done

    def __init__(self, channel: Channel, patience: Patience[Done], meanwhile: Callable[[], None]) -> None:
        self._channel, self._patience, self._meanwhile = channel, patience, meanwhile
        self._deadline = patience.clock() + patience.seconds
        self._seen: dict[str, int] = {}
        self._taken, self._first = 0, True

    def more(self) -> bool:
        """Return whether to take the step, for the first time or again; wait for the partner if need be."""
        more = self._first or self._has_come()
        self._first = False
        self._seen = self._channel.files() if more and self._patience.seconds else {}
        return more

    def done(self, step: Done) -> None:
        """Note what a step did."""
        self.last = step
        if len(step.taken) > self._taken:
            self._taken, self._deadline = len(step.taken), self._patience.clock() + self._patience.seconds

    def _has_come(self) -> bool:
        if self.last.state != State.WAITING or self._patience.clock() >= self._deadline:
            return False
        self._patience.tell(self.last)
        self._meanwhile()
        sent = frozenset(self.last.sent)
        return _changed(self._channel, self._seen, sent, self._deadline, self._patience.clock)


def _changed(
    channel: Channel, seen: dict[str, int], sent: frozenset[str], deadline: float, clock: Callable[[], float]
) -> bool:
    """Wait until the files, except our own, are not those of before; return whether that happened in time."""
    before = {name: size for name, size in seen.items() if name not in sent}
    while True:
        if {name: size for name, size in channel.files().items() if name not in sent} != before:
            return True
        left = deadline - clock()
        if left <= 0:
            return False
        channel.pause(left)
