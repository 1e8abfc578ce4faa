"""Vectors of headers, transcripts, chunk numbers and agreed fields (message-v2 §2, §4, §5.3, §6)."""

import hashlib
from dataclasses import asdict, replace
from typing import Any

from protocols.reference import envelope
from protocols.reference.envelope import Header
from protocols.reference.shown import encode_fields

Json = dict[str, Any]


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


OFFER = Header(
    type=1,
    role=0,
    agreement=_digest("agreement"),
    session=bytes(32),
    sender=_digest("initiator's card"),
    recipient=_digest("responder's card"),
    transcript=envelope.first_transcript(
        _digest("agreement"), _digest("initiator's card"), _digest("responder's card")
    ),
    created=1795348800,
    expires=1797940800,
    body_bytes=100,
)


def answer_to(header: Header, body: bytes) -> Header:
    """Return the header of a message that answers another."""
    return replace(
        header,
        type=header.type + 1,
        role=1 - header.role,
        session=_digest("session"),
        sender=header.recipient,
        recipient=header.sender,
        transcript=envelope.next_transcript(header, body),
        created=header.created + 3600,
        body_bytes=120,
    )


def fields_of(header: Header) -> Json:
    """Write the fields, byte strings in hex."""
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(header).items()}


def headers() -> Json:
    """Headers and their bytes."""
    greatest = replace(OFFER, type=15, role=1, created=2**64 - 1, expires=2**64 - 1, body_bytes=2**40)
    cases = [
        {"comment": comment, "fields": fields_of(header), "expect": header.encode().hex()}
        for comment, header in (
            ("message 1", OFFER),
            ("message 2", answer_to(OFFER, bytes(100))),
            ("greatest values", greatest),
        )
    ]
    return {"comment": "Headers, 192 bytes each", "section": "message-v2 §2", "cases": cases}


def header_refusals() -> Json:
    """Bytes that are no header of this version."""
    head = OFFER.encode()
    too_long = replace(OFFER, body_bytes=2**40 + 1).encode()
    changed = [
        ("nothing", "magic", b""),
        ("one byte short", "magic", head[:-1]),
        ("another magic", "magic", b"AMAQ" + head[4:]),
        ("version 0", "version", head[:4] + b"\x00" + head[5:]),
        ("version 1", "version", head[:4] + b"\x01" + head[5:]),
        ("version 3", "version", head[:4] + b"\x03" + head[5:]),
        ("suite 0", "version", head[:5] + b"\x00" + head[6:]),
        ("suite 1", "version", head[:5] + b"\x01" + head[6:]),
        ("suite 3", "version", head[:5] + b"\x03" + head[6:]),
        ("a body of more than 2^40 bytes", "body-length", too_long),
        ("the greatest length", "body-length", head[:-8] + b"\xff" * 8),
    ]
    cases = [
        {"comment": comment, "header": data.hex(), "expect": f"refuse: {rule}"} for comment, rule, data in changed
    ]
    return {"comment": "Headers that a reader refuses by themselves", "section": "message-v2 §3", "cases": cases}


def transcripts() -> Json:
    """The running hash over three messages."""
    bodies = [bytes(100), bytes(range(120)), b""]
    header, steps = OFFER, []
    for body in bodies:
        header = replace(header, body_bytes=len(body))
        after = envelope.next_transcript(header, body)
        steps.append({"header": header.encode().hex(), "body": body.hex(), "expect": after.hex()})
        header = answer_to(header, body)
    return {
        "comment": "The transcript before any message, and after each of three",
        "section": "message-v2 §4",
        "agreement": OFFER.agreement.hex(),
        "initiator": OFFER.sender.hex(),
        "responder": OFFER.recipient.hex(),
        "expect": OFFER.transcript.hex(),
        "cases": steps,
    }


def nonces() -> Json:
    """Numbers of chunks."""
    cases = [
        {"chunk": chunk, "last": last, "expect": envelope.nonce(chunk, last).hex()}
        for chunk, last in ((0, False), (0, True), (1, False), (70000, True), (2**32 - 1, True))
    ]
    return {"comment": "Nonces of chunks", "section": "message-v2 §5.3", "cases": cases}


def agreed_fields() -> Json:
    """Fields of entities, blank, long, and in other scripts; and malformed bytes."""
    written: list[tuple[str, list[str | None]]] = [
        ("no fields", []),
        ("two fields", ["Brightwater Works", "brightwater.example"]),
        ("a blank field between two", ["Larkspur & Sons", None, "40"]),
        ("as long as may be", ["x" * 200]),
        ("too long, cut between characters", ["x" * 199 + "ü"]),
        ("too long, in characters of four bytes", ["\N{GRINNING FACE}" * 51]),
    ]
    cases: list[Json] = [
        {"comment": comment, "fields": fields, "expect": encode_fields(fields).hex()}
        for comment, fields in written
    ]
    two = encode_fields(["a", "b"])
    refused = [
        ("a field too few", 2, encode_fields(["a"])),
        ("a field too many", 1, two),
        ("a byte too few", 2, two[:-1]),
        ("a byte too many", 2, two + b"\x00"),
        ("half a length", 1, b"\x00"),
        ("longer than may be", 1, (201).to_bytes(2, "big") + b"x" * 201),
        ("not UTF-8", 1, b"\x00\x01\xff"),
    ]
    cases += [
        {"comment": comment, "count": count, "bytes": data.hex(), "expect": "refuse: fields"}
        for comment, count, data in refused
    ]
    return {"comment": "Agreed fields of one entity", "section": "message-v2 §6.1", "cases": cases}
