"""Vectors of whole sessions between two honest parties, and of previews on their own (psi-v2 §7)."""

import hashlib
from dataclasses import replace
from typing import Any

from protocols.reference import ed25519, shown, sketch
from protocols.reference.matching import ALWAYS, strength_of
from protocols.reference.party import (
    INITIATOR,
    RESPONDER,
    ROLES,
    STRONG,
    WEAK,
    Entity,
    MatchClass,
    Parameters,
    Party,
    Rectangle,
    Slot,
)
from protocols.reference.session import Comparison, Played, play
from protocols.reference.sketch import PLAIN, SketchTerms
from protocols.reference.suite import session_id

Json = dict[str, Any]

SLOTS = [
    Slot("domain", 32, STRONG, "domain"),
    Slot("name", 16, STRONG, "name"),
    Slot("name", 8, STRONG, "country"),
    Slot("name", 4, STRONG, "country", meets_itself=False),
    Slot("name", 2, WEAK, "name"),
    Slot("name", 1, WEAK, "other"),
]
"""Domain, full name, core and country, shortened name and country, common name, label of the domain."""

CLASSES = [
    MatchClass([0], [], ["country"], True, ALWAYS, 0),
    MatchClass([1], [2, 3, 5], [], True, 1000, 10000),
    MatchClass([1], [], [], True, 100, 1000),
    MatchClass([1], [], ["domain"], False, 0, 50),
    MatchClass([2, 3], [], [], False, 10, 50),
    MatchClass([4], [], [], False, 0, ALWAYS),
    MatchClass([5], [], [], False, 0, 30),
]

SMALL = Parameters(
    context=hashlib.sha256(b"a small session").digest(),
    slots=SLOTS,
    weak="ask",
    threshold=1,
    classes=CLASSES,
    rectangles=[Rectangle(([0, 1], [0, 1, 2]), 40), Rectangle(([2], [0]), 24)],
    sizes=([4, 3, 2], [4, 4, 2]),
    sketches=(SketchTerms(PLAIN, (16,), "1"), SketchTerms(PLAIN, (20,), "1/2")),
    totals_bytes=(1 << 20, 1 << 20),
    channel_key_bytes=8,
)
"""Three segments, six slots of which five share a name space, two rectangles."""

NOTHING = replace(
    SMALL,
    context=hashlib.sha256(b"nothing in common").digest(),
    weak="none",
    rectangles=[Rectangle(([0, 1, 2], [0, 1, 2]), 0)],
    sizes=([2, 0, 0], [2, 1, 0]),
    sketches=(SketchTerms(sketch.SEGMENTS, (4, 4, 4), "1"), SketchTerms(sketch.SEGMENTS, (4, 4, 8), "1/4")),
    totals_bytes=(0, 0),
    channel_key_bytes=0,
)
"""Weak slots are not sent, a segment is empty, and all rows of a party are padding."""

Keys = list[str | None]


def entity(name: str, keys: Keys, full_name: str | None = None) -> Entity:
    """Make an entity of one account, whose fields say whose they are."""
    value = full_name or keys[1] or keys[4]
    return Entity([name], value, keys, f"fields of {name}".encode())


def party(name: str, role: int, segments: list[list[Entity]], channel_key: bytes, totals: bytes) -> Party:
    """Make a party; all it draws depends on its name and role."""
    whose = f"{name} {ROLES[role]}"
    return Party(
        role=role,
        card=hashlib.sha256(f"card of {whose}".encode()).digest(),
        segments=segments,
        frozen_list=f"list of {whose}".encode(),
        sketch_list=f"list of the sketch of {whose}".encode(),
        totals=totals,
        channel_key=channel_key,
        signing_seed=hashlib.sha256(f"{whose} signs".encode()).digest(),
        seed=whose,
    )


