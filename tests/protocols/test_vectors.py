"""The vectors are what the reference writes, and all of them are tested."""

from pathlib import Path

from protocols.reference.__main__ import FILES, main

from tests.protocols.vectors import VECTORS


def test_the_reference_writes_the_same_files() -> None:
    assert main(["--check"]) == 0


def test_no_file_is_left_that_nothing_writes() -> None:
    parts = [VECTORS / part for part in ("psi", "message", "conversation")]
    found = {str(path.relative_to(VECTORS)) for part in parts for path in part.iterdir()}
    assert found == set(FILES)


def test_every_file_is_read_by_a_test() -> None:
    tests = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in FILES if f'"{name}"' not in tests] == []
