"""Three companies that have mapped with each other, for tests of what they say about single matches afterwards.

Acme shares accounts with Globex and with Initech. The workspaces are made once and copied for each test.
"""

import random
import shutil
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa

from accountmap.account_map.co_selling import CoSelling
from accountmap.accounts.schema import ACCOUNT_SCHEMA, AccountList
from accountmap.channels import DirectChannel, Endpoint, FolderChannel
from accountmap.errors import ChannelError
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.model import Role, Step, Topic, WeakSlots
from accountmap.session import propose_agreement, sign_agreement
from accountmap.session.co_selling import Statement, load_co_selling
from accountmap.session.conversation import ConversationOutcome, ConversationRunner
from accountmap.session.questions import SessionMatches, session_matches
from accountmap.session.waiting import Patience, repeat_patiently
from accountmap.trust.conversation import read_talk
from accountmap.trust.envelope import Header
from accountmap.trust.sharing import Lead
from accountmap.workspace import PartnerRecord, Workspace
from tests.channels.direct_parties import direct
from tests.parties import NOW, Party, share_all

NAMES = {"acme": "Acme Cloud", "globex": "Globex Data", "initech": "Initech Systems"}
_SHARED = ("Northwood Bakery", "Silverpine Logistics", "Harbour Finch", "Quillstone Analytics", "Ostrich Tyres")
_SEGMENTS = {
    "acme": ("customer", "opportunity", "prospect", "opportunity", "prospect"),
    "globex": ("prospect", "customer", "opportunity", "opportunity", "customer"),
    "initech": ("customer", "customer", "customer", "prospect", "prospect"),
}
OWNERS = {"acme": "Anna Acmeseller", "globex": "Gregor Globexseller", "initech": "Ines Initechseller"}
RULES = (
    Lead(("prospect",), ("opportunity",), (), Role.RESPONDER),
    Lead(("opportunity",), ("opportunity",), ("DE",), Role.RESPONDER),
)
"""Where Acme only prospects and the other sells, the other leads; where both sell, the other does in Germany."""


def _account_list(name: str) -> AccountList:
    records = [
        {
            "account_id": f"{name[0]}{n}",
            "name": company if name == "acme" else company.upper(),
            "domain": f"{company.split()[0].lower()}.de",
            "country": "DE",
            "segment": segment,
            "owner_name": OWNERS[name],
            "amount": 1000.0 + n,
        }
        for n, (company, segment) in enumerate(zip(_SHARED, _SEGMENTS[name], strict=True), start=1)
    ]
    table = pa.Table.from_pylist(records, schema=ACCOUNT_SCHEMA)
    return AccountList(table, pa.table({"nothing": pa.array([None] * len(records), pa.string())}))


def make_companies(folder: Path) -> None:
    """Make the three workspaces, and map Acme with both others."""
    workspaces = {
        short: Workspace.create(folder / short, name, NOW, passphrase=None) for short, name in NAMES.items()
    }
    for short, workspace in workspaces.items():
        accounts = _account_list(short)
        prepared = prepare_accounts(accounts, next(iter(PROFILES.values())), (), None)
        workspace.save_list(accounts, prepared, "test", NOW)
    acme = workspaces["acme"]
    for other in ("globex", "initech"):
        shared = folder / f"acme-{other}"
        shared.mkdir()
        sides = []
        for own, partner in ((acme, workspaces[other]), (workspaces[other], acme)):
            sides.append(Party(own, own.add_partner(partner.card, "test", NOW), shared))
        draft = propose_agreement(
            acme,
            sides[0].partner,
            purpose="co-selling",
            sharing=share_all("name", "owner_name"),
            leads=RULES,
            days=73_000,
            weak=WeakSlots.ASK,
            automatic_share=1.0,
            now=NOW,
        )
        signed = sign_agreement(workspaces[other], draft.document.encode(), NOW, sizes_confirmed=True)
        sign_agreement(acme, signed.document.encode(), NOW, sizes_confirmed=True)
        for _ in range(8):
            outcomes = [side.map() for side in sides]
        assert [each.state for each in outcomes] == ["done", "done"]
        for file in shared.iterdir():
            file.unlink()
    for workspace in workspaces.values():
        workspace.close()


