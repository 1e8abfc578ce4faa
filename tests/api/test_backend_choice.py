"""The backend that a program asks for is the one that a session runs with."""

from pathlib import Path

import pytest

import accountmap
from accountmap.errors import UsageError
from tests.parties import Parties


def test_the_name_reaches_the_choice(tmp_path: Path) -> None:
    acme = Parties.make(tmp_path).acme
    with pytest.raises(UsageError, match="no backend 'abacus'"):
        accountmap.map_accounts(acme.workspace, acme.partner.slug, acme.folder, lambda _: True, backend="abacus")
    with pytest.raises(UsageError, match="no backend 'abacus'"):
        accountmap.Session(acme.workspace, acme.partner.slug, backend="abacus")
    outcome = accountmap.map_accounts(
        acme.workspace, acme.partner.slug, acme.folder, lambda _: True, backend="openssl"
    )
    assert outcome.state == "waiting"
