"""A few kills at random times; `python -m tests.adversary.kills --times 100` is the long form."""

from collections.abc import Iterator
from pathlib import Path

from accountmap.files import remove_parts, write_atomic
from tests.adversary.kills import run


def test_killed_commands_lose_double_and_leave_nothing(tmp_path: Path) -> None:
    killed = run(times=2, seed=20261128, folder=tmp_path)
    print(f"killed: {', '.join(killed)}")
    assert len(killed) == 2


def test_a_part_of_a_killed_writer_goes_and_one_that_is_being_written_stays(tmp_path: Path) -> None:
    left, other = tmp_path / ".message.amap.abc.part", tmp_path / ".another.amap.abc.part"
    for part in (left, other):
        part.write_bytes(b"half")
    seen: list[set[str]] = []

    def content() -> Iterator[bytes]:
        yield b"one"
        remove_parts(tmp_path, below=True)  # as a second command does meanwhile
        seen.append({path.name for path in tmp_path.iterdir()})
        yield b"two"

    write_atomic(tmp_path / "message.amap", content())
    (beside,) = seen
    assert left.name not in beside
    assert other.name not in beside
    assert len(beside) == 1, "its own"
    assert [path.name for path in tmp_path.iterdir()] == ["message.amap"]
    assert (tmp_path / "message.amap").read_bytes() == b"onetwo"
