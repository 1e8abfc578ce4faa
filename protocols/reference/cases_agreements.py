"""Agreements, the parameters of their sessions, and what a reader must refuse (trust-v2 §1, §4, §5)."""

from typing import Any

from protocols.reference import card, envelope
from protocols.reference.agreement import (
    CREDIT,
    Rectangle,
    SketchText,
    add_part,
    add_signature,
    context,
    credit_digest,
    parameters,
    preview_terms,
    sketch_parameters,
    terms,
)
from protocols.reference.cases_sealed import BRIGHTWATER, LARKSPUR
from protocols.reference.suite import sha256

Json = dict[str, Any]
ALL = ["customer", "opportunity", "prospect"]
CARDS = (card.digest(BRIGHTWATER.signed), card.digest(LARKSPUR.signed))
RECTANGLES = [
    Rectangle((["customer"], ALL), (["name"], ["name", "country", "owner_email"])),
    Rectangle((["opportunity", "prospect"], ["prospect", "customer"])),
]
SIZES = ((96, 16, 0), (48, 24, 100_000_000))
SKETCHES = (SketchText([192], "1", []), SketchText([100_000_000], "1/4", ["DE", "FR"]))
SPLIT = (SketchText([64, 64, 64], "2", []), SketchText([1, 16, 256], "1/2", []))
NAMES = (BRIGHTWATER.name, LARKSPUR.name)
TERMS = terms(NAMES, CARDS, RECTANGLES)
NAMING = [Rectangle((ALL, ["customer"]), (["name"], []))]
"""Each segment of the responder that is in a rectangle is in rectangles with all of the initiator."""
PREVIEW = preview_terms(NAMES, CARDS)


def _proposed(text: str, sketch: SketchText = SKETCHES[0], sizes: tuple[int, int, int] | None = SIZES[0]) -> str:
    return add_signature(add_part(text, 0, sizes, sketch), 0, BRIGHTWATER.signing_seed)


def _signed(text: str, sketches: tuple[SketchText, SketchText] = SKETCHES) -> str:
    return add_signature(
        add_part(_proposed(text, sketches[0]), 1, SIZES[1], sketches[1]), 1, LARKSPUR.signing_seed
    )


def _signed_preview(text: str, sketches: tuple[SketchText, SketchText] = SKETCHES) -> str:
    proposed = _proposed(text, sketches[0], None)
    return add_signature(add_part(proposed, 1, None, sketches[1]), 1, LARKSPUR.signing_seed)


AGREEMENT = _signed(TERMS)


def _described(
    comment: str,
    text: str,
    rectangles: list[Rectangle],
    totals_bytes: list[int],
    sketches: tuple[SketchText, SketchText] = SKETCHES,
    kind: str = "sketch",
) -> Json:
    digest = sha256(text.encode())
    session = parameters(text, CARDS, SIZES, sketches, rectangles, kind)
    return {
        "comment": comment,
        "agreement": text,
        "expect": {
            "digest": digest.hex(),
            "transcript": envelope.first_transcript(digest, *CARDS).hex(),
            "credit_rule": credit_digest().hex(),
            "session": session | {"totals_bytes": totals_bytes},
        },
    }


def agreements() -> Json:
    """What three agreements fix."""
    naming = _signed(terms(NAMES, CARDS, NAMING).replace("named_by = []", 'named_by = ["responder"]'))
    split = terms(NAMES, CARDS, RECTANGLES, "segments")
    silent = _signed(split.replace('shown_by = ["responder", "initiator"]', 'shown_by = ["initiator"]'), SPLIT)
    totals, names = 1 << 20, (1 << 20) + 87 * sum(SIZES[1])
    return {
        "comment": "Agreements between the two of cards.json, th_0, and the parameters of their sessions",
        "section": "trust-v2 §4, §5",
        "cases": [
            _described("two rectangles", AGREEMENT, RECTANGLES, [totals, totals]),
            _described("one party names its rest", naming, NAMING, [totals, names]),
            _described(
                "sketches by segments; one party shows totals", silent, RECTANGLES, [totals, 0], SPLIT, "segments"
            ),
        ],
    }


