"""The text of an agreement, and the parameters of its sessions (trust-v1 §4, §5)."""

import base64
from dataclasses import dataclass

from protocols.reference import ed25519
from protocols.reference.suite import digest, sha256

ROLES = ("initiator", "responder")
SEGMENTS = ("customer", "opportunity", "prospect")
SLOTS = [("name", "name", 4), ("domain", "domain", 2), ("label", "name", 1)]
"""Name, name space, weight."""

Sizes = tuple[int, int, int]
"""Padded rows of each segment."""


@dataclass(frozen=True)
class Rectangle:
    """What the pairs of some segments show.

    Attributes:
        level: `counts` or `names`.
        segments: of the initiator and the responder.
        shows: the fields that each of them shows.
    """

    level: str
    segments: tuple[list[str], list[str]]
    shows: tuple[list[str], list[str]] = ([], [])


def terms(
    names: tuple[str, str], cards: tuple[bytes, bytes], rectangles: list[Rectangle], naming: list[str]
) -> str:
    """Write the terms: all lines before the initiator's sizes.

    Args:
        names: without characters that TOML escapes.
        cards: digests of the cards, the initiator's first.
        naming: the parties that name the rest of their lists.
    """
    shown = [_disclosure(naming), *map(_rectangle, rectangles)]
    return "\n".join([_head(names, cards), *map(_slot, SLOTS), *shown, _LIMITS])


def _list(values: list[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def _head(names: tuple[str, str], cards: tuple[bytes, bytes]) -> str:
    return f"""# An agreement.
format = "accountmap-agreement-v1"
created = 2026-11-22T12:00:00Z
valid_until = 2027-11-22
purpose = "co-selling"

[parties]
names = {_list(list(names))}
cards = {_list([card.hex() for card in cards])}

[protocol]
session = "account-psi-v1"
message = "message-v1"
sealing = "MLKEM768-X25519, HKDF-SHA256, AES-256-GCM"

[canonical]
version = "canonical-v1"

[canonical.data]
"data/words.tsv" = "{sha256(b"a table").hex()}"

[matching]
profile = "three"
threshold = 1
"""


def _slot(slot: tuple[str, str, int]) -> str:
    name, space, weight = slot
    return f'[[slot]]\nname = "{name}"\nspace = "{space}"\nweight = {weight}\ntier = "{space}"\n'


def _disclosure(naming: list[str]) -> str:
    return f"""[disclosure]
segments = {_list(list(SEGMENTS))}
rest_shown_by = ["responder", "initiator"]
rest_named_by = {_list(naming)}
smallest_cell = 5
automatic_share = 0.5
runs_per_30_days = 4
"""


def _rectangle(rectangle: Rectangle) -> str:
    rows = [f'[[rectangle]]\nlevel = "{rectangle.level}"']
    rows += [f"{role} = {_list(names)}" for role, names in zip(ROLES, rectangle.segments, strict=True)]
    rows += [f"{role}_shows = {_list(names)}" for role, names in zip(ROLES, rectangle.shows, strict=True)]
    return "\n".join(rows) + "\n"


_LIMITS = """[filter]
countries = ["DE"]
industries = []
employees_from = 0
employees_to = 0

[engagement]
rules = [{initiator = ["customer"], responder = ["prospect"], countries = [], leads = "initiator"}]

[limits]
min_change = 5
growth_alarm = 10
"""


def add_sizes(text: str, role: int, sizes: Sizes) -> str:
    """Put a party's table behind a text; it is the signed text of this party."""
    rows = "".join(f"\n{segment} = {size}" for segment, size in zip(SEGMENTS, sizes, strict=True))
    return f"{text}\n[{ROLES[role]}]{rows}"


def add_signature(signed: str, role: int, signing_seed: bytes) -> str:
    """Put a party's signature line below what it signs."""
    signature = ed25519.sign(signing_seed, b"accountmap-agreement-v1 signature\x00" + signed.encode())
    return f'{signed}\n{ROLES[role]}_signature = "{base64.b64encode(signature).decode()}"\n'


def parameters(
    text: str, cards: tuple[bytes, bytes], sizes: tuple[Sizes, Sizes], rectangles: list[Rectangle]
) -> list[dict[str, object]]:
    """Return the parameters of each session (trust-v1 §5)."""
    found: list[dict[str, object]] = []
    for number, rectangle in enumerate(rectangles):
        slots = SLOTS if rectangle.level == "names" else SLOTS[:1]
        inside = [
            [size if name in chosen else 0 for name, size in zip(SEGMENTS, own, strict=True)]
            for own, chosen in zip(sizes, rectangle.segments, strict=True)
        ]
        found.append(
            {
                "context": digest("context", sha256(text.encode()), *cards, bytes([number])).hex(),
                "spaces": [space for _, space, _ in slots],
                "weights": [weight for _, _, weight in slots],
                "threshold": 1,
                "sizes": inside,
                "channel_key_bytes": 0 if number else 1216,
                "field_bytes": 202 * max(map(len, rectangle.shows)),
                "reveals": rectangle.level == "names",
            }
        )
    return found
