"""Ten partners made of real companies with known truth: seven with a session, three with a preview alone.

Acme's list are companies of the samples that have a website of their own. Which of them a partner has, and as
what, is drawn here, so the truth is known. Each partner also has companies that Acme does not have.
"""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.channels import FolderChannel
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.model import WeakSlots
from accountmap.session import Decisions, SessionRunner, propose_agreement, sign_agreement
from accountmap.session.agreements import propose_preview
from accountmap.session.preview import PreviewRunner
from accountmap.trust.sharing import Sharing
from accountmap.workspace import PartnerRecord, Workspace
from tests.parties import CURVE

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=70)
SAMPLES = Path(__file__).parents[2] / "samples"

MAPPED = {
    "Globex Data": 90,
    "Initech Reseller": 70,
    "Hooli Cloud": 60,
    "Umbra Systems": 50,
    "Vandelay Supply": 40,
    "Wayfarer Advice": 30,
    "Stark Integration": 8,
}
PREVIEWED = {"Soylent Care": 60, "Tyrell Platforms": 120, "Wonka Services": 180}
COMPANIES = 300
COMPARED = 120
"""So many of them were on the list that the sessions ran on, and one more that has left since."""

LEFT = ("gone", "Formerly Listed Limited", "formerly-listed.example.org", "prospect")

Row = tuple[str, str, str, str]
"""Id, name, website, segment."""


def real_companies(file: str, name: str, website: str, delimiter: str = ",") -> list[tuple[str, str]]:
    """Names with websites, each name and each website once."""
    text = (SAMPLES / file).read_text("utf-8-sig")
    found: dict[str, str] = {}
    for row in csv.DictReader(text.splitlines(), delimiter=delimiter):
        host = (row[website] or "").removeprefix("https://").removeprefix("http://").removeprefix("www.")
        host = host.partition("/")[0].lower()
        if host.count(".") == 1 and row[name].isascii() and len(row[name]) > 6 and host not in found.values():
            found.setdefault(row[name], host)
    return list(found.items())


@dataclass(frozen=True)
class Truth:
    """What a partner has of Acme's list: their segment by own account."""

    name: str
    shared: dict[str, str]

    @property
    def owner(self) -> str:
        return f"Owner of {self.name}"


def account_list(rows: Sequence[Row], owner: str, amounts: bool = False) -> AccountList:
    table = pa.Table.from_pylist(
        [
            {
                "account_id": account,
                "name": name,
                "website": website,
                "domain": website,
                "segment": segment,
                "owner_name": owner,
                "owner_email": f"{owner.rsplit(maxsplit=1)[-1].lower()}@{owner.split()[-2].lower()}.example",
                "country": ("Germany", "France")[number % 2],
                "employees": 10 + number,
                "amount": 1000.0 * (number % 17 + 1) if amounts and segment == "opportunity" else None,
                "currency": "EUR" if amounts and segment == "opportunity" else None,
            }
            for number, (account, name, website, segment) in enumerate(rows)
        ],
        schema=ACCOUNT_SCHEMA,
    )
    return AccountList(table, pa.table({"nothing": pa.nulls(len(rows), pa.string())}))


def own_rows() -> list[Row]:
    real = real_companies("acme/accounts.csv", "Account Name", "Website")[:COMPANIES]
    return [(f"acc{n:04}", name, website, SEGMENTS[n % 3]) for n, (name, website) in enumerate(real)]


def truths(own: Sequence[Row]) -> list[Truth]:
    """What each partner has, drawn once and for all."""
    draw = random.Random(2026)  # noqa: S311 no secret
    early = list(own[:COMPARED])
    return [
        Truth(name, {row[0]: draw.choice(SEGMENTS) for row in sorted(draw.sample(rows, count))})
        for rows, partners in ((early, MAPPED), (list(own), PREVIEWED))
        for name, count in partners.items()
    ]


