"""Sealing keys and cards that a reader must refuse (message-v1 §5.2, trust-v1 §1 to §3)."""

from typing import Any

from protocols.reference import card
from protocols.reference.cases_keys import LOW_ORDER
from protocols.reference.cases_sealed import BRIGHTWATER, CREATED, LARKSPUR
from protocols.reference.curve import P
from protocols.reference.hpke import MLKEM_KEY_BYTES

Json = dict[str, Any]


def channel_keys() -> Json:
    """Keys of another length, with a coefficient that is none, or to which nothing can be sealed."""
    key = BRIGHTWATER.sealing_key
    before = key[:MLKEM_KEY_BYTES]
    changed = [
        ("nothing", b""),
        ("one byte short", key[:-1]),
        ("one byte long", key + b"\x00"),
        ("a coefficient of ML-KEM that is not reduced", b"\xff\xff" + key[2:]),
        *[("an X25519 key of low order", before + bytes.fromhex(u)) for u in LOW_ORDER],
        ("an X25519 key of low order, not canonical", before + P.to_bytes(32, "little")),
        ("an X25519 key of low order, with its top bit set", before + bytes(31) + b"\x80"),
    ]
    cases = [{"comment": "a key", "key": key.hex(), "expect": "accept"}]
    cases += [{"comment": what, "key": data.hex(), "expect": "refuse: channel-key"} for what, data in changed]
    return {"comment": "Raw sealing keys", "section": "message-v1 §5.2", "cases": cases}


def _card_with(name: str) -> str:
    """Write a card that is signed rightly, whatever the name."""
    owner = BRIGHTWATER
    return card.write(card.signed_text(name, CREATED, owner.signing_seed, owner.sealing_key), owner.signing_seed)


def _resigned(signed: str) -> str:
    return card.write(signed, BRIGHTWATER.signing_seed)


def _carried() -> list[tuple[str, str]]:
    """Return cards as mail programs may change them."""
    text = _card_with(BRIGHTWATER.name)
    return [
        ("as it was written", text),
        ("line ends of another system", text.replace("\n", "\r\n")),
        ("blanks behind lines", text.replace("\n", " \t\n")),
        ("empty lines around it, and none at the end", "\n\n" + text.rstrip("\n")),
        ("a byte order mark", "\ufeff" + text),
    ]


def _altered() -> list[tuple[str, str, str]]:
    """Return cards that are refused: what is wrong, the rule, the text."""
    signed, text = BRIGHTWATER.signed, _card_with(BRIGHTWATER.name)
    return [
        ("another name than was signed", "signature", text.replace("Brightwater", "Larkspur")),
        ("another comment than was signed", "signature", text.replace("safe to send", "for your eyes")),
        ("signed by somebody else", "signature", card.write(signed, LARKSPUR.signing_seed)),
        ("no signature", "keys", signed + "\n"),
        ("a key that is not known", "keys", _resigned(signed + '\nnote = "hello"')),
        ("a key missing", "keys", _resigned(signed.replace(f"created = {CREATED}\n", ""))),
        ("a name that is a number", "keys", _resigned(signed.replace('"Brightwater Works"', "7"))),
        ("another format", "format", _resigned(signed.replace("card-v1", "card-v2"))),
        ("not TOML", "toml", _resigned(signed.replace("name = ", "name: "))),
        ("an empty name", "range", _card_with("")),
        ("a name with a blank before it", "range", _card_with(" Brightwater")),
        ("a name of 81 characters", "range", _card_with("x" * 81)),
        ("a name with a character that turns the writing", "range", _card_with("Brightwater \u202e skroW")),
        ("a name with a character of no width", "range", _card_with("Bright\u200bwater")),
    ]


def cards() -> Json:
    """Cards that are taken, and cards that are refused."""
    taken = [{"comment": what, "card": text, "expect": "accept"} for what, text in _carried()]
    refused = [{"comment": what, "card": text, "expect": f"refuse: {rule}"} for what, rule, text in _altered()]
    return {
        "comment": "The first card of cards.json, carried and altered; all that are taken have its digest",
        "section": "trust-v1 §1, §2, §3",
        "expect": card.digest(BRIGHTWATER.signed).hex(),
        "cases": taken + refused,
    }
