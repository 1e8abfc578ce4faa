"""The public names and their signatures are what was promised (docs/library.md, "What is promised")."""

from pathlib import Path

import accountmap
from tests.api.surface import surface

PROMISED = Path(__file__).with_name("surface.txt").read_text("utf-8").splitlines()
AGAIN = "If this is meant, say so in CHANGELOG.md and run: python -m tests.api.surface > tests/api/surface.txt"


def test_nothing_that_was_promised_is_gone_or_changed() -> None:
    today = surface()
    assert [line for line in PROMISED if line not in today] == [], AGAIN


def test_no_name_becomes_public_by_accident() -> None:
    known = {line.removeprefix("class ").split("(")[0] for line in PROMISED if "." not in line.split("(")[0]}
    assert set(accountmap.__all__) - {"__version__", "errors"} == known, AGAIN
    assert len(known) == 28
