"""How the command line works on long lists."""

import pytest

from accountmap_cli.accounts import on_all_cores


def test_parts_on_all_cores_come_back_in_their_order(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(on_all_cores(len, ["three", "one", "fourth"])) == [5, 3, 6]
    assert capfd.readouterr() == ("", "")
