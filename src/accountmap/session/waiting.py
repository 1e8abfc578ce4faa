"""Staying with a session until it is over or somebody has to act, instead of one look at the channel."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from accountmap.channels import Channel
from accountmap.session.engine import Decisions, SessionRunner
from accountmap.session.result import Outcome, State


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
    runner: SessionRunner, channel: Channel, decisions: Decisions, patience: Patience, *, new: bool = False
) -> Outcome:
    """Take all steps that can be taken, waiting for the partner's files in between.

    The session is looked at again only when a file of the channel has come, gone or grown, for reading a large
    list back costs more than listing a folder. While the partner is waited for, the own list is blinded. An
    interruption is safe at every point.

    Args:
        runner, channel: the session and the channel that it runs over.
        decisions, new: as in SessionRunner.advance.

    Returns:
        The last outcome. Its state is `waiting` if the partner's file did not come in time.
    """
    deadline = patience.clock() + patience.seconds
    taken = 0
    while True:
        seen = channel.files() if patience.seconds else {}
        outcome = runner.advance(decisions, new=new)
        new = new and outcome.session is None
        if len(outcome.taken) > taken:
            taken, deadline = len(outcome.taken), patience.clock() + patience.seconds
        if outcome.state is not State.WAITING or patience.clock() >= deadline:
            return outcome
        patience.tell(outcome)
        runner.prepare()
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
