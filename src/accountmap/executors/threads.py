"""Parts spread over threads of this process, for work that does not hold Python's lock."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from accountmap.executors.ahead import map_ahead
from accountmap.executors.interface import In, Out


class ThreadExecutor:
    """Threads that live for one job: they start at once and share the memory of the parts.

    Args:
        workers: number of threads; by default one a processor.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1

    def map(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        """Yield the results in order."""
        with ThreadPoolExecutor(self.workers) as pool:
            yield from map_ahead(pool, self.workers, function, parts)
