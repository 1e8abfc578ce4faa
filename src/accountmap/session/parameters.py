"""From an agreement to what it asks of a program and a list, its parameters, and the bytes of its fields.

Parameters are those of trust-v2 §5. Fields are as in message-v2 §6.1: each in the order of the agreement, its
length in two bytes, big-endian, then UTF-8. A blank has length zero.
"""

from collections.abc import Sequence
from typing import Final

from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import PeerError, TrustError, UsageError
from accountmap.linkage.prepared import CANONICAL_VERSION, Prepared, data_digests
from accountmap.linkage.prepared import Slot as PreparedSlot
from accountmap.model import Contradiction, PreviewKind, Role, Says, Strength, WeakSlots
from accountmap.psi.parameters import MatchClass, Parameters, PreviewParameters, Rectangle, Slot
from accountmap.psi.suite import digest
from accountmap.trust.agreement import Agreement
from accountmap.trust.match_rule import SlotTerms
from accountmap.trust.sealed import PUBLIC_BYTES
from accountmap.trust.terms import SketchTerms, Terms

REFERENCE_LIST: Final = "reference list"
"""The name under which an agreement has the digest of the reference list."""

TOTALS_BYTES: Final = 1 << 20
"""Greatest length of noisy totals without names (trust-v2 §5)."""

NAME_ROW_BYTES: Final = 87
"""Greatest length of the row that names one entity without a match (message-v2 §6.2)."""

_FEWEST_POSITIONS: Final = 4096
_POSITIONS_PER_ROW: Final = 16
_SKETCH_ID_BYTES: Final = 16


def check_program(agreement: Agreement) -> None:
    """Refuse an agreement under which this program would make other keys or segments than the agreement says.

    Raises:
        TrustError: naming what differs.
    """
    terms = agreement.terms
    if terms.segments != SEGMENTS:
        raise TrustError(
            "the agreement has other segments than this program",
            f"Segments are {', '.join(SEGMENTS)}, in this order. Use the same version on both sides.",
        )
    data = data_digests() | {k: v for k, v in terms.data.items() if k == REFERENCE_LIST}
    differing = sorted(key for key in data.keys() | terms.data.keys() if data.get(key) != terms.data.get(key))
    if terms.canonical != CANONICAL_VERSION or differing:
        raise TrustError(
            "the agreement was made with other tables for recognising companies than this program has: "
            + (", ".join(key for key in differing if key in data) or "version"),
            "Use the same version of accountmap on both sides, then make a new agreement.",
        )


def check_profile(agreement: Agreement, prepared: Prepared) -> None:
    """Refuse a list that was prepared for other keys than the agreement compares.

    Raises:
        TrustError: saying how to prepare it.
    """
    terms = agreement.terms
    prepared_for = tuple(map(slot_terms, prepared.profile.slots)), prepared.profile.threshold
    if (terms.slots, terms.threshold) != prepared_for:
        raise TrustError(
            "the list was prepared for other match keys than the agreement compares",
            "Prepare it again with the --profile that your partner used, then sign again.",
        )
    if prepared.reference != terms.data.get(REFERENCE_LIST, ""):
        raise TrustError(
            "the list was prepared with another reference list than the agreement names",
            "Both sides need the same: prepare again with your partner's file, --reference FILE.",
        )


def slot_terms(slot: PreparedSlot) -> SlotTerms:
    """Return what an agreement says about a slot."""
    return SlotTerms(slot.name, slot.space, slot.weight, slot.strength, slot.says, slot.meets_itself)


