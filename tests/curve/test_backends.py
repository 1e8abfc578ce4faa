"""Every backend against the published vectors, and all of them against each other.

The backend of libcrypto_mb runs here on a stand-in for the library, and on the library itself where the processor
can; tools/emulate_avx512.py runs these tests on an emulated one.
"""

import hashlib
import json
import platform
from importlib.metadata import distributions
from pathlib import Path

import numpy as np
import pytest

from accountmap.curve import openssl
from accountmap.curve.backends import OpenSSLCurve, check_hashing, check_multiplication, make_curve
from accountmap.curve.ipp import IppCurve, P
from accountmap.curve.ipp_library import FIELD_VERSION, PACKAGE, bind
from accountmap.errors import BackendError
from accountmap.parallel import ProcessExecutor
from accountmap.psi.ports import Curve
from tests.curve.stand_in import StandIn

VECTORS = Path(__file__).parent.parent / "vectors"
WYCHEPROOF = json.loads((VECTORS / "wycheproof_x25519_test.json").read_text())
RFC_9380 = json.loads((VECTORS / "rfc9380_curve25519_XMD_SHA-512_ELL2_NU_.json").read_text())

CPU_INFO = Path("/proc/cpuinfo")
INSTALLED = any(each.name == PACKAGE for each in distributions())
CAN_RUN_IPP = (
    INSTALLED
    and platform.machine() == "x86_64"
    and CPU_INFO.exists()
    and {"avx512ifma", "avx512_vbmi2"} <= set(CPU_INFO.read_text().split())
)

STAND_IN = StandIn()
LARGE: dict[str, Curve] = {
    "openssl": OpenSSLCurve(),
    "openssl, processes": OpenSSLCurve(ProcessExecutor(2)),
    **({"ipp": make_curve("ipp")} if CAN_RUN_IPP else {}),
}
BACKENDS = {**LARGE, "ipp on a stand-in": IppCurve(bind(STAND_IN, STAND_IN, FIELD_VERSION))}


@pytest.fixture(params=BACKENDS.values(), ids=BACKENDS.keys())
def curve(request: pytest.FixtureRequest) -> Curve:
    backend: Curve = request.param
    return backend


def test_the_library_is_used_where_the_processor_can_and_says_why_elsewhere() -> None:
    if CAN_RUN_IPP:
        assert isinstance(make_curve(), IppCurve)
        return
    with pytest.raises(BackendError, match="no AVX-512 IFMA" if INSTALLED else "not installed"):
        make_curve("ipp")
    assert isinstance(make_curve(), OpenSSLCurve)


def rows(*values: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex("".join(values)), np.uint8).reshape(-1, 32)


def test_wycheproof(curve: Curve) -> None:
    cases = [case for group in WYCHEPROOF["testGroups"] for case in group["tests"]]
    assert len(cases) > 500
    scalars, points, products = (rows(*(case[name] for case in cases)) for name in ("private", "public", "shared"))
    wrong = (curve.multiply_each(scalars, points) != products).any(axis=1)
    assert not [case["tcId"] for case, bad in zip(cases, wrong, strict=True) if bad]
    for case in cases[::50]:
        assert (
            curve.multiply(bytes.fromhex(case["private"]), rows(case["public"])).tobytes().hex() == case["shared"]
        )


def test_points_near_the_edges_of_the_field(curve: Curve) -> None:
    """Where a value that is almost p meets a small one: on both sides of 0, p/2 and p/4, at every distance."""
    numbers = [
        (start + sign * (2**bits + bits)) % P
        for start in (0, (P + 1) // 2, pow(4, -1, P))
        for sign in (1, -1)
        for bits in (*range(16), *range(16, 250, 9))
    ]
    points = rows(*(number.to_bytes(32, "little").hex() for number in numbers))
    scalars = np.frombuffer(hashlib.shake_256(b"edges").digest(points.size), np.uint8).reshape(-1, 32)
    assert np.array_equal(curve.multiply_each(scalars, points), OpenSSLCurve().multiply_each(scalars, points))


def test_a_scalar_that_stands_in_a_row_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random = hashlib.shake_256(b"in a row").digest(32 * 7)
    a, b, *points = (random[start : start + 32] for start in range(0, len(random), 32))
    scalars = [a, a, b, b, a]
    expected = b"".join(openssl.multiply(scalar, point) for scalar, point in zip(scalars, points, strict=True))
    loaded: list[bytes] = []
    multiply = openssl.multiply

    def counted(scalar: bytes, points: bytes) -> bytes:
        loaded.append(scalar)
        return multiply(scalar, points)

    monkeypatch.setattr(openssl, "multiply", counted)
    assert openssl.multiply_each((b"".join(scalars), b"".join(points))) == expected
    assert loaded == [a, b, a]
    assert openssl.multiply_each((b"", b"")) == b""


def test_rfc_9380(curve: Curve) -> None:
    vectors = RFC_9380["vectors"]
    made = curve.hash_to_curve(RFC_9380["dst"].encode(), [vector["msg"].encode() for vector in vectors])
    expected = [int(vector["Q"]["x"], 16).to_bytes(32, "little").hex() for vector in vectors]
    assert np.array_equal(made, rows(*expected))


def test_known_answers(curve: Curve) -> None:
    check_multiplication(curve)
    check_hashing(curve)


def test_products_commute(curve: Curve) -> None:
    points = curve.hash_to_curve(b"dst", [b"x", b"y"])
    a, b = b"a" * 32, b"b" * 32
    one = curve.multiply(b, curve.multiply(a, points))
    assert np.array_equal(one, curve.multiply(a, curve.multiply(b, points)))


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE.keys())
def test_large_jobs_give_the_same_bytes_as_small_ones(large: Curve) -> None:
    messages = [str(i).encode() for i in range(20_500)]
    points = large.hash_to_curve(b"dst", messages)
    assert np.array_equal(points, OpenSSLCurve().hash_to_curve(b"dst", messages))
    products = large.multiply(bytes(range(32)), points)
    alone = OpenSSLCurve().multiply(bytes(range(32)), points[20_400:])
    assert np.array_equal(products[20_400:], alone)


def test_progress_of_large_jobs_ends_at_the_total() -> None:
    seen: list[tuple[int, int]] = []
    curve = OpenSSLCurve(progress=lambda done, total: seen.append((done, total)))
    curve.hash_to_curve(b"dst", [b"x"] * 100)
    assert not seen
    curve.hash_to_curve(b"dst", [b"x"] * 20_500)
    assert seen[0] == (1024, 20_500)
    assert seen[-1] == (20_500, 20_500)
