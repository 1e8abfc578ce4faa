"""What keeps libcrypto_mb from being loaded is said in plain words."""

import pytest

from accountmap.curve import ipp_library
from accountmap.errors import BackendError

load_again = ipp_library.load_crypto_mb.__wrapped__


@pytest.mark.parametrize("name", ["PACKAGE", "RUNTIME_PACKAGE"])
def test_a_package_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name == "RUNTIME_PACKAGE":
        monkeypatch.setattr(ipp_library, "PACKAGE", "numpy")
    monkeypatch.setattr(ipp_library, name, "accountmap-nowhere")
    with pytest.raises(BackendError, match="the Python package accountmap-nowhere is not installed") as caught:
        load_again()
    assert 'pip install "accountmap[fast]"' in caught.value.hint


def test_a_package_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipp_library, "PACKAGE", "numpy")
    monkeypatch.setattr(ipp_library, "RUNTIME_PACKAGE", "numpy")
    with pytest.raises(BackendError, match=r"cannot be loaded: numpy has no libintlc\.so\.5"):
        load_again()
