"""What may happen to a direct connection, and who may be at its other end."""

import asyncio
import contextlib
import hashlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accountmap.channels import DirectChannel, Endpoint, direct_connection, direct_protocol
from accountmap.channels.direct_protocol import CHUNK_BYTES, Kind, Offer, encode_want, write_frame
from accountmap.errors import AccountmapError, ChannelError, InputError, PeerError
from accountmap.session.direct_tls import tls_context
from accountmap.trust.identity import Identity
from tests.channels.whole_files import deliver, fetch
from tests.parties import NOW

LOCAL = Endpoint("127.0.0.1", 0)
HEAD = b"head"
LENGTH = 5 * CHUNK_BYTES + 100


def accept(head: bytes) -> int | None:
    """Take files that begin with HEAD and have one length."""
    return LENGTH if head.startswith(HEAD) else None


def a_file() -> bytes:
    return HEAD + os.urandom(LENGTH - len(HEAD))


class Pair:
    """Two identities and their folders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.acme, self.globex = Identity.generate("Acme", NOW), Identity.generate("Globex", NOW)
        for name in ("acme", "globex"):
            (folder / name).mkdir()

    def tls(self, own: Identity, other: Identity, *, server: bool) -> ssl.SSLContext:
        return tls_context(own, other.card, datetime.now(UTC), server=server)

    @contextlib.contextmanager
    def listening(self, endpoint: Endpoint = LOCAL, patience: float = 20) -> Iterator[DirectChannel]:
        tls = self.tls(self.acme, self.globex, server=True)
        with contextlib.closing(
            DirectChannel.listen(endpoint, tls, self.folder / "acme", accept, patience)
        ) as channel:
            yield channel

    @contextlib.contextmanager
    def connecting(
        self, to: Endpoint, patience: float = 20, own: Identity | None = None
    ) -> Iterator[DirectChannel]:
        tls = self.tls(own or self.globex, self.acme, server=False)
        with contextlib.closing(
            DirectChannel.connect(to, tls, self.folder / "globex", accept, patience)
        ) as channel:
            yield channel

    def as_globex(self, endpoint: Endpoint, behave: Callable[..., object]) -> None:
        """Connect with the right identity, and do what no honest program does."""

        async def run() -> None:
            tls = self.tls(self.globex, self.acme, server=False)
            reader, writer = await asyncio.open_connection(
                endpoint.host, endpoint.port, ssl=tls, server_hostname=""
            )
            try:
                await behave(reader, writer)
            finally:
                writer.transport.abort()

        asyncio.run(run())


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path)


async def answer(reader: asyncio.StreamReader) -> tuple[Kind, bytes]:
    """Read the next frame that says something."""
    while (frame := await direct_protocol.read_frame(reader))[0] is Kind.PING:
        pass
    return frame


def wait_for(what: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def failure_of(channel: DirectChannel) -> AccountmapError:
    """Wait until a channel has given up, and return why."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        try:
            channel.files()
        except AccountmapError as error:
            return error
        channel.pause(0.1)
    raise AssertionError("it did not give up")


def test_files_go_both_ways_at_once(pair: Pair) -> None:
    ours, theirs = a_file(), a_file()
    with pair.listening() as acme, pair.connecting(acme.endpoint) as globex:
        sending = threading.Thread(target=deliver, args=(acme, "acme-1.amap", ours))
        sending.start()
        deliver(globex, "globex-2.amap", theirs)
        sending.join(20)
        assert (fetch(acme, "globex-2.amap", LENGTH), fetch(globex, "acme-1.amap", LENGTH)) == (theirs, ours)
        assert acme.files().keys() == globex.files().keys() == {"acme-1.amap", "globex-2.amap"}


def test_what_the_partner_has_is_not_sent_again(pair: Pair) -> None:
    data = a_file()
    (pair.folder / "acme" / "globex-2.amap").write_bytes(data)
    inode = (pair.folder / "acme" / "globex-2.amap").stat().st_ino
    with pair.listening() as acme, pair.connecting(acme.endpoint) as globex:
        deliver(globex, "globex-2.amap", data)
        assert (pair.folder / "acme" / "globex-2.amap").stat().st_ino == inode


