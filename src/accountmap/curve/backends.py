"""The backends, their known-answer tests, which of them this machine uses, and why.

The tests are the vectors of RFC 7748 §5.2 and of RFC 9380 (its Q for the empty message), and answers for eleven
points, which fill one batch and part of another. The plain-integer reference in protocols/reference made these.

All backends give identical bytes, so the two parties need not use the same one.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Final

import numpy as np

from accountmap.curve import openssl
from accountmap.curve.ipp import IppCurve
from accountmap.curve.ipp_library import CryptoMb, load_crypto_mb
from accountmap.errors import BackendError, UsageError
from accountmap.parallel import (
    Executor,
    Jobs,
    ProcessExecutor,
    Progress,
    SerialExecutor,
    ThreadExecutor,
    joined,
    slices,
)
from accountmap.psi.codec import Bytes2D
from accountmap.psi.ports import Curve, Points
from accountmap.psi.suite import KEY_DST


class OpenSSLCurve:
    """psi's Curve port with OpenSSL and GMP, one point at a time.

    Args:
        executor: where parts of a large job run; small jobs stay in this process.
        progress: told how far each large job has got.
    """

    def __init__(self, executor: Executor | None = None, progress: Progress | None = None) -> None:
        self._jobs = Jobs(executor or SerialExecutor(), progress)

    def hash_to_curve(self, dst: bytes, messages: Sequence[bytes]) -> Points:
        """Map messages to u-coordinates, shape (n, 32)."""
        each = (messages[part] for part in slices(len(messages)))
        return self._jobs.run(partial(openssl.hash_to_curve, dst), each, len(messages))

    def multiply(self, scalar: bytes, points: Points) -> Points:
        """Multiply by a scalar with X25519, shape (n, 32); a low-order point gives a zero row."""
        return joined(self.multiply_parts(scalar, points), len(points))

    def multiply_parts(self, scalar: bytes, points: Points) -> Iterator[Points]:
        """Yield what `multiply` returns, part by part."""
        each = (points[part].tobytes() for part in slices(len(points)))
        return self._jobs.each(partial(openssl.multiply, scalar), each, len(points))

    def multiply_each(self, scalars: Bytes2D, points: Points) -> Points:
        """Multiply each point by a scalar of its own, shapes (n, 32)."""
        each = ((scalars[part].tobytes(), points[part].tobytes()) for part in slices(len(points)))
        return self._jobs.run(openssl.multiply_each, each, len(points))


_RFC_7748: Final = (
    (
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ),
    (
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ),
)
"""Scalar, point, product."""

_LOW_ORDER: Final = ("00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f")
"""Points whose products are zero (RFC 7748 §6.1): 0, of order two, and 1 and -1, of order four."""

_RFC_9380_DST: Final = b"QUUX-V01-CS02-with-curve25519_XMD:SHA-512_ELL2_NU_"
_RFC_9380_EMPTY: Final = "51125222da5e763d97f3c10fcc92ea6860b9ccbbd2eb1285728f566721c1e65b"
"""Big-endian, as the RFC prints it."""

_MESSAGES: Final = [b"known answer %d" % n for n in range(11)]
_SCALAR: Final = hashlib.sha256(b"known answer").digest()
_POINTS_SHA256: Final = "93a67a99e54debee63d3cd5ff414681bfb527d1e6171bd82e0fbcccdfcbec350"
_PRODUCTS_SHA256: Final = "5db2abc52b1d8776b005c612441cf65228e67363370af9c7c8dfa0c360b91abc"


def check_multiplication(curve: Curve) -> None:
    """Run the known-answer tests of multiply and multiply_each.

    The points of the last test come from OpenSSLCurve.hash_to_curve, so that a faulty one of the curve's own does
    not matter.

    Raises:
        BackendError: an answer is wrong.
    """
    scalars, points, products = (_rows(*column) for column in zip(*_RFC_7748, strict=True))
    _expect(np.array_equal(curve.multiply_each(scalars, points), products), "the X25519 of RFC 7748")
    _expect(not curve.multiply(_SCALAR, _rows(*_LOW_ORDER)).any(), "points of low order")
    made = curve.multiply(_SCALAR, OpenSSLCurve().hash_to_curve(KEY_DST, _MESSAGES))
    _expect(hashlib.sha256(made.tobytes()).hexdigest() == _PRODUCTS_SHA256, "products of eleven points")


def check_hashing(curve: Curve) -> None:
    """Run the known-answer tests of hash_to_curve.

    Raises:
        BackendError: an answer is wrong.
    """
    empty = curve.hash_to_curve(_RFC_9380_DST, [b""])
    _expect(empty.tobytes()[::-1].hex() == _RFC_9380_EMPTY, "the map of RFC 9380")
    made = curve.hash_to_curve(KEY_DST, _MESSAGES)
    _expect(hashlib.sha256(made.tobytes()).hexdigest() == _POINTS_SHA256, "eleven points")


def _rows(*values: str) -> Points:
    return np.frombuffer(bytes.fromhex("".join(values)), np.uint8).reshape(-1, 32)


def _expect(held: bool, what: str) -> None:
    if not held:
        raise BackendError(f"a known-answer test failed: {what}", "Do not use this backend on this machine.")


def _openssl(workers: int | None, progress: Progress | None) -> Curve:
    return OpenSSLCurve(ProcessExecutor(workers), progress)


def _ipp(workers: int | None, progress: Progress | None) -> Curve:
    library = _verified_crypto_mb()
    if isinstance(library, BackendError):
        raise BackendError(str(library), library.hint)
    return IppCurve(library, ThreadExecutor(workers), progress)


@cache
def _verified_crypto_mb() -> CryptoMb | BackendError:
    """Return the library, or why this machine cannot use it. Finding out takes a tenth of a second."""
    try:
        return verified(load_crypto_mb())
    except BackendError as error:
        return error


def verified(library: CryptoMb) -> CryptoMb:
    """Return the library, without its field functions if these fail their known-answer tests.

    Raises:
        BackendError: X25519 fails them.
    """
    check_multiplication(IppCurve(library))
    try:
        check_hashing(IppCurve(library))
    except BackendError:
        return replace(library, field=None)
    return library


@dataclass(frozen=True)
class Backend:
    """One way to do the curve arithmetic.

    Attributes:
        name: for `--backend`.
        about: what it is, in one line.
        make: returns the curve, given a number of workers and a progress; raises BackendError with the reason if
            this machine cannot run it or its known-answer tests fail.
    """

    name: str
    about: str
    make: Callable[[int | None, Progress | None], Curve]


BACKENDS: Final = (
    Backend("ipp", "eight points at a time with AVX-512 IFMA, in threads (accountmap[fast])", _ipp),
    Backend("openssl", "one point at a time, in processes; runs everywhere", _openssl),
)
"""In order of preference. The last one runs everywhere."""


def make_curve(name: str | None = None, workers: int | None = None, progress: Progress | None = None) -> Curve:
    """Return the backend of this name, or else the first that this machine can use.

    Args:
        name: one of those in BACKENDS.
        workers: processes or threads; by default one for each processor.
        progress: called during long work with the number of points done so far, and of all.

    Raises:
        UsageError: there is no backend of that name.
        BackendError: this machine cannot use the one that was named.
    """
    if name is None:
        return _first_usable(workers, progress)
    for backend in BACKENDS:
        if backend.name == name:
            return backend.make(workers, progress)
    raise UsageError(f"there is no backend {name!r}", f"There are: {', '.join(b.name for b in BACKENDS)}.")


def _first_usable(workers: int | None, progress: Progress | None) -> Curve:
    *others, last = BACKENDS
    for backend in others:
        try:
            return backend.make(workers, progress)
        except BackendError:
            continue
    return last.make(workers, progress)


ROUND: Final = 512
"""Points between two readings of the clock: some milliseconds of work, and more than a batch of any backend."""

_TIMED_SCALAR: Final = bytes(range(32))


@dataclass(frozen=True)
class BackendState:
    """One backend on this machine.

    Attributes:
        name: for `--backend`.
        about: what it is, in one line.
        reason: why it cannot be used, or an empty string.
        hint: what can be done about that.
        default: whether it is used unless another is asked for.
        multiply_per_second: how many points one processor multiplies in a second; zero if it cannot be used.
        hash_per_second: how many keys it maps to points in a second, likewise.
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
    """Test each backend and measure its speed on one processor, in order of preference.

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
        multiply_per_second=_per_second(lambda: curve.multiply(_TIMED_SCALAR, points), seconds),
        hash_per_second=_per_second(lambda: curve.hash_to_curve(KEY_DST, messages), seconds),
    )


def _per_second(work: Callable[[], object], seconds: float) -> float:
    start, rounds = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - start) < seconds or not rounds:
        work()
        rounds += 1
    return rounds * ROUND / elapsed
