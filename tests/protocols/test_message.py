"""The envelope of the package against the vectors."""

import re
from dataclasses import fields
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from protocols.reference import envelope as reference

from accountmap.errors import PeerError
from accountmap.trust.envelope import HEADER_BYTES, Header, first_transcript, next_transcript, read, write
from accountmap.trust.identity import Card
from accountmap.trust.sealed import CHUNK_BYTES, SEALED_KEY_BYTES
from tests.protocols.identities import FIRST, SECOND
from tests.protocols.vectors import Json, cases, comment, load

HEADER_RULES = {
    "magic": "not an accountmap message",
    "version": "another version",
    "body-length": "impossible length",
}
READ_RULES = {
    "file-length": "cut short",
    "open": "altered on its way, or is sealed to another key",
    "signature": "not signed by your partner",
}


def header_of(values: Json) -> Header:
    return Header(**{name: bytes.fromhex(v) if isinstance(v, str) else v for name, v in values.items()})


def opened(message: bytes) -> bytes:
    return bytes(read(BytesIO(message), Header.decode(message), FIRST.card, SECOND.sealing).body)


@pytest.mark.parametrize("case", cases("message/cards.json"), ids=comment)
def test_cards(case: Json) -> None:
    card = Card.parse(case["card"].encode())
    made = {
        "signing_key": card.signing_key.hex(),
        "sealing_key": card.sealing_key.hex(),
        "digest": card.digest.hex(),
        "fingerprint": card.fingerprint,
    }
    assert made == case["expect"]


@pytest.mark.parametrize("case", cases("message/header.json"), ids=comment)
def test_headers(case: Json) -> None:
    header = header_of(case["fields"])
    assert header.encode().hex() == case["expect"]
    assert Header.decode(header.encode()) == header
    assert [field.name for field in fields(header)] == list(case["fields"])


@pytest.mark.parametrize("case", cases("message/refuse_headers.json"), ids=comment)
def test_headers_that_are_refused(case: Json) -> None:
    with pytest.raises(PeerError) as refused:
        Header.decode(bytes.fromhex(case["header"]))
    assert HEADER_RULES[case["expect"].removeprefix("refuse: ")] in str(refused.value)


def test_transcripts() -> None:
    vector = load("message/transcript.json")
    made = first_transcript(*(bytes.fromhex(vector[name]) for name in ("agreement", "initiator", "responder")))
    assert made.hex() == vector["expect"]
    for case in vector["cases"]:
        header = Header.decode(bytes.fromhex(case["header"]))
        assert header.transcript == made
        made = next_transcript(header, [bytes.fromhex(case["body"])])
        assert made.hex() == case["expect"]


def test_a_message_is_written_and_read_as_in_the_vector() -> None:
    vector = load("message/sealed.json")
    message, body = bytes.fromhex(vector["expect"]["message"]), bytes.fromhex(vector["body"])
    assert opened(message) == body
    content_key = bytes.fromhex(vector["random"]["content_key"])
    ours = b"".join(write(Header.decode(message), [body], FIRST, SECOND.card.sealing_key, content_key))
    # The sealed key is fresh in every message; all else follows from the inputs.
    behind = HEADER_BYTES + SEALED_KEY_BYTES
    assert (ours[:HEADER_BYTES], ours[behind:]) == (message[:HEADER_BYTES], message[behind:])
    assert (
        SECOND.sealing.open(message[HEADER_BYTES:behind], bytes.fromhex(vector["expect"]["info"])) == content_key
    )


@pytest.mark.parametrize("case", cases("message/refuse_sealed.json"), ids=comment)
def test_messages_that_are_refused(case: Json) -> None:
    with pytest.raises(PeerError) as refused:
        opened(bytes.fromhex(case["message"]))
    assert re.search(READ_RULES[case["expect"].removeprefix("refuse: ")], str(refused.value))


@pytest.mark.parametrize("case", cases("message/nonces.json"), ids=lambda c: c["expect"])
def test_a_chunk_opens_under_the_nonce_of_its_place(case: Json) -> None:
    assert reference.nonce(case["chunk"], case["last"]).hex() == case["expect"]


def test_a_body_of_several_chunks_opens_chunk_by_chunk() -> None:
    """One byte more than a chunk with the signature, so that there are two."""
    body = bytes(CHUNK_BYTES - 63)
    header = Header(1, 0, *[bytes(32)] * 5, created=0, expires=0, body_bytes=len(body))
    key = bytes(32)
    message = b"".join(write(header, [body], FIRST, SECOND.card.sealing_key, key))
    assert len(message) == header.file_bytes
    sealed = message[HEADER_BYTES + SEALED_KEY_BYTES :]
    first, last = sealed[: CHUNK_BYTES + 16], sealed[CHUNK_BYTES + 16 :]
    aead = AESGCM(key)
    plain = aead.decrypt(reference.nonce(0, last=False), first, None)
    plain += aead.decrypt(reference.nonce(1, last=True), last, None)
    assert plain[:-64] == body
    assert opened(message) == body
