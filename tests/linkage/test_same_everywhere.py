"""The same names give the same keys in every locale, with every hash seed, and in every process."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from accountmap.linkage.keys import explain
from accountmap.linkage.prepared import PROFILES
from accountmap.parallel import ProcessExecutor
from tests.linkage.hostile import COMPANIES, NOBODY
from tests.linkage.test_canonical_vectors import FOLDER

ROOT = Path(__file__).parents[2]
COUNTRIES = ("TR", None)


def accounts() -> Iterator[dict[str, str | None]]:
    """Give all accounts of the vectors, and all hostile names in a country and in none."""
    for path in sorted(FOLDER.glob("*.json")):
        yield from (case["account"] for case in json.loads(path.read_bytes()).get("accounts", ()))
    names = [*NOBODY, *(name for company in COMPANIES.values() for name in company)]
    yield from ({"name": name, "country": country} for name in names for country in COUNTRIES)


def digest(listed: Iterable[dict[str, str | None]]) -> str:
    """Give one digest of all keys of accounts."""
    found = [[key.value for key in explain(account, PROFILES["identifiers"]).keys] for account in listed]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()


@cache
def here() -> str:
    return digest(accounts())


def test_there_is_something_to_compare() -> None:
    assert sum(1 for _ in accounts()) > 300


@pytest.mark.parametrize(
    ("locale", "seed", "utf8"), [("tr_TR.UTF-8", "1", "1"), ("C", "2", "0"), ("ja_JP.SJIS", "random", "0")]
)
def test_another_process_gives_the_same(locale: str, seed: str, utf8: str) -> None:
    environment = {**os.environ, "LC_ALL": locale, "PYTHONHASHSEED": seed, "PYTHONUTF8": utf8}
    command = [sys.executable, "-m", "tests.linkage.test_same_everywhere"]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.decode("ascii").strip() == here()


def test_workers_give_the_same() -> None:
    assert list(ProcessExecutor(2).map(digest, [list(accounts())] * 2)) == [here()] * 2


if __name__ == "__main__":
    sys.stdout.write(here())
