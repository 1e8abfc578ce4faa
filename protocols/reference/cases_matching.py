"""Vectors of bits, the order of V, matching, the match rule and claims (psi-v2 §7.3, §7.4, §7.6, §8)."""

from typing import Any

from protocols.reference import tables
from protocols.reference.cases_session import (
    CLASSES,
    SLOTS,
    SMALL,
    describe_classes,
    describe_slots,
    small_parties,
)
from protocols.reference.matching import (
    ALWAYS,
    Bits,
    Match,
    Pairs,
    claims_of,
    class_of,
    contradictions,
    counts_as,
    encode_claims,
    leading_pair,
    match,
    outcome_of,
    outcomes,
    room,
    strength_of,
    weight_of,
)
from protocols.reference.party import STRONG, Entity, MatchClass, Parameters, Slot
from protocols.reference.reader import RefusedError, check_claims

Json = dict[str, Any]
Numbers = list[list[int]]
THREE = [Slot("a", 4, STRONG, "other"), Slot("a", 2, STRONG, "other"), Slot("a", 1, STRONG, "other")]
NONE: Bits = (False, False)


def _bits(text: str) -> Bits:
    return text[0] == "1", text[1] == "1"


def presence_bits() -> Json:
    """Bits of entities, of padding rows, and how they are written."""
    keys: list[tuple[str, list[str | None]]] = [
        ("nothing", [None] * 6),
        ("a domain", ["larkspur.example", "larkspur", None, None, None, None]),
        ("a key with a country", [None, "larkspur", "larkspur|GB", None, None, None]),
        ("a key of the same slot without a country", [None, None, "larkspur", None, None, None]),
        ("both", ["larkspur.example", None, None, "larkspur|GB", None, None]),
        ("a slot that says nothing of countries", [None, None, None, None, "lark|GB", "spur|GB"]),
        ("small letters are no country", [None, None, "larkspur|gb", None, None, None]),
        ("three letters are no country", [None, None, "larkspur|GBR", None, None, None]),
    ]
    entities = [
        {
            "comment": comment,
            "keys": held,
            "expect": "".join(str(int(bit)) for bit in tables.presence(Entity(["x"], None, held, b""), SMALL)),
        }
        for comment, held in keys
    ]
    i, r = small_parties()
    padding = [
        {
            "comment": f"segment {segment} with {len(side.segments[segment])} entities, rectangle {rectangle}",
            "sketch_seed": side.sketch_secret.seed.hex(),
            "rectangle_segments": SMALL.rectangles[rectangle].segments[side.role],
            "bits": [["".join(str(int(b)) for b in tables.presence(e, SMALL)) for e in s] for s in side.segments],
            "segment": segment,
            "expect": [
                "".join(str(int(b)) for b in tables.padding_bits(side, segment, row, rectangle, SMALL))
                for row in range(12)
            ],
        }
        for side, segment, rectangle in ((i, 0, 0), (i, 2, 1), (r, 1, 0), (r, 2, 0))
    ]
    rows = ["11", "00", "01", "10", "11", "01"]
    packed = [
        {"comment": f"{n} rows", "rows": rows[:n], "expect": tables.pack_bits([_bits(b) for b in rows[:n]]).hex()}
        for n in range(len(rows) + 1)
    ]
    return {
        "comment": "Presence bits: of entities, of the rows 0 to 11 of padding, and in bytes; domain bit first",
        "section": "psi-v2 §7.3",
        "slots": describe_slots(SLOTS),
        "cases": entities,
        "padding": padding,
        "packed": packed,
    }


