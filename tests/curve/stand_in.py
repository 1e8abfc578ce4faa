"""libcrypto_mb in software: plain integers behind C functions of the same signatures.

Like the vector instructions of the library, the field functions use only the lower 52 bits of each limb, and like
them they give results that may be a little above P. X25519 goes wrong where that of the library does: a few places
below P and below P / 2.
"""

import ctypes
from collections.abc import Callable

from protocols.reference.curve import P, x25519

LOW_ORDER = 4
MASK = 2**52 - 1
SLACK = 2**218
"""The library's results are below P + SLACK, about."""

U32, U64, I32, Pointer = ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int, ctypes.c_void_p


def limbs(address: int, lane: int) -> list[U64]:
    assert address % 64 == 0
    return [U64.from_address(address + 64 * limb + 8 * lane) for limb in range(5)]


def load(address: int, lane: int) -> int:
    return sum((limb.value & MASK) << 52 * i for i, limb in enumerate(limbs(address, lane)))


def store(address: int, lane: int, value: int) -> None:
    for i, limb in enumerate(limbs(address, lane)):
        limb.value = value >> 52 * i & MASK


def lanewise(function: Callable[..., int]) -> Callable[..., None]:
    """Make a C function of one on integers."""

    def call(result: int, *arguments: int) -> None:
        made = [function(*(load(argument, lane) for argument in arguments)) for lane in range(8)]
        for lane, value in enumerate(made):
            store(result, lane, value)

    return call


def loose(value: int) -> int:
    value %= P
    return value + P if value < SLACK else value


class StandIn:
    """Has the attributes of the loaded library that crypto_mb binds."""

    def __init__(self, width: int = 8, status: int = 0) -> None:
        self.status = status
        self.x25519_calls = 0
        two, three = ctypes.CFUNCTYPE(None, Pointer, Pointer), ctypes.CFUNCTYPE(None, Pointer, Pointer, Pointer)
        self.mbx_get_algo_info = ctypes.CFUNCTYPE(U64, I32)(lambda algorithm: width if algorithm == 4 else 0)
        self.mbx_x25519_mb8 = ctypes.CFUNCTYPE(U32, Pointer, Pointer, Pointer)(self.x25519)
        self.fe52_mb_add_mod25519 = three(lanewise(lambda a, b: a + b - P if a + b >= P else a + b))
        self.fe52_mb_mul_mod25519 = three(lanewise(lambda a, b: loose(a * b)))
        self.fe52_mb_sqr_mod25519 = two(lanewise(lambda a: loose(a * a)))
        self.fe52_pow_2_252m3_mod25519 = two(lanewise(lambda a: loose(pow(a, 2**252 - 3, P))))
        self.fe52mb8_red_p25519 = two(lanewise(lambda a: a - P if a >= P else a))

    def x25519(self, products: int, scalars: int, points: int) -> int:
        self.x25519_calls += 1
        status = self.status
        for lane in range(8):
            to, scalar, point = (U64.from_address(table + 8 * lane).value for table in (products, scalars, points))
            product = x25519(ctypes.string_at(scalar, 32), ctypes.string_at(point, 32))
            u = int.from_bytes(ctypes.string_at(point, 32), "little") & (2**255 - 1)
            if any(edge - 512 <= u < edge + 1 for edge in (P, P // 2 + 1)):
                product = b"\xee" * 32
            if not any(product):
                status |= LOW_ORDER << 4 * lane
                product = b"\xff" * 32  # nothing says that the library writes zeros here
            ctypes.memmove(to, product, 32)
        return status
