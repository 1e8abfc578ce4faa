"""Sealed files of the workspace: they come back, and nothing else does."""

from io import BytesIO

import pytest

from accountmap.errors import WorkspaceError
from accountmap.trust import sealed
from accountmap.trust.sealed import SALT_BYTES, TAG_BYTES, Storage

OWN = Storage(bytes(96))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "CHUNK_BYTES", 64)


def seal(data: bytes, label: str) -> bytes:
    return b"".join(OWN.seal([data[:50], data[50:]], label))


def opened(sealed: bytes, label: str, storage: Storage = OWN) -> bytes:
    return bytes(storage.open(BytesIO(sealed), label))


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 128, 1000])
def test_a_file_comes_back(length: int) -> None:
    data = bytes(n % 251 for n in range(length))
    sealed = seal(data, "state 3")
    assert opened(sealed, "state 3") == data
    assert length < 16 or data not in sealed


def test_sealing_twice_gives_other_bytes() -> None:
    assert seal(b"same", "x") != seal(b"same", "x")


def test_another_label_another_key_and_every_change_are_refused() -> None:
    sealed = seal(bytes(200), "state 3")
    size = 64 + TAG_BYTES
    first, rest = sealed[:SALT_BYTES], sealed[SALT_BYTES:]
    changed = [
        b"",
        sealed[:-1],
        sealed + b"\0",
        first + rest[:size],
        first + rest[size : 2 * size] + rest[:size] + rest[2 * size :],
        *(sealed[:n] + bytes([sealed[n] ^ 1]) + sealed[n + 1 :] for n in range(len(sealed))),
    ]
    for data in changed:
        with pytest.raises(WorkspaceError, match="damaged or belongs"):
            opened(data, "state 3")
    with pytest.raises(WorkspaceError):
        opened(sealed, "state 4")
    with pytest.raises(WorkspaceError):
        opened(sealed, "state 3", Storage(bytes(95) + b"\x01"))
