"""Two workspaces with prepared lists and a preview agreement, for tests of previews."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.channels import FolderChannel
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import DEFAULT_PROFILE, PROFILES
from accountmap.model import PreviewKind
from accountmap.session.agreements import propose_preview, sign_agreement
from accountmap.session.preview import PreviewOutcome, PreviewRunner
from accountmap.workspace import PartnerRecord, Workspace

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def companies(names: list[str], start: str, **cells: object) -> AccountList:
    """Make a list with an account of each name, a third of them in each segment."""
    rows = [
        {"account_id": f"{start}{n}", "name": name, "segment": SEGMENTS[n % 3], "amount": 100.0, **cells}
        for n, name in enumerate(names)
    ]
    table = pa.Table.from_pylist(rows, schema=ACCOUNT_SCHEMA)
    return AccountList(table, pa.table({"nothing": pa.nulls(len(rows), pa.string())}))


def made_up(count: int, first: str, start: int = 0) -> list[str]:
    """Make names that no two companies share, whatever words are left out of them."""
    syllables = ["ba", "ke", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "xu", "za"]
    found = []
    for number in range(start, start + count):
        digits = [number >> shift & 15 for shift in (0, 4, 8, 12)]
        found.append(first + "".join(syllables[digit] for digit in digits) + " Werke")
    return found


@dataclass
class Side:
    """One company."""

    workspace: Workspace
    partner: PartnerRecord
    folder: Path
    now: datetime = NOW

    def later(self, **time: float) -> "Side":
        self.now += timedelta(**time)
        return self

    def preview(self, *, new: bool = False, accept_sketch: bool = False) -> PreviewOutcome:
        runner = PreviewRunner(
            self.workspace, self.partner, FolderChannel(self.folder), lambda: self.now, accept_sketch=accept_sketch
        )
        return runner.advance(new=new)

    def prepare(self, accounts: AccountList) -> None:
        prepared = prepare_accounts(accounts, PROFILES[DEFAULT_PROFILE])
        self.workspace.save_list(accounts, prepared, "a test", self.now)


def two_sides(
    folder: Path, left: list[str], right: list[str], kind: PreviewKind = PreviewKind.SKETCH
) -> tuple[Side, Side]:
    """Make Acme, the initiator, and Globex, with lists, each other's cards and a preview agreement."""
    spaces = [
        Workspace.create(folder / name, title, NOW, passphrase=None)
        for name, title in (("acme", "Acme"), ("globex", "Globex"))
    ]
    shared = folder / "shared"
    shared.mkdir()
    acme, globex = (
        Side(own, own.add_partner(other.card, "test", NOW), shared) for own, other in (spaces, spaces[::-1])
    )
    acme.prepare(companies(left, "a"))
    globex.prepare(companies(right, "b"))
    agree(acme, globex, kind)
    return acme, globex


def agree(acme: Side, globex: Side, kind: PreviewKind = PreviewKind.SKETCH) -> None:
    """Sign another preview agreement."""
    proposal = propose_preview(
        acme.workspace, acme.partner, purpose="See whether it is worth while", preview=kind, now=acme.now
    )
    signed = sign_agreement(globex.workspace, proposal.document.encode(), globex.now, sizes_confirmed=True)
    sign_agreement(acme.workspace, signed.document.encode(), acme.now, sizes_confirmed=True)
