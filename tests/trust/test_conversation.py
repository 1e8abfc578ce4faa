"""Messages about single matches: sealed to the card, padded, signed under a label of their own."""

from dataclasses import replace

import pytest

from accountmap.errors import PeerError
from accountmap.trust.conversation import (
    MOST_BODY,
    Kind,
    check_length,
    is_conversation,
    padded,
    read_talk,
    unpadded,
    write_talk,
)
from accountmap.trust.envelope import Header, write
from tests.trust.terms import ACME, GLOBEX


def talk(content: bytes = b"content") -> tuple[bytes, bytes]:
    return write_talk(
        Kind.QUESTIONS,
        content,
        role=0,
        agreement=b"a" * 32,
        session=b"s" * 32,
        identity=ACME,
        partner=GLOBEX.card,
        created=1,
        expires=2,
    )


def test_a_message_arrives_as_it_left() -> None:
    message_id, data = talk()
    header = Header.decode(data)
    assert is_conversation(header)
    assert (header.session, header.transcript, header.body_bytes) == (b"s" * 32, message_id, 1024)
    opened = read_talk(data, header, GLOBEX, ACME.card)
    assert (opened.id, opened.kind, opened.content) == (message_id, Kind.QUESTIONS, b"content")
    assert opened.digest == read_talk(data, header, GLOBEX, ACME.card).digest
    assert talk()[0] != message_id


@pytest.mark.parametrize(("length", "size"), [(0, 1024), (1019, 1024), (1020, 2048), (5000, 8192)])
def test_bodies_have_few_lengths(length: int, size: int) -> None:
    body = padded(Kind.ANSWERS, bytes(length))
    assert len(body) == size
    assert unpadded(body) == (Kind.ANSWERS, bytes(length))


def test_a_content_that_is_too_long_is_not_written() -> None:
    assert len(padded(1, bytes(MOST_BODY - 5))) == MOST_BODY
    with pytest.raises(ValueError, match="too long"):
        padded(1, bytes(MOST_BODY - 4))


@pytest.mark.parametrize(
    "body",
    [
        padded(1, b"x")[:-1] + b"\x01",
        padded(1, b"x").ljust(2048, b"\0"),
        b"\x01" + (1020).to_bytes(4, "big") + bytes(1019),
        b"\x01" + (2**32 - 1).to_bytes(4, "big") + bytes(1019),
    ],
    ids=["not zero", "longer than need be", "longer than it is", "longest"],
)
def test_padding_hides_nothing(body: bytes) -> None:
    with pytest.raises(PeerError, match="padded"):
        unpadded(body)


@pytest.mark.parametrize("size", [0, 512, 1023, 1025, 3072, 2 * MOST_BODY])
def test_other_lengths_are_refused_before_anything_is_opened(size: int) -> None:
    header = replace(Header.decode(talk()[1]), body_bytes=size)
    with pytest.raises(PeerError, match="length"):
        check_length(header)


def test_a_signature_of_a_session_does_not_pass_for_one_of_a_conversation() -> None:
    """The same header and body under another type are signed under another label."""
    body = padded(1, b"x")
    header = replace(Header.decode(talk()[1]), type=3)
    sealed = b"".join(write(header, [body], ACME, GLOBEX.card.sealing_key, bytes(32)))
    moved = replace(header, type=16)
    with pytest.raises(PeerError):
        read_talk(moved.encode() + sealed[192:], moved, GLOBEX, ACME.card)
    _, data = talk()
    with pytest.raises(PeerError, match="not signed"):
        read_talk(data, Header.decode(data), GLOBEX, GLOBEX.card)
