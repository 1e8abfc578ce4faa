"""Vectors of whole sessions between two honest parties (psi-v1 §5)."""

import hashlib
from typing import Any

from protocols.reference import ed25519
from protocols.reference.party import INITIATOR, RESPONDER, ROLES, Parameters, Party, Segments
from protocols.reference.session import Played, play

Json = dict[str, Any]
SPACES = ["name", "name", "domain"]
BRIGHTWATER, LARKSPUR, UMBERGROVE = "brightwater.example", "larkspur.example", "umbergrove.example"

SMALL = Parameters(
    context=hashlib.sha256(b"a small session").digest(),
    spaces=SPACES,
    weights=[4, 2, 1],
    threshold=1,
    sizes=([4, 3], [3, 4]),
    channel_key_bytes=8,
    field_bytes=40,
)
"""Two segments, three slots of which two share a name space."""

NOTHING = Parameters(
    context=hashlib.sha256(b"nothing in common").digest(),
    spaces=["name"],
    weights=[1],
    threshold=1,
    sizes=([2, 0], [2, 1]),
    channel_key_bytes=0,
    field_bytes=0,
)
"""One slot, an empty segment, and a party all of whose rows are padding."""


def party(name: str, role: int, segments: Segments, channel_key: bytes) -> Party:
    """Make a party whose fields say which entity they are of."""
    entities = sum(map(len, segments))
    fields = [f"{ROLES[role]}'s entity {n}".encode()[: 40 * (n != 1)] for n in range(entities)]
    signing_seed = hashlib.sha256(f"{name} {ROLES[role]} signs".encode()).digest()
    return Party(role, segments, fields, channel_key, signing_seed, f"{name} {ROLES[role]}")


def small_parties() -> tuple[Party, Party]:
    """Three matches: by slot 0 alike, across the two name slots, and by domain."""
    i: Segments = [
        [["brightwater", None, BRIGHTWATER], ["larkspur", "lark", LARKSPUR]],
        [["umbergrove", "umber", UMBERGROVE], ["fernhollow", None, None]],
    ]
    r: Segments = [
        [["brightwater", "bright", None]],
        [["hollyoak", "larkspur", None], ["stonewell", None, UMBERGROVE], ["ivywood", None, None]],
    ]
    return (
        party("small", INITIATOR, i, b"i's key!"),
        party("small", RESPONDER, r, b"r's key!"),
    )


def nothing_parties() -> tuple[Party, Party]:
    """Nothing matches, for the initiator has nothing."""
    return (
        party("nothing", INITIATOR, [[], []], b""),
        party("nothing", RESPONDER, [[["brightwater"]], [["hollyoak"]]], b""),
    )


def describe_party(side: Party) -> Json:
    """Write a party's inputs and draws."""
    return {
        "segments": side.segments,
        "fields": [field.hex() for field in side.fields],
        "channel_key": side.channel_key.hex(),
        "signing_seed": side.signing_seed.hex(),
        "signing_key": ed25519.public_key(side.signing_seed).hex(),
        "random": {name: drawn.hex() for name, drawn in side.drawn.items()},
    }


def describe_parameters(p: Parameters) -> Json:
    """Write the parameters."""
    return {
        "context": p.context.hex(),
        "spaces": p.spaces,
        "weights": p.weights,
        "threshold": p.threshold,
        "sizes": p.sizes,
        "channel_key_bytes": p.channel_key_bytes,
        "field_bytes": p.field_bytes,
    }


def describe_matches(played: Played) -> list[Json]:
    """Write the matches with what each side knows them by."""
    found = zip(played.result.matches, played.result.ids, *played.entities, played.words, strict=True)
    return [
        {
            "id": name.hex(),
            "u": match.u,
            "v": match.v,
            "weight": match.weight,
            "shared": match.shared,
            "initiator_entity": ours,
            "responder_entity": theirs,
            "password": word.hex(),
        }
        for match, name, ours, theirs, word in found
    ]


def describe(comment: str, p: Parameters, i: Party, r: Party) -> Json:
    """Play a session and write it down."""
    played = play(i, r, p)
    return {
        "comment": comment,
        "section": "psi-v1 §5",
        "parameters": describe_parameters(p),
        "initiator": describe_party(i),
        "responder": describe_party(r),
        "expect": {
            "sid": played.preview.sid.hex(),
            "counts": played.preview.counts,
            "matches": describe_matches(played),
            "receipt": played.receipt.hex(),
            "bodies": {str(n): body.hex() for n, body in enumerate(played.bodies, 1)},
        },
    }


def small_session() -> Json:
    """A session with padding, dummies, a shared name space, and three matches."""
    return describe("All ten bodies of a small session with three matches", SMALL, *small_parties())


def session_without_matches() -> Json:
    """A session that finds nothing."""
    return describe("All ten bodies of a session without a match", NOTHING, *nothing_parties())
