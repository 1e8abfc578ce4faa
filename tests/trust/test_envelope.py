"""Sealed messages: what is signed, to whom they open, and long bodies in chunks."""

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from itertools import repeat
from pathlib import Path

import pytest

from accountmap.errors import PeerError
from accountmap.trust.envelope import HEADER_BYTES, SEALED_KEY_BYTES, Header, next_transcript, read, write
from accountmap.trust.identity import Card, Identity
from accountmap.trust.sealed import CHUNK_BYTES, TAG_BYTES, SealingKey

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ACME, GLOBEX = (Identity.generate(name, NOW) for name in ("Acme", "Globex"))
CONTENT_KEY = bytes(range(32))


def header(body: bytes) -> Header:
    digests = {"sender": ACME.card.digest, "recipient": GLOBEX.card.digest}
    return Header(
        1, 0, b"a" * 32, bytes(32), transcript=b"t" * 32, created=1, expires=2, body_bytes=len(body), **digests
    )


def message(body: bytes, signer: Identity = ACME) -> bytes:
    return b"".join(write(header(body), [body], signer, GLOBEX.card.sealing_key, CONTENT_KEY))


def opened(sealed: bytes, sender: Card = ACME.card, key: SealingKey = GLOBEX.sealing) -> bytes:
    return bytes(read(BytesIO(sealed), Header.decode(sealed), sender, key).body)


@pytest.mark.parametrize(
    "length", [0, 1, *(CHUNK_BYTES + n for n in (-65, -64, -63, -1, 0, 1)), 2 * CHUNK_BYTES + 1]
)
def test_a_body_arrives_as_it_left(length: int) -> None:
    body = bytes(length)
    sealed = message(body)
    assert len(sealed) == header(body).file_bytes
    assert Header.decode(sealed) == header(body)
    assert opened(sealed) == body


def test_only_the_recipient_opens_it_and_only_the_senders_signature_holds() -> None:
    sealed = message(b"body")
    with pytest.raises(PeerError, match="another key"):
        opened(sealed, key=SealingKey.generate())
    with pytest.raises(PeerError, match="not signed by your partner"):
        opened(message(b"body", signer=GLOBEX))


def test_every_altered_byte_is_refused() -> None:
    sealed = message(b"body")
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(PeerError):
            opened(bytes(altered))


def test_chunks_cannot_be_dropped_swapped_or_cut() -> None:
    body = bytes(3 * CHUNK_BYTES)
    sealed = message(body)
    start = HEADER_BYTES + SEALED_KEY_BYTES
    size = CHUNK_BYTES + TAG_BYTES
    first, second = sealed[start : start + size], sealed[start + size : start + 2 * size]
    swapped = sealed[:start] + second + first + sealed[start + 2 * size :]
    dropped = sealed[: start + 2 * size]
    doubled = sealed[: start + size] + first + sealed[start + 2 * size :]
    for wrong in (swapped, doubled, dropped, sealed[:-1], sealed + b"\0"):
        with pytest.raises(PeerError):
            opened(wrong)
    longer = sealed[: start + size] + first + sealed[start + size :]
    with pytest.raises(PeerError):
        opened(replace(header(body), body_bytes=4 * CHUNK_BYTES).encode() + longer[HEADER_BYTES:])
    shorter = replace(header(body), body_bytes=2 * CHUNK_BYTES - 64)
    with pytest.raises(PeerError):
        opened(shorter.encode() + dropped[HEADER_BYTES:])


def test_the_transcript_covers_header_and_body() -> None:
    base = next_transcript(header(b"x"), [b"x"])
    assert base != next_transcript(header(b"x"), [b"y"])
    assert base != next_transcript(replace(header(b"x"), created=2), [b"x"])
    assert base != next_transcript(replace(header(b"x"), transcript=bytes(32)), [b"x"])


def test_headers_that_are_none_are_refused() -> None:
    good = header(b"").encode()
    for bad in (b"", good[:-1], b"XMAP" + good[4:], good[:4] + b"\x01" + good[5:], good[:5] + b"\x09" + good[6:]):
        with pytest.raises(PeerError):
            Header.decode(bad)
    with pytest.raises(PeerError, match="impossible"):
        Header.decode(replace(header(b""), body_bytes=2**60).encode())


def test_a_header_other_than_the_one_that_was_judged_is_refused() -> None:
    """Files of a channel may be replaced between the look at their head and the reading."""
    judged, there = header(b"body"), replace(header(b"body"), created=3)
    sealed = b"".join(write(there, [b"body"], ACME, GLOBEX.card.sealing_key, CONTENT_KEY))
    with pytest.raises(PeerError, match="replaced by another message"):
        read(BytesIO(sealed), judged, ACME.card, GLOBEX.sealing)


def test_a_large_message_is_in_memory_once(tmp_path: Path) -> None:
    """Sealed in some parts of a mebibyte, opened in one and a half times its length at most."""
    part, count = bytes(1 << 20), 64
    large = replace(header(b""), body_bytes=count * len(part))
    tracemalloc.start()
    try:
        with (tmp_path / "message").open("wb") as file:
            file.writelines(write(large, repeat(part, count), ACME, GLOBEX.card.sealing_key, CONTENT_KEY))
        _, sealing = tracemalloc.get_traced_memory()
        with (tmp_path / "message").open("rb") as file:
            body = read(file, large, ACME.card, GLOBEX.sealing).body
        _, opening = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(body) == count * len(part)
    assert body.readonly
    assert sealing < 8 * len(part)
    assert len(body) < opening < 1.5 * len(body)
