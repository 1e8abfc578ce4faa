"""Streams of sealed chunks: the same bytes however they come, and nothing else opens."""

from io import BytesIO

import pytest
from cryptography.exceptions import InvalidTag

from accountmap.trust import sealed
from accountmap.trust.sealed import TAG_BYTES, open_stream, plain_bytes, seal_stream, sealed_bytes

KEY = bytes(range(32))
SIZE = 64 + TAG_BYTES


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "CHUNK_BYTES", 64)


def sealed_chunks(length: int) -> bytes:
    return b"".join(seal_stream(KEY, [bytes(n % 251 for n in range(length))]))


def opened(data: bytes, length: int) -> bytes:
    return bytes(open_stream(KEY, BytesIO(data), length))


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 128, 300])
@pytest.mark.parametrize("step", [1, 7, 64, 100])
def test_the_bytes_do_not_depend_on_how_they_are_cut(length: int, step: int) -> None:
    data = bytes(n % 251 for n in range(length))
    parts = [memoryview(data)[start : start + step] for start in range(0, length, step)]
    made = b"".join(seal_stream(KEY, [b"", *parts, b""]))
    assert made == sealed_chunks(length)
    assert len(made) == sealed_bytes(length)
    assert plain_bytes(len(made)) == length
    assert opened(made, length) == data


def test_a_chunk_is_sealed_when_it_is_asked_for() -> None:
    taken: list[int] = []

    def parts():
        for n in range(100):
            taken.append(n)
            yield bytes(64)

    chunks = seal_stream(KEY, parts())
    next(chunks)
    assert len(taken) <= 3


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s[SIZE : 2 * SIZE] + s[:SIZE] + s[2 * SIZE :],
        lambda s: s[:SIZE] + s[:SIZE] + s[2 * SIZE :],
        lambda s: s[:SIZE] + s[SIZE : 2 * SIZE] * 2 + s[2 * SIZE :],
        lambda s: s[: 2 * SIZE],
        lambda s: s[SIZE:],
        lambda s: s[:-1],
        lambda s: s[:-1] + bytes([s[-1] ^ 1]),
    ],
    ids=["swapped", "doubled over another", "doubled", "end cut off", "begin cut off", "one byte less", "one bit"],
)
def test_chunks_open_in_their_place_only(change) -> None:
    wrong = change(sealed_chunks(170))
    for length in (106, 128, 170, 234):
        with pytest.raises((InvalidTag, ValueError)):
            opened(wrong, length)


@pytest.mark.parametrize("length", [0, 15, SIZE + 1, SIZE + 15, SIZE + 16])
def test_no_stream_has_a_length_between_chunks(length: int) -> None:
    with pytest.raises(ValueError, match="chunks"):
        plain_bytes(length)


def test_memory_is_taken_only_for_what_has_opened() -> None:
    """A sender may claim a terabyte: nothing is reserved before the chunks that hold it have opened."""
    with pytest.raises(InvalidTag):
        open_stream(KEY, BytesIO(sealed_chunks(200)), 1 << 40)
    unopened = BytesIO(bytes(SIZE) * 4)
    with pytest.raises(InvalidTag):
        open_stream(KEY, unopened, 1 << 40)
    assert unopened.tell() == SIZE
