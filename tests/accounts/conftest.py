"""Reading a list from text that stands in the test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from accountmap.accounts.headings import ACCOUNTS
from accountmap.accounts.read import FileOptions, read_accounts, read_source
from accountmap.accounts.schema import AccountList

ReadText = Callable[..., AccountList]


@pytest.fixture
def read_text(tmp_path: Path) -> ReadText:
    """Return a function that writes text to a file in an encoding and reads the file as an account list."""

    def read(text: str, written_in: str = "utf-8", **options: object) -> AccountList:
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode(written_in))
        return read_accounts(path, **options)

    return read


def rows_of(path: Path, *sheets: str, hidden_rows: str | None = None) -> list[str]:
    """Say where each row of a file stands, as messages about rows and the evidence of credits name it."""
    raw, _ = read_source(path, None, ACCOUNTS, FileOptions(sheets, hidden_rows))
    labels: list[str] = raw.labels.to_pylist()
    return labels