def preview_agreements() -> Json:
    """What two preview agreements fix, and some that are refused."""
    plain = _signed_preview(PREVIEW)
    split = _signed_preview(preview_terms(NAMES, CARDS, "segments"), SPLIT)
    taken = [
        {
            "comment": comment,
            "agreement": text,
            "expect": {
                "digest": sha256(text.encode()).hex(),
                "transcript": envelope.first_transcript(sha256(text.encode()), *CARDS).hex(),
                "context": context(text, CARDS).hex(),
                "sketches": sketch_parameters(sketches, kind),
            },
        }
        for comment, text, sketches, kind in (
            ("plain sketches", plain, SKETCHES, "sketch"),
            ("sketches by segments", split, SPLIT, "segments"),
        )
    ]
    with_rows = add_part(_proposed(PREVIEW, SKETCHES[0], None), 1, SIZES[1], SKETCHES[1])
    refused = [
        ("the format of an agreement", "format", _signed_preview(PREVIEW.replace("-preview-v2", "-agreement-v2"))),
        ("a slot", "keys", _signed_preview(PREVIEW + '\n[[slot]]\nname = "lei"\n')),
        ("rows of segments", "keys", add_signature(with_rows, 1, LARKSPUR.signing_seed)),
        ("terms changed after both signed", "signature", plain.replace("co-selling", "marketing")),
        ("another epsilon", "range", _signed_preview(PREVIEW, (SKETCHES[0], SketchText([20], "1/8", [])))),
        ("three numbers of rows for one array", "range", _signed_preview(PREVIEW, (SKETCHES[0], SPLIT[1]))),
        ("signed under the label of an agreement", "signature", _under_agreement_label()),
    ]
    return {
        "comment": "Preview agreements between the two of cards.json",
        "section": "trust-v2 §4.7",
        "cases": taken
        + [{"comment": what, "agreement": text, "expect": f"refuse: {rule}"} for what, rule, text in refused],
    }


def _under_agreement_label() -> str:
    part = add_part(PREVIEW, 0, None, SKETCHES[0])
    foreign = add_signature(part.replace("-preview-v2", "-agreement-v2"), 0, BRIGHTWATER.signing_seed)
    return foreign.replace("-agreement-v2", "-preview-v2")


def _carried() -> list[tuple[str, str]]:
    return [
        ("as it was written", AGREEMENT),
        ("signed by the initiator alone", _proposed(TERMS)),
        ("line ends of another system", AGREEMENT.replace("\n", "\r\n")),
        ("white space of all kinds behind lines", AGREEMENT.replace("\n", " \t\u00a0\u3000\x1f\n")),
    ]


def _changed(old: str, new: str) -> str:
    """Return the agreement with other terms, signed rightly."""
    if old not in TERMS:
        raise ValueError(f"the terms do not hold {old}")
    return _signed(TERMS.replace(old, new, 1))


def _responder_writes(part: str) -> str:
    """Return an agreement to which the responder added more than sizes, and signed it."""
    signed = add_part(_proposed(TERMS), 1, SIZES[1], SKETCHES[1])
    return add_signature(signed + part, 1, LARKSPUR.signing_seed)


def _with_sketch(sketch: SketchText) -> str:
    return _signed(TERMS, (sketch, SKETCHES[1]))


