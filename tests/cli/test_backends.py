"""`accountmap backends`."""

import json
from pathlib import Path

from tests.cli.running import accountmap


def test_one_backend_is_the_default_and_each_other_says_why_not(tmp_path: Path) -> None:
    shown = json.loads(accountmap("backends", "--json", cwd=tmp_path).stdout)
    states = {state["name"]: state for state in shown}
    assert list(states) == ["ipp", "openssl"]
    assert states["openssl"]["usable"]
    assert [state["default"] for state in shown].count(True) == 1
    for state in shown:
        assert state["usable"] == (state["multiply_per_second"] > 0) == (state["hash_per_second"] > 0)
        assert state["usable"] or (state["reason"] and not state["default"])


def test_for_people(tmp_path: Path) -> None:
    done = accountmap("backends", cwd=tmp_path)
    assert "openssl" in done.stdout
    assert "its known-answer tests pass" in done.stderr
