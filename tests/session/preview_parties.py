"""Two workspaces with prepared lists and a preview agreement, for tests of previews."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.channels import FolderChannel
from accountmap.linkage.key_kinds import CANONICAL_VERSION, DEFAULT_PROFILE, PROFILES, data_digests
from accountmap.linkage.prepare import prepare_accounts
from accountmap.model import PreviewKind
from accountmap.session.preview import PreviewOutcome, PreviewRunner
from accountmap.session.sketches import sketch_terms
from accountmap.trust.agreement import Agreement, OwnSizes
from accountmap.trust.terms import PREVIEW_FORMAT, Terms
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


def agree(acme: Side, globex: Side, kind: PreviewKind = PreviewKind.SKETCH, days: int = 365) -> None:
    """Sign another preview agreement."""
    cards = acme.workspace.card, globex.workspace.card
    terms = Terms(
        format=PREVIEW_FORMAT,
        created=acme.now,
        valid_until=(acme.now + timedelta(days=days)).date(),
        purpose="See whether it is worth while",
        names=(cards[0].name, cards[1].name),
        cards=(cards[0].digest.hex(), cards[1].digest.hex()),
        canonical=CANONICAL_VERSION,
        data=data_digests(),
        segments=SEGMENTS,
        preview=kind,
    )
    proposal = Agreement.propose(terms, own_sizes(acme, kind), acme.workspace.identity)
    signed = proposal.accept(own_sizes(globex, kind), globex.workspace.identity)
    for side in (acme, globex):
        side.workspace.save_agreement(side.partner, signed, side.now)


def own_sizes(side: Side, kind: PreviewKind) -> OwnSizes:
    with side.workspace.transaction():
        return OwnSizes(sketch_terms(side.workspace, kind, now=side.now))
