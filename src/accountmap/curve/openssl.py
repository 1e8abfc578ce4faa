"""X25519 of OpenSSL through `cryptography`, on every platform; and jobs over many points, for every backend.

A job is cut into parts, spread over an executor, and put together again. This imports little, for worker processes
import it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Final, TypeVar, cast

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from accountmap.parallel import Executor, SerialExecutor
from accountmap.psi.codec import Bytes2D
from accountmap.psi.engine import Points
from accountmap.psi.hash_to_curve import map_to_curve

_DER_PREFIX: Final = bytes.fromhex("302a300506032b656e032100")
"""What stands before the 32 bytes in a SubjectPublicKeyInfo of X25519 (RFC 8410 §4).

`load_der_public_key` takes half the time of `X25519PublicKey.from_public_bytes`, which imports and asks for the
backend at every call.
"""

_load = cast(Callable[[bytes], X25519PublicKey], load_der_public_key)


def multiply(scalar: bytes, points: bytes) -> bytes:
    """Multiply u-coordinates, 32 bytes each; the product of a low-order point is zero."""
    exchange, load, prefix = X25519PrivateKey.from_private_bytes(scalar).exchange, _load, _DER_PREFIX
    products = []
    for i in range(0, len(points), 32):
        point = load(prefix + points[i : i + 32])
        try:
            products.append(exchange(point))
        except ValueError:  # raised for a zero result, and for nothing else
            products.append(bytes(32))
    return b"".join(products)


def multiply_each(part: tuple[bytes, bytes]) -> bytes:
    """Multiply each u-coordinate of the second with the scalar in the same place of the first.

    A scalar that stands there several times in a row is loaded once: to load it is half of the work, for OpenSSL
    computes its public key. Which ones stand so is no secret.
    """
    scalars, points = part
    products, start = [], 0
    while start < len(scalars):
        scalar, stop = scalars[start : start + 32], start + 32
        while scalars[stop : stop + 32] == scalar:
            stop += 32
        products.append(multiply(scalar, points[start:stop]))
        start = stop
    return b"".join(products)


def hash_to_curve(dst: bytes, messages: Sequence[bytes]) -> bytes:
    """Map messages to u-coordinates, 32 bytes each."""
    return map_to_curve(dst, messages)


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
        return self._jobs.run(partial(hash_to_curve, dst), each, len(messages))

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply with X25519, shape (n, 32); the product of a low-order point is a zero row."""
        each = (points[part].tobytes() for part in slices(len(points)))
        return self._jobs.run(partial(multiply, scalar), each, len(points))

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point with a scalar of its own, shapes (n, 32)."""
        each = ((scalars[part].tobytes(), points[part].tobytes()) for part in slices(len(points)))
        return self._jobs.run(multiply_each, each, len(points))
