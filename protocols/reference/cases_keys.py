"""Vectors of the functions of psi-v1 §3: maps, tokens, commitments, names."""

from typing import Any

from protocols.reference import suite
from protocols.reference.curve import P, hash_to_curve, x25519

Json = dict[str, Any]
SID = bytes(range(32))
ORDER_8 = (
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
)
LOW_ORDER = [n.to_bytes(32, "little").hex() for n in (0, 1, P - 1)] + list(ORDER_8)
"""All canonical u-coordinates of points of low order, on the curve and on its twist (RFC 7748 §6.1)."""


def point_on_twist() -> bytes:
    """Return the u-coordinate of a point of the twist: 2 is none of the curve's."""
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
                "message": labels.key_message(space, value).hex(),
                "point": labels.point_of_key(labels.key_message(space, value)).hex(),
            },
        }
        for space, value in keys
    ]
    secret = bytes(range(64, 96))
    for segment, row, slot in ((0, 0, 0), (1, 70000, 2)):
        message = labels.dummy_message(secret, segment, row, slot)
        cases.append(
            {
                "comment": "a dummy: its name space is empty",
                "secret": secret.hex(),
                "segment": segment,
                "row": row,
                "slot": slot,
                "expect": {"message": message.hex(), "point": labels.point_of_key(message).hex()},
            }
        )
    return {"comment": "H, from keys and from dummies to points", "section": "psi-v1 §3.1, §3.2", "cases": cases}


def match_generator() -> Json:
    """H' gives another point than H for the same input."""
    message = SID + bytes(16) + b"\x00\x00\x00\x05\x04name"
    cases = [
        {
            "comment": f"domain separation tag {dst}",
            "dst": dst,
            "message": message.hex(),
            "expect": {"point": hash_to_curve(dst.encode(), message).hex()},
        }
        for dst in (f"{labels.SUITE.decode()}-key", f"{labels.SUITE.decode()}-match")
    ]
    return {"comment": "One input under both tags", "section": "psi-v1 §3.1", "cases": cases}


def blinding() -> Json:
    """Products that commute, of points on the twist, and of low order."""
    a, b = bytes(range(1, 33)), bytes(range(101, 133))
    h = labels.point_of_key(labels.key_message("name", "brightwater"))
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
    return {"comment": "Blinding is X25519", "section": "psi-v1 §3.3", "cases": cases}


def tokens() -> Json:
    """Tokens of two values in two sessions."""
    product = x25519(bytes(range(1, 33)), labels.point_of_key(labels.key_message("name", "larkspur")))
    cases = [
        {
            "comment": comment,
            "sid": sid.hex(),
            "product": value.hex(),
            "expect": {"token": labels.token(sid, value).hex()},
        }
        for comment, sid, value in (
            ("a doubly blinded value", SID, product),
            ("the same in another session", bytes(32), product),
            ("another value", SID, bytes([1]) + bytes(31)),
        )
    ]
    return {"comment": "Doubly blinded values leave as tokens only", "section": "psi-v1 §3.3", "cases": cases}


def commitments() -> Json:
    """What is hashed under the other labels."""
    opening, table, counts = bytes(range(32, 64)), bytes(range(48)), [[3, 0, 1], [0, 0x01020304, 0]]
    cases: list[Json] = [
        {
            "comment": f"commitment to the {name}",
            "function": "commitment",
            "name": name,
            "sid": SID.hex(),
            "opening": opening.hex(),
            "table": table.hex(),
            "expect": labels.commitment(name, SID, opening, table).hex(),
        }
        for name in ("preview", "table", "initiator-table")
    ]
    cases += [
        {
            "comment": f"consent of role {role}",
            "function": "consent",
            "sid": SID.hex(),
            "role": role,
            "counts": counts,
            "expect": labels.consent(SID, role, counts).hex(),
        }
        for role in (0, 1)
    ]
    cases.append(
        {
            "comment": "name of the session",
            "function": "session_id",
            "context": bytes(32).hex(),
            "initiator_nonce": opening.hex(),
            "responder_nonce": SID.hex(),
            "expect": labels.session_id(bytes(32), opening, SID).hex(),
        }
    )
    return {"comment": "Digests under labels", "section": "psi-v1 §3.4, §3.5, §5.4", "cases": cases}
