"""A job over many points: cut into parts, spread over an executor, and put together again."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import TypeVar

import numpy as np

from accountmap.executors import Executor, SerialExecutor
from accountmap.psi.tables import Points

PART_POINTS = 1024
"""Points in one part of a job: some hundredths of a second of work, 32 KiB to send."""

LARGE_POINTS = 16384
"""A job of more points than this reports its progress, and is worth waking other processes for."""

Progress = Callable[[int, int], None]
"""Called during a job with the points done so far and the points of the job."""

Part = TypeVar("Part")


def slices(total: int) -> Iterator[slice]:
    """Return which rows of a table of `total` rows each part takes."""
    return (slice(*ends) for ends in pairwise([*range(0, total, PART_POINTS), total]))


class Jobs:
    """Runs jobs of one kind.

    Args:
        executor: where parts of a large job run; small jobs stay in this thread.
        progress: told how far each large job is.
        large: points from which on a job is spread; it reports its progress from LARGE_POINTS on.
    """

    def __init__(self, executor: Executor, progress: Progress | None, large: int = LARGE_POINTS) -> None:
        self._executor = executor
        self._progress = progress
        self._large = large

    def run(self, function: Callable[[Part], bytes], parts: Iterable[Part], total: int) -> Points:
        """Return the points that a function makes of each part, shape (total, 32).

        Args:
            function: makes one row of 32 bytes a point.
            parts: one for each of slices(total), in their order.
        """
        executor = self._executor if total > self._large else SerialExecutor()
        table = np.empty((total, 32), np.uint8)
        for part, made in zip(slices(total), executor.map(function, parts), strict=True):
            table[part] = np.frombuffer(made, np.uint8).reshape(-1, 32)
            if total > LARGE_POINTS and self._progress:
                self._progress(part.stop, total)
        return table
