"""New cards in place of old ones, and those that a reader must refuse (trust-v2 §6)."""

from typing import Any

from protocols.reference import card
from protocols.reference.cases_sealed import BRIGHTWATER, LARKSPUR, Owner

RENEWED = Owner(BRIGHTWATER.name, "Brightwater Works anew")
RENAMED = Owner("Brightwater Works Group")


def _card(owner: Owner) -> str:
    return card.write(owner.signed, owner.signing_seed)


def _rotation(new: Owner = RENEWED, old: Owner = BRIGHTWATER, by: Owner = BRIGHTWATER, more: str = "") -> str:
    return card.rotation(_card(new), old.signed, by.signing_seed, more)


def _refused() -> list[tuple[str, str, str]]:
    """Return rotations that are refused: what is wrong, the rule, the text."""
    text = _rotation()
    own_signature = _card(RENEWED).removeprefix(RENEWED.signed)
    return [
        ("another new card than was signed", "signature", text.replace("safe to send", "for your eyes")),
        ("a new card with the signature of another", "signature", _rotation_of(_card(LARKSPUR), own_signature)),
        ("no signature of the old key", "unsigned", text.partition("\nrotation_signature")[0] + "\n"),
        ("a comment behind the last signature", "unsigned", text + "# more\n"),
        ("a key that is not known", "keys", _rotation(more="\nnote = 1")),
        ("a name behind the new card's signature", "keys", _rotation(more='\nname = "Larkspur & Sons"')),
        ("of another card than the one on file", "rotation", _rotation(old=LARKSPUR, by=LARKSPUR)),
        ("signed by the new key", "rotation", _rotation(by=RENEWED)),
        ("signed by somebody else", "rotation", _rotation(by=LARKSPUR)),
        ("to another name", "rotation", _rotation(new=RENAMED)),
    ]


def _rotation_of(other: str, signature: str) -> str:
    """Return a rotation, signed rightly, to a card with a signature that is not its own."""
    changed = other.partition("\nsignature = ")[0] + signature
    return card.rotation(changed, BRIGHTWATER.signed, BRIGHTWATER.signing_seed)


def rotations() -> dict[str, Any]:
    """Rotations that are taken, and rotations that are refused."""
    text = _rotation()
    taken = [("as it was written", text), ("as mail may change it", "\n" + text.replace("\n", " \r\n") + "\n")]
    return {
        "comment": "The first card of cards.json is on file; all that are taken have the same new card",
        "section": "trust-v2 §6",
        "expect": card.digest(RENEWED.signed).hex(),
        "cases": [
            *({"comment": what, "rotation": each, "expect": "accept"} for what, each in taken),
            *({"comment": what, "rotation": each, "expect": f"refuse: {rule}"} for what, rule, each in _refused()),
        ],
    }
