"""The workspaces of ten partners are made once for all of these tests."""

from pathlib import Path
from unittest import mock

import pytest

from accountmap import Portfolio, read_portfolio
from tests.portfolio.ten_partners import Acme, build


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Acme:
    with mock.patch("os.fsync"):  # what is on the disk after a crash is not tested here
        return build(tmp_path_factory.mktemp("ten"))


@pytest.fixture(scope="session")
def portfolio(acme: Acme) -> Portfolio:
    return read_portfolio(acme.workspace)


@pytest.fixture
def folder(acme: Acme) -> Path:
    """Where Acme's commands run."""
    return acme.workspace.folder