def session_parameters(agreement: Agreement) -> Parameters:
    """Return the parameters that an agreement fixes for a session.

    Raises:
        TrustError: no session can run under it.
    """
    terms = agreement.terms
    numbers = {slot.name: number for number, slot in enumerate(terms.slots)}
    try:
        return Parameters(
            context=_context(agreement),
            slots=tuple(
                Slot(
                    each.space.encode(),
                    each.weight,
                    Strength[each.strength.name],
                    Says(each.says),
                    each.meets_itself,
                )
                for each in terms.slots
            ),
            weak=WeakSlots(terms.weak),
            threshold=terms.threshold,
            classes=tuple(
                MatchClass(
                    leads=tuple(numbers[name] for name in each.leads),
                    with_any=tuple(numbers[name] for name in each.companions),
                    tolerates=_all_of(each.tolerates),
                    sure=each.sure,
                    reveal_up_to=each.reveal_up_to,
                    ask_up_to=each.ask_up_to,
                )
                for each in terms.classes
            ),
            rectangles=tuple(
                Rectangle(
                    segments=(_numbers(terms, each.segments[0]), _numbers(terms, each.segments[1])),
                    field_bytes=payload_bytes(max(map(len, each.fields))),
                )
                for each in terms.sharing.rectangles
            ),
            sizes=(_sizes(agreement, Role.INITIATOR), _sizes(agreement, Role.RESPONDER)),
            sketch_bytes=_sketch_lengths(agreement),
            totals_bytes=(_totals_bytes(agreement, Role.INITIATOR), _totals_bytes(agreement, Role.RESPONDER)),
            channel_key_bytes=PUBLIC_BYTES,
        )
    except (UsageError, KeyError, ValueError) as error:
        hint = error.hint if isinstance(error, UsageError) else ""
        raise TrustError(f"No session can run under this agreement: {error}", hint) from error


def preview_parameters(agreement: Agreement) -> PreviewParameters:
    """Return the parameters that an agreement, of either form, fixes for a preview on its own."""
    return PreviewParameters(_context(agreement), _sketch_lengths(agreement))


def sketch_positions(terms: SketchTerms) -> int:
    """Return m, the number of positions of a sketch with so many padded rows (account-psi-v2 §5.1)."""
    wanted = max(_FEWEST_POSITIONS, _POSITIONS_PER_ROW * terms.total)
    return 1 << (wanted - 1).bit_length()


def shows_totals(terms: Terms, role: Role) -> bool:
    """Return whether a party shows noisy totals of its list."""
    return role in terms.sharing.totals_shown_by


def _numbers(terms: Terms, segments: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(terms.segments.index(name) for name in segments)


def _sizes(agreement: Agreement, role: Role) -> tuple[int, ...]:
    return tuple(agreement.sizes[role][name] for name in agreement.terms.segments)


def _context(agreement: Agreement) -> bytes:
    cards = b"".join(bytes.fromhex(card) for card in agreement.terms.cards)
    return digest("context", agreement.digest, cards)


def _sketch_lengths(agreement: Agreement) -> tuple[int, int]:
    bits = 2 if agreement.terms.preview is PreviewKind.SEGMENTS else 1
    first, second = (_SKETCH_ID_BYTES + bits * sketch_positions(each) // 8 for each in agreement.sketches)
    return first, second


def _totals_bytes(agreement: Agreement, role: Role) -> int:
    terms = agreement.terms
    names = role in terms.sharing.unmatched_named_by
    if not names and not shows_totals(terms, role):
        return 0
    return TOTALS_BYTES + (NAME_ROW_BYTES * sum(agreement.sizes[role].values()) if names else 0)


def _all_of(tolerated: tuple[Contradiction, ...]) -> Contradiction:
    found = Contradiction.NONE
    for each in tolerated:
        found |= each
    return found


FIELD_BYTES: Final = 200
"""Longer fields are cut, between two characters."""

_LENGTH: Final = 2


def payload_bytes(fields: int) -> int:
    """Return the greatest length of a number of fields, in bytes."""
    return fields * (_LENGTH + FIELD_BYTES)


def cut_field(value: str) -> str:
    """Return as much of a field as may be sent: at most FIELD_BYTES of UTF-8."""
    return value.encode()[:FIELD_BYTES].decode(errors="ignore")


def encode_payload(values: Sequence[str | None]) -> bytes:
    """Write the fields of an entity."""
    parts = []
    for value in values:
        raw = cut_field(value or "").encode()
        parts.append(len(raw).to_bytes(_LENGTH, "big") + raw)
    return b"".join(parts)


def decode_payload(payload: bytes, fields: int) -> list[str | None]:
    """Read the partner's fields of an entity.

    Raises:
        PeerError: they are not those that the agreement names.
    """
    values: list[str | None] = []
    start = 0
    try:
        for _ in range(fields):
            length = int.from_bytes(payload[start : start + _LENGTH], "big")
            raw = payload[start + _LENGTH : start + _LENGTH + length]
            if len(payload) < start + _LENGTH + length or length > FIELD_BYTES:
                raise ValueError("cut short")
            values.append(raw.decode() or None)
            start += _LENGTH + length
        if start != len(payload):
            raise ValueError("too long")
    except ValueError as error:
        raise PeerError("the partner's fields are not those that the agreement names") from error
    return values