class UnsteadyChannel(FolderChannel):
    """A folder that fails at some deliveries, after the file has arrived or before."""

    def __init__(self, folder: Path, chance: random.Random, share: float) -> None:
        super().__init__(folder)
        self._chance, self._share = chance, share

    def deliver(self, name: str, source: Path) -> None:
        fails, arrived = self._chance.random() < self._share, self._chance.random() < 0.5
        if arrived or not fails:
            super().deliver(name, source)
        if fails:
            raise ChannelError("the disk is full")


@dataclass
class Talker:
    """One side of a conversation: its own folder, which the mail empties and fills."""

    workspace: Workspace
    partner: PartnerRecord
    folder: Path
    now: datetime = field(default_factory=lambda: NOW + timedelta(hours=1))

    def runner(self) -> ConversationRunner:
        return ConversationRunner(self.workspace, self.partner, FolderChannel(self.folder), lambda: self.now)

    def exchange(self) -> ConversationOutcome:
        return self.runner().exchange()

    def shaky_exchange(self, chance: random.Random) -> None:
        channel = UnsteadyChannel(self.folder, chance, 0.3)
        with suppress(ChannelError):
            ConversationRunner(self.workspace, self.partner, channel, lambda: self.now).exchange()

    @property
    def matches(self) -> SessionMatches:
        return session_matches(self.workspace, self.partner.slug)

    def match(self, account: int) -> bytes:
        matches = self.matches
        own = f"{self.workspace.short_name[0]}{account}"
        return next(each for each in matches.revealed() if own in matches.account_ids(each))

    def say(
        self,
        account: int,
        topic: Topic,
        step: Step,
        value: int = 0,
        text: str = "",
        fields: Mapping[str, str] | None = None,
    ) -> None:
        statement = Statement(self.match(account), topic, step, value, text, fields)
        self.runner().say(self.matches.record, [statement])

    @property
    def co_selling(self) -> CoSelling:
        return load_co_selling(self.workspace, self.partner)


def talkers(template: Path, folder: Path, other: str = "globex") -> tuple[Talker, Talker]:
    """Copy the workspaces, if they are not there, and return Acme and another company with a folder each."""
    sides = []
    for own, partner in (("acme", other), (other, "acme")):
        if not (folder / own).exists():
            shutil.copytree(template / own, folder / own)
        workspace = Workspace.open(folder / own)
        mail = folder / f"mail-{own}-{partner}"
        mail.mkdir()
        sides.append(Talker(workspace, workspace.partner(NAMES[partner]), mail))
    return sides[0], sides[1]


def carry(one: Talker, other: Talker) -> None:
    """Carry all files both ways."""
    for source, target in ((one, other), (other, one)):
        for file in source.folder.iterdir():
            shutil.copy(file, target.folder / file.name)


def settle(one: Talker, other: Talker) -> None:
    """Exchange until nothing is left to send."""
    for _ in range(4):
        one.exchange()
        other.exchange()
        carry(one, other)


def plain_text(files: Sequence[Path], reader: Talker) -> str:
    """Open all messages to a company, and return everything in them and on them."""
    found = []
    for file in files:
        data = file.read_bytes()
        header = Header.decode(data)
        assert header.recipient == reader.workspace.card.digest
        talk = read_talk(data, header, reader.workspace.identity, reader.partner.card)
        found += [file.name, header.encode().decode("latin-1"), talk.content.decode("utf-8", "replace")]
    return "\n".join(found)


def exchange_directly(one: Talker, other: Talker) -> None:
    """Exchange messages over a direct connection until nothing more comes."""

    def run(side: Talker, channel: DirectChannel) -> None:
        with Workspace.open(side.workspace.folder) as own:
            runner = ConversationRunner(own, side.partner, channel, lambda: side.now)
            repeat_patiently(runner.exchange, channel, Patience(20), lambda: None)

    with (
        direct(one.workspace, one.partner, Endpoint("127.0.0.1", 0), listen=True) as listening,
        direct(other.workspace, other.partner, listening.endpoint, listen=False) as connecting,
    ):
        threads = [threading.Thread(target=run, args=args) for args in ((one, listening), (other, connecting))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(40)
            assert not thread.is_alive()
