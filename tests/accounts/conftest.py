"""Reading a list from text that stands in the test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from accountmap.accounts.read import read_accounts
from accountmap.accounts.schema import AccountList

ReadText = Callable[..., AccountList]


@pytest.fixture
def read_text(tmp_path: Path) -> ReadText:
    """Return a function that writes text to a file in an encoding and reads the file as an account list."""

    def read(text: str, written_in: str = "utf-8", **options: object) -> AccountList:
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode(written_in))
        return read_accounts(path, **options)  # type: ignore[arg-type]  # The tests pass what it takes.

    return read
