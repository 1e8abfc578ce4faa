"""Vectors of runs and of rests (psi-v1 §5.9, message-v1 §6.2)."""

import hashlib
from dataclasses import replace
from typing import Any

from protocols.reference.cases_session import SMALL, describe_parameters, describe_party, party, small_parties
from protocols.reference.party import INITIATOR, RESPONDER, Parameters, Segments
from protocols.reference.rest import Row, encode
from protocols.reference.run import bodies, join, run_id, run_receipt
from protocols.reference.session import play, preview

Json = dict[str, Any]

FIRST = replace(SMALL, context=hashlib.sha256(b"rectangle 0").digest())
SECOND = Parameters(
    context=hashlib.sha256(b"rectangle 1").digest(),
    spaces=["name"],
    weights=[4],
    threshold=1,
    sizes=([0, 4], [3, 0]),
    channel_key_bytes=0,
    field_bytes=0,
)
"""To count only: the second segment of the initiator by the first of the responder."""

I_REST: list[Row] = [(0, 0, "", 7), (0, 1, "DE", 5), (0, 1, "", 2)]
R_REST: list[Row] = [(1, 0, "", 3), (1, 3, "11-50", 3)]


def run() -> Json:
    """A run of a session that reveals and one that is to count only."""
    i, r = small_parties()
    i_second: Segments = [[], [["umbergrove"], ["fernhollow"]]]
    r_second: Segments = [[["umbergrove"]], []]
    i2, r2 = party("second", INITIATOR, i_second, b""), party("second", RESPONDER, r_second, b"")
    named, counted = play(i, r, FIRST), preview(i2, r2, SECOND)
    rests = encode(sorted(I_REST)), encode(sorted(R_REST))
    made = bodies(named.bodies, counted.bodies[:4], rests)
    return {
        "comment": "All ten bodies of a run of two sessions, the second of which is to count only",
        "section": "psi-v1 §5.9",
        "sessions": [
            {
                "parameters": {**describe_parameters(p), "reveals": reveals},
                "initiator": describe_party(one),
                "responder": describe_party(other),
            }
            for p, reveals, one, other in ((FIRST, True, i, r), (SECOND, False, i2, r2))
        ],
        "rest_bytes": [1 << 20, 1 << 20],
        "rests": [rest.hex() for rest in rests],
        "expect": {
            "run": run_id([named.preview.sid, counted.sid]).hex(),
            "counts": [named.preview.counts, counted.counts],
            "receipt": run_receipt([named.receipt]).hex(),
            "bodies": {str(n): body.hex() for n, body in enumerate(made, 1)},
        },
    }


def run_refusals() -> Json:
    """Bodies whose sections do not fit; in place of the message that is due in the run of run.json."""
    made = {int(n): bytes.fromhex(body) for n, body in run()["expect"]["bodies"].items()}
    first, rest = made[1], made[8]
    lengths = int.from_bytes(first[:8], "big"), int.from_bytes(first[8:16], "big")
    sections = first[16 : 16 + lengths[0]], first[16 + lengths[0] :]
    cases = [
        ("one section too few", 1, join(sections[:1])),
        ("one section too many", 1, join([*sections, b""])),
        ("sections in the other order", 1, join(sections[::-1])),
        ("a byte moved from one section to the next", 1, join([sections[0][:-1], sections[0][-1:] + sections[1]])),
        ("a byte behind the sections", 1, first + b"\x00"),
        ("cut inside the lengths", 1, first[:15]),
        ("nothing", 1, b""),
        ("a length beyond all", 1, b"\xff" * 8 + first[8:]),
        ("message 6, a byte behind the sections", 6, made[6] + b"\x00"),
        ("message 7, a byte of the section missing", 7, made[7][:-1]),
        ("message 9, nothing", 9, b""),
        ("no rest, not even an empty one", 8, join([rest[16 : 16 + int.from_bytes(rest[:8], "big")]])),
    ]
    return {
        "comment": "Bodies of a run that are not cut as they should be",
        "section": "psi-v1 §5.9",
        "run": "run.json",
        "cases": [
            {"comment": comment, "message": n, "body": body.hex(), "expect": "refuse: section-length"}
            for comment, n, body in cases
        ],
    }


def rests() -> Json:
    """Rests of a list with three segments, and bytes that are none."""
    rows = sorted([*I_REST, (2, 0, "", 4), (2, 2, "Bäckerei", 4), (2, 4, "Larkspur & Sons", 1)])
    good = encode(rows)
    one = encode([(0, 0, "", 7)])
    refused = [
        ("cut inside a row", one[:-1]),
        ("cut inside a value", good[:-1]),
        ("a row twice", one + one),
        ("rows in another order", encode(rows[::-1])),
        ("a segment that does not exist", encode([(3, 0, "", 7)])),
        ("a kind that does not exist", encode([(0, 5, "", 7)])),
        ("a value longer than may be", encode([(0, 2, "x" * 81, 7)])),
        ("a row of all with a value", encode([(0, 0, "DE", 7)])),
        ("not UTF-8", encode([(0, 2, "x", 7)])[:-1] + b"\xff"),
    ]
    return {
        "comment": "The rest of a list",
        "section": "message-v1 §6.2",
        "segments": 3,
        "cases": [
            {"comment": "nothing", "rows": [], "expect": ""},
            {"comment": "two segments", "rows": rows, "expect": good.hex()},
            *({"comment": comment, "bytes": data.hex(), "expect": "refuse: rest"} for comment, data in refused),
        ],
    }
