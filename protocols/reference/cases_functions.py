"""Vectors of the functions of psi-v2 §3 and §6: maps, tokens, derivation, noise, ids, commitments."""

from typing import Any

from protocols.reference import suite
from protocols.reference.cases_session import SMALL, describe_parameters, describe_party, small_parties
from protocols.reference.curve import P, hash_to_curve, x25519
from protocols.reference.sketch import laplace
from protocols.reference.tables import input_commitment, key_table, row_record

Json = dict[str, Any]
RID = bytes(range(32))
SEED = bytes(range(64, 96))
ORDER_8 = (
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
)
LOW_ORDER = [n.to_bytes(32, "little").hex() for n in (0, 1, P - 1)] + list(ORDER_8)
"""All canonical u-coordinates of points of low order, on the curve and on its twist (RFC 7748 §6.1)."""


def point_on_twist() -> bytes:
    """Return the u-coordinate of a point of the twist: 2 is not on the curve."""
    return (2).to_bytes(32, "little")


def map_to_curve() -> Json:
    """H of keys of one and of several bytes, of an empty value, and of dummies."""
    keys = [
        ("name", "brightwater"),
        ("domain", "brightwater.example"),
        ("name", ""),
        ("name", "ügür"),
        ("n", "ame"),
    ]
    cases: list[Json] = [
        {
            "comment": "a key: length of the name space, name space, value",
            "space": space,
            "value": value,
            "expect": {
                "message": suite.key_message(space, value).hex(),
                "point": suite.point_of_key(suite.key_message(space, value)).hex(),
            },
        }
        for space, value in keys
    ]
    for row, slot in ((0, 0), (70000, 2)):
        message = suite.dummy_message(SEED, row, slot)
        cases.append(
            {
                "comment": "a dummy: its name space is empty",
                "secret": SEED.hex(),
                "row": row,
                "slot": slot,
                "expect": {"message": message.hex(), "point": suite.point_of_key(message).hex()},
            }
        )
    return {"comment": "H, from keys and from dummies to points", "section": "psi-v2 §3.1, §7.3", "cases": cases}


def match_generator() -> Json:
    """H' gives another point than H for the same input."""
    message = RID + bytes(16) + b"\x00\x00\x00\x05\x04name"
    cases = [
        {
            "comment": f"domain separation tag {dst}",
            "dst": dst,
            "message": message.hex(),
            "expect": {"point": hash_to_curve(dst.encode(), message).hex()},
        }
        for dst in (f"{suite.SUITE.decode()}-key", f"{suite.SUITE.decode()}-match")
    ]
    return {"comment": "One input under both tags", "section": "psi-v2 §3.1", "cases": cases}


def blinding() -> Json:
    """Products that commute, of points on the twist, and of low order."""
    a, b = bytes(range(1, 33)), bytes(range(101, 133))
    h = suite.point_of_key(suite.key_message("name", "brightwater"))
    points = [
        ("under the first secret", a, h),
        ("under the second secret", b, h),
        ("first, then second", b, x25519(a, h)),
        ("second, then first: the same", a, x25519(b, h)),
        ("a point of the twist: let through", a, point_on_twist()),
        *[("a point of low order: zero", a, bytes.fromhex(u)) for u in LOW_ORDER],
    ]
    cases = [
        {"comment": comment, "scalar": s.hex(), "point": u.hex(), "expect": {"product": x25519(s, u).hex()}}
        for comment, s, u in points
    ]
    return {"comment": "Blinding is X25519", "section": "psi-v2 §3.2", "cases": cases}


def tokens() -> Json:
    """Tokens of two values in two comparisons."""
    product = x25519(bytes(range(1, 33)), suite.point_of_key(suite.key_message("name", "larkspur")))
    cases = [
        {
            "comment": comment,
            "rid": rid.hex(),
            "product": value.hex(),
            "expect": {"token": suite.token(rid, value).hex()},
        }
        for comment, rid, value in (
            ("a doubly blinded value", RID, product),
            ("the same in another comparison", bytes(32), product),
            ("another value", RID, bytes([1]) + bytes(31)),
        )
    ]
    return {"comment": "Doubly blinded values leave as tokens only", "section": "psi-v2 §3.2", "cases": cases}


def derivation() -> Json:
    """Keys from a seed, and the first words of each."""
    cases = []
    for label, parts in (
        ("scalar", [RID, b"\x00"]),
        ("shuffle", [RID, b"\x00\x01"]),
        ("sketch-noise", [bytes(16)]),
        ("totals", [b"\x01", b"DE"]),
    ):
        key = suite.derive(SEED, label, *parts)
        cases.append(
            {
                "comment": label,
                "seed": SEED.hex(),
                "label": label,
                "parts": [part.hex() for part in parts],
                "expect": {
                    "key": key.hex(),
                    "words": [suite.word(key, j) for j in range(5)],
                    "word_1000001": suite.word(key, 1000001),
                },
            }
        )
    return {"comment": "Keys by HKDF, words by AES-256 in counter mode", "section": "psi-v2 §3.3", "cases": cases}


def laplace_draws() -> Json:
    """The first draws of several scales, one after the other from the same words."""
    cases = []
    for scale in (1, 2, 4, 6, 8, 16):
        source = suite.words(SEED, "estimate", bytes([scale]))
        cases.append(
            {
                "comment": f"scale {scale}",
                "seed": SEED.hex(),
                "label": "estimate",
                "parts": [bytes([scale]).hex()],
                "scale": scale,
                "expect": [laplace(source, scale) for _ in range(24)],
            }
        )
    return {
        "comment": "Draws one after the other from the words of (seed, label, parts)",
        "section": "psi-v2 §3.4",
        "cases": cases,
    }


def ids() -> Json:
    """Ids, transcripts and consents."""
    context, nonces = bytes(range(32)), (bytes(range(32, 64)), SEED)
    sid = suite.session_id(context, *nonces)
    bodies = [b"body of message 1", b"", bytes(1000)]
    transcripts = suite.transcripts(context, bodies)
    return {
        "comment": "Ids, transcripts and consents",
        "section": "psi-v2 §3.5, §7.2, §7.8",
        "context": context.hex(),
        "nonces": [nonce.hex() for nonce in nonces],
        "bodies": [body.hex() for body in bodies],
        "rows": [[0, 0], [6, 2**32 - 1]],
        "expect": {
            "sid": sid.hex(),
            "rids": [suite.rectangle_id(sid, n).hex() for n in (0, 1, 255)],
            "transcripts": [t.hex() for t in transcripts],
            "consents": [suite.consent(sid, role, transcripts[2 + role]).hex() for role in (0, 1)],
            "match_ids": [
                suite.match_id(suite.rectangle_id(sid, 0), x, v).hex() for x, v in ((0, 0), (6, 2**32 - 1))
            ],
        },
    }


def commitments() -> Json:
    """Records, key table and commitment of both parties of the small session."""
    sides = small_parties()
    expect = [
        {
            "records": [
                row_record(number, row, entity, SMALL).hex()
                for number, segment in enumerate(side.segments)
                for row, entity in enumerate(segment)
            ],
            "key_table": key_table(side, SMALL).hex(),
            "commitment": input_commitment(side, SMALL).hex(),
        }
        for side in sides
    ]
    return {
        "comment": "What the parties of session.json commit to",
        "section": "psi-v2 §6.2",
        "parameters": describe_parameters(SMALL),
        "initiator": describe_party(sides[0]),
        "responder": describe_party(sides[1]),
        "expect": expect,
    }
