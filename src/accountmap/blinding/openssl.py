"""X25519 of OpenSSL through `cryptography`, on every platform."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeVar

import numpy as np

from accountmap.blinding import parts
from accountmap.executors import Executor, SerialExecutor
from accountmap.psi.tables import Bytes2D, Points

PART_POINTS = 1024
"""Points in one part of a job: some hundredths of a second of work, 32 KiB to send."""

LARGE_POINTS = 16384
"""A job of more points than this is given to the executor and reports its progress."""

Progress = Callable[[int, int], None]
"""Called during a job with the points done so far and the points of the job."""

Part = TypeVar("Part")


def _slices(total: int) -> Iterator[slice]:
    return (slice(*ends) for ends in pairwise([*range(0, total, PART_POINTS), total]))


class OpenSSLCurve:
    """psi's Curve port.

    Args:
        executor: where parts of a large job run; small jobs stay in this process.
        progress: told how far each large job is.
    """

    def __init__(self, executor: Executor | None = None, progress: Progress | None = None) -> None:
        self._executor = executor or SerialExecutor()
        self._progress = progress

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        """Map messages to u-coordinates, shape (n, 32)."""
        jobs = (messages[part] for part in _slices(len(messages)))
        return self._run(partial(parts.hash_to_curve, dst), jobs, len(messages))

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply with X25519, shape (n, 32); the product of a low-order point is a zero row."""
        jobs = (points[part].tobytes() for part in _slices(len(points)))
        return self._run(partial(parts.multiply, scalar), jobs, len(points))

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point with a scalar of its own, shapes (n, 32)."""
        jobs = ((scalars[part].tobytes(), points[part].tobytes()) for part in _slices(len(points)))
        return self._run(parts.multiply_each, jobs, len(points))

    def _run(self, function: Callable[[Part], bytes], jobs: Iterable[Part], total: int) -> Points:
        large = total > LARGE_POINTS
        executor = self._executor if large else SerialExecutor()
        table = np.empty((total, 32), np.uint8)
        for part, made in zip(_slices(total), executor.map(function, jobs), strict=True):
            table[part] = np.frombuffer(made, np.uint8).reshape(-1, 32)
            if large and self._progress:
                self._progress(part.stop, total)
        return table
