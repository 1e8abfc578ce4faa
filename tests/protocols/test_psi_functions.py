"""The functions of psi-v2 §3, §6 and §7.3 as the package has them, against the vectors."""

import re

import numpy as np
import pytest

from accountmap.curve.backends import OpenSSLCurve
from accountmap.errors import PeerError
from accountmap.model import Role
from accountmap.psi import suite, tables
from accountmap.psi.codec import check_length, pack_bits, read_preview, unpack_bits, write_preview
from accountmap.psi.inputs import ComparisonSecrets, input_commitment, padding_models
from accountmap.psi.key_exchange import match_ids
from accountmap.psi.matching import Matching
from accountmap.psi.parameters import MessageType, PreviewParameters
from accountmap.psi.suite import DUMMY_SPACE, KEY_DST, MATCH_DST, key_message
from tests.protocols import replay
from tests.protocols.vectors import Json, cases, comment, load

CURVE = OpenSSLCurve()
EMPTY = np.zeros(0, np.int64)


def row(data: str) -> np.ndarray:
    return np.frombuffer(bytes.fromhex(data), np.uint8).reshape(1, -1)


def bits(texts: list[str]) -> np.ndarray:
    return np.array([int(text, 2) for text in texts], np.uint8)


@pytest.mark.parametrize("case", cases("psi/map_to_curve.json"), ids=comment)
def test_map_to_curve(case: Json) -> None:
    if "space" in case:
        message = key_message(case["space"].encode(), case["value"].encode())
    else:
        place = (np.array([case[name]], np.int64) for name in ("row", "slot"))
        message = key_message(DUMMY_SPACE, tables.dummy_values(bytes.fromhex(case["secret"]), *place).tobytes())
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
    prefix = suite.token_prefix(bytes.fromhex(case["rid"]))
    assert tables.tokens(prefix, row(case["product"])).tobytes().hex() == case["expect"]["token"]


@pytest.mark.parametrize("case", cases("psi/derivation.json"), ids=comment)
def test_derivation(case: Json) -> None:
    key = suite.derive(bytes.fromhex(case["seed"]), case["label"], *map(bytes.fromhex, case["parts"]))
    assert key.hex() == case["expect"]["key"]
    assert suite.words(key, 5).tolist() == case["expect"]["words"]
    assert suite.words(key, 4, first=1).tolist() == case["expect"]["words"][1:]
    assert suite.words(key, 1, first=1000001).tolist() == [case["expect"]["word_1000001"]]


def test_ids() -> None:
    vector = load("psi/ids.json")
    expect, context = vector["expect"], bytes.fromhex(vector["context"])
    sid = suite.session_id(context, *map(bytes.fromhex, vector["nonces"]))
    assert sid.hex() == expect["sid"]
    assert [suite.rectangle_id(sid, n).hex() for n in (0, 1, 255)] == expect["rids"]
    transcripts = [suite.first_transcript(context)]
    for number, body in enumerate(vector["bodies"], 1):
        halves = bytes.fromhex(body)[:7], bytes.fromhex(body)[7:]
        transcripts.append(suite.next_transcript(transcripts[-1], number, halves))
    assert [t.hex() for t in transcripts] == expect["transcripts"]
    assert [suite.consent(sid, role, transcripts[2 + role]).hex() for role in Role] == expect["consents"]
    x, v = np.array(vector["rows"], np.int64).T
    made = match_ids(suite.rectangle_id(sid, 0), Matching(x, v, EMPTY, EMPTY, EMPTY))
    assert [each.tobytes().hex() for each in made] == expect["match_ids"]


def test_orders() -> None:
    vector = load("psi/order_of_v.json")
    drawn = (bytes.fromhex(vector[name]) for name in ("seed", "nonce"))
    secrets = ComparisonSecrets(*drawn, vector["rectangle"])
    for case in vector["cases"]:
        assert secrets.token_order(case["sizes"], bits(case["bits"])).tolist() == case["expect"]
    for case in vector["own_rows"]:
        sizes = [case["rows"] if n == case["segment"] else 0 for n in range(3)]
        assert secrets.own_order(sizes).tolist() == case["expect"]


def test_presence_bits() -> None:
    vector = load("psi/presence_bits.json")
    slots, held = replay.slots_of(vector["slots"]), [case["keys"] for case in vector["cases"]]
    present = np.array([[key is not None for key in keys] for keys in held])
    in_country = np.array([[bool(re.search(r"\|[A-Z]{2}\Z", key or "")) for key in keys] for keys in held])
    made = tables.presence_bits(slots, present, in_country)
    assert made.tolist() == bits([case["expect"] for case in vector["cases"]]).tolist()
    for case in vector["packed"]:
        assert pack_bits(bits(case["rows"])).hex() == case["expect"]
        unpacked = unpack_bits(bytes.fromhex(case["expect"]), len(case["rows"]))
        assert unpacked.tolist() == bits(case["rows"]).tolist()


@pytest.mark.parametrize("case", load("psi/presence_bits.json")["padding"], ids=comment)
def test_padding_takes_the_bits_of_entities(case: Json) -> None:
    segment = case["bits"][case["segment"]]
    models = segment or [b for n, part in enumerate(case["bits"]) if n in case["rectangle_segments"] for b in part]
    seed = bytes.fromhex(case["sketch_seed"])
    for rows in (range(12), range(5, 12)):
        chosen = padding_models(seed, case["segment"], len(models), rows)
        assert [models[n] for n in chosen.tolist()] == case["expect"][rows.start :]


@pytest.mark.parametrize("role", list(Role))
def test_input_commitments(role: Role) -> None:
    vector = load("psi/commitments.json")
    party, expect, p = vector[role.name.lower()], vector["expect"][role], replay.parameters(vector)
    assert [record.hex() for record in replay.records_of(party, p, role)] == expect["records"]
    own = replay.inputs_of(party, vector, role)
    assert own.key_table().hex() == expect["key_table"]
    nonce = bytes.fromhex(party["random"]["nonce"])
    assert input_commitment(p.context, nonce, role, own).hex() == expect["commitment"]


def test_previews_on_their_own() -> None:
    vector = load("psi/preview.json")
    described = vector["parameters"]
    terms = [replay.terms_of(each) for each in described["sketches"]]
    p = PreviewParameters(bytes.fromhex(described["context"]), (terms[0].length, terms[1].length))
    nonces = []
    for role, kind in zip(Role, (MessageType.PREVIEW_OFFER, MessageType.PREVIEW_ANSWER), strict=True):
        party, body = vector[role.name.lower()], bytes.fromhex(vector["expect"]["bodies"][str(int(kind))])
        rules = replay.PartnerRules(terms[role], 3, "")
        nonce, sketch = read_preview(p, kind, body, rules.check_sketch)
        nonces.append(nonce)
        assert nonce.hex() == party["random"]["nonce"]
        assert write_preview(kind, nonce, sketch).body == body
        check_length(kind, body, p.body_limits(kind))
        for bad in (body[:-1], body + b"x", body[:48] + bytes(len(body) - 48)):
            with pytest.raises(PeerError):
                read_preview(p, kind, bad, rules.check_sketch)
        with pytest.raises(PeerError, match="nonce"):
            read_preview(p, kind, body, rules.check_sketch, own_nonce=nonce)
    assert suite.session_id(p.context, *nonces).hex() == vector["expect"]["sid"]
