"""What each backend can do on this machine: for people, who want to know which one is used, and why."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from accountmap.blinding.backends import BACKENDS, Backend
from accountmap.blinding.known_answers import check_hashing, check_multiplication
from accountmap.errors import BackendError
from accountmap.psi.suite import KEY_DST

ROUND: Final = 512
"""Points between two looks at the clock: some milliseconds of work, and more than a batch of any backend."""

_SCALAR: Final = bytes(range(32))


@dataclass(frozen=True)
class BackendState:
    """One backend on this machine.

    Attributes:
        name: for `--backend`.
        about: what it is, in one line.
        reason: why it cannot be used, or an empty string.
        hint: what can be done about that.
        default: whether it is used unless another is asked for.
        multiply_per_second: X25519 of so many points a second on one processor; zero if it cannot be used.
        hash_per_second: so many keys mapped to points.
    """

    name: str
    about: str
    reason: str = ""
    hint: str = ""
    default: bool = False
    multiply_per_second: float = 0.0
    hash_per_second: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether this machine can use it."""
        return not self.reason


def examine_backends(seconds: float = 0.3) -> list[BackendState]:
    """Test each backend and measure its speed on one processor, in the order of preference.

    Args:
        seconds: time for each measurement.
    """
    states: list[BackendState] = []
    for backend in BACKENDS:
        default = not any(state.default for state in states)
        try:
            states.append(_examine(backend, seconds, default=default))
        except BackendError as error:
            states.append(BackendState(backend.name, backend.about, str(error), error.hint))
    return states


def _examine(backend: Backend, seconds: float, *, default: bool) -> BackendState:
    curve = backend.make(1, None)
    check_multiplication(curve)
    check_hashing(curve)
    messages = [b"%d" % n for n in range(ROUND)]
    points = curve.hash_to_curve(KEY_DST, messages)
    return BackendState(
        backend.name,
        backend.about,
        default=default,
        multiply_per_second=_per_second(lambda: curve.multiply(_SCALAR, points), seconds),
        hash_per_second=_per_second(lambda: curve.hash_to_curve(KEY_DST, messages), seconds),
    )


def _per_second(work: Callable[[], object], seconds: float) -> float:
    start, rounds = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds or not rounds:
        work()
        rounds += 1
    return rounds * ROUND / elapsed