def order_of_v() -> Json:
    """Where rows of Y stand in V."""
    seed, nonce = bytes(range(32)), bytes(range(32, 64))
    cases = []
    for comment, sizes, rows in (
        ("one segment with all patterns", [8], ["00", "01", "10", "11", "11", "10", "01", "00"]),
        ("two segments, and one outside the rectangle", [3, 0, 4], ["11", "00", "11", "01", "10", "10", "01"]),
        ("nothing", [0, 0], []),
    ):
        made = tables.order_of_v(seed, nonce, 1, sizes, [_bits(b) for b in rows])
        cases.append({"comment": comment, "sizes": sizes, "bits": rows, "expect": made})
    shuffled = [
        {
            "comment": f"segment {segment}",
            "segment": segment,
            "rows": 9,
            "expect": tables.order(seed, "shuffle", nonce, 1, segment, [0] * 9),
        }
        for segment in (0, 2)
    ]
    return {
        "comment": "For each row of V the row of Y; for each row of X or Y the row before ordering",
        "section": "psi-v2 §7.3, §7.4",
        "seed": seed.hex(),
        "nonce": nonce.hex(),
        "rectangle": 1,
        "cases": cases,
        "own_rows": shuffled,
    }


GRAPHS: list[tuple[str, Numbers, Numbers, list[Slot], int]] = [
    ("nothing shared", [[10, 11, 12]], [[20, 21, 22]], THREE, 1),
    ("an empty table", [], [[20, 21, 22]], THREE, 1),
    ("one shared token", [[1, 11, 12], [13, 14, 15]], [[20, 21, 22], [1, 24, 25]], THREE, 1),
    ("weights add up", [[1, 2, 3]], [[1, 2, 3]], THREE, 1),
    ("across slots the smaller weight counts", [[1, 11, 12]], [[20, 1, 22]], THREE, 1),
    ("both directions across slots", [[1, 2, 12]], [[2, 1, 22]], THREE, 1),
    ("below the threshold", [[10, 1, 12]], [[20, 1, 22]], THREE, 3),
    ("at the threshold", [[10, 1, 2]], [[20, 1, 2]], THREE, 3),
    ("a tie of one row of U is dropped", [[10, 1, 2]], [[20, 1, 22], [30, 2, 32]], THREE, 1),
    ("a tie of one row of V is dropped", [[10, 1, 12], [13, 2, 15]], [[20, 1, 2]], THREE, 1),
    ("best of one side only: the other row stays alone", [[1, 11, 12], [13, 2, 15]], [[1, 2, 22]], THREE, 1),
    (
        "a chain: the second row's best prefers another, and nothing is left for it",
        [[1, 2, 12], [13, 14, 3]],
        [[1, 21, 22], [23, 2, 3]],
        THREE,
        1,
    ),
    (
        "greatest weights",
        [[1, 11]],
        [[1, 21]],
        [Slot("a", 2**61, STRONG, "other"), Slot("a", 2**61 - 1, STRONG, "other")],
        2**61,
    ),
    (
        "a slot that does not meet itself",
        [[1, 11], [12, 2]],
        [[1, 21], [2, 22]],
        [Slot("a", 2, STRONG, "other", meets_itself=False), Slot("a", 1, STRONG, "other")],
        1,
    ),
    (
        "a domain counts only where both rows say that they have one",
        [[1, 11], [2, 12], [3, 13]],
        [[1, 21], [2, 22], [3, 23]],
        [Slot("domain", 2, STRONG, "domain"), Slot("a", 1, STRONG, "other")],
        1,
    ),
]

DOMAIN_BITS = (["11", "01", "10"], ["10", "11", "00"])
"""Of the rows of the last graph; in the others no row has a bit."""


def matching() -> Json:
    """Every rule of the matching in a graph of its own."""
    cases = []
    for comment, u, v, slots, threshold in GRAPHS:
        u_tokens, v_tokens = ([[n.to_bytes(16, "big") for n in row] for row in table] for table in (u, v))
        domain = any(slot.says == "domain" for slot in slots)
        texts = DOMAIN_BITS if domain else (["00"] * len(u), ["00"] * len(v))
        bits = [_bits(b) for b in texts[0]], [_bits(b) for b in texts[1]]
        found = match(u_tokens, v_tokens, bits, slots, list(range(len(slots))), threshold)
        cases.append(
            {
                "comment": comment,
                "u": u,
                "v": v,
                "bits": texts,
                "slots": describe_slots(slots),
                "threshold": threshold,
                "expect": [{"x": m.x, "v": m.v, "weight": m.weight, "pairs": m.pairs} for m in found],
            }
        )
    return {
        "comment": "Mutual best matching; a token is a number of 16 bytes, big-endian",
        "section": "psi-v2 §8.1",
        "cases": cases,
    }


