"""Without the extra, the package says what to install."""

import importlib
import sys

import pytest

from accountmap.errors import BackendError


def test_without_pyspark_the_import_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "pyspark"]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("accountmap.spark")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(BackendError) as caught:
        importlib.import_module("accountmap.spark")
    assert "accountmap[spark]" in caught.value.hint
