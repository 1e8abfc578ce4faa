"""X25519 of OpenSSL through `cryptography`, on every platform."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from accountmap.executors import Executor, SerialExecutor
from accountmap.psi.hash_to_curve import hash_to_curve
from accountmap.psi.tables import Bytes2D, Points

PART_POINTS = 4096
"""Points in one part of a job: some tenths of a second of work, 128 KiB to send."""

LARGE_PARTS = 4
"""A job of more parts than this is given to the executor and reports its progress."""

Progress = Callable[[int, int], None]
"""Called during a job with the points done so far and the points of the job."""


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


def _multiply_each_part(part: tuple[bytes, bytes]) -> bytes:
    scalars, points = part
    return b"".join(_multiply_part(scalars[i : i + 32], points[i : i + 32]) for i in range(0, len(points), 32))


def _hash_part(dst: bytes, messages: Sequence[bytes]) -> bytes:
    return hash_to_curve(dst, messages).tobytes()


def _parts(table: Bytes2D) -> list[bytes]:
    blob, size = np.ascontiguousarray(table).tobytes(), 32 * PART_POINTS
    return [blob[i : i + size] for i in range(0, len(blob), size)]


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
        parts = [messages[i : i + PART_POINTS] for i in range(0, len(messages), PART_POINTS)]
        return self._run(partial(_hash_part, dst), parts, len(messages))

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply with X25519, shape (n, 32); the product of a low-order point is a zero row."""
        return self._run(partial(_multiply_part, scalar), _parts(points), len(points))

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point with a scalar of its own, shapes (n, 32)."""
        parts = list(zip(_parts(scalars), _parts(points), strict=True))
        return self._run(_multiply_each_part, parts, len(points))

    def _run(self, function: Callable[..., bytes], parts: Sequence[Any], total: int) -> Points:
        large = len(parts) > LARGE_PARTS
        executor = self._executor if large else SerialExecutor()
        done = bytearray()
        for part in executor.map(function, parts):
            done += part
            if large and self._progress:
                self._progress(len(done) // 32, total)
        return np.frombuffer(bytes(done), np.uint8).reshape(-1, 32)