def their_rows(truth: Truth, own: Sequence[Row]) -> list[Row]:
    """A partner's list: what it shares with Acme, under ids of its own, and others."""
    known = {row[0]: row for row in own}
    left = [("left", LEFT[1], LEFT[2], "customer")] if truth.name == "Globex Data" else []
    shared = [
        (f"{truth.name[:2]}{n}", known[account][1], known[account][2], segment)
        for n, (account, segment) in enumerate(truth.shared.items())
    ]
    others = [
        (
            f"{truth.name[:2]}x{n}",
            f"{truth.name.split()[0]} Customer {n:03} Works",
            f"x{n}.example.org",
            "prospect",
        )
        for n in range(12)
    ]
    return [*shared, *others, *left]


@dataclass
class Acme:
    """Acme's workspace after all of it.

    Attributes:
        folders: where each partner's messages are: all that ever left for it.
        others: the partners' workspaces.
    """

    workspace: Workspace
    own: list[Row]
    truths: list[Truth]
    folders: dict[str, Path]
    others: dict[str, Workspace]


def save(workspace: Workspace, accounts: AccountList, now: datetime = NOW) -> None:
    workspace.save_list(accounts, prepare_accounts(accounts, next(iter(PROFILES.values()))), "test", now)


def build(folder: Path) -> Acme:
    """Make all workspaces, run a session with seven partners and a preview with three."""
    own = own_rows()
    acme = Workspace.create(folder / "acme", "Acme Cloud", NOW, passphrase=None)
    save(acme, account_list([*own[:COMPARED], LEFT], "Own Keeper", amounts=True))
    folders, others = {}, {}
    for truth in truths(own):
        if truth.name == next(iter(PREVIEWED)):
            save(acme, account_list(own, "Own Keeper", amounts=True))
        slug = truth.name.lower().replace(" ", "-")
        workspace = Workspace.create(folder / slug, truth.name, NOW, passphrase=None)
        save(workspace, account_list(their_rows(truth, own), truth.owner))
        shared = folder / f"with-{slug}"
        shared.mkdir()
        partner, back = (
            acme.add_partner(workspace.card, "test", NOW),
            workspace.add_partner(acme.card, "test", NOW),
        )
        if truth.name in MAPPED:
            _map(acme, partner, workspace, back, shared)
        else:
            _preview(acme, partner, workspace, back, shared)
        folders[truth.name], others[truth.name] = shared, workspace
    return Acme(acme, own, truths(own), folders, others)


def _map(acme: Workspace, partner: PartnerRecord, other: Workspace, back: PartnerRecord, shared: Path) -> None:
    fields = ("name", "owner_name", "owner_email")
    draft = propose_agreement(
        acme,
        partner,
        purpose="co-selling",
        sharing=Sharing.uniform(SEGMENTS, (fields, fields)),
        leads=(),
        min_change=0,
        days=73_000,
        weak=WeakSlots.NONE,
        automatic_share=1.0,
        sessions_per_30_days=10,
        now=NOW,
    )
    signed = sign_agreement(other, draft.document.encode(), NOW, sizes_confirmed=True)
    sign_agreement(acme, signed.document.encode(), NOW, sizes_confirmed=True)
    run(acme, partner, other, back, shared, NOW)


def run(
    acme: Workspace, partner: PartnerRecord, other: Workspace, back: PartnerRecord, shared: Path, now: datetime
) -> None:
    """Run a session to its end."""
    yes = Decisions(lambda _: True, lambda _: True, by_person=True)
    for turn in range(8):
        states = [
            SessionRunner(own, with_, FolderChannel(shared), CURVE, lambda: now).advance(yes, new=turn == 0).state
            for own, with_ in ((acme, partner), (other, back))
        ]
        if states == ["done", "done"]:
            return
    raise AssertionError("the session did not end")


def _preview(acme: Workspace, partner: PartnerRecord, other: Workspace, back: PartnerRecord, shared: Path) -> None:
    draft = propose_preview(acme, partner, purpose="see whether it is worth while", now=NOW)
    signed = sign_agreement(other, draft.document.encode(), NOW, sizes_confirmed=True)
    sign_agreement(acme, signed.document.encode(), NOW, sizes_confirmed=True)
    for _ in range(3):
        for own, with_ in ((acme, partner), (other, back)):
            PreviewRunner(own, with_, FolderChannel(shared), lambda: NOW).advance(new=False)