def small_parties() -> tuple[Party, Party]:
    """Three matches to reveal or to ask about in the first rectangle, one in the second.

    Brightwater and Stonewell match by domain; Larkspur by a label only; Fernhollow by name against two domains;
    the two Keikis share a shortened name, which does not meet itself; Delta is a common name.
    """
    i = [
        [
            entity("I-1", ["brightwater.example", "brightwater", "brightwater|DE", None, None, None]),
            entity("I-2", [None, "larkspur", "lark|GB", None, None, None]),
            entity("I-3", [None, "tokyokeiki", None, "keiki|JP", None, None]),
        ],
        [
            entity("I-4", ["umbergrove.example", "umbergrove", None, None, None, None]),
            entity("I-5", ["fernhollow.example", "fernhollow", "fern", None, None, None]),
        ],
        [entity("I-6", [None, None, "delta|US", None, "delta", None])],
    ]
    r = [
        [
            entity("R-1", ["brightwater.example", "brightwater", None, None, None, "bright"]),
            entity("R-2", [None, "naganokeiki", None, "keiki|JP", None, None]),
            entity("R-3", [None, None, None, None, "delta", None]),
        ],
        [
            entity("R-4", ["hollyoak.example", "hollyoak", "hollyoak|GB", None, None, "larkspur"]),
            entity("R-5", ["fernhollow.test", "fernhollow", "fernhollow|US", None, None, None]),
            entity("R-6", ["umbergrove.example", None, None, None, None, "umber"], "stonewell"),
        ],
        [],
    ]
    i_totals = shown.encode_totals([(0, 255, "", 7), (1, 255, "DE", 19)])
    r_totals = shown.encode_totals([(4, 0, "Nagano Keiki", 1)])
    return (
        party("small", INITIATOR, i, b"i's key!", i_totals),
        party("small", RESPONDER, r, b"r's key!", r_totals),
    )


def nothing_parties() -> tuple[Party, Party]:
    """Nothing matches, for the initiator has nothing."""
    r = [
        [entity("R-1", [None, "brightwater", "brightwater|DE", None, None, None])],
        [entity("R-2", ["hollyoak.example", None, None, None, None, None])],
        [],
    ]
    return (
        party("nothing", INITIATOR, [[], [], []], b"", b""),
        party("nothing", RESPONDER, r, b"", b""),
    )


def describe_party(side: Party) -> Json:
    """Write a party's inputs and draws."""
    return {
        "card": side.card.hex(),
        "segments": [
            [
                {"account_ids": e.account_ids, "full_name": e.full_name, "keys": e.keys, "fields": e.fields.hex()}
                for e in segment
            ]
            for segment in side.segments
        ],
        "frozen_list": side.frozen_list.hex(),
        "sketch_list": side.sketch_list.hex(),
        "totals": side.totals.hex(),
        "channel_key": side.channel_key.hex(),
        "signing_seed": side.signing_seed.hex(),
        "signing_key": ed25519.public_key(side.signing_seed).hex(),
        "random": {name: drawn.hex() for name, drawn in side.drawn.items()},
    }


def describe_slots(slots: list[Slot]) -> list[Json]:
    """Write the slots."""
    return [
        {
            "space": s.space,
            "weight": s.weight,
            "strength": s.strength,
            "says": s.says,
            "meets_itself": s.meets_itself,
        }
        for s in slots
    ]


def describe_classes(classes: list[MatchClass]) -> list[Json]:
    """Write the match rule."""
    return [
        {
            "leads": c.leads,
            "with": c.with_,
            "tolerates": c.tolerates,
            "sure": c.sure,
            "reveal_up_to": c.reveal_up_to,
            "ask_up_to": c.ask_up_to,
        }
        for c in classes
    ]


def describe_sketch(terms: SketchTerms) -> Json:
    """Write what is agreed of a sketch."""
    return {"kind": terms.kind, "rows": terms.rows, "epsilon": terms.epsilon}


def describe_parameters(p: Parameters) -> Json:
    """Write the parameters."""
    return {
        "context": p.context.hex(),
        "slots": describe_slots(p.slots),
        "weak": p.weak,
        "threshold": p.threshold,
        "classes": describe_classes(p.classes),
        "rectangles": [{"segments": r.segments, "field_bytes": r.field_bytes} for r in p.rectangles],
        "sizes": p.sizes,
        "sketches": [describe_sketch(terms) for terms in p.sketches],
        "totals_bytes": p.totals_bytes,
        "channel_key_bytes": p.channel_key_bytes,
    }


