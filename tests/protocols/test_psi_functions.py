"""The functions of psi-v1 §3 as the package has them, against the vectors."""

import numpy as np
import pytest

from accountmap.curve.openssl import OpenSSLCurve
from accountmap.psi import rounds, tables
from accountmap.psi.parameters import Parameters, Role
from accountmap.psi.suite import DUMMY_SPACE, KEY_DST, MATCH_DST, digest, key_message
from tests.protocols.vectors import Json, cases, comment

CURVE = OpenSSLCurve()


def row(data: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(data), np.uint8).reshape(1, -1)


@pytest.mark.parametrize("case", cases("psi/map_to_curve.json"), ids=comment)
def test_map_to_curve(case: Json) -> None:
    if "space" in case:
        message = key_message(case["space"].encode(), case["value"].encode())
    else:
        segment, number, slot = (case[k].to_bytes(n, "big") for k, n in (("segment", 1), ("row", 4), ("slot", 1)))
        message = key_message(DUMMY_SPACE, digest("dummy", bytes.fromhex(case["secret"]), segment, number, slot))
    assert message.hex() == case["expect"]["message"]
    assert CURVE.hash_to_curve(KEY_DST, [message]).tobytes().hex() == case["expect"]["point"]


@pytest.mark.parametrize("case", cases("psi/domain_separation.json"), ids=comment)
def test_domain_separation(case: Json) -> None:
    dst = case["dst"].encode()
    assert dst in {KEY_DST, MATCH_DST}
    made = CURVE.hash_to_curve(dst, [bytes.fromhex(case["message"])])
    assert made.tobytes().hex() == case["expect"]["point"]


@pytest.mark.parametrize("case", cases("psi/blinding.json"), ids=comment)
def test_blinding(case: Json) -> None:
    scalar, point = bytes.fromhex(case["scalar"]), row(case["point"])
    assert CURVE.multiply(scalar, point).tobytes().hex() == case["expect"]["product"]
    assert CURVE.multiply_each(row(case["scalar"]), point).tobytes().hex() == case["expect"]["product"]


@pytest.mark.parametrize("case", cases("psi/tokens.json"), ids=comment)
def test_tokens(case: Json) -> None:
    prefix = rounds.token_prefix(bytes.fromhex(case["sid"]))
    assert tables.tokens(prefix, row(case["product"])).tobytes().hex() == case["expect"]["token"]


def commitment(case: Json) -> bytes:
    sid, opening = bytes.fromhex(case["sid"]), bytes.fromhex(case["opening"])
    return rounds.commitment(case["name"], sid, opening, row(case["table"]))


def consent(case: Json) -> bytes:
    return rounds.consent(bytes.fromhex(case["sid"]), Role(case["role"]), np.array(case["counts"]))


def session_id(case: Json) -> bytes:
    parameters = Parameters(bytes.fromhex(case["context"]), (1,), 1, ((1,), (1,)), 0, 0)
    return rounds.session_id(
        parameters, bytes.fromhex(case["initiator_nonce"]), bytes.fromhex(case["responder_nonce"])
    )


FUNCTIONS = {"commitment": commitment, "consent": consent, "session_id": session_id}


@pytest.mark.parametrize("case", cases("psi/digests.json"), ids=comment)
def test_digests(case: Json) -> None:
    assert FUNCTIONS[case["function"]](case).hex() == case["expect"]
