"""Which backend is used, and what is said where one cannot be."""

import pytest

from accountmap.curve.backends import BACKENDS, Backend, OpenSSLCurve, examine_backends, make_curve
from accountmap.errors import BackendError, UsageError
from accountmap.psi.ports import Curve


@pytest.fixture
def no_ipp(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Curve:
        raise BackendError("this processor is of wood", "Get another.")

    others = [Backend("ipp", "fast", refuse), *BACKENDS[1:]]
    monkeypatch.setattr("accountmap.curve.backends.BACKENDS", tuple(others))


def test_the_last_backend_runs_everywhere() -> None:
    assert isinstance(make_curve("openssl"), OpenSSLCurve)


@pytest.mark.usefixtures("no_ipp")
def test_what_cannot_be_used_is_passed_over_unless_it_is_asked_for() -> None:
    assert isinstance(make_curve(), OpenSSLCurve)
    with pytest.raises(BackendError, match="of wood"):
        make_curve("ipp")


@pytest.mark.usefixtures("no_ipp")
def test_what_cannot_be_used_is_reported_with_the_reason() -> None:
    ipp, openssl = examine_backends(seconds=0.01)
    assert (ipp.reason, ipp.hint) == ("this processor is of wood", "Get another.")
    assert not ipp.usable
    assert not ipp.default
    assert openssl.usable
    assert openssl.default


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="no backend 'OpenSSL'") as caught:
        make_curve("OpenSSL")
    assert caught.value.hint == "There are: ipp, openssl."
