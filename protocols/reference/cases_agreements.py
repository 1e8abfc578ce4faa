"""Agreements, the parameters of their runs, and what a reader must refuse (trust-v1 §1, §4, §5)."""

from typing import Any

from protocols.reference import card, envelope
from protocols.reference.agreement import Rectangle, add_signature, add_sizes, parameters, terms
from protocols.reference.cases_sealed import BRIGHTWATER, LARKSPUR
from protocols.reference.suite import sha256

Json = dict[str, Any]
ALL = ["customer", "opportunity", "prospect"]
CARDS = (card.digest(BRIGHTWATER.signed), card.digest(LARKSPUR.signed))
RECTANGLES = [
    Rectangle("names", (["customer"], ALL), (["name"], ["name", "country", "owner_email"])),
    Rectangle("names", (["opportunity", "prospect"], ["prospect", "customer"])),
    Rectangle("counts", (["prospect"], ["opportunity"])),
]
SIZES = ((96, 16, 0), (48, 24, 100_000_000))
NAMES = (BRIGHTWATER.name, LARKSPUR.name)
TERMS = terms(NAMES, CARDS, RECTANGLES, naming=[])
NAMING = [
    Rectangle("names", (ALL, ["customer"]), (["name"], [])),
    Rectangle("counts", (ALL, ["prospect"])),
]
"""Each segment of the responder that is in a rectangle with names is in such ones with all of the initiator."""


def _proposed(text: str) -> str:
    return add_signature(add_sizes(text, 0, SIZES[0]), 0, BRIGHTWATER.signing_seed)


def _signed(text: str) -> str:
    return add_signature(add_sizes(_proposed(text), 1, SIZES[1]), 1, LARKSPUR.signing_seed)


AGREEMENT = _signed(TERMS)


def _described(comment: str, text: str, rectangles: list[Rectangle], rest_bytes: list[int]) -> Json:
    digest = sha256(text.encode())
    return {
        "comment": comment,
        "agreement": text,
        "expect": {
            "digest": digest.hex(),
            "transcript": envelope.first_transcript(digest, *CARDS).hex(),
            "sessions": parameters(text, CARDS, SIZES, rectangles),
            "rest_bytes": rest_bytes,
        },
    }


def agreements() -> Json:
    """What two agreements fix."""
    naming = _signed(terms(NAMES, CARDS, NAMING, naming=["responder"]))
    counts, names = 1 << 20, (1 << 20) + 87 * sum(SIZES[1])
    return {
        "comment": "Agreements between the two of cards.json, th_0, and the parameters of their runs",
        "section": "trust-v1 §4, §5",
        "cases": [
            _described("three rectangles", AGREEMENT, RECTANGLES, [counts, counts]),
            _described("one party names its rest", naming, NAMING, [counts, names]),
        ],
    }


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
    return add_signature(add_sizes(_proposed(TERMS), 1, SIZES[1]) + part, 1, LARKSPUR.signing_seed)


def _altered() -> list[tuple[str, str, str]]:
    """Return agreements that are refused: what is wrong, the rule, the text."""
    slot = '[[slot]]\nname = "lei"\nspace = "lei"\nweight = 1\ntier = "lei"'
    sized = add_sizes(_proposed(TERMS), 1, SIZES[1])
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
        ("signed twice by the initiator", "signature", add_signature(sized, 1, BRIGHTWATER.signing_seed)),
        ("no signature", "unsigned", add_sizes(TERMS, 0, SIZES[0]) + "\n"),
        ("sizes of the responder without a signature", "unsigned", sized + "\n"),
        ("a comment behind the last signature", "unsigned", AGREEMENT + "# more\n"),
        ("a slot added by the responder", "keys", _responder_writes(f"\n{slot}")),
        ("the table of the initiator again, by the responder", "keys", _responder_writes("\n[initiator]")),
        ("a segment more in the responder's sizes", "keys", _responder_writes("\npartner = 1")),
        ("a key that is not known", "keys", _changed("min_change", "note = 1\nmin_change")),
        ("a key missing", "keys", _changed("growth_alarm = 10\n", "")),
        ("a whole number in place of a float", "keys", _changed("automatic_share = 0.5", "automatic_share = 1")),
        ("a truth value in place of a number", "keys", _changed("threshold = 1", "threshold = true")),
        ("a date and time in place of a date", "keys", _changed("= 2027-11-22", "= 2027-11-22T00:00:00Z")),
        ("an integer of thousands of digits", "toml", _changed("threshold = 1", "threshold = " + "1" * 5000)),
        ("a key of thousands of parts", "toml", _changed("min_change", "a." * 2000 + "b = 1\nmin_change")),
        ("a key of 33 parts", "toml", _changed("min_change", '"a" . ' * 32 + "b = 1\nmin_change")),
        ("a key of three parts", "keys", _changed("min_change", "a.b.c = 1\nmin_change")),
        ("another format", "format", _changed("agreement-v1", "agreement-v2")),
        ("not a number", "range", _changed("automatic_share = 0.5", "automatic_share = nan")),
        ("a threshold of zero", "range", _changed("threshold = 1", "threshold = 0")),
        ("a threshold above the weight of the preview kind", "range", _changed("threshold = 1", "threshold = 5")),
        ("a preview kind that does not outweigh the rest", "range", _changed("weight = 4", "weight = 3")),
        ("a level that does not exist", "range", _changed('"counts"', '"hidden"')),
        ("a pair in two rectangles", "range", _changed('["prospect", "customer"]', '["prospect", "opportunity"]')),
        ("a rectangle without segments", "range", _changed('["prospect", "customer"]', "[]")),
        ("a field that may not be shown", "range", _changed('"owner_email"', '"phone"')),
        ("a field twice", "range", _changed('"owner_email"', '"name"')),
        ("names of a rest that other cells keep", "range", _changed("named_by = []", 'named_by = ["initiator"]')),
        ("a smallest cell of zero", "range", _changed("smallest_cell = 5", "smallest_cell = 0")),
        ("a country in small letters", "range", _changed('["DE"]', '["de"]')),
        ("a purpose that turns the writing", "range", _changed("co-selling", "co-\u202eselling")),
        ("one card for both", "range", _changed(CARDS[1].hex(), CARDS[0].hex())),
    ]


def refusals() -> Json:
    """Agreements that are taken, and agreements that are refused."""
    taken = [{"comment": what, "agreement": text, "expect": "accept"} for what, text in _carried()]
    refused = [
        {"comment": what, "agreement": text, "expect": f"refuse: {rule}"} for what, rule, text in _altered()
    ]
    return {
        "comment": "The first of agreements.json, carried and altered; its reader has both cards",
        "section": "trust-v1 §1, §4",
        "cases": taken + refused,
    }
