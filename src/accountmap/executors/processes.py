"""Parts spread over processes of this machine, for work that holds Python's lock."""

import os
from collections.abc import Callable, Iterator, Sequence

from loky import get_reusable_executor

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

    def map(self, function: Callable[[In], Out], parts: Sequence[In]) -> Iterator[Out]:
        """Yield the results in order."""
        if self.workers == 1 or len(parts) < 2:
            return map(function, parts)
        pool = get_reusable_executor(max_workers=self.workers, timeout=IDLE_SECONDS)
        results: Iterator[Out] = pool.map(function, parts)
        return results
