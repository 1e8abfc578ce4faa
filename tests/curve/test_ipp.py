"""The backend of libcrypto_mb on a stand-in for the library: everything but the library's own code."""

import ctypes

import numpy as np
import pytest

from accountmap.curve import ipp
from accountmap.curve.backends import OpenSSLCurve, verified
from accountmap.curve.ipp import IppCurve, map_digests
from accountmap.curve.ipp_library import FIELD_VERSION, CryptoMb, bind
from accountmap.errors import BackendError
from accountmap.parallel import ThreadExecutor
from tests.curve.stand_in import StandIn

SCALAR = bytes(range(32))


def library(stand_in: StandIn | None = None, version: str = FIELD_VERSION) -> CryptoMb:
    stand_in = stand_in or StandIn()
    return bind(stand_in, stand_in, version)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 16, 19])
def test_tails_of_every_length_are_hashed_and_multiplied(count: int) -> None:
    curve, openssl = IppCurve(library()), OpenSSLCurve()
    messages = [b"%d" % n for n in range(count)]
    points = curve.hash_to_curve(b"dst", messages)
    assert np.array_equal(points, openssl.hash_to_curve(b"dst", messages))
    assert np.array_equal(curve.multiply(SCALAR, points), openssl.multiply(SCALAR, points))
    assert np.array_equal(curve.multiply_each(points, points), openssl.multiply_each(points, points))


def test_the_map_at_the_edges_of_the_field() -> None:
    """u and -u are one point, and so are u and u + p; both branches of Elligator 2 are taken."""
    p = ipp.P
    numbers = [0, 1, 2, p - 1, p - 2, p, p + 1, 2**383, 2**384 - 1, *range(3, 40)]
    digests = np.frombuffer(b"".join(n.to_bytes(48, "big") for n in numbers), np.uint8).reshape(-1, 48)
    made = [int.from_bytes(row.tobytes(), "little") for row in map_digests(library().field, digests)]
    for number, x in zip(numbers, made, strict=True):
        d = 1 + 2 * number * number
        x1 = -486662 * pow(d, -1, p) % p
        square = pow(x1**3 + 486662 * x1**2 + x1, (p - 1) // 2, p) == 1
        assert x == (x1 if square else (-x1 - 486662) % p), number
    assert len({x == -486662 * pow(1 + 2 * n * n, -1, p) % p for n, x in zip(numbers, made, strict=True)}) == 2


def test_low_order_points_have_zero_rows_wherever_they_stand() -> None:
    points = np.zeros((11, 32), np.uint8)
    points[:, 0] = [9, 0, 9, 9, 1, 9, 9, 9, 9, 0, 9]
    products = IppCurve(library()).multiply(SCALAR, points)
    assert (~products.any(axis=1)).tolist() == (points[:, 0] < 9).tolist()


def test_any_other_status_is_refused() -> None:
    curve = IppCurve(library(StandIn(status=1 << 4 * 7)))
    with pytest.raises(BackendError, match="refused a multiplication"):
        curve.multiply(SCALAR, np.zeros((1, 32), np.uint8))


def test_threads_and_progress() -> None:
    seen: list[tuple[int, int]] = []
    stand_in = StandIn()
    stand_in.mbx_x25519_mb8 = ctypes.CFUNCTYPE(*([ctypes.c_uint32] + [ctypes.c_void_p] * 3))(echo_points)
    curve = IppCurve(library(stand_in), ThreadExecutor(3), progress=lambda *at: seen.append(at))
    points = np.arange(17_000 * 8, dtype=np.uint32).view(np.uint8).reshape(-1, 32)
    points[:, 30] = 1  # none is special
    assert np.array_equal(curve.multiply(SCALAR, points), points)
    assert seen[-1] == (17_000, 17_000)
    assert seen == sorted(seen)


def echo_points(products: int, _scalars: int, points: int) -> int:
    """Copy the points of eight lanes: quick, and shows where each row went."""
    for lane in range(8):
        to, source = (ctypes.c_uint64.from_address(table + 8 * lane).value for table in (products, points))
        ctypes.memmove(to, source, 32)
    return 0


def test_another_release_hashes_without_the_field_functions() -> None:
    stand_in = StandIn()
    assert library(stand_in).field is not None
    other = library(stand_in, "2026.3.0")
    assert other.field is None
    messages = [b"x", b"y"]
    points = IppCurve(other).hash_to_curve(b"dst", messages)
    assert np.array_equal(points, OpenSSLCurve().hash_to_curve(b"dst", messages))


def test_field_functions_that_fail_their_known_answers_are_not_used() -> None:
    stand_in = StandIn()
    stand_in.fe52_pow_2_252m3_mod25519 = stand_in.fe52_mb_sqr_mod25519
    assert verified(library(stand_in)).field is None
    sound = library()
    assert verified(sound) is sound


def test_multiplication_that_fails_its_known_answers_is_refused() -> None:
    stand_in = StandIn()
    stand_in.mbx_x25519_mb8 = ctypes.CFUNCTYPE(*([ctypes.c_uint32] + [ctypes.c_void_p] * 3))(echo_points)
    with pytest.raises(BackendError, match="known-answer test failed: the X25519 of RFC 7748"):
        verified(library(stand_in))


def test_a_processor_that_cannot_is_told_apart() -> None:
    with pytest.raises(BackendError, match="no AVX-512 IFMA"):
        library(StandIn(width=0))
