"""The agreed fields of one entity as bytes (message-v1 §6.1)."""

FIELD_BYTES = 200


def encode(values: list[str | None]) -> bytes:
    """Write each field behind its length in two bytes; a blank has length zero."""
    encoded = b""
    for value in values:
        kept = value or ""
        while len(kept.encode()) > FIELD_BYTES:
            kept = kept[:-1]
        encoded += len(kept.encode()).to_bytes(2, "big") + kept.encode()
    return encoded
