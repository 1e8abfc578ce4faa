"""The rest of a party's list as counts (message-v1 §6.2)."""

Row = tuple[int, int, str, int]
"""Segment, by, value, entities."""


def encode(rows: list[Row]) -> bytes:
    """Write the rows."""
    encoded = b""
    for segment, by, value, entities in rows:
        raw = value.encode()
        encoded += bytes([segment, by]) + entities.to_bytes(4, "big") + bytes([len(raw)]) + raw
    return encoded
