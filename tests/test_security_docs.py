"""Claims that are not tested are not made: every test that the security pages name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = ("SECURITY.md", "docs/attacks.md")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_is_named_exists(page: str) -> None:
    named = NAMED.findall((ROOT / page).read_text("utf-8"))
    assert named
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert f"def {test}" in (ROOT / file).read_text("utf-8"), f"{file}::{test}"


def test_every_attack_says_what_is_done_what_remains_and_what_shows_it() -> None:
    sections = (ROOT / "docs/attacks.md").read_text("utf-8").split("\n## ")[1:]
    assert len(sections) > 10
    for section in sections:
        parts = [section.find(part) for part in ("- **Done.**", "- **Remains.**", "- **Shown by**")]
        assert -1 < parts[0] < parts[1] < parts[2], section.partition("\n")[0]
        assert NAMED.search(section, parts[2]), section.partition("\n")[0]
