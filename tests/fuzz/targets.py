"""What reads bytes from outside, each as a function that may raise what it promises, and nothing else.

A target returns for bytes that are accepted or refused as its specification says; any other exception, a failed
assertion, a unit that takes long or much memory is a finding. The corpus in `corpus/NAME/` has bytes that lead
into different branches.
"""

import asyncio
import copy
import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from accountmap.account_map.reviews import parse_reviews
from accountmap.accounts.read import read_accounts
from accountmap.channels.direct_protocol import Kind, Offer, decode_want, encode_want, read_frame
from accountmap.curve.backends import OpenSSLCurve
from accountmap.errors import InputError, PeerError, TrustError
from accountmap.model import Epsilon, Role, Topic
from accountmap.psi.codec import Message, read_preview
from accountmap.psi.parameters import MessageType, PreviewParameters
from accountmap.psi.session import Session
from accountmap.psi.sketch import Sketch, SketchParameters, SketchSecret, Values, make_sketch
from accountmap.session import conversation_content as talk
from accountmap.session.audit import AuditedParty
from accountmap.session.audit_file import AuditFile
from accountmap.session.parameters import decode_payload, encode_payload
from accountmap.session.totals import decode_totals, split_totals
from accountmap.trust import envelope
from accountmap.trust.agreement import Agreement
from accountmap.trust.conversation import padded, unpadded
from accountmap.trust.envelope import Header
from accountmap.trust.identity import Card, Identity, Rotation
from accountmap.trust.ledger import Ledger
from tests.parties import Parties
from tests.psi.sessions import CHANNEL_KEY, Keys, Pair, parameters, take
from tests.trust.terms import propose

Target = Callable[[bytes], None]


def card(data: bytes) -> None:
    """Read a partner card; what is taken is kept as it was signed."""
    with suppress(TrustError):
        read = Card.parse(data)
        assert Card.parse(read.document.encode()) == read


def rotation(data: bytes) -> None:
    """Read the message that announces new keys."""
    with suppress(TrustError):
        read = Rotation.parse(data)
        assert Rotation.is_one(data)
        assert Rotation.parse(read.document.encode()) == read


def agreement(data: bytes) -> None:
    """Read an agreement; what is taken says the same when it is read again."""
    with suppress(TrustError):
        read = Agreement.parse(data)
        assert Agreement.parse(read.document.encode()) == read


def header(data: bytes) -> None:
    """Read the clear header of a message."""
    with suppress(PeerError):
        read = Header.decode(data)
        assert read.encode() == data[: envelope.HEADER_BYTES]
        assert read.file_bytes > envelope.HEADER_BYTES


_NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)
_ACME, _GLOBEX = (Identity.generate(name, _NOW) for name in ("Acme", "Globex"))
_BODY: Final = bytes(200)


def _added(data: bytes, honest: bytes) -> bytes:
    """Add data to an honest message bit by bit; what is longer goes on behind it. So no corpus depends on keys."""
    changed = bytearray(max(len(data), len(honest)))
    changed[: len(honest)] = honest
    for at, byte in enumerate(data):
        changed[at] ^= byte
    return bytes(changed)


def _message() -> bytes:
    about = Header(
        type=1,
        role=0,
        agreement=bytes(32),
        session=bytes(32),
        sender=_ACME.card.digest,
        recipient=_GLOBEX.card.digest,
        transcript=bytes(32),
        created=1,
        expires=2,
        body_bytes=len(_BODY),
    )
    parts = envelope.write(about, [_BODY], _ACME, _GLOBEX.card.sealing_key, bytes(range(32)))
    return b"".join(parts)


_MESSAGE: Final = _message()


def sealed(data: bytes) -> None:
    """Open a message that was altered. Only the message itself opens; its header may say anything."""
    changed = _added(data, _MESSAGE)
    with suppress(PeerError):
        about = Header.decode(changed)
        if about.body_bytes > 1 << 20:
            return  # the caller checks the length against the agreement before anything is allocated
        opened = envelope.read(io.BytesIO(changed), about, _ACME.card, _GLOBEX.sealing)
        assert changed == _MESSAGE
        assert bytes(opened.body) == _BODY


@cache
def _waiting() -> dict[MessageType, tuple[Session, bytes]]:
    """Run a session with two matches; keep for each message the engine that is about to take it, and its body."""
    left: Keys = [[["acme.com", "acme", None, None], [None, "initech", "init|DE", "init"]]]
    right: Keys = [[["acme.com", "acmecorp", None, None], [None, "initech", "init|DE", None]]]
    pair = Pair.of(left, right, parameters(((3,), (3,))))
    message: Message | None = pair.i.offer(CHANNEL_KEY)
    waiting = {}
    while message is not None:
        reader = pair.reader(message.type)
        waiting[message.type] = copy.copy(reader), message.body
        if message.type is MessageType.RECEIPT:
            break
        message = take(reader, message.type, message.body)
    return waiting


