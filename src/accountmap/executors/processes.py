"""Parts spread over processes of this machine, for work that holds Python's lock."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice

from loky import get_reusable_executor

from accountmap.errors import BackendError
from accountmap.executors.ahead import map_ahead
from accountmap.executors.interface import In, Out

IDLE_SECONDS = 20
"""Workers that have had nothing to do for so long end by themselves."""


class ProcessExecutor:
    """A pool of worker processes, started at the first use and shared by all who ask for the same number.

    The workers are fresh processes that do not import the caller's main module, so scripts need no guard.

    Args:
        workers: number of processes; by default one a processor.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1

    def map(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        """Yield the results in order.

        Raises:
            BackendError: a worker process was killed.
        """
        rest = iter(parts)
        first = list(islice(rest, 2))
        if self.workers == 1 or len(first) < 2:
            return map(function, chain(first, rest))
        return self._spread(function, chain(first, rest))

    def _spread(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        pool = get_reusable_executor(max_workers=self.workers, timeout=IDLE_SECONDS)
        try:
            yield from map_ahead(pool, self.workers, function, parts)
        except BrokenProcessPool as error:
            raise BackendError(
                "a worker process was ended by the system",
                "Is the memory full? Close other programs and run this again: nothing is lost.",
            ) from error
