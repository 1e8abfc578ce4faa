"""The backends, the one that this machine uses, and why.

All give identical bytes, so the two parties need not use the same.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from accountmap.blinding.crypto_mb import CryptoMb, load_crypto_mb
from accountmap.blinding.ipp import IppCurve
from accountmap.blinding.jobs import Progress
from accountmap.blinding.known_answers import check_hashing, check_multiplication
from accountmap.blinding.openssl import OpenSSLCurve
from accountmap.errors import BackendError, UsageError
from accountmap.executors import ProcessExecutor, ThreadExecutor
from accountmap.psi.parameters import Curve


def _openssl(workers: int | None, progress: Progress | None) -> Curve:
    return OpenSSLCurve(ProcessExecutor(workers), progress)


def _ipp(workers: int | None, progress: Progress | None) -> Curve:
    return IppCurve(_verified_crypto_mb(), ThreadExecutor(workers), progress)


@cache
def _verified_crypto_mb() -> CryptoMb:
    return verified(load_crypto_mb())


def verified(library: CryptoMb) -> CryptoMb:
    """Return the library without its field functions if these fail their known-answer tests.

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
        make: returns the curve for a number of workers and a progress; raises BackendError with the reason if this
            machine cannot run it or its known-answer tests fail.
    """

    name: str
    about: str
    make: Callable[[int | None, Progress | None], Curve]


BACKENDS: Final = (
    Backend("ipp", "eight points at a time with AVX-512 IFMA, in threads (accountmap[fast])", _ipp),
    Backend("openssl", "one point at a time, in processes; runs everywhere", _openssl),
)
"""In the order of preference. The last one runs everywhere."""


def make_curve(name: str | None = None, workers: int | None = None, progress: Progress | None = None) -> Curve:
    """Return a backend: the one of a name, or else the first that this machine can use.

    Args:
        name: of BACKENDS.
        workers: processes or threads; by default one a processor.
        progress: called during long work with the points done so far and in all.

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
