"""libcrypto_mb, the multi-buffer part of Intel's Cryptography Primitives Library, as pip installs it.

The package `ipp-crypto` contains the library. It is linked to libraries of `intel-cmplr-lib-rt`, which pip
installs where the dynamic linker does not look, so they are loaded first: the linker then finds them by name.

Functions take addresses as integers. The caller keeps the memory alive, and places tables of eight lanes at
multiples of 64 bytes.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from accountmap.errors import BackendError, install_command

PACKAGE: Final = "ipp-crypto"
RUNTIME_PACKAGE: Final = "intel-cmplr-lib-rt"
RUNTIME_LIBRARIES: Final = ("libintlc.so.5", "libirng.so", "libimf.so", "libsvml.so")
"""The libraries that libcrypto_mb.so needs, each after those that it needs itself."""

FIELD_VERSION: Final = "2026.2.0"
"""The release of `ipp-crypto` whose field functions are known here. No header describes them, so another release
may have changed them."""

ALGORITHM_X25519: Final = 4
"""MBX_ALGO_X25519 in crypto_mb/cpu_features.h."""

EIGHT_BUFFERS: Final = 8
"""MBX_WIDTH_MB8 in the same header."""


@dataclass(frozen=True)
class FieldFunctions:
    """Arithmetic modulo 2^255 - 19 in eight lanes of five limbs of 52 bits; results may overlap arguments.

    Arguments must have limbs below 2^52 and values below 2^256. Results are below 2^255 + 2^220.

    Attributes:
        add: result, two terms.
        multiply: result, two factors.
        square: result, argument.
        power: result, argument; to the power 2^252 - 3, a quarter of (p - 1) / 2 rounded down.
        reduce: result, argument; subtracts p from a value that is not below it.
    """

    add: Callable[[int, int, int], object]
    multiply: Callable[[int, int, int], object]
    square: Callable[[int, int], object]
    power: Callable[[int, int], object]
    reduce: Callable[[int, int], object]


@dataclass(frozen=True)
class CryptoMb:
    """What this package uses of libcrypto_mb.

    Attributes:
        version: of `ipp-crypto`.
        x25519: tables of eight addresses: of products, of scalars and of points, 32 bytes each. Returns a status
            of four bits for each lane, the first lane lowest.
        field: None if the release is not the one whose field functions are known.
    """

    version: str
    x25519: Callable[[int, int, int], int]
    field: FieldFunctions | None


@cache
def load_crypto_mb() -> CryptoMb:
    """Load the library, once in each process.

    Raises:
        BackendError: it is not installed or cannot be loaded, or this processor cannot run its X25519. The message
            is the reason in plain words.
    """
    try:
        version = distribution(PACKAGE).version
        for name in RUNTIME_LIBRARIES:
            ctypes.CDLL(_installed(RUNTIME_PACKAGE, name))
        path = _installed(PACKAGE, "libcrypto_mb.so")
        library = ctypes.CDLL(path)
    except PackageNotFoundError as error:
        raise BackendError(
            f"the Python package {error.name} is not installed", f"Install it with: {install_command('fast')}"
        ) from None
    except OSError as error:
        raise BackendError(f"libcrypto_mb cannot be loaded: {error}") from error
    return bind(library, ctypes.PyDLL(path), version)


def bind(library: ctypes.CDLL, holding: ctypes.CDLL, version: str) -> CryptoMb:
    """Declare the functions of a loaded library.

    Args:
        library: its calls release Python's lock, which is worth it for those that take microseconds.
        holding: the same library; its calls keep the lock.
        version: of `ipp-crypto`.

    Raises:
        BackendError: this processor cannot run the library's X25519.
    """
    info = library.mbx_get_algo_info
    info.restype, info.argtypes = ctypes.c_uint64, [ctypes.c_int]
    if not info(ALGORITHM_X25519) & EIGHT_BUFFERS:
        raise BackendError("this processor has no AVX-512 IFMA instructions")
    x25519 = library.mbx_x25519_mb8
    x25519.restype, x25519.argtypes = ctypes.c_uint32, [ctypes.c_void_p] * 3
    return CryptoMb(version, x25519, _field(library, holding) if version == FIELD_VERSION else None)


def _field(library: ctypes.CDLL, holding: ctypes.CDLL) -> FieldFunctions:
    return FieldFunctions(
        add=_void(holding.fe52_mb_add_mod25519, 3),
        multiply=_void(holding.fe52_mb_mul_mod25519, 3),
        square=_void(holding.fe52_mb_sqr_mod25519, 2),
        power=_void(library.fe52_pow_2_252m3_mod25519, 2),
        reduce=_void(holding.fe52mb8_red_p25519, 2),
    )


def _void(function: Any, addresses: int) -> Any:
    """Declare a C function that takes so many addresses and returns nothing."""
    function.restype, function.argtypes = None, [ctypes.c_void_p] * addresses
    return function


def _installed(package: str, name: str) -> str:
    """Return the path of a file that pip installed."""
    for file in distribution(package).files or ():
        if file.name == name:
            return str(Path(str(file.locate())).resolve())
    raise OSError(f"{package} has no {name} for this system")
