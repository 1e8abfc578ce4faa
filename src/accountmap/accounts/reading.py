"""Reading an account list from a file."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from accountmap.accounts.columns import known_counter
from accountmap.accounts.csv_reader import read_csv
from accountmap.accounts.interpret import interpret
from accountmap.accounts.schema import AccountList


def read_accounts(
    source: str | PathLike[str],
    *,
    mapping: Mapping[str, str] | None = None,
    segments: Mapping[str, str] | None = None,
    preset: str | None = None,
) -> AccountList:
    """Read a company's account list from a file."""
    path = Path(source)
    raw = read_csv(path, known_counter(mapping))
    return interpret(raw, mapping, segments, preset)
