"""What a party shows of its list: agreed fields of an entity, totals (message-v2 §6)."""

FIELD_BYTES = 200
ALL, COUNTRY, INDUSTRY, SIZE, NAME = range(5)
NO_SEGMENT = 255

Row = tuple[int, int, str, int]
"""By, segment, value, entities."""


def encode_fields(values: list[str | None]) -> bytes:
    """Write each field behind its length in two bytes; a blank has length zero (message-v2 §6.1)."""
    encoded = b""
    for value in values:
        kept = value or ""
        while len(kept.encode()) > FIELD_BYTES:
            kept = kept[:-1]
        encoded += len(kept.encode()).to_bytes(2, "big") + kept.encode()
    return encoded


def encode_totals(rows: list[Row]) -> bytes:
    """Write rows of totals and names (message-v2 §6.2)."""
    encoded = b""
    for by, segment, value, entities in rows:
        raw = value.encode()
        encoded += bytes([by, segment]) + entities.to_bytes(4, "big") + bytes([len(raw)]) + raw
    return encoded