RULED: list[tuple[str, Pairs, str, str]] = [
    ("a domain", ((0, 0),), "10", "10"),
    ("a domain and a name, countries that differ: no contradiction that counts", ((0, 0), (1, 1)), "11", "11"),
    ("a name and a core with country", ((1, 1), (2, 2)), "01", "01"),
    ("a name alone", ((1, 1),), "00", "00"),
    ("a name, one side without a website", ((1, 1),), "10", "00"),
    ("a name against two domains", ((1, 1),), "10", "10"),
    ("a name against two countries", ((1, 1),), "01", "01"),
    ("a name against two countries and two domains", ((1, 1),), "11", "11"),
    ("a name that meets a label counts as the label", ((1, 5),), "00", "00"),
    ("a label that meets a name likewise; no full names, so no country", ((5, 1),), "01", "01"),
    ("a name that meets a core with country", ((1, 2),), "00", "00"),
    ("two pairs that count as one slot: the one with the lower slot of X leads", ((1, 2), (2, 1)), "00", "00"),
    ("a name, and a second pair that counts as the shortened name", ((1, 1), (2, 3)), "01", "01"),
    ("a shortened name on one side", ((3, 1),), "01", "01"),
    ("a common name", ((4, 4),), "00", "00"),
    ("a common name against two countries", ((4, 4),), "01", "01"),
    ("a common name against two countries, and a core with country", ((2, 2), (4, 4)), "01", "01"),
    ("a label and a common name", ((4, 4), (5, 5)), "00", "00"),
    ("a label against two domains", ((5, 5),), "10", "10"),
]


def _ruled(comment: str, pairs: Pairs, x: str, v: str) -> Json:
    bits = _bits(x), _bits(v)
    decided = class_of(pairs, bits, SLOTS, CLASSES)
    return {
        "comment": comment,
        "pairs": pairs,
        "bits": [x, v],
        "expect": {
            "weight": weight_of(pairs, SLOTS),
            "leading": leading_pair(pairs, SLOTS),
            "counts_as": [counts_as(pair, SLOTS) for pair in pairs],
            "strength": strength_of(pairs, SLOTS),
            "contradictions": sorted(contradictions(pairs, bits, SLOTS)),
            "class": CLASSES.index(decided) if decided else None,
            "outcomes": {str(r): outcome_of(decided, r) for r in (0, 10, 11, 50, 51, 1000, 1001, ALWAYS)},
        },
    }


def match_rule() -> Json:
    """Classes, strengths and contradictions of single matches, outcomes by room; and the room."""
    sizes = [
        (7, 10, 0),
        (7, 10, 1),
        (7, 10, 2),
        (7, 7, 7),
        (4000, 4008, 9),
        (3999, 1, 9),
        (10**8 * 16, 10**8 * 16, 1),
        (3, 5, 3),
        (2**33, 2**33, 1),
    ]
    return {
        "comment": "What becomes of a match; and r of rows of X, rows of V, sure matches",
        "section": "psi-v2 §8.2",
        "slots": describe_slots(SLOTS),
        "classes": describe_classes(CLASSES),
        "cases": [_ruled(*one) for one in RULED],
        "room": [{"rows": [a, b], "sure": s, "expect": room(a, b, s)} for a, b, s in sizes],
    }


def _many(pairs: Pairs, count: int, start: int, weight: int) -> list[Match]:
    return [Match(start + n, 1000 - start - n, weight, pairs) for n in range(count)]