def _altered() -> list[tuple[str, str, str]]:
    """Return agreements that are refused: what is wrong, the rule, the text."""
    slot = (
        '[[slot]]\nname = "lei"\nspace = "lei"\nweight = 1\ntier = "strong"\nsays = "other"\nmeets_itself = true'
    )
    sized = add_part(_proposed(TERMS), 1, SIZES[1], SKETCHES[1])
    last_class = 'leads = ["label"]\nwith = []\ntolerates = []\nsure = false\nreveal_up_to = 0'
    return [
        ("other terms than were signed", "signature", AGREEMENT.replace("co-selling", "marketing")),
        (
            "another size than the initiator signed",
            "signature",
            AGREEMENT.replace("customer = 96", "customer = 97"),
        ),
        (
            "another size than the responder signed",
            "signature",
            AGREEMENT.replace("customer = 48", "customer = 49"),
        ),
        ("another sketch than was signed", "signature", AGREEMENT.replace("rows = [192]", "rows = [193]")),
        ("signed twice by the initiator", "signature", add_signature(sized, 1, BRIGHTWATER.signing_seed)),
        ("no signature", "unsigned", add_part(TERMS, 0, SIZES[0], SKETCHES[0]) + "\n"),
        ("sizes of the responder without a signature", "unsigned", sized + "\n"),
        ("a comment behind the last signature", "unsigned", AGREEMENT + "# more\n"),
        ("a slot added by the responder", "keys", _responder_writes(f"\n{slot}")),
        ("the rows of the initiator again, by the responder", "keys", _responder_writes("\n[initiator.rows]")),
        ("a key more in the responder's sketch", "keys", _responder_writes("\nnote = 1")),
        ("a segment more", "keys", _signed_sizes("prospect = 0", "prospect = 0\npartner = 1")),
        ("a segment missing", "keys", _signed_sizes("\nprospect = 0", "")),
        ("a key that is not known", "keys", _changed("min_change", "note = 1\nmin_change")),
        ("a key missing", "keys", _changed("growth_alarm = 4\n", "")),
        ("a key of the first version", "keys", _changed("[limits]", "smallest_cell = 5\n\n[limits]")),
        ("a slot that does not say whether it meets itself", "keys", _changed("meets_itself = true\n", "")),
        ("a whole number in place of a float", "keys", _changed("automatic_share = 0.0", "automatic_share = 0")),
        ("a truth value in place of a number", "keys", _changed("threshold = 1", "threshold = true")),
        ("a number in place of a truth value", "keys", _changed("sure = true", "sure = 1")),
        ("a date and time in place of a date", "keys", _changed("= 2027-11-22", "= 2027-11-22T00:00:00Z")),
        ("an integer of thousands of digits", "toml", _changed("threshold = 1", "threshold = " + "1" * 5000)),
        ("a key of thousands of parts", "toml", _changed("min_change", "a." * 2000 + "b = 1\nmin_change")),
        ("a key of 33 parts", "toml", _changed("min_change", '"a" . ' * 32 + "b = 1\nmin_change")),
        ("a key of three parts", "keys", _changed("min_change", "a.b.c = 1\nmin_change")),
        ("another format", "format", _changed("agreement-v2", "agreement-v3")),
        ("the first format", "format", _changed("agreement-v2", "agreement-v1")),
        ("another protocol", "range", _changed("account-psi-v2", "account-psi-v1")),
        ("not a number", "range", _changed("automatic_share = 0.0", "automatic_share = nan")),
        ("a threshold of zero", "range", _changed("threshold = 1", "threshold = 0")),
        ("a weight of zero", "range", _changed("weight = 32", "weight = 0")),
        ("weights of 2^62 in all", "range", _changed("weight = 32", f"weight = {2**62 - 31}")),
        ("a strength that does not exist", "range", _changed('strength = "weak"', 'strength = "medium"')),
        ("an unknown thing for a slot to say", "range", _changed('says = "other"', 'says = "phone"')),
        ("two slots of one name", "range", _changed('name = "label"', 'name = "domain"')),
        ("a domain in a name space of names", "range", _changed('space = "domain"', 'space = "name"')),
        ("a class without a leading slot", "range", _changed('leads = ["domain"]', "leads = []")),
        ("a class with an unknown slot", "range", _changed('leads = ["domain"]', 'leads = ["phone"]')),
        ("a class with a slot twice", "range", _changed('leads = ["domain"]', 'leads = ["domain", "domain"]')),
        ("a class that tolerates an unknown contradiction", "range", _changed('["country"]', '["size"]')),
        (
            "a class that is sure of a weak slot",
            "range",
            _changed(last_class, last_class.replace("false", "true")),
        ),
        ("a class that reveals by a weak slot", "range", _changed(last_class, last_class[:-1] + "1")),
        ("a limit below zero", "range", _changed("ask_up_to = 30", "ask_up_to = -1")),
        ("a limit above 2^63 - 1", "range", _changed("ask_up_to = 30", f"ask_up_to = {2**63}")),
        ("an unknown value of weak", "range", _changed('weak = "ask"', 'weak = "show"')),
        ("a kind of sketch that does not exist", "range", _changed('kind = "sketch"', 'kind = "counts"')),
        ("by segments, and one number of rows", "range", _changed('kind = "sketch"', 'kind = "segments"')),
        ("three numbers of rows, not by segments", "range", _with_sketch(SPLIT[0])),
        ("a sketch without rows", "range", _with_sketch(SketchText([0], "1", []))),
        ("another epsilon", "range", _with_sketch(SketchText([192], "4", []))),
        ("an epsilon that is written otherwise", "range", _with_sketch(SketchText([192], "0.5", []))),
        ("a country of a sketch twice", "range", _with_sketch(SketchText([192], "1", ["DE", "DE"]))),
        ("a pair in two rectangles", "range", _changed('["opportunity", "prospect"]', '["customer", "prospect"]')),
        ("a rectangle without segments", "range", _changed('["prospect", "customer"]', "[]")),
        ("a field that may not be shown", "range", _changed('"owner_email"', '"phone"')),
        ("a field twice", "range", _changed('"owner_email"', '"name"')),
        ("names of a rest that hidden pairs keep", "range", _changed("named_by = []", 'named_by = ["initiator"]')),
        ("a country in small letters", "range", _changed('["DE"]', '["de"]')),
        ("a purpose that turns the writing", "range", _changed("co-selling", "co-\u202eselling")),
        ("one card for both", "range", _changed(CARDS[1].hex(), CARDS[0].hex())),
        ("a deal brought by a meeting", "range", _changed('"registered deal"]', '"meeting"]')),
        ("shares that add up to more than 1", "range", _changed("[0.4, 0.2, 0.4]", "[0.4, 0.4, 0.4]")),
        ("a whole number among the shares", "keys", _changed("[0.4, 0.2, 0.4]", "[0.5, 0, 0.5]")),
        ("two rules of credit", "range", _changed(CREDIT, f"{CREDIT}, {CREDIT}")),
        ("a half-life of no day", "range", _changed("half_life_days = 30", "half_life_days = 0")),
        ("an audit without an auditor", "range", _changed('"an auditor whom both accept"', '""')),
        ("an audit for which nothing is kept", "range", _changed("keep_days = 180", "keep_days = 0")),
    ]


