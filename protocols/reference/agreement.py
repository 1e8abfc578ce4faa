"""The text of an agreement, and the parameters of its session (trust-v2 §4, §5)."""

import base64
from dataclasses import dataclass

from protocols.reference import ed25519
from protocols.reference.cases_session import CLASSES, SLOTS, describe_classes, describe_slots
from protocols.reference.party import MatchClass, Slot
from protocols.reference.suite import digest, sha256

ROLES = ("initiator", "responder")
SEGMENTS = ("customer", "opportunity", "prospect")
SLOT_NAMES = ("domain", "name", "name_country", "short_country", "common_name", "label")

Sizes = tuple[int, int, int]
"""Padded rows of each segment."""


@dataclass(frozen=True)
class Rectangle:
    """Pairs of segments, and what is shown of their matches.

    Attributes:
        segments: of the initiator and the responder.
        shows: the fields that each of them shows.
    """

    segments: tuple[list[str], list[str]]
    shows: tuple[list[str], list[str]] = ([], [])


@dataclass(frozen=True)
class SketchText:
    """What a party's part says of its sketch."""

    rows: list[int]
    epsilon: str
    countries: list[str]


def _list(values: list[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _head(
    names: tuple[str, str], cards: tuple[bytes, bytes], format_name: str, conversation: str, kind: str
) -> str:
    return f"""# An agreement.
format = "{format_name}"
created = 2026-11-22T12:00:00Z
valid_until = 2027-11-22
purpose = "co-selling"

[parties]
names = {_list(list(names))}
cards = {_list([card.hex() for card in cards])}

[protocol]
session = "account-psi-v2"
message = "message-v2"
{conversation}sealing = "MLKEM768-X25519, HKDF-SHA256, AES-256-GCM"

[canonical]
version = "canonical-v2"

[canonical.data]
"data/words.tsv" = "{sha256(b"a table").hex()}"

[preview]
kind = "{kind}"
"""


def terms(
    names: tuple[str, str], cards: tuple[bytes, bytes], rectangles: list[Rectangle], kind: str = "sketch"
) -> str:
    """Write the terms of an agreement: all lines before the initiator's part.

    Args:
        names: without characters that TOML escapes.
        cards: digests of the cards, the initiator's first.
        kind: of the sketches, `sketch` or `segments`.
    """
    head = _head(names, cards, "accountmap-agreement-v2", 'conversation = "conversation-v1"\n', kind)
    slots = [_slot(name, slot) for name, slot in zip(SLOT_NAMES, SLOTS, strict=True)]
    classes = [_class(one) for one in CLASSES]
    return "\n".join([head, _MATCHING, *slots, *classes, _disclosure(), *map(_rectangle, rectangles), _LIMITS])


def preview_terms(names: tuple[str, str], cards: tuple[bytes, bytes], kind: str = "sketch") -> str:
    """Write the terms of a preview agreement (trust-v2 §4.7)."""
    head = _head(names, cards, "accountmap-preview-v2", "", kind)
    return f"{head}\n[disclosure]\nsegments = {_list(list(SEGMENTS))}\n\n[limits]\ngrowth_alarm = 4\n"


_MATCHING = """[matching]
profile = "six"
threshold = 1
weak = "ask"
"""


def _slot(name: str, slot: Slot) -> str:
    lines = [
        "[[slot]]",
        f'name = "{name}"',
        f'space = "{slot.space}"',
        f"weight = {slot.weight}",
        f'strength = "{slot.strength}"',
        f'says = "{slot.says}"',
        f"meets_itself = {_boolean(slot.meets_itself)}",
    ]
    return "\n".join(lines) + "\n"


def _class(one: MatchClass) -> str:
    lines = [
        "[[class]]",
        f"leads = {_list([SLOT_NAMES[n] for n in one.leads])}",
        f"with = {_list([SLOT_NAMES[n] for n in one.with_])}",
        f"tolerates = {_list(one.tolerates)}",
        f"sure = {_boolean(one.sure)}",
        f"reveal_up_to = {one.reveal_up_to}",
        f"ask_up_to = {one.ask_up_to}",
    ]
    return "\n".join(lines) + "\n"


def _disclosure() -> str:
    return f"""[disclosure]
segments = {_list(list(SEGMENTS))}
totals_shown_by = ["responder", "initiator"]
unmatched_named_by = []
automatic_share = 0.0
sessions_per_30_days = 4
assistants = "own"
"""


def _rectangle(rectangle: Rectangle) -> str:
    rows = ["[[rectangle]]"]
    rows += [f"{role} = {_list(names)}" for role, names in zip(ROLES, rectangle.segments, strict=True)]
    rows += [f"{role}_shows = {_list(names)}" for role, names in zip(ROLES, rectangle.shows, strict=True)]
    return "\n".join(rows) + "\n"


CREDIT = (
    '{sourced_by = ["introduction", "registered deal"], introduction_days = 180, registration_days = 14, '
    'source_values = ["Partner é", "a \\"b\\""], kinds = ["meeting"], before_days = 90, not_after_stages = [], '
    "half_life_days = 30, position = [0.4, 0.2, 0.4]}"
)
"""A rule of credit, as a table on one line."""

_LIMITS = """[filter]
countries = ["DE"]
industries = []
employees_from = 0
employees_to = 0

[engagement]
rules = [{initiator = ["customer"], responder = ["prospect"], countries = [], leads = "initiator"}]

[credit]
rule = [CREDIT]

[audit]
required = true
auditor = "an auditor whom both accept"
keep_days = 180

[scoring]
models = "segment"
ideal_customer = ""

[limits]
min_change = 5
growth_alarm = 4
""".replace("CREDIT", CREDIT)


def credit_digest() -> bytes:
    """Return the digest of the rule of credit (trust-v2 §4.10)."""
    return sha256(
        b'sourced_by = ["introduction", "registered deal"]\n'
        b"introduction_days = 180\nregistration_days = 14\n"
        b'source_values = ["Partner \xc3\xa9", "a \\"b\\""]\n'
        b'kinds = ["meeting"]\nbefore_days = 90\nnot_after_stages = []\n'
        b"half_life_days = 30\nposition = [0.400000, 0.200000, 0.400000]\n"
    )


def add_part(text: str, role: int, sizes: Sizes | None, sketch: SketchText) -> str:
    """Put a party's part behind a text; it is the signed text of this party.

    Args:
        sizes: None in a preview agreement.
    """
    name, part = ROLES[role], ""
    if sizes is not None:
        rows = "".join(f"\n{segment} = {size}" for segment, size in zip(SEGMENTS, sizes, strict=True))
        part = f"\n[{name}.rows]{rows}\n"
    numbers = ", ".join(map(str, sketch.rows))
    part += f'\n[{name}.sketch]\nrows = [{numbers}]\nepsilon = "{sketch.epsilon}"'
    return f"{text}{part}\ncountries = {_list(sketch.countries)}"


def add_signature(signed: str, role: int, signing_seed: bytes) -> str:
    """Put a party's signature line below what it signs."""
    kind = "preview" if 'format = "accountmap-preview-v2"' in signed else "agreement"
    label = f"accountmap-{kind}-v2 signature".encode()
    signature = ed25519.sign(signing_seed, label + b"\x00" + signed.encode())
    return f'{signed}\n{ROLES[role]}_signature = "{base64.b64encode(signature).decode()}"\n'


def context(text: str, cards: tuple[bytes, bytes]) -> bytes:
    """Return the context of sessions under an agreement (trust-v2 §5)."""
    return digest("context", sha256(text.encode()), *cards)


def parameters(
    text: str,
    cards: tuple[bytes, bytes],
    sizes: tuple[Sizes, Sizes],
    sketches: tuple[SketchText, SketchText],
    rectangles: list[Rectangle],
    kind: str,
) -> dict[str, object]:
    """Return the parameters of a session (trust-v2 §5)."""
    return {
        "context": context(text, cards).hex(),
        "slots": describe_slots(SLOTS),
        "weak": "ask",
        "threshold": 1,
        "classes": describe_classes(CLASSES),
        "rectangles": [
            {
                "segments": [[SEGMENTS.index(name) for name in names] for names in r.segments],
                "field_bytes": 202 * max(map(len, r.shows)),
            }
            for r in rectangles
        ],
        "sizes": sizes,
        "sketches": sketch_parameters(sketches, kind),
        "channel_key_bytes": 1216,
    }


def sketch_parameters(sketches: tuple[SketchText, SketchText], kind: str) -> list[dict[str, object]]:
    """Return what an agreement says of both sketches."""
    name = "plain" if kind == "sketch" else "segments"
    return [{"kind": name, "rows": s.rows, "epsilon": s.epsilon} for s in sketches]