def test_a_file_of_the_same_name_is_not_replaced(pair: Pair) -> None:
    (pair.folder / "acme" / "globex-2.amap").write_bytes(HEAD + b"of something else")
    data = a_file()
    with pair.listening() as acme, pair.connecting(acme.endpoint) as globex:
        deliver(globex, "globex-2.amap", data)
        assert fetch(acme, "globex-2.amap", 21) == HEAD + b"of something else"
        assert fetch(acme, f"{hashlib.sha256(data).hexdigest()[:8]}-globex-2.amap", LENGTH) == data


def test_whoever_does_not_hold_the_partners_key_is_refused(pair: Pair) -> None:
    stranger = Identity.generate("Globex", NOW)
    with pair.listening() as acme:
        with pair.connecting(acme.endpoint, own=stranger) as globex:
            assert "waits for another partner" in str(failure_of(globex))
        with pair.connecting(acme.endpoint) as globex:
            deliver(globex, "globex-2.amap", a_file())
            assert "globex-2.amap" in acme.files()


def test_a_listener_that_is_not_the_partner_is_refused(pair: Pair) -> None:
    pair.acme, real = Identity.generate("Acme", NOW), pair.acme
    with pair.listening() as false:
        pair.acme = real
        with pair.connecting(false.endpoint) as globex:
            assert "does not hold the key" in str(failure_of(globex))


def test_older_tls_is_refused(pair: Pair) -> None:
    with pair.listening() as acme:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = pair.tls(pair.globex, pair.acme, server=False)
            context.minimum_version = context.maximum_version = version
            with socket.create_connection((acme.endpoint.host, acme.endpoint.port)) as connection:
                try:
                    with context.wrap_socket(connection) as secured:
                        assert secured.version() == "TLSv1.3"
                except ssl.SSLError:
                    assert version is ssl.TLSVersion.TLSv1_2


def test_strangers_that_say_nothing_do_not_keep_the_partner_out(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_connection, "HANDSHAKE_SECONDS", 0.5)
    with pair.listening() as acme, contextlib.ExitStack() as strangers:
        for _ in range(3 * direct_connection.MAX_GREETINGS):
            connection = socket.create_connection((acme.endpoint.host, acme.endpoint.port))
            strangers.enter_context(connection)
        monkeypatch.setattr(direct_connection, "HANDSHAKE_SECONDS", 10)
        with pair.connecting(acme.endpoint) as globex:
            deliver(globex, "globex-2.amap", a_file())


async def hung_up(reader: asyncio.StreamReader) -> None:
    """Wait until the other side ends the connection."""
    with contextlib.suppress(OSError):
        while await reader.read(1 << 16):
            pass