def _signed_sizes(old: str, new: str) -> str:
    """Return a proposal with other rows of the initiator, signed rightly."""
    part = add_part(TERMS, 0, SIZES[0], SKETCHES[0])
    if old not in part:
        raise ValueError(f"the part does not hold {old}")
    return add_signature(part.replace(old, new, 1), 0, BRIGHTWATER.signing_seed)


def refusals() -> Json:
    """Agreements that are taken, and agreements that are refused."""
    taken = [{"comment": what, "agreement": text, "expect": "accept"} for what, text in _carried()]
    refused = [
        {"comment": what, "agreement": text, "expect": f"refuse: {rule}"} for what, rule, text in _altered()
    ]
    return {
        "comment": "The first of agreements.json, carried and altered; its reader has both cards",
        "section": "trust-v2 §1, §4",
        "cases": taken + refused,
    }


def before_signing() -> Json:
    """Agreements that are refused for what their reader knows: texts, cards, clock, what was before (§1, §4.5)."""
    stranger = bytes(32)
    of_strangers = _signed(terms(NAMES, (CARDS[0], stranger), RECTANGLES))
    renamed = _signed(terms((NAMES[0], "Larkspur"), CARDS, RECTANGLES))
    two = TERMS.replace(
        'segments = ["customer", "opportunity", "prospect"]', 'segments = ["customer", "prospect"]'
    )
    fewer = _with_two_segments(two)
    other = _signed(TERMS.replace("co-selling", "marketing together"))
    now, later, last = "2026-11-22T13:00:00Z", "2026-11-20T12:00:00Z", "2026-11-22T12:00:01Z"
    cases: list[tuple[str, str | None, Json]] = [
        ("between the two, dated an hour ago", None, {"agreement": AGREEMENT}),
        ("as it was proposed", None, {"agreement": AGREEMENT, "proposed": _proposed(TERMS)}),
        ("with a card that is not on file", "parties", {"agreement": of_strangers}),
        ("with another name than on the card", "parties", {"agreement": renamed}),
        ("with two segments", "segments", {"agreement": fewer}),
        ("dated two days ahead", "date", {"agreement": AGREEMENT, "now": later}),
        ("dated before the last that both signed", "date", {"agreement": AGREEMENT, "last": last}),
        ("with other terms than were proposed", "changed", {"agreement": other, "proposed": _proposed(TERMS)}),
        ("not UTF-8", "text", {"bytes": (AGREEMENT.encode() + b"\xff").hex()}),
        ("more than 262,144 bytes", "size", {"repeat": [" ", 262_145]}),
    ]
    return {
        "comment": "Agreements, or proposals that come back, read by a party with both cards, before it signs",
        "section": "trust-v2 §1, §4.5",
        "now": now,
        "cases": [
            {"comment": what, **inputs, "expect": f"refuse: {rule}" if rule else "accept"}
            for what, rule, inputs in cases
        ],
    }


def _with_two_segments(text: str) -> str:
    """Return a proposal with the segments customer and prospect."""
    text = text.replace('"opportunity", ', "").replace('["prospect", "customer"]', '["prospect"]')
    part = add_part(text, 0, SIZES[0], SKETCHES[0]).replace("opportunity = 16\n", "")
    return add_signature(part, 0, BRIGHTWATER.signing_seed)