def bodies(data: bytes) -> None:
    """Take the body of a message of a session, signed by a partner that does what it likes.

    The first byte says which of the messages it is: offer, answer, points of both, tokens, claims, rows, fields of
    both, receipt.
    """
    kind = MessageType(1 + data[0] % 10) if data else MessageType.OFFER
    session, honest = _waiting()[kind]
    changed = _added(data[1:], honest)
    with suppress(PeerError):
        reader = copy.copy(session)
        if kind is MessageType.RECEIPT:
            reader.receive(kind, changed)
        else:
            take(reader, kind, changed)


_CARD_DIGEST: Final = bytes(32)
_SKETCHES: Final = tuple(SketchParameters(rows, Epsilon.ONE) for rows in ((100,), (30, 30, 40)))
"""Of presence, and of segments."""


@cache
def _sketch(parameters: SketchParameters) -> bytes:
    in_segment = np.arange(30)[:, None] % len(parameters.rows) == np.arange(len(parameters.rows))
    values = Values([f"company {n}".encode() for n in range(30)], in_segment)
    return make_sketch(parameters, SketchSecret(_CARD_DIGEST, bytes(16), bytes(32)), values)


def preview(data: bytes) -> None:
    """Read the messages of a preview on its own, with the partner's sketch; the first byte says which."""
    kind = MessageType.PREVIEW_OFFER if data[:1] < b"\x80" else MessageType.PREVIEW_ANSWER
    parameters = _SKETCHES[data[0] % 2 if data else 0]
    limits = PreviewParameters(bytes(32), (parameters.length, parameters.length))
    body = _added(data[1:], bytes([1]) * 32 + _sketch(parameters))
    with suppress(PeerError):
        nonce, shown = read_preview(
            limits, kind, body, lambda found: _check_sketch(parameters, found), bytes([1]) * 32
        )
        assert nonce + shown == body


def _check_sketch(parameters: SketchParameters, data: bytes) -> None:
    read = Sketch.read(parameters, _CARD_DIGEST, data)
    assert read.data == data
    assert all(0 <= answer < 1 << parameters.bits for answer in read.answers([b"a", b"b"]).tolist())


def fields(data: bytes) -> None:
    """Read the agreed fields of a match; the first byte says how many are agreed."""
    count = data[0] % 8 if data else 0
    with suppress(PeerError):
        assert encode_payload(decode_payload(data[1:], count)) == data[1:]


def totals(data: bytes) -> None:
    """Read the partner's totals; the first byte says what it may show."""
    shows, shown = (data[0] if data else 3), data[1:]
    with suppress(PeerError):
        read = decode_totals(shown, ("customer", "prospect"), totals=bool(shows & 1), names=bool(shows & 2))
        read.validate(full=True)
        assert b"".join(split_totals(shown)) == shown


_IDS: Final = [bytes([n]) * 32 for n in range(4)]
_MATCHES: Final = [each[:16] for each in _IDS]
_SHOWN: Final = talk.ShownAccount("Acme Cloud", "acme.example", "DE")
_MATTER: Final = talk.SessionMatter(
    to_ask=_MATCHES,
    revealed=9,
    was_asked=_MATCHES[3:],
    asked={_IDS[0]: _MATCHES[:2]},
    answered={_IDS[1]: _MATCHES[:2]},
    shown_fields=lambda match: match[0],
)
_TALKS: Final = (
    talk.write_questions(dict.fromkeys(_MATCHES[:2], _SHOWN)),
    talk.write_acknowledgement(_IDS),
    talk.write_answers(_IDS[0], {_MATCHES[0]: talk.Same(_SHOWN, b""), _MATCHES[1]: None}),
    talk.write_fields(_IDS[1], {_MATCHES[1]: encode_payload(["Acme"])}),
)


def conversation(data: bytes) -> None:
    """Read questions, acknowledgements, answers and fields, or a padded body; the first byte says which."""
    kind = data[0] % 5 if data else 4
    with suppress(PeerError):
        if kind == 4:  # of a length that the header may have
            body = _added(data[1:1025], padded(1, b"abc"))
            assert padded(*unpadded(body)) == body
            return
        content = _added(data[1:], _TALKS[kind])
        assert _read_talk(kind, content) == content


def _read_talk(kind: int, content: bytes) -> bytes:
    """Read a content and write it again."""
    match kind:
        case 0:
            return talk.write_questions(talk.read_questions(content, _MATTER))
        case 1:
            return talk.write_acknowledgement(talk.read_acknowledgement(content))
        case 2:
            return talk.write_answers(*talk.read_answers(content, _MATTER))
        case _:
            return talk.write_fields(content[:32], talk.read_fields(content, _MATTER))


def entries(data: bytes) -> None:
    """Read what a partner says about matches; the first byte says which kind of message it is."""
    topic, content = Topic(5 + data[0] % 4) if data else Topic.NOTE, data[1:]
    matter = talk.LogMatter(Role.RESPONDER, lambda _: ("owner_name", "amount"), lambda _: (), _NOW)
    with suppress(PeerError):
        assert talk.write_entries(talk.read_entries(topic, content, matter)) == content


