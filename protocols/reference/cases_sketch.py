"""Vectors of sketches, what a reader makes of them, and totals (psi-v2 §5)."""

from typing import Any

from protocols.reference import shown, sketch
from protocols.reference.cases_session import describe_sketch
from protocols.reference.reader import RefusedError, check_totals
from protocols.reference.sketch import FLIP, PLAIN, SEGMENTS, WRONG, SketchSecret, SketchTerms
from protocols.reference.suite import derive, word

Json = dict[str, Any]
SECRET = SketchSecret(id=bytes(range(16)), seed=bytes(range(32, 64)), card=bytes(range(96, 128)))
VALUES = ["brightwater", "larkspur", "umbergrove", "fernhollow", "ügür", "delta"]


def _describe_secret(secret: SketchSecret = SECRET) -> Json:
    return {"card": secret.card.hex(), "sketch_id": secret.id.hex(), "seed": secret.seed.hex()}


def positions() -> Json:
    """Positions of values in arrays of two lengths, and under another card or id."""
    other = bytes(32), bytes(16)
    cases = []
    for value in VALUES:
        message = sketch.value_message(value)
        for m in (4096, 1 << 21):
            for card, sketch_id in ((SECRET.card, SECRET.id), (other[0], SECRET.id), (SECRET.card, other[1])):
                cases.append(
                    {
                        "comment": f"{value} of {m}",
                        "card": card.hex(),
                        "sketch_id": sketch_id.hex(),
                        "value": value,
                        "positions": m,
                        "expect": {
                            "message": message.hex(),
                            "position": sketch.position(card, sketch_id, message, m),
                        },
                    }
                )
    return {"comment": "Where a value stands in a sketch", "section": "psi-v2 §5.1", "cases": cases}


def noise() -> Json:
    """Which of the first 4,096 positions the noise changes, and by how much; the dummies of the same seed."""
    key = derive(SECRET.seed, "sketch-noise", SECRET.id)
    cases = []
    for kind, table in ((PLAIN, FLIP), (SEGMENTS, WRONG)):
        for epsilon, threshold in table.items():
            terms = SketchTerms(kind, (1,) if kind == PLAIN else (1, 1, 1), epsilon)
            changes = [sketch.noisy(0, word(key, p), terms) for p in range(4096)]
            cases.append(
                {
                    "comment": f"{kind}, epsilon {epsilon}: what an answer of 0 becomes",
                    "kind": kind,
                    "epsilon": epsilon,
                    **_describe_secret(),
                    "expect": {"threshold": threshold, "answers": sketch.pack(changes, terms).hex()},
                }
            )
    return {"comment": "Noise of a sketch without values", "section": "psi-v2 §5.1, §5.2", "cases": cases}


TERMS = [
    SketchTerms(PLAIN, (16,), "1"),
    SketchTerms(PLAIN, (6,), "2"),
    SketchTerms(PLAIN, (257,), "1/4"),
    SketchTerms(SEGMENTS, (4, 4, 8), "1"),
    SketchTerms(SEGMENTS, (2, 2, 2), "1/2"),
]


def sketches() -> Json:
    """Whole sketches of small lists: before the noise, and after it."""
    cases = []
    for terms in TERMS:
        segments = [["brightwater", "larkspur"], ["umbergrove", "brightwater"], ["fernhollow", "ügür"]]
        made = sketch.make(terms, SECRET, segments)
        answers = sketch.noiseless(terms, SECRET, segments)
        cases.append(
            {
                "comment": f"{terms.kind}, rows {terms.rows}, epsilon {terms.epsilon}; a name in two segments",
                "terms": describe_sketch(terms),
                **_describe_secret(),
                "segments": segments,
                "expect": {
                    "positions": terms.positions,
                    "noiseless": {str(p): answer for p, answer in enumerate(answers) if answer},
                    "sketch": made.hex(),
                },
            }
        )
    cases.append(_empty_list())
    return {"comment": "Whole sketches", "section": "psi-v2 §5.1, §5.2", "cases": cases}


def _empty_list() -> Json:
    terms = SketchTerms(PLAIN, (20,), "1/2")
    return {
        "comment": "no values: dummies alone",
        "terms": describe_sketch(terms),
        **_describe_secret(),
        "segments": [[], [], []],
        "expect": {
            "positions": terms.positions,
            "noiseless": {
                str(p): 1 for p, answer in enumerate(sketch.noiseless(terms, SECRET, [[], [], []])) if answer
            },
            "sketch": sketch.make(terms, SECRET, [[], [], []]).hex(),
        },
    }


