"""Two companies with a workspace each, for tests that go the whole way."""

import os
import shutil
import tempfile
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList
from accountmap.channels import FolderChannel
from accountmap.curve.backends import make_curve
from accountmap.linkage.prepare import prepare_accounts
from accountmap.linkage.prepared import PROFILES
from accountmap.linkage.reference import Reference, load_reference
from accountmap.model import WeakSlots
from accountmap.session import Decisions, Outcome, SessionRunner, propose_agreement, sign_agreement
from accountmap.trust.sharing import Lead, Sharing
from accountmap.workspace import PartnerRecord, Workspace

CURVE = make_curve(workers=1)

load_reference_once = cache(load_reference)
"""Reading the list takes seconds, and it is the same for all tests."""

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

LEFT = [
    ("a1", "Northwood Bakery GmbH", "northwood-bakery.de", "customer"),
    ("a2", "Silverpine Logistics Inc.", None, "opportunity"),
    ("a3", "Harbour & Finch Ltd", "harbourfinch.co.uk", "prospect"),
    ("a4", "Quillstone Analytics", None, "prospect"),
]
RIGHT = [
    ("b1", "NORTHWOOD BAKERY", "www.northwood-bakery.de", "prospect"),
    ("b2", "Silverpine Logistics", "silverpine.example.org", "customer"),
    ("b3", "Harbour and Finch Holdings Group", "harbourfinch.co.uk", "customer"),
    ("b4", "Ostrich Tyres Oy", None, "opportunity"),
]

Row = tuple[str, str, str | None, str]

_MADE: dict[Hashable, tuple[Path, tuple[PartnerRecord, PartnerRecord]]] = {}
"""The folder of each kind of parties that a test has asked for, and how they know each other."""

_AFTER_A_SESSION = "after a session"


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


@cache
def _templates() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))


def both_know(count: int) -> tuple[list[Row], list[Row]]:
    """Lists that are long enough for estimates: so many prospects of one are customers of the other."""
    left, right = [
        [(f"{side}{n}", f"Wexley {n:05} Brewery", f"wexley-{n:05}.example.org", segment) for n in range(count)]
        for side, segment in (("l", "prospect"), ("r", "customer"))
    ]
    return [*LEFT, *left], [*RIGHT, *right]


def share_all(*fields: str) -> Sharing:
    """The same everywhere, both ways."""
    return Sharing.uniform(SEGMENTS, (fields, fields))


def account_list(rows: Sequence[Row]) -> AccountList:
    records = [
        {"account_id": i, "name": name, "domain": domain, "segment": segment} for i, name, domain, segment in rows
    ]
    table = pa.Table.from_pylist(records, schema=ACCOUNT_SCHEMA)
    return AccountList(table, pa.table({"nothing": pa.array([None] * len(rows), pa.string())}))


def answers(answer: bool | None = True) -> Decisions:
    """The same answer to each question of a session, as a person gives it."""
    return Decisions(lambda _: answer, lambda _: answer, by_person=True)


@dataclass
class Party:
    """One company and the folder that it shares.

    Attributes:
        accept_sketch: whether it takes another sketch of the partner before half a year is over.
    """

    workspace: Workspace
    partner: PartnerRecord
    folder: Path
    accept_sketch: bool = False

    def runner(self) -> SessionRunner:
        channel, accept = FolderChannel(self.folder), self.accept_sketch
        return SessionRunner(self.workspace, self.partner, channel, CURVE, lambda: NOW, accept_sketch=accept)

    def map(self, answer: bool | None = True, *, new: bool = False) -> Outcome:
        return self.runner().advance(answers(answer), new=new)


