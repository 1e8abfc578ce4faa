"""X25519 of libcrypto_mb, eight points at a time, on processors with AVX-512 IFMA."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from accountmap.curve import jobs
from accountmap.curve.ipp_lanes import map_digests, multiply_in_lanes
from accountmap.curve.ipp_library import CryptoMb, FieldFunctions
from accountmap.curve.jobs import PART_POINTS, Jobs, Progress, slices
from accountmap.parallel import Executor, SerialExecutor
from accountmap.psi.codec import Bytes2D
from accountmap.psi.engine import Points
from accountmap.psi.hash_to_curve import FIELD_ELEMENT_BYTES, expand


class IppCurve:
    """psi's Curve port.

    Args:
        library: the loaded library.
        executor: where the parts of a job run that has several: threads, for the library releases Python's lock,
            and its functions cannot be sent to other processes.
        progress: told how far each large job is.
    """

    def __init__(
        self, library: CryptoMb, executor: Executor | None = None, progress: Progress | None = None
    ) -> None:
        self._library = library
        self._jobs = Jobs(executor or SerialExecutor(), progress, large=PART_POINTS)

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        """Map messages to u-coordinates, shape (n, 32)."""
        each = (messages[part] for part in slices(len(messages)))
        field = self._library.field
        function = partial(_hash_part, field, dst) if field else partial(jobs.hash_to_curve, dst)
        return self._jobs.run(function, each, len(messages))

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply with X25519, shape (n, 32); the product of a low-order point is a zero row."""
        scalars = np.frombuffer(scalar, np.uint8).reshape(1, 32)
        each = ((scalars, points[part]) for part in slices(len(points)))
        return self._jobs.run(self._multiply_part, each, len(points))

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point with a scalar of its own, shapes (n, 32)."""
        each = ((scalars[part], points[part]) for part in slices(len(points)))
        return self._jobs.run(self._multiply_part, each, len(points))

    def _multiply_part(self, part: tuple[Bytes2D, Points]) -> bytes:
        return multiply_in_lanes(self._library.x25519, *part).tobytes()


def _hash_part(field: FieldFunctions, dst: bytes, messages: Sequence[bytes]) -> bytes:
    digests = np.frombuffer(b"".join(expand(dst, messages)), np.uint8).reshape(-1, FIELD_ELEMENT_BYTES)
    return map_digests(field, digests).tobytes()