def describe_comparison(c: Comparison, p: Parameters) -> Json:
    """Write what stands behind the sections of one rectangle."""
    claims = zip(c.claims, c.ids, c.words, *c.entities, strict=True)
    return {
        "rid": c.rid.hex(),
        "scalars": [c.x.scalar.hex(), c.y.scalar.hex()],
        "x_rows": [e.account_ids[0] if e else None for e in c.x.origin],
        "y_rows": [e.account_ids[0] if e else None for e in c.y.origin],
        "x_bits": [f"{int(domain)}{int(country)}" for domain, country in c.x.bits],
        "y_bits": [f"{int(domain)}{int(country)}" for domain, country in c.y.bits],
        "v_order": c.v_order,
        "matches": [{"x": m.x, "v": m.v, "weight": m.weight, "pairs": m.pairs} for m in c.matches],
        "claims": [
            {
                "id": name.hex(),
                "x": claim.x,
                "v": claim.v,
                "pairs": claim.pairs,
                "outcome": outcome,
                "strength": strength_of(claim.pairs, p.slots),
                "initiator_account": ours.account_ids[0],
                "responder_account": theirs.account_ids[0],
                "password": word.hex(),
            }
            for (claim, outcome), name, word, ours, theirs in claims
        ],
    }


def describe(comment: str, p: Parameters, i: Party, r: Party, played: Played) -> Json:
    """Write down a session."""
    return {
        "comment": comment,
        "section": "psi-v2 §7",
        "parameters": describe_parameters(p),
        "initiator": describe_party(i),
        "responder": describe_party(r),
        "expect": {
            "sid": played.sid.hex(),
            "transcripts": [t.hex() for t in played.transcripts],
            "comparisons": [describe_comparison(c, p) for c in played.comparisons],
            "receipt": played.receipt.hex(),
            "bodies": {str(n): body.hex() for n, body in enumerate(played.bodies, 1)},
        },
    }


def small_session() -> Json:
    """A session with padding, dummies, a shared name space, and all outcomes."""
    i, r = small_parties()
    played = play(i, r, SMALL)
    return describe("All ten bodies of a session of two rectangles", SMALL, i, r, played)


def session_without_matches() -> Json:
    """A session that finds nothing."""
    i, r = nothing_parties()
    played = play(i, r, NOTHING)
    return describe("All ten bodies of a session without a match, weak slots not sent", NOTHING, i, r, played)


def preview() -> Json:
    """Two messages under a preview agreement, and what each side estimates."""
    sides = small_parties()
    names = [[[e.full_name for e in segment if e.full_name] for segment in side.segments] for side in sides]
    made = [
        sketch.make(terms, side.sketch_secret, segments)
        for terms, side, segments in zip(SMALL.sketches, sides, names, strict=True)
    ]
    estimates = []
    for role, side in enumerate(sides):
        other, terms = sides[1 - role], SMALL.sketches[1 - role]
        c = sketch.count_from(made[1 - role], terms, 1)
        rows = []
        for segment, values in enumerate(map(set, names[role])):
            hits = sketch.hits(terms, 1, made[1 - role], other.card, values)
            noise = sketch.estimate_noise(
                terms.kind, side.sketch_secret.seed, other.card, made[1 - role][:16], segment, 1
            )
            found = sketch.estimate(terms, 1, c, len(values), hits + noise)
            rows.append({"n": len(values), "hits": hits, "noise": noise, **vars(found)})
        estimates.append(rows)
    return {
        "comment": "A preview on its own; estimates by own segment, also where a program shows none",
        "section": "psi-v2 §7.11",
        "parameters": {"context": SMALL.context.hex(), "sketches": list(map(describe_sketch, SMALL.sketches))},
        "initiator": describe_preview_party(sides[0]),
        "responder": describe_preview_party(sides[1]),
        "expect": {
            "sid": session_id(SMALL.context, sides[0].nonce, sides[1].nonce).hex(),
            "bodies": {str(11 + role): (side.nonce + made[role]).hex() for role, side in enumerate(sides)},
            "estimates": estimates,
        },
    }


def describe_preview_party(side: Party) -> Json:
    """Write what a preview needs of a party."""
    return {
        "card": side.card.hex(),
        "full_names": side.full_names,
        "random": {"nonce": side.nonce.hex(), **{n: side.drawn[n].hex() for n in ("sketch_id", "sketch_seed")}},
    }
