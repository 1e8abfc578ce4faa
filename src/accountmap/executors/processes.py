"""Parts spread over processes of this machine, for work that holds Python's lock."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import chain, islice

from loky import get_reusable_executor

from accountmap.executors.interface import In, Out

IDLE_SECONDS = 20
"""Workers that have had nothing to do for so long end by themselves."""

AHEAD = 4
"""Parts that are handed out or done at once, for each worker: enough that none waits, few enough to hold."""


class ProcessExecutor:
    """A pool of worker processes, started at the first use and shared by all who ask for the same number.

    The workers are fresh processes that do not import the caller's main module, so scripts need no guard.

    Args:
        workers: number of processes; by default one a processor.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1

    def map(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        """Yield the results in order."""
        rest = iter(parts)
        first = list(islice(rest, 2))
        if self.workers == 1 or len(first) < 2:
            return map(function, chain(first, rest))
        return self._spread(function, chain(first, rest))

    def _spread(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        pool = get_reusable_executor(max_workers=self.workers, timeout=IDLE_SECONDS)
        running: deque[Future[Out]] = deque()
        try:
            for part in parts:
                if len(running) == AHEAD * self.workers:
                    yield running.popleft().result()
                running.append(pool.submit(function, part))
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()