@dataclass
class Parties:
    """Acme, the initiator, and Globex, with a complete agreement and a shared folder."""

    acme: Party
    globex: Party

    @classmethod
    def make(
        cls,
        folder: Path,
        left: Sequence[Row] = LEFT,
        right: Sequence[Row] = RIGHT,
        runs: int = 10,
        sharing: Sharing | None = None,
        leads: tuple[Lead, ...] = (),
        min_change: int = 5,
        weak: WeakSlots = WeakSlots.REVEAL,
        reference: Reference | None = None,
        others: bool = False,
        fresh: bool = False,
    ) -> "Parties":
        """Make them in a folder; those of the same kind are made once, and copied with keys and all.

        Args:
            others: whether they are two other companies of the same names.
            fresh: whether they are made anew, as by a program that was changed for it.
        """
        named = reference and reference.digest
        kind = (NOW, tuple(left), tuple(right), runs, sharing, leads, min_change, weak, named, others)
        if fresh:
            kind = (object(), *kind)
        if kind not in _MADE:
            template = Path(_templates().name) / str(len(_MADE))
            parties = cls._make(template, left, right, runs, sharing, leads, min_change, weak, reference)
            for party in (parties.acme, parties.globex):
                party.workspace.close()
            _MADE[kind] = template, (parties.acme.partner, parties.globex.partner)
        return cls._copied(*_MADE[kind], folder)

    @classmethod
    def after_a_session(cls, folder: Path, **wanted: Any) -> "Parties":
        """Make those that `make` makes of the same arguments, with a session behind them, run once for all."""
        kind = (NOW, _AFTER_A_SESSION, *sorted((name, _hashable(value)) for name, value in wanted.items()))
        if kind not in _MADE:
            template = Path(_templates().name) / str(len(_MADE) + 1_000)
            parties = cls.make(template, **wanted)
            parties.run()
            for party in (parties.acme, parties.globex):
                party.workspace.close()
            _MADE[kind] = template, (parties.acme.partner, parties.globex.partner)
        return cls._copied(*_MADE[kind], folder)

    @classmethod
    def _copied(cls, template: Path, partners: tuple[PartnerRecord, PartnerRecord], folder: Path) -> "Parties":
        shutil.copytree(template, folder, dirs_exist_ok=True)
        opened = (Workspace.open(folder / name) for name in ("acme", "globex"))
        acme, globex = (
            Party(own, partner, folder / "shared") for own, partner in zip(opened, partners, strict=True)
        )
        return cls(acme, globex)

    @classmethod
    def _make(
        cls,
        folder: Path,
        left: Sequence[Row],
        right: Sequence[Row],
        runs: int,
        sharing: Sharing | None,
        leads: tuple[Lead, ...],
        min_change: int,
        weak: WeakSlots,
        reference: Reference | None,
    ) -> "Parties":
        shared = folder / "shared"
        shared.mkdir(parents=True)
        workspaces = [
            Workspace.create(folder / name.split()[0].lower(), name, NOW, passphrase=None)
            for name in ("Acme Cloud", "Globex Data")
        ]
        parties = []
        for own, other, rows in ((0, 1, left), (1, 0, right)):
            workspace = workspaces[own]
            partner = workspace.add_partner(workspaces[other].card, "test", NOW)
            accounts = account_list(rows)
            prepared = prepare_accounts(accounts, next(iter(PROFILES.values())), (), reference)
            workspace.save_list(accounts, prepared, "test", NOW)
            parties.append(Party(workspace, partner, shared))
        acme, globex = parties
        draft = propose_agreement(
            acme.workspace,
            acme.partner,
            purpose="co-selling",
            sharing=share_all("name", "owner_name") if sharing is None else sharing,
            leads=leads,
            min_change=min_change,
            days=73_000,
            weak=weak,
            automatic_share=1.0,
            sessions_per_30_days=runs,
            now=NOW,
        )
        signed = sign_agreement(globex.workspace, draft.document.encode(), NOW, sizes_confirmed=True)
        sign_agreement(acme.workspace, signed.document.encode(), NOW, sizes_confirmed=True)
        return cls(acme, globex)

    def run(self) -> tuple[Outcome, Outcome]:
        """Take turns until both are done."""
        for _ in range(8):
            outcomes = self.acme.map(), self.globex.map()
            if all(outcome.state == "done" for outcome in outcomes):
                return outcomes
        raise AssertionError("the session did not end")
