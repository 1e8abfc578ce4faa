"""Executors: results in order, few parts at once, and what a worker that dies leaves."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from accountmap.errors import BackendError
from accountmap.parallel import AHEAD, Jobs, ProcessExecutor, SerialExecutor, ThreadExecutor

EXECUTORS = [ProcessExecutor(2), ThreadExecutor(2)]


def double(number: int) -> int:
    return 2 * number


def die_in_worker(parent: int) -> int:
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return parent


def process_after_a_while(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def fail_or_wait(part: int) -> int:
    """Fail at every part from 3 on; parts of workers take longer than those of this process."""
    if part >= 3:
        raise ValueError(str(part))
    time.sleep(0.1)
    return part


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
        list(ProcessExecutor(2).map(die_in_worker, [os.getpid()] * 3))
    assert "memory" in caught.value.hint
    assert list(ProcessExecutor(2).map(double, [1, 2, 3])) == [2, 4, 6], "the next job has new workers"


def test_this_process_is_one_of_the_workers() -> None:
    executor = ProcessExecutor(2)
    list(executor.map(double, [1, 2]))  # the other one has started
    processes = list(executor.map(process_after_a_while, [0.05] * 12))
    assert len(set(processes)) == 2
    assert 3 <= processes.count(os.getpid()) <= 9


def test_what_fails_here_comes_in_the_order_of_the_parts() -> None:
    executor = ProcessExecutor(2)
    list(executor.map(double, [1, 2]))  # the other one has started
    given: list[int] = []
    with pytest.raises(ValueError, match=r"^3$"):
        for result in executor.map(fail_or_wait, range(10)):
            given.append(result)
    assert given == [0, 1, 2], "the results before it are not lost"
    assert list(executor.map(double, range(10))) == [2 * n for n in range(10)]


def test_a_part_with_too_few_points_is_an_error() -> None:
    whole, short = bytes(32 * 1024), bytes(32 * 7)
    parts = Jobs(SerialExecutor(), None).each(bytes, [whole, short], 1024 + 8)
    assert next(parts).shape == (1024, 32)
    with pytest.raises(ValueError, match="reshape"):
        next(parts)


def interrupted_here(parent: int) -> int:
    if os.getpid() == parent:
        raise KeyboardInterrupt
    return parent


def test_an_interruption_here_ends_the_job_at_once() -> None:
    executor = ProcessExecutor(2)
    with pytest.raises(KeyboardInterrupt):
        list(executor.map(interrupted_here, [os.getpid()] * 100))
    assert list(executor.map(double, [1, 2, 3])) == [2, 4, 6]


def test_results_are_given_as_soon_as_they_are_there() -> None:
    given: list[int] = []

    def parts() -> Iterator[int]:
        for number in range(20):
            yield number
            time.sleep(0.01)
        assert given, "none of the results was given before the last part was made"

    for result in ThreadExecutor(8).map(double, parts()):
        given.append(result)
    assert given == [2 * n for n in range(20)]