@dataclass(frozen=True, repr=False)
class _Signed(AuditFile):
    """A file for an auditor with any content."""

    content: bytes = b""

    def _dump(self) -> bytes:
        return self.content


_AUDITOR: Final = Identity.generate("Auditor", _NOW)
_SIGNED: Final = _Signed(Role.INITIATOR, propose().document, ("", ""), b"", (), *[b""] * 10)


@cache
def _honest_audit() -> bytes:
    """Run a session of two companies, and return the content of the first one's file."""
    with tempfile.TemporaryDirectory() as folder:
        parties = Parties.make(Path(folder))
        parties.run()
        acme = parties.acme
        return AuditFile.of(acme.workspace, acme.partner, acme.workspace.sessions(acme.partner)[0])._dump()


def audit(data: bytes) -> None:
    """Check as the auditor what a party shows, in a file that it sealed and signed as it should.

    If the first byte is zero, the rest is the content; otherwise the rest is added to what an honest party shows.
    """
    content = data[1:] if data[:1] == b"\0" else _added(data[1:], _honest_audit())
    with suppress(InputError):
        file = b"".join(replace(_SIGNED, content=content).seal(_ACME, _AUDITOR.card))
        opened, sender = AuditFile.open(file, _AUDITOR)
        assert sender == _ACME.card
        party = AuditedParty(opened, OpenSSLCurve())
        assert len(list(party.findings())) == 7
        party.draw(3)


def ledger(data: bytes) -> None:
    """Read an exported ledger; what holds is written again the same."""
    with suppress(TrustError):
        read = Ledger.decode(data)
        assert Ledger.decode(read.encode()) == read


def frames(data: bytes) -> None:
    """Read frames of a direct connection until they end or are refused."""

    async def read() -> None:
        reader = asyncio.StreamReader(limit=1 << 20)
        reader.feed_data(data)
        reader.feed_eof()
        while True:
            kind, payload = await read_frame(reader)
            if kind is Kind.OFFER:
                offer = Offer.decode(payload)
                assert offer.encode() == payload or len(offer.head) < int.from_bytes(payload[40:42], "big")
            if kind is Kind.WANT:
                assert encode_want(*decode_want(payload)) == payload

    with suppress(PeerError, asyncio.IncompleteReadError):
        asyncio.run(read())


def review(data: bytes) -> None:
    """Read a review: each decision once, in order."""
    with suppress(InputError, UnicodeDecodeError):
        decisions, _ = parse_reviews(data.decode())
        assert decisions == tuple(sorted(set(decisions)))


_FILE: Final = Path(tempfile.gettempdir()) / f"accountmap-fuzz-{os.getpid()}"


def _read_list(data: bytes) -> None:
    _FILE.write_bytes(data)
    try:
        accounts = read_accounts(_FILE)
        assert len(accounts) == accounts.table.num_rows == accounts.extras.num_rows
        accounts.table.validate(full=True)
    except InputError:
        pass
    finally:
        _FILE.unlink()


def csv(data: bytes) -> None:
    """Read a file as an account list, whatever it is."""
    _read_list(data)


_PARTS: Final = {
    "[Content_Types].xml": b"""<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>""",
    "_rels/.rels": b"""<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
 Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": b"""<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"
 xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="Accounts" sheetId="1" r:id="r1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": b"""<Relationships
 xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/s.xml"/>
<Relationship Id="r2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
 Target="strings.xml"/><Relationship Id="r3"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/>
</Relationships>""",
}
"""What every workbook has; the rest is the data."""
_FUZZED_PARTS: Final = ("xl/worksheets/s.xml", "xl/strings.xml", "xl/styles.xml")


def xlsx(data: bytes) -> None:
    """Read a workbook: the data itself if it is an archive, else its sheet, strings and styles, parted by NUL."""
    if data.startswith(b"PK"):
        _read_list(data)
        return
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in _PARTS.items():
            archive.writestr(name, content)
        for name, content in zip(_FUZZED_PARTS, data.split(b"\0"), strict=False):
            archive.writestr(name, content)
    _read_list(file.getvalue())


_CONTENT: Final = b"""<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body><office:spreadsheet>
%s</office:spreadsheet></office:body></office:document-content>"""


def ods(data: bytes) -> None:
    """Read an OpenDocument spreadsheet: the data itself if it is an archive, else its tables."""
    if data.startswith(b"PK"):
        _read_list(data)
        return
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", _CONTENT % data)
    _read_list(file.getvalue())


TARGETS: Final[dict[str, Target]] = {
    target.__name__: target
    for target in (
        card,
        rotation,
        agreement,
        header,
        sealed,
        bodies,
        preview,
        fields,
        totals,
        conversation,
        entries,
        audit,
        ledger,
        frames,
        review,
        csv,
        xlsx,
        ods,
    )
}
LONGEST: Final = {
    "header": 256,
    "frames": 1 << 17,
    "sealed": 4096,
    "bodies": 4096,
    "audit": 1 << 16,
    "ledger": 1 << 16,
}
"""Bytes that a unit may have; 16 KiB for the others."""
