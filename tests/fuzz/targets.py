"""What reads bytes from outside, each as a function that may raise what it promises, and nothing else.

A target returns for bytes that are accepted or refused as its specification says; any other exception, a failed
assertion, a unit that takes long or much memory is a finding. The corpus in `corpus/NAME/` has bytes that lead
into different branches.
"""

import asyncio
import io
import os
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Final

from accountmap.account_map.reviews import parse_reviews
from accountmap.accounts.read import read_accounts
from accountmap.channels.direct_protocol import Kind, Offer, decode_want, encode_want, read_frame
from accountmap.errors import InputError, PeerError, TrustError
from accountmap.model import Role, Topic
from accountmap.psi.codec import Message
from accountmap.psi.parameters import MessageType
from accountmap.psi.session import Session
from accountmap.session.conversation_content import LogMatter, read_entries, write_entries
from accountmap.trust import envelope
from accountmap.trust.agreement import Agreement
from accountmap.trust.envelope import Header
from accountmap.trust.identity import Card, Identity, Rotation
from tests.psi.sessions import CHANNEL_KEY, Keys, Pair, parameters, take

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
    """Open a message that was altered: the data is added to it bit by bit, and goes on behind it.

    So the corpus does not depend on keys. Only the message itself opens; its header may say anything.
    """
    changed = bytearray(max(len(data), len(_MESSAGE)))
    changed[: len(_MESSAGE)] = _MESSAGE
    for at, byte in enumerate(data):
        changed[at] ^= byte
    with suppress(PeerError):
        about = Header.decode(bytes(changed))
        if about.body_bytes > 1 << 20:
            return  # the caller checks the length against the agreement before anything is allocated
        opened = envelope.read(io.BytesIO(changed), about, _ACME.card, _GLOBEX.sealing)
        assert bytes(changed) == _MESSAGE
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
        waiting[message.type] = reader.fork(), message.body
        if message.type is MessageType.RECEIPT:
            break
        message = take(reader, message.type, message.body)
    return waiting


def bodies(data: bytes) -> None:
    """Take the body of a message, signed by a partner that does what it likes: the data is added to an honest one.

    The first byte says which of the messages it is.
    """
    kind = MessageType(1 + data[0] % 10) if data else MessageType.OFFER
    session, honest = _waiting()[kind]
    changed = bytearray(max(len(data) - 1, len(honest)))
    changed[: len(honest)] = honest
    for at, byte in enumerate(data[1:]):
        changed[at] ^= byte
    with suppress(PeerError):
        reader = session.fork()
        if kind is MessageType.RECEIPT:
            reader.receive(kind, bytes(changed))
        else:
            take(reader, kind, bytes(changed))


def entries(data: bytes) -> None:
    """Read what a partner says about matches; the first byte says which kind of message it is."""
    topic, content = Topic(5 + data[0] % 4) if data else Topic.NOTE, data[1:]
    matter = LogMatter(Role.RESPONDER, lambda _: ("owner_name", "amount"), lambda _: (), _NOW)
    with suppress(PeerError):
        assert write_entries(read_entries(topic, content, matter)) == content


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


TARGETS: Final[dict[str, Target]] = {
    target.__name__: target
    for target in (card, rotation, agreement, header, sealed, bodies, entries, frames, review, csv, xlsx)
}
LONGEST: Final = {"header": 256, "frames": 1 << 17, "sealed": 4096, "bodies": 4096}
"""Bytes that a unit may have; 16 KiB for the others."""
