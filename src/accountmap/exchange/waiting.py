"""Staying with a session until it is over or somebody has to act, instead of one look at the channel."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from accountmap.channels import Channel
from accountmap.exchange.outcome import Outcome, State
from accountmap.exchange.steps import Decide, Steps


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