def _claimed(comment: str, matches: list[Match], rows: tuple[int, int], classes: list[MatchClass]) -> Json:
    bits = [(True, False)] * rows[0], [(True, False) if n % 2 else NONE for n in range(rows[1])]
    claims = claims_of(matches, bits, SLOTS, classes)
    return {
        "comment": comment,
        "rows": rows,
        "bits": [["10"], ["00", "10"]],
        "classes": describe_classes(classes),
        "matches": [{"x": m.x, "v": m.v, "pairs": m.pairs} for m in matches],
        "expect": {
            "first_outcomes": outcomes(matches, bits, SLOTS, classes),
            "claims": [{"x": m.x, "v": m.v, "outcome": outcome} for m, outcome in claims],
            "section": encode_claims([m for m, _ in claims]).hex(),
        },
    }


def claims() -> Json:
    """What the responder claims of many matches; and sections that break a rule of numbers."""
    label, name, core = ((5, 1),), ((1, 1),), ((2, 2),)
    always = [*CLASSES[:6], MatchClass([5], [], ["domain"], False, 0, ALWAYS)]
    strict = [MatchClass([1], [], ["domain"], True, 60, 100), MatchClass([2], [], ["domain"], False, 500, 10**6)]
    wide = [
        MatchClass([1], [], [], True, ALWAYS, 0),
        MatchClass([1], [], ["domain"], False, 0, ALWAYS),
        MatchClass([5], [], ["domain"], False, 0, ALWAYS),
    ]
    few = _many(label, 30, 0, 1)
    many = [*_many(name, 40, 0, 16), *_many(label, 50, 40, 1)]
    cases = [
        _claimed("thirty to ask about, none to reveal: 25, the lowest rows of V", few, (1001, 1001), always),
        _claimed(
            "twenty names to reveal, twenty to ask about, and of fifty labels the first five",
            many,
            (1001, 1001),
            wide,
        ),
        _claimed(
            "sure matches far beyond their own limit: none is claimed", _many(name, 3, 0, 16), (1001, 1001), strict
        ),
        _claimed("sure matches to ask about count too", _many(name, 14, 0, 16), (15, 1001), strict),
        _claimed(
            "the heaviest first", [*_many(label, 20, 0, 1), *_many(((4, 5),), 20, 20, 1)], (1001, 1001), always
        ),
        _claimed(
            "cores are dropped once no name is left",
            [*_many(name, 2, 0, 16), *_many(core, 2, 2, 8)],
            (100, 1001),
            strict,
        ),
    ]
    return {
        "comment": "Claims of one comparison, and sections that are read; bits repeat over the rows of X and of V",
        "section": "psi-v2 §7.6, §8.3",
        "slots": describe_slots(SLOTS),
        "cases": cases,
        "refusals": _refused_claims(always),
    }


def _refused_claims(classes: list[MatchClass]) -> list[Json]:
    asked = _many(((5, 1),), 26, 0, 1)
    found = []
    for comment, section, threshold, expect in (
        ("26 claims to ask about", encode_claims(asked), 1, "refuse: ask-count"),
        ("25 claims to ask about", encode_claims(asked[:25]), 1, "accept"),
        ("a weight below the threshold", encode_claims(asked[:1]), 2, "refuse: claim-weight"),
        ("a section of three bytes", bytes(3), 1, "refuse: claim-length"),
        ("no claims", bytes(4), 1, "accept"),
    ):
        p = Parameters(
            SMALL.context, SLOTS, "ask", threshold, classes, SMALL.rectangles, SMALL.sizes,
            SMALL.sketches, SMALL.totals_bytes, SMALL.channel_key_bytes,
        )  # fmt: skip
        bits = [NONE] * 1001, [NONE] * 1001
        try:
            check_claims(section, bits, p)
            got = "accept"
        except RefusedError as refused:
            got = f"refuse: {refused}"
        if got != expect:
            raise ValueError(f"{comment}: {got}")
        found.append(
            {
                "comment": comment,
                "rows": [1001, 1001],
                "bits": [["00"], ["00"]],
                "threshold": threshold,
                "classes": describe_classes(classes),
                "section": section.hex(),
                "expect": expect,
            }
        )
    return found
