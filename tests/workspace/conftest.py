"""A workspace with a partner, a prepared list and sessions to hang records on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.trust.identity import Identity
from accountmap.workspace import PartnerRecord, SessionRecord, Status, Workspace
from tests.trust.terms import propose

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NAME = "Northwood Bakery GmbH"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "own", "Acme Cloud", NOW, passphrase=None) as made:
        save_list(made)
        yield made


@pytest.fixture
def partner(workspace: Workspace) -> PartnerRecord:
    return workspace.add_partner(Identity.generate("Globex Data", NOW).card, "test", NOW)


def save_list(workspace: Workspace) -> int:
    row = {"account_id": "a1", "name": NAME, "domain": "northwood-bakery.de", "segment": "customer"}
    table = pa.Table.from_pylist([row], schema=ACCOUNT_SCHEMA)
    return save_prepared(workspace, AccountList(table, pa.table({"nothing": pa.array([None], pa.string())})))


def save_prepared(workspace: Workspace, accounts: AccountList) -> int:
    return workspace.save_list(accounts, prepare_accounts(accounts, next(iter(PROFILES.values()))), "test", NOW).id


def add_session(workspace: Workspace, partner: PartnerRecord, number: int) -> SessionRecord:
    agreement = propose()
    workspace.save_agreement(partner, agreement, NOW)
    record = SessionRecord(
        id=number,
        partner=partner.slug,
        agreement=agreement.digest.hex(),
        list_id=1,
        role=0,
        status=Status.DONE,
        offer=bytes([number]) * 32,
        transcript=bytes(32),
        sid=bytes(32),
        partner_key=b"",
        step=10,
        sent="",
        delivered=True,
        created=NOW,
        charged=NOW,
        finished=NOW,
    )
    with workspace.transaction():
        workspace.put_session(record)
    return record
