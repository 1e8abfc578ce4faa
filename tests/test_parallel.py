"""Executors: results in order, few parts at once, and what a worker that dies leaves."""

import os
import signal
from collections.abc import Iterator

import pytest

from accountmap.errors import BackendError
from accountmap.parallel import AHEAD, ProcessExecutor, ThreadExecutor

EXECUTORS = [ProcessExecutor(2), ThreadExecutor(2)]


def double(number: int) -> int:
    return 2 * number


def die(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


@pytest.mark.parametrize("executor", EXECUTORS, ids=["processes", "threads"])
def test_results_come_in_order_and_parts_as_they_are_needed(executor: ProcessExecutor | ThreadExecutor) -> None:
    made = 0

    def parts() -> Iterator[int]:
        nonlocal made
        for number in range(100):
            made += 1
            yield number

    results = executor.map(double, parts())
    assert next(results) == 0
    assert made <= AHEAD * executor.workers + 1
    assert list(results) == [2 * n for n in range(1, 100)]


def test_a_worker_that_is_killed_is_a_clear_error() -> None:
    with pytest.raises(BackendError, match="ended by the system") as caught:
        list(ProcessExecutor(2).map(die, [1, 2, 3]))
    assert "memory" in caught.value.hint
    assert list(ProcessExecutor(2).map(double, [1, 2, 3])) == [2, 4, 6], "the next job has new workers"
