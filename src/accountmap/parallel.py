"""Where bulk work runs: one interface for threads, processes and the calling thread; and jobs over many points."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice, pairwise
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
from loky import get_reusable_executor

from accountmap.errors import BackendError

In = TypeVar("In")
Out = TypeVar("Out")


class Executor(Protocol):
    """Applies a function to parts of a large job."""

    @property
    def workers(self) -> int:
        """How many parts run at once."""
        ...

    def map(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        """Yield the results in the order of the parts, each as soon as it and those before it are done.

        Args:
            function: defined at the top level of a module, so that other processes can find it.
            parts: independent of each other. Where they are made on demand, only some of them exist at once.
        """
        ...


class SerialExecutor:
    """The calling thread: right for small jobs and for tests."""

    workers = 1

    def map(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        """Yield the results in order."""
        return map(function, parts)


class ThreadExecutor:
    """Threads that live for one job: they start at once and share the memory of the parts.

    Args:
        workers: number of threads; by default one for each processor.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers or os.cpu_count() or 1

    def map(self, function: Callable[[In], Out], parts: Iterable[In]) -> Iterator[Out]:
        """Yield the results in order."""
        with ThreadPoolExecutor(self.workers) as pool:
            yield from map_ahead(pool, self.workers, function, parts)


IDLE_SECONDS = 20
"""Workers that have had nothing to do for this long end by themselves."""


class ProcessExecutor:
    """This process and a pool of worker processes, started on first use and shared by all executors of that size.

    The workers are fresh processes that do not import the caller's main module, so scripts need no guard. While
    they start, and whenever their next result is not ready, this process works on a part itself.

    Args:
        workers: number of processes, including this one; by default one for each processor.
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
        pool = get_reusable_executor(max_workers=self.workers - 1, timeout=IDLE_SECONDS)
        try:
            yield from map_ahead(pool, self.workers, function, parts, take_part=True)
        except BrokenProcessPool as error:
            raise BackendError(
                "a worker process was ended by the system",
                "Is the memory full? Close other programs and run this again: nothing is lost.",
            ) from error


AHEAD: Final = 4
"""How many parts for each worker are handed out or done: enough that none waits, few enough for the memory."""

HANDED_OUT: Final = 2
"""How many parts each worker process is given if the calling process works too: the present one and the next."""


class Pool(Protocol):
    """What runs calls and returns futures of their results."""

    def submit(self, function: Callable[[In], Out], part: In, /) -> "Future[Out]":
        """Run a call, soon."""
        ...


def map_ahead(
    pool: Pool, workers: int, function: Callable[[In], Out], parts: Iterable[In], *, take_part: bool = False
) -> Iterator[Out]:
    """Yield the results in the order of the parts. If the caller stops early, parts not yet begun are cancelled.

    Args:
        workers: how many parts run at once.
        take_part: whether the calling thread is one of the workers.
    """
    running: deque[Future[Out]] = deque()
    try:
        for part in parts:
            while running and (len(running) == AHEAD * workers or running[0].done()):
                yield running.popleft().result()
            busy = sum(not future.done() for future in running)
            if take_part and busy >= HANDED_OUT * (workers - 1):
                running.append(_done(function, part))
            else:
                running.append(pool.submit(function, part))
        while running:
            yield running.popleft().result()
    finally:
        for future in running:
            future.cancel()


def _done(function: Callable[[In], Out], part: In) -> "Future[Out]":
    """Call a function here; its exception is raised in the order of the parts, as from a worker."""
    future: Future[Out] = Future()
    try:
        future.set_result(function(part))
    except Exception as error:
        future.set_exception(error)
    return future


PART_POINTS: Final = 1024
"""Points in one part of a job: a few hundredths of a second of work, 32 KiB to send."""

LARGE_POINTS: Final = 16384
"""A job of more points than this reports its progress, and is worth sending to other processes."""

Points = npt.NDArray[np.uint8]
"""u-coordinates, shape (n, 32)."""

Progress = Callable[[int, int], None]
"""Called during a job with the points done so far and the points of the job."""


def slices(total: int) -> Iterator[slice]:
    """Return the rows of each part of a table of `total` rows."""
    return (slice(*ends) for ends in pairwise([*range(0, total, PART_POINTS), total]))


def joined(parts: Iterable[Points], total: int) -> Points:
    """Put parts of a table together, shape (total, 32)."""
    table, start = np.empty((total, 32), np.uint8), 0
    for part in parts:
        table[start : start + len(part)] = part
        start += len(part)
    return table


class Jobs:
    """Runs jobs of one kind.

    Args:
        executor: where parts of a large job run; small jobs stay in this thread.
        progress: called with how far each large job is.
        large: how many points a job must have to be spread; from LARGE_POINTS on, it reports its progress.
    """

    def __init__(self, executor: Executor, progress: Progress | None, large: int = LARGE_POINTS) -> None:
        self._executor = executor
        self._progress = progress
        self._large = large

    def each(self, function: Callable[[In], bytes], parts: Iterable[In], total: int) -> Iterator[Points]:
        """Yield the points that a function makes of each part, in order.

        Args:
            function: makes one row of 32 bytes for each point.
            parts: one for each of slices(total), in their order.

        Raises:
            ValueError: a part has fewer or more points than were asked for. A caller that writes products over the
                points relies on this: a point must never stay in their place.
        """
        executor = self._executor if total > self._large else SerialExecutor()
        for part, made in zip(slices(total), executor.map(function, parts), strict=True):
            yield np.frombuffer(made, np.uint8).reshape(part.stop - part.start, 32)
            if total > LARGE_POINTS and self._progress:
                self._progress(part.stop, total)

    def run(self, function: Callable[[In], bytes], parts: Iterable[In], total: int) -> Points:
        """Return the same in one table, shape (total, 32)."""
        return joined(self.each(function, parts, total), total)
