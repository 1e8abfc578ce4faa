"""Handing parts out to a pool only as far ahead as its workers need, so that few parts exist at once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from typing import Final, Protocol

from accountmap.executors.interface import In, Out

AHEAD: Final = 4
"""Parts that are handed out or done at once, for each worker: enough that none waits, few enough to hold."""


class Pool(Protocol):
    """What runs calls and returns futures of their results."""

    def submit(self, function: Callable[[In], Out], part: In, /) -> "Future[Out]":
        """Run a call, soon."""
        ...


def map_ahead(pool: Pool, workers: int, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
    """Yield the results in the order of the parts. If nobody asks for more, what has not begun is given up."""
    running: deque[Future[Out]] = deque()
    try:
        for part in parts:
            if len(running) == AHEAD * workers:
                yield running.popleft().result()
            running.append(pool.submit(function, part))
        while running:
            yield running.popleft().result()
    finally:
        for future in running:
            future.cancel()
