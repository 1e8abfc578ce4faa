"""Folders on servers: real SFTP and S3-compatible servers on the loopback."""

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import fsspec
import pytest

from accountmap.channels import Channel, FolderChannel, RemoteChannel, open_channel, stores
from accountmap.channels.remote import MAX_FILES, Address
from accountmap.errors import AccountmapError, ChannelError, InputError
from accountmap.session import SessionRunner
from tests.channels.sftp_server import PASSWORD, USER, SftpServer, sftp_server
from tests.channels.whole_files import deliver, fetch
from tests.parties import CURVE, NOW, Parties, answers

SECRET = "kX7wq-not-to-be-seen"


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SftpServer]:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (tmp_path / "served").mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.setitem(fsspec.config.conf, "sftp", {"username": USER, "password": PASSWORD})
    with sftp_server(tmp_path / "served") as server:
        (home / ".ssh" / "known_hosts").write_text(server.known_hosts)
        yield server


@pytest.fixture(scope="module")
def moto_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(moto_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    import boto3

    monkeypatch.setitem(
        fsspec.config.conf,
        "s3",
        {"endpoint_url": moto_server, "key": "acme", "secret": SECRET, "max_concurrency": 1},
    )
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3", endpoint_url=moto_server, aws_access_key_id="a", aws_secret_access_key="b")
    client.create_bucket(Bucket="exchange")
    yield "exchange"
    for item in client.list_objects_v2(Bucket="exchange").get("Contents", ()):
        client.delete_object(Bucket="exchange", Key=item["Key"])
    client.delete_bucket(Bucket="exchange")
    client.close()


@pytest.fixture(params=["folder", "sftp", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sftp":
        return f"sftp://{USER}@127.0.0.1:{request.getfixturevalue('sftp').port}/acme and globex/here"
    if request.param == "s3":
        return f"s3://{request.getfixturevalue('bucket')}/acme/globex"
    (tmp_path / "folder").mkdir()
    return str(tmp_path / "folder")


@pytest.fixture
def channel(place: str) -> Iterator[Channel]:
    with open_channel(place) as opened:
        yield opened


def test_what_is_delivered_is_found_whole(channel: Channel) -> None:
    assert channel.files() == {}
    data = os.urandom(300_000)
    deliver(channel, "globex-2.amap", data)
    deliver(channel, "acme-1.amap", b"first")
    assert channel.files() == {"acme-1.amap": 5, "globex-2.amap": len(data)}
    assert channel.head("globex-2.amap", 100) == data[:100]
    assert channel.head("acme-1.amap", 100) == b"first"
    assert fetch(channel, "globex-2.amap", len(data)) == data
    deliver(channel, "acme-1.amap", b"first")
    assert len(channel.files()) == 2


@pytest.mark.parametrize("length", [999, 1000, 1001, 2000, 2001])
def test_a_large_file_comes_in_parts(
    sftp: SftpServer, bucket: str, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    data = os.urandom(length)
    for part, place in (("OBJECT_PART_BYTES", f"s3://{bucket}"), ("PART_BYTES", f"sftp://127.0.0.1:{sftp.port}/")):
        with open_channel(place) as channel, monkeypatch.context() as patch:
            deliver(channel, "acme-1.amap", data)
            patch.setattr(stores, part, 1000)
            assert fetch(channel, "acme-1.amap", length) == data
            with pytest.raises(ChannelError, match="still changing"):
                channel.fetch("acme-1.amap", length - 1)


def test_a_large_object_goes_in_parts_and_is_there_when_it_is_whole(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(11 << 20)
    monkeypatch.setattr(stores, "OBJECT_PART_BYTES", 5 << 20)
    with open_channel(f"s3://{bucket}") as channel:
        deliver(channel, "acme-1.amap", data)
        assert channel.files() == {"acme-1.amap": len(data)}
        assert fetch(channel, "acme-1.amap", len(data)) == data


class Breaking:
    """A store whose first connection breaks in the middle of a file."""

    def __init__(self) -> None:
        self.tries = 0

    def sizes(self) -> dict[str, int]:
        return {}

    def read(self, _name: str, _size: int) -> Iterator[bytes]:
        self.tries += 1
        yield b"first "
        if self.tries == 1:
            raise EOFError
        yield b"second"

    def write(self, _name: str, _source: Path) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


def breaking_channel(store: Breaking) -> RemoteChannel:
    return RemoteChannel(Address.parse("sftp://host/path"), lambda _: store)


def test_a_file_that_broke_off_is_fetched_from_its_start() -> None:
    store = Breaking()
    channel = breaking_channel(store)
    channel.files()
    assert fetch(channel, "acme-1.amap", 12) == b"first second"
    assert store.tries == 2


def test_a_full_disk_of_our_own_is_not_blamed_on_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    channel = breaking_channel(Breaking())
    with pytest.raises(ChannelError, match="cannot be kept: No space left"):
        channel.fetch("acme-1.amap", 12)


def test_a_file_of_another_length_is_not_fetched(channel: Channel) -> None:
    deliver(channel, "acme-1.amap", b"0123456789")
    for length in (9, 11):
        with pytest.raises(ChannelError, match="still changing"):
            fetch(channel, "acme-1.amap", length)


@pytest.mark.parametrize("name", [".hidden.amap", "note.txt", "acme-1.amap.part", "red\x1b[31m.amap"])
def test_only_names_that_are_safe_are_listed(channel: Channel, name: str) -> None:
    deliver(channel, name, b"x")
    assert channel.files() == {}


def test_a_session_runs_over_it(tmp_path: Path, place: str) -> None:
    parties = Parties.make(tmp_path)
    states = []
    for turn in range(11):
        party = (parties.acme, parties.globex)[turn % 2]
        with open_channel(place) as channel:
            steps = SessionRunner(party.workspace, party.partner, channel, CURVE, lambda: NOW)
            states.append(steps.advance(answers()).state)
    assert states[-2:] == ["done", "done"]


def test_an_upload_that_fails_leaves_no_part_behind(sftp: SftpServer, tmp_path: Path) -> None:
    in_the_way = tmp_path / "served" / "acme-1.amap"
    in_the_way.mkdir()
    with open_channel(f"sftp://127.0.0.1:{sftp.port}/") as channel:
        with pytest.raises(ChannelError):
            deliver(channel, in_the_way.name, b"data")
        assert list((tmp_path / "served").iterdir()) == [in_the_way]


def test_a_connection_that_died_is_made_anew(sftp: SftpServer) -> None:
    with open_channel(f"sftp://127.0.0.1:{sftp.port}/") as channel:
        deliver(channel, "acme-1.amap", b"data")
        sftp.drop_connections()
        assert channel.files() == {"acme-1.amap": 4}


def test_a_server_with_another_key_is_refused(sftp: SftpServer, tmp_path: Path) -> None:
    known = tmp_path / "home" / ".ssh" / "known_hosts"
    for hosts in ("", known.read_text().replace(sftp.key.get_base64()[-20:-10], "A" * 10)):
        known.write_text(hosts)
        with (
            open_channel(f"sftp://127.0.0.1:{sftp.port}/") as channel,
            pytest.raises(ChannelError, match="UnknownHost"),
        ):
            channel.files()


def test_a_place_with_too_many_files_is_refused(bucket: str) -> None:
    class CommonValues:
        def sizes(self) -> dict[str, int]:
            return {f"{n}.txt": 1 for n in range(MAX_FILES + 1)}

    channel = RemoteChannel(Address.parse(f"s3://{bucket}"), lambda _: CommonValues())
    with pytest.raises(ChannelError, match="more than"):
        channel.files()


def wrong_login(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(fsspec.config.conf, "sftp", {"username": USER, "password": SECRET})
    return f"sftp://127.0.0.1:{sftp.port}/"


def no_bucket(_: SftpServer, __: pytest.MonkeyPatch) -> str:
    return "s3://no-such-bucket/acme"


@pytest.mark.parametrize("case", [wrong_login, no_bucket])
def test_errors_name_the_place_and_no_secret(
    sftp: SftpServer,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    case: Callable[[SftpServer, pytest.MonkeyPatch], str],
) -> None:
    with open_channel(case(sftp, monkeypatch)) as channel, pytest.raises(ChannelError) as raised:
        channel.files()
    error: BaseException | None = raised.value
    while error is not None:
        assert SECRET not in f"{error!r} {error.__dict__}"
        error = error.__cause__ or error.__context__
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        f"sftp://acme:{SECRET}@host/path",
        f"s3://AKIA:{SECRET}@bucket/path",
        f"s3://{SECRET}@bucket",
        f"ftp://host/{SECRET}",
        f"sftp:///{SECRET}",
        f"sftp://host:port/{SECRET}",
        f"s3://bucket/?key={SECRET}",
    ],
)
def test_addresses_with_credentials_or_nonsense_are_refused_unrepeated(url: str) -> None:
    with pytest.raises(InputError) as raised, open_channel(url):
        pass
    assert SECRET not in f"{raised.value} {raised.value.hint}"


def test_an_address_is_shown_without_its_user() -> None:
    assert str(Address.parse("sftp://acme@host:2222/a/b/")) == "sftp://host:2222/a/b"
    assert str(Address.parse("s3://Bucket/a")) == "s3://Bucket/a"


def test_a_missing_library_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "accountmap.channels.stores", None)
    with open_channel("sftp://host/path") as channel, pytest.raises(AccountmapError) as raised:
        channel.files()
    assert 'pip install "accountmap[remote]"' in raised.value.hint


def test_a_local_folder_needs_no_library(tmp_path: Path) -> None:
    with open_channel(tmp_path) as channel:
        assert isinstance(channel, FolderChannel)
