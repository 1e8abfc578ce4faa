"""X25519 of OpenSSL through `cryptography`, on every platform."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from accountmap.executors import Executor, SerialExecutor
from accountmap.psi.hash_to_curve import hash_to_curve
from accountmap.psi.tables import Points

PART_POINTS = 4096
"""Points in one part of a job: some tenths of a second of work, 128 KiB to send."""

Progress = Callable[[int], None]


def _multiply_part(scalar: bytes, points: bytes) -> bytes:
    exchange, load = X25519PrivateKey.from_private_bytes(scalar).exchange, X25519PublicKey.from_public_bytes
    products = []
    for i in range(0, len(points), 32):
        point = load(points[i : i + 32])
        try:
            products.append(exchange(point))
        except ValueError:  # raised for a zero result, and for nothing else
            products.append(bytes(32))
    return b"".join(products)


def _hash_part(dst: bytes, messages: Sequence[bytes]) -> bytes:
    return hash_to_curve(dst, messages).tobytes()


class OpenSSLCurve:
    """psi's Curve port.

    Args:
        executor: where parts of a large job run; small jobs stay in this process.
        progress: called with the number of points done since the last call.
    """

    def __init__(self, executor: Executor | None = None, progress: Progress | None = None) -> None:
        self._executor = executor or SerialExecutor()
        self._progress = progress

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        """Map messages to u-coordinates, shape (n, 32)."""
        parts = [messages[i : i + PART_POINTS] for i in range(0, len(messages), PART_POINTS)]
        return self._run(partial(_hash_part, dst), parts)

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply with X25519, shape (n, 32); the product of a low-order point is a zero row."""
        blob = np.ascontiguousarray(points).tobytes()
        size = 32 * PART_POINTS
        parts = [blob[i : i + size] for i in range(0, len(blob), size)]
        return self._run(partial(_multiply_part, scalar), parts)

    def _run(self, function: Callable[..., bytes], parts: Sequence[Sequence[bytes] | bytes]) -> Points:
        executor = self._executor if len(parts) > 4 else SerialExecutor()
        done = []
        for part in executor.map(function, parts):
            done.append(part)
            if self._progress:
                self._progress(len(part) // 32)
        return np.frombuffer(b"".join(done), np.uint8).reshape(-1, 32)
