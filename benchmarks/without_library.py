"""Time a session on the backend `ipp` without the work of Intel's library, to see how long everything else takes.

    python benchmarks/without_library.py --size 1000000 --json

It runs on any processor, so it bounds what `ipp` can reach even where `ipp` itself cannot run. The library's
functions are replaced by C functions that return at once, except X25519, which mixes scalar and point with XOR: so
both parties still arrive at equal values, and the session runs to its end. Needs a C compiler; takes the options
of psi.py. To what it prints, add the library's own time: four multiplications for each pair of accounts and slot,
and two powers, on all processors together.
"""

import ctypes
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

import psi
from accountmap.curve import backends, ipp
from accountmap.curve.ipp_library import FIELD_VERSION, CryptoMb, bind
from accountmap.psi.ports import Points

SOURCE = """
#include <stdint.h>
#include <string.h>

uint64_t mbx_get_algo_info(int algorithm) { return 8; }

uint32_t mbx_x25519_mb8(uint8_t *const product[8], const uint8_t *const scalar[8], const uint8_t *const point[8]) {
    for (int lane = 0; lane < 8; lane++) {
        uint64_t mixed[4], other[4];
        memcpy(mixed, scalar[lane], 32);
        memcpy(other, point[lane], 32);
        for (int word = 0; word < 3; word++) mixed[word] ^= other[word];
        mixed[3] = other[3];
        memcpy(product[lane], mixed, 32);
    }
    return 0;
}

void fe52_mb_add_mod25519(void *sum, void *one, void *other) {}
void fe52_mb_mul_mod25519(void *product, void *one, void *other) {}
void fe52_mb_sqr_mod25519(void *square, void *of) {}
void fe52_pow_2_252m3_mod25519(void *power, void *of) {}
void fe52mb8_red_p25519(void *reduced, void *of) {}
"""


@cache
def library() -> CryptoMb:
    with tempfile.TemporaryDirectory() as folder:
        source, built = Path(folder, "nothing.c"), Path(folder, "nothing.so")
        source.write_text(SOURCE, encoding="utf-8")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", built, source], check=True)  # noqa: S607 - on PATH
        return bind(ctypes.CDLL(str(built)), ctypes.PyDLL(str(built)), FIELD_VERSION)


def none_special(points: Points) -> npt.NDArray[np.bool_]:
    """Leave all points to the library: a true product among mixed values would match nothing."""
    return np.zeros(len(points), np.bool_)


# At import, because the processes of the parties import this module anew.
backends.load_crypto_mb = library
backends.verified = lambda loaded: loaded
ipp._special = none_special


if __name__ == "__main__":
    sys.argv += ["--backend", "ipp"]
    psi.main()