async def no_frame(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    await hung_up(reader)


async def frame_without_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(bytes([Kind.OFFER]) + (2**32 - 1).to_bytes(4, "big"))
    await hung_up(reader)


async def data_unasked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await write_frame(writer, Kind.DATA, bytes(CHUNK_BYTES))
    await hung_up(reader)


async def more_than_offered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await write_frame(writer, Kind.OFFER, Offer(bytes(32), LENGTH, HEAD, "globex-2.amap").encode())
    for _ in range(7):
        await write_frame(writer, Kind.DATA, bytes(CHUNK_BYTES))
    await hung_up(reader)


async def another_file_than_offered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await write_frame(writer, Kind.OFFER, Offer(bytes(32), LENGTH, HEAD, "globex-2.amap").encode())
    for size in [CHUNK_BYTES] * 5 + [100]:
        await write_frame(writer, Kind.DATA, bytes(size))
    await hung_up(reader)


async def tiny_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await write_frame(writer, Kind.OFFER, Offer(bytes(32), LENGTH, HEAD, "globex-2.amap").encode())
    await write_frame(writer, Kind.DATA, b"1")
    await hung_up(reader)


async def pings_without_end(_: object, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while True:
            await write_frame(writer, Kind.PING)


@pytest.mark.parametrize(
    "behave",
    [
        no_frame,
        frame_without_end,
        data_unasked,
        more_than_offered,
        another_file_than_offered,
        tiny_pieces,
        pings_without_end,
    ],
)
def test_what_the_protocol_does_not_allow_ends_the_command(pair: Pair, behave: Callable[..., object]) -> None:
    with pair.listening() as acme:
        pair.as_globex(acme.endpoint, behave)
        assert isinstance(failure_of(acme), PeerError)
    assert not list((pair.folder / "acme").glob("*.amap"))


@pytest.mark.parametrize(
    ("length", "head", "name"),
    [
        (LENGTH + 1, HEAD, "globex-2.amap"),
        (2**60, HEAD, "globex-2.amap"),
        (LENGTH, b"other", "globex-2.amap"),
        (LENGTH, HEAD, "../globex-2.amap"),
        (LENGTH, HEAD, "/globex-2.amap"),
        (LENGTH, HEAD, "globex-2.toml"),
        (LENGTH, HEAD, "red\x1b[31m.amap"),
        (LENGTH, HEAD, ""),
    ],
)
def test_files_that_no_agreement_allows_are_refused_before_anything_is_kept(
    pair: Pair, length: int, head: bytes, name: str
) -> None:
    answers = []

    async def offer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await write_frame(writer, Kind.OFFER, Offer(bytes(32), length, head, name).encode())
        answers.append(await answer(reader))

    with pair.listening() as acme:
        pair.as_globex(acme.endpoint, offer)
    assert answers == [(Kind.REFUSE, bytes(32))]
    assert list((pair.folder / "acme").iterdir()) == []


def test_a_partner_cannot_fill_the_disk(pair: Pair) -> None:
    answers = []

    async def offers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = bytes([len(answers)]) * (CHUNK_BYTES - 4)
        offer = Offer(bytes([len(answers)]) * 32, LENGTH, HEAD, "globex-2.amap")
        await write_frame(writer, Kind.OFFER, offer.encode())
        answers.append((await answer(reader))[0])
        await write_frame(writer, Kind.DATA, HEAD + data)
        await asyncio.sleep(0.1)

    with pair.listening() as acme:
        for _ in range(9):
            with contextlib.suppress(OSError):
                pair.as_globex(acme.endpoint, offers)
    assert answers == [Kind.WANT] * 8 + [Kind.REFUSE]
    assert sum(path.stat().st_size for path in (pair.folder / "acme").iterdir()) <= LENGTH


def test_a_refusal_is_told_at_once(pair: Pair) -> None:
    with (
        pair.listening() as acme,
        pair.connecting(acme.endpoint) as globex,
        pytest.raises(ChannelError, match="does not accept"),
    ):
        deliver(globex, "globex-2.amap", b"of no agreement")


def test_nobody_there_is_a_clear_error(pair: Pair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = Endpoint("127.0.0.1", taken.getsockname()[1])
    with pair.connecting(free, patience=1) as globex, pytest.raises(ChannelError, match="no connection"):
        deliver(globex, "globex-2.amap", a_file())


def test_a_port_that_is_taken_is_a_clear_error(pair: Pair) -> None:
    with (
        pair.listening() as acme,
        pytest.raises(ChannelError, match="nothing can listen"),
        pair.listening(acme.endpoint),
    ):
        pass


def test_a_partner_that_does_not_read_costs_no_memory_and_is_cut_off(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_protocol, "SILENCE_SECONDS", 1)
    buffered = []

    async def want_and_sleep(_: object, writer: asyncio.StreamWriter) -> None:
        await write_frame(writer, Kind.WANT, encode_want(hashlib.sha256(big).digest(), 0))
        await asyncio.sleep(3)  # it reads nothing, so it does not notice that it is cut off

    big = bytes(64 << 20)
    original = direct_protocol.write_frame

    async def watched(writer: asyncio.StreamWriter, kind: Kind, payload: bytes = b"") -> None:
        buffered.append(writer.transport.get_write_buffer_size())
        await original(writer, kind, payload)

    monkeypatch.setattr(direct_connection, "write_frame", watched)
    with pair.listening(patience=2) as acme:
        failed = []

        def send() -> None:
            try:
                deliver(acme, "acme-1.amap", big)
            except ChannelError as error:
                failed.append(error)

        sending = threading.Thread(target=send)
        sending.start()
        wait_for(lambda: acme._outgoing is not None)
        pair.as_globex(acme.endpoint, want_and_sleep)
        sending.join(20)
    assert failed
    assert max(buffered) < 1 << 20


def test_a_silent_partner_is_let_go_and_may_come_again(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct_protocol, "SILENCE_SECONDS", 0.3)

    async def silent(reader: asyncio.StreamReader, _: object) -> None:
        await reader.read()

    with pair.listening() as acme:
        pair.as_globex(acme.endpoint, silent)
        monkeypatch.setattr(direct_protocol, "SILENCE_SECONDS", 10)
        with pair.connecting(acme.endpoint) as globex:
            deliver(globex, "globex-2.amap", a_file())


class Cutting:
    """A wire between the two that is cut after so many bytes, again and again, and counts them."""

    def __init__(self, to: Endpoint, cut_after: int) -> None:
        self._to, self._cut_after = to, cut_after
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = Endpoint("127.0.0.1", self._listener.getsockname()[1])
        self.carried: list[int] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((self._to.host, self._to.port))
                self.carried.append(0)
                back = threading.Thread(target=self._carry, args=(far, near, None), daemon=True)
                back.start()
                self._carry(near, far, self._cut_after)
                back.join()

    def _carry(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        with contextlib.suppress(OSError):
            while (data := source.recv(16384)) and (limit is None or self.carried[-1] < limit):
                target.sendall(data)
                if limit is not None:
                    self.carried[-1] += len(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.close()


def test_cut_off_again_and_again_it_goes_on_where_it_stopped(pair: Pair) -> None:
    data = a_file()
    with pair.listening() as acme, contextlib.closing(Cutting(acme.endpoint, 2 * CHUNK_BYTES + 5000)) as wire:
        with pair.connecting(wire.endpoint) as globex:
            deliver(globex, "globex-2.amap", data)
            assert fetch(acme, "globex-2.amap", LENGTH) == data
        assert len(wire.carried) >= 3
        assert sum(wire.carried) < 1.5 * LENGTH + 20_000 * len(wire.carried), "what had come was not sent again"


def test_a_half_that_a_killed_program_left_is_gone_on_from(pair: Pair) -> None:
    data = a_file()
    digest = hashlib.sha256(data).digest()
    part = pair.folder / "acme" / f".{digest.hex()[:32]}.direct"
    part.write_bytes(data[: 3 * CHUNK_BYTES + 7])
    stale = pair.folder / "acme" / f".{bytes(16).hex()}.direct"
    stale.write_bytes(b"of another file")
    wanted = []

    async def offer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await write_frame(writer, Kind.OFFER, Offer(digest, LENGTH, data[:100], "globex-2.amap").encode())
        wanted.append(await answer(reader))

    with pair.listening() as acme:
        pair.as_globex(acme.endpoint, offer)
        assert wanted == [(Kind.WANT, encode_want(digest, 3 * CHUNK_BYTES + 7))]
        assert not stale.exists()
        with pair.connecting(acme.endpoint) as globex:
            deliver(globex, "globex-2.amap", data)
        assert fetch(acme, "globex-2.amap", LENGTH) == data
    assert not part.exists()


def test_what_the_partner_has_is_known_after_a_crash(pair: Pair) -> None:
    with pair.listening() as acme, pair.connecting(acme.endpoint) as globex:
        deliver(globex, "globex-2.amap", a_file())
    with pair.connecting(LOCAL) as globex:
        assert "globex-2.amap" in globex.files()


@pytest.mark.parametrize("text", ["", "host", ":7443", "host:", "host:x", "host:70000", "host:-1"])
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(InputError):
        Endpoint.parse(text)


def test_addresses() -> None:
    assert Endpoint.parse("maps.example.com:7443") == Endpoint("maps.example.com", 7443)
    assert str(Endpoint.parse("[::1]:7443")) == "[::1]:7443"
