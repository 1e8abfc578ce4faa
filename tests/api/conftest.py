"""The reference list is read once for all of these tests."""

import pytest

from accountmap import api
from tests.parties import load_reference_once


@pytest.fixture(autouse=True)
def _reference_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "load_reference", load_reference_once)