def _ends(terms: SketchTerms, v: int) -> tuple[int, int]:
    """Return the least and the greatest count that a reader takes."""
    m, (a, b) = terms.positions, terms.chances(v)
    miss = sketch.all_miss(terms.rows_from(v), m)
    middle = m * (b * sketch.FRACTION + (a - b) * (sketch.FRACTION - miss)) >> 192
    step = m
    low = high = middle
    while step:
        while low - step >= 0 and sketch.density_holds(low - step, terms, v):
            low -= step
        while high + step <= m and sketch.density_holds(high + step, terms, v):
            high += step
        step //= 2
    return low, high


def densities() -> Json:
    """The least and greatest counts that a reader takes, and their neighbours."""
    plain = [(n, e) for n in (1, 256, 4096, 100_000, 1_000_000) for e in FLIP]
    terms = [SketchTerms(PLAIN, (n,), e) for n, e in plain]
    terms += [SketchTerms(PLAIN, (100_000_000,), "1/4"), SketchTerms(SEGMENTS, (1000, 500, 4000), "1")]
    cases = []
    for one in terms:
        for v in one.levels:
            low, high = _ends(one, v)
            cases.append(
                {
                    "comment": f"{one.kind}, {one.rows}, epsilon {one.epsilon}, level {v}",
                    "terms": describe_sketch(one),
                    "level": v,
                    "expect": {
                        "positions": one.positions,
                        "all_miss": str(sketch.all_miss(one.rows_from(v), one.positions)),
                        "least": low,
                        "greatest": high,
                    },
                }
            )
    return {
        "comment": "Counts of set answers between which a sketch is taken; all others are refused: density",
        "section": "psi-v2 §5.4",
        "cases": cases,
    }


def _case(comment: str, terms: SketchTerms, v: int, c: int, n: int, h: int) -> Json:
    return {
        "comment": comment,
        "terms": describe_sketch(terms),
        "level": v,
        "count": c,
        "values": n,
        "noisy_hits": h,
        "expect": vars(sketch.estimate(terms, v, c, n, h)),
    }


def estimates() -> Json:
    """Estimates and intervals from counts, and the noise of some."""
    at_1 = SketchTerms(PLAIN, (4096,), "1")
    at_quarter = SketchTerms(PLAIN, (200_000,), "1/4")
    split = SketchTerms(SEGMENTS, (1000, 500, 4000), "1")
    small = SketchTerms(PLAIN, (20,), "2")
    cases = [
        _case("3,000 own values, about 1,000 shared", at_1, 1, 19_350, 3000, 1320),
        _case("none shared", at_1, 1, 19_350, 3000, 886),
        _case("fewer hits than chance: 0", at_1, 1, 19_350, 3000, 700),
        _case("far fewer hits than chance: no number fits", at_1, 1, 19_350, 3000, 100),
        _case("more hits than possible: no number fits", at_1, 1, 19_350, 3000, 4000),
        _case("all shared", at_1, 1, 19_350, 3000, 2193),
        _case("the noise makes the hits negative", small, 1, 500, 2, -7),
        _case("no own values", small, 1, 500, 0, 3),
        _case("more own values than rows there: at most the rows", small, 1, 500, 200, 60),
        _case("a weak sketch", at_quarter, 1, 1_860_000, 50_000, 23_000),
        _case("by segments: on the list at all", split, 1, 71_500, 2000, 1210),
        _case("by segments: opportunity or customer", split, 2, 46_500, 2000, 790),
        _case("by segments: customer", split, 3, 23_300, 2000, 400),
    ]
    drawn = [
        {
            "comment": f"noise of segment {segment}, level {v}, {kind}",
            "kind": kind,
            "seed": SECRET.seed.hex(),
            "card": SECRET.card.hex(),
            "sketch_id": SECRET.id.hex(),
            "segment": segment,
            "level": v,
            "expect": sketch.estimate_noise(kind, SECRET.seed, SECRET.card, SECRET.id, segment, v),
        }
        for kind, v in ((PLAIN, 1), (SEGMENTS, 1), (SEGMENTS, 2), (SEGMENTS, 3))
        for segment in (0, 1, 2, 255)
    ]
    return {
        "comment": "Estimates with the ends of their intervals; their noise, by own seed and partner's sketch",
        "section": "psi-v2 §5.5",
        "cases": cases,
        "noise": drawn,
    }


