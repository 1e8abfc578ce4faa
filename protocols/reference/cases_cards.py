"""Sealing keys and cards that a reader must refuse (message-v2 §5.2, trust-v2 §1 to §3)."""

import base64
from typing import Any

from protocols.reference import card, ed25519
from protocols.reference.cases_functions import LOW_ORDER
from protocols.reference.cases_sealed import BRIGHTWATER, CREATED, LARKSPUR
from protocols.reference.curve import P
from protocols.reference.hpke import MLKEM_KEY_BYTES

Json = dict[str, Any]
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
"""The y-coordinate of points of order 8 on edwards25519; its negative is the only other."""


def channel_keys() -> Json:
    """Keys of another length, with an invalid coefficient, or to which nothing can be sealed."""
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
    return {"comment": "Raw sealing keys", "section": "message-v2 §5.2", "cases": cases}


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
        ("no signature", "unsigned", signed + "\n"),
        ("a comment behind the signature", "unsigned", text + "# more\n"),
        ("the name behind the signature", "unsigned", _name_moved_behind(signed)),
        ("a signature line with another blank", "unsigned", text.replace("\nsignature = ", "\nsignature =  ")),
        ("a signature whose spare bits are not zero", "unsigned", _with_spare_bit(text)),
        ("a key that is not known", "keys", _resigned(signed + '\nnote = "hello"')),
        ("a key missing", "keys", _resigned(signed.replace(f"created = {CREATED}\n", ""))),
        ("a date without an offset", "keys", _resigned(signed.replace(CREATED, CREATED.rstrip("Z")))),
        ("a name that is a number", "keys", _resigned(signed.replace('"Brightwater Works"', "7"))),
        ("another format", "format", _resigned(signed.replace("card-v1", "card-v2"))),
        ("not TOML", "toml", _resigned(signed.replace("name = ", "name: "))),
        ("an empty name", "range", _card_with("")),
        ("a name with a blank before it", "range", _card_with(" Brightwater")),
        ("a name of 81 characters", "range", _card_with("x" * 81)),
        ("a name with a character that turns the writing", "range", _card_with("Brightwater \u202e skroW")),
        ("a name with a character of no width", "range", _card_with("Bright\u200bwater")),
        ("a name that shows nothing: Hangul filler", "range", _card_with("\u3164")),
        ("a name that shows nothing: Braille blanks", "range", _card_with("\u2800\u2800")),
        ("a name with a variation selector", "range", _card_with("Brightwater\ufe0f")),
        ("a name of marks alone", "range", _card_with("...")),
        ("a name with a Cyrillic letter among Latin ones", "words", _card_with("Brightw\u0430ter")),
        ("a name with two blanks in a row", "range", _card_with("Brightwater  Works")),
    ]


def _name_moved_behind(signed: str) -> str:
    """Return a card of which the fingerprint does not cover the name."""
    line = f'name = "{BRIGHTWATER.name}"\n'
    return _resigned(signed.replace(line, "")) + line


def _with_spare_bit(text: str) -> str:
    """Return a card whose signature has the same bytes, but not the base64 that a writer makes of them."""
    before, last = text[: -len('=="\n') - 1], text[-len('=="\n') - 1]
    return f'{before}{chr(ord(last) + 1)}=="\n'


def _of_low_order() -> list[tuple[str, str, str]]:
    """Return cards with keys of low order, or not canonical, and the signature of which R is neutral and S zero.

    Under the neutral point it holds for every text, under the others for some.
    """
    ys = [0, 1, ed25519.P - 1, ORDER_8, ed25519.P - ORDER_8, ed25519.P, ed25519.P + 1]
    own = base64.b64encode(ed25519.public_key(BRIGHTWATER.signing_seed)).decode()
    signature = base64.b64encode((1).to_bytes(32, "little") + bytes(32)).decode()
    cases = []
    for y in ys:
        for sign in (0, 1):
            key = base64.b64encode((y | sign << 255).to_bytes(32, "little")).decode()
            text = f'{BRIGHTWATER.signed.replace(own, key)}\nsignature = "{signature}"\n'
            cases.append(("a signing key of low order, or not canonical", "signing-key", text))
    return cases


def cards() -> Json:
    """Cards that are taken, and cards that are refused."""
    taken = [{"comment": what, "card": text, "expect": "accept"} for what, text in _carried()]
    refused = [
        {"comment": what, "card": text, "expect": f"refuse: {rule}"}
        for what, rule, text in (*_altered(), *_of_low_order())
    ]
    return {
        "comment": "The first card of cards.json, carried and altered; all that are taken have its digest",
        "section": "trust-v2 §1, §2, §3",
        "expect": card.digest(BRIGHTWATER.signed).hex(),
        "cases": taken + refused,
    }
