"""H against the published vectors of RFC 9380, and the properties that the batch relies on."""

import json
from pathlib import Path

import gmpy2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountmap.psi.hash_to_curve import J, P, map_to_curve

VECTORS = json.loads(
    (Path(__file__).parent.parent / "vectors" / "rfc9380_curve25519_XMD_SHA-512_ELL2_NU_.json").read_text()
)


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda v: v["msg"][:8])
def test_rfc_9380(vector: dict[str, dict[str, str]]) -> None:
    made = map_to_curve(VECTORS["dst"].encode(), [str(vector["msg"]).encode()])
    assert int.from_bytes(made, "little") == int(vector["Q"]["x"], 16)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_a_batch_is_the_same_as_one_by_one_and_lies_on_the_curve(messages: list[bytes]) -> None:
    batch = map_to_curve(b"dst", messages)
    assert batch == b"".join(map_to_curve(b"dst", [message]) for message in messages)
    for start in range(0, len(batch), 32):
        x = gmpy2.mpz(int.from_bytes(batch[start : start + 32], "little"))
        assert x < P
        assert gmpy2.jacobi((x**3 + J * x**2 + x) % P, P) == 1