def readings() -> Json:
    """Which sketches a reader takes that has taken others before (psi-v2 §5.3, §5.4)."""
    terms = TERMS[0]
    first = sketch.make(terms, SECRET, [["brightwater"]])
    renewed = sketch.make(terms, SketchSecret(bytes(16), SECRET.seed, SECRET.card), [["brightwater"]])
    changed = first[:-1] + bytes([first[-1] ^ 1])
    seen = [
        ("the first from this partner", None, 0, first, "accept"),
        ("the same again", first, 3, first, "accept"),
        ("the same id with other bytes", first, 3, changed, "refuse: sketch-changed"),
        ("the same id with other bytes, much later", first, 400, changed, "refuse: sketch-changed"),
        ("another after 183 days", first, 183, renewed, "refuse: sketch-again"),
        ("another after 184 days", first, 184, renewed, "accept"),
        ("one byte short", None, 0, first[:-1], "refuse: length"),
        ("one byte long", None, 0, first + b"\x00", "refuse: length"),
        ("no bit set", None, 0, first[:16] + bytes(512), "refuse: density"),
        ("every bit set", None, 0, first[:16] + b"\xff" * 512, "refuse: density"),
    ]
    return {
        "comment": "Sketches from a partner from whom one was taken some days before; no person is asked",
        "section": "psi-v2 §5.4",
        "terms": describe_sketch(terms),
        "cases": [
            {
                "comment": comment,
                "taken": before.hex() if before else None,
                "days": days,
                "sketch": now.hex(),
                "expect": expect,
            }
            for comment, before, days, now, expect in seen
        ],
    }


def noisy_totals() -> Json:
    """Totals with their noise."""
    cases = []
    for epsilon, scale in sketch.TOTALS_SCALE.items():
        for by, value, entities in (
            (0, "", 500),
            (1, "DE", 70),
            (1, "FR", 0),
            (2, "mechanical engineering", 200),
            (3, "11-50", 12),
        ):
            total = sketch.noisy_total(epsilon, SECRET.seed, by, value, entities)
            least = {0: -(1 << 62), 2: 16 * scale}.get(by, 4 * scale)
            cases.append(
                {
                    "comment": f"epsilon {epsilon}, by {by} {value}".rstrip(),
                    "epsilon": epsilon,
                    "seed": SECRET.seed.hex(),
                    "by": by,
                    "value": value,
                    "entities": entities,
                    "expect": {"total": total, "written": total >= least},
                }
            )
    return {"comment": "Noisy totals, and whether a row is written", "section": "psi-v2 §5.6", "cases": cases}


def totals() -> Json:
    """Totals of a list with three segments, and malformed bytes."""
    rows: list[shown.Row] = [
        (0, 255, "", 497),
        (1, 255, "DE", 75),
        (1, 255, "FR", 19),
        (2, 255, "bäckerei", 120),
        (3, 255, "11-50", 31),
        (4, 0, "Larkspur & Sons", 1),
        (4, 2, "Umbergrove", 2),
    ]
    good, one = shown.encode_totals(rows), shown.encode_totals([(0, 255, "", 7)])
    refused = [
        ("cut inside a row", one[:-1]),
        ("cut inside a value", good[:-1]),
        ("a row twice", one + one),
        ("rows in another order", shown.encode_totals(rows[::-1])),
        ("a country without the row of all", shown.encode_totals(rows[1:2])),
        ("a kind that does not exist", shown.encode_totals([(5, 255, "x", 7)])),
        ("a segment where none belongs", shown.encode_totals([(0, 0, "", 7)])),
        ("a name without a segment", shown.encode_totals([(4, 255, "Larkspur", 1)])),
        ("a name of a segment that does not exist", shown.encode_totals([(4, 3, "Larkspur", 1)])),
        ("a value longer than may be", shown.encode_totals([(4, 0, "x" * 81, 7)])),
        ("a row of all with a value", shown.encode_totals([(0, 255, "DE", 7)])),
        ("a country without a value", one + shown.encode_totals([(1, 255, "", 7)])),
        ("a country in small letters", one + shown.encode_totals([(1, 255, "de", 7)])),
        ("a size that does not exist", one + shown.encode_totals([(3, 255, "11-51", 7)])),
        ("not UTF-8", shown.encode_totals([(4, 0, "x", 7)])[:-1] + b"\xff"),
    ]
    for comment, data in refused:
        try:
            check_totals(data, 3)
        except RefusedError:
            continue
        raise ValueError(f"{comment}: taken")
    check_totals(good, 3)
    return {
        "comment": "What a party shows of its list besides matches",
        "section": "message-v2 §6.2",
        "segments": 3,
        "cases": [
            {"comment": "nothing", "rows": [], "expect": ""},
            {"comment": "all kinds", "rows": rows, "expect": good.hex()},
            {"comment": "names alone", "rows": rows[5:], "expect": shown.encode_totals(rows[5:]).hex()},
            *({"comment": comment, "bytes": data.hex(), "expect": "refuse: totals"} for comment, data in refused),
        ],
    }
