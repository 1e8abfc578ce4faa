"""Agreed fields of one entity as bytes, and back (message-v2 §6.1).

Each field in the order of the agreement: its length in two bytes, big-endian, then UTF-8. A blank has length zero.
"""

from collections.abc import Sequence
from typing import Final

from accountmap.errors import PeerError

FIELD_BYTES: Final = 200
"""Longer fields are cut at a character."""

_LENGTH: Final = 2


def payload_bytes(fields: int) -> int:
    """Return the greatest length of so many fields."""
    return fields * (_LENGTH + FIELD_BYTES)


def encode_payload(values: Sequence[str | None]) -> bytes:
    """Write the fields of an entity."""
    parts = []
    for value in values:
        raw = (value or "").encode()[:FIELD_BYTES].decode(errors="ignore").encode()
        parts.append(len(raw).to_bytes(_LENGTH, "big") + raw)
    return b"".join(parts)


def decode_payload(payload: bytes, fields: int) -> list[str | None]:
    """Read the partner's fields of an entity.

    Raises:
        PeerError: they are not what the agreement says.
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
