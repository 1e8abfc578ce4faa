"""X25519 of OpenSSL through `cryptography`, on every platform."""

from collections.abc import Sequence
from functools import partial

from accountmap.curve import jobs
from accountmap.curve.jobs import Jobs, Progress, slices
from accountmap.parallel import Executor, SerialExecutor
from accountmap.psi.codec import Bytes2D
from accountmap.psi.engine import Points


class OpenSSLCurve:
    """psi's Curve port.

    Args:
        executor: where parts of a large job run; small jobs stay in this process.
        progress: told how far each large job is.
    """

    def __init__(self, executor: Executor | None = None, progress: Progress | None = None) -> None:
        self._jobs = Jobs(executor or SerialExecutor(), progress)

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        """Map messages to u-coordinates, shape (n, 32)."""
        each = (messages[part] for part in slices(len(messages)))
        return self._jobs.run(partial(jobs.hash_to_curve, dst), each, len(messages))

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply with X25519, shape (n, 32); the product of a low-order point is a zero row."""
        each = (points[part].tobytes() for part in slices(len(points)))
        return self._jobs.run(partial(jobs.multiply, scalar), each, len(points))

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point with a scalar of its own, shapes (n, 32)."""
        each = ((scalars[part].tobytes(), points[part].tobytes()) for part in slices(len(points)))
        return self._jobs.run(jobs.multiply_each, each, len(points))
