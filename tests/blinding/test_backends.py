"""Every backend against Wycheproof, and all of them against each other."""

import json
from pathlib import Path

import numpy as np
import pytest

from accountmap.blinding.openssl import OpenSSLCurve
from accountmap.executors import ProcessExecutor
from accountmap.psi.hash_to_curve import hash_to_curve
from accountmap.psi.parameters import Curve

WYCHEPROOF = json.loads((Path(__file__).parent.parent / "vectors" / "wycheproof_x25519_test.json").read_text())
BACKENDS = {"openssl": OpenSSLCurve(), "openssl, processes": OpenSSLCurve(ProcessExecutor(2))}


@pytest.fixture(params=BACKENDS.values(), ids=BACKENDS.keys())
def curve(request: pytest.FixtureRequest) -> Curve:
    backend: Curve = request.param
    return backend


def test_wycheproof(curve: Curve) -> None:
    cases = [case for group in WYCHEPROOF["testGroups"] for case in group["tests"]]
    assert len(cases) > 500
    for case in cases:
        point = np.frombuffer(bytes.fromhex(case["public"]), np.uint8).reshape(1, 32)
        assert curve.multiply(bytes.fromhex(case["private"]), point).tobytes().hex() == case["shared"], case


def test_large_jobs_give_the_same_bytes_as_small_ones(curve: Curve) -> None:
    messages = [str(i).encode() for i in range(20_500)]
    points = curve.hash_to_curve(b"dst", messages)
    assert np.array_equal(points, hash_to_curve(b"dst", messages))
    products = curve.multiply(bytes(range(32)), points[:20_500])
    alone = OpenSSLCurve().multiply(bytes(range(32)), points[20_400:])
    assert np.array_equal(products[20_400:], alone)


def test_products_commute(curve: Curve) -> None:
    points = curve.hash_to_curve(b"dst", [b"x", b"y"])
    a, b = b"a" * 32, b"b" * 32
    one = curve.multiply(b, curve.multiply(a, points))
    assert np.array_equal(one, curve.multiply(a, curve.multiply(b, points)))


def test_progress_of_large_jobs_ends_at_the_total() -> None:
    seen: list[tuple[int, int]] = []
    curve = OpenSSLCurve(progress=lambda done, total: seen.append((done, total)))
    curve.hash_to_curve(b"dst", [b"x"] * 100)
    assert not seen
    curve.hash_to_curve(b"dst", [b"x"] * 20_500)
    assert seen[0] == (1024, 20_500)
    assert seen[-1] == (20_500, 20_500)
