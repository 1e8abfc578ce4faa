"""Two companies of today for examples, the second of which answers by itself."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import accountmap
import tests.parties
from accountmap.accounts.schema import SEGMENTS
from accountmap.model import Strength
from accountmap.session import Preview
from tests.parties import LEFT, RIGHT, Parties, Party, load_reference_once

PATIENCE = 300
"""Seconds after which a test gives up; a slow machine is no failure."""


LONG_LEFT = [
    *((account, name, domain, "prospect") for account, name, domain, _ in LEFT),
    *((f"l{n}", f"Quarrow {n:03} Mills", None, "prospect") for n in range(120)),
    ("l999", "Larkspur Foods", None, "customer"),
]
LONG_RIGHT = [
    *((account, name, domain, "customer") for account, name, domain, _ in RIGHT),
    *((f"r{n}", f"Tindale {n:03} Foundry", None, "customer") for n in range(120)),
]
"""Long enough for estimates, and so for a program that follows the agreement's rule. Three are shared."""


def accept(preview: Preview) -> bool:
    """Follow the agreement's rule."""
    return preview.automatic


def approve_as_many(party: Party) -> None:
    """Let a person have approved as many matches before: an estimate is too low once in a while, and then asks."""
    claims = {(segment, strength): 25 for segment in SEGMENTS for strength in Strength}
    with party.workspace.transaction():
        party.workspace.caps.approve(party.partner.slug, claims, 0, tests.parties.NOW)


def make(folder: Path, now: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave in the folder: the workspaces `acme` and `globex`, `shared`, and Acme's list as `export.csv`."""
    monkeypatch.setattr(tests.parties, "NOW", now)
    parties = Parties.make(folder, LONG_LEFT, LONG_RIGHT, reference=load_reference_once())
    for party in (parties.acme, parties.globex):
        approve_as_many(party)
        party.workspace.close()
    rows = "\n".join(",".join(cell or "" for cell in row) for row in LONG_LEFT)
    (folder / "export.csv").write_text(f"id,name,domain,segment\n{rows}\n", encoding="utf-8")


@contextmanager
def answering(answer: Callable[[accountmap.Workspace], None], folder: Path) -> Iterator[None]:
    """Let Globex do something in its workspace meanwhile; its failure is the test's."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with accountmap.Workspace.open(folder / "globex") as workspace:
                answer(workspace)
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE)
    assert not thread.is_alive()
    assert not failures, failures


def over_the_folder(folder: Path) -> Callable[[accountmap.Workspace], None]:
    """Answer one session over the shared folder."""

    def answer(workspace: accountmap.Workspace) -> None:
        done = accountmap.map_accounts(workspace, "acme", folder / "shared", accept, new=True, wait=PATIENCE)
        assert done.state == "done"

    return answer


def by_connection(folder: Path, port: int) -> Callable[[accountmap.Workspace], None]:
    """Answer one session over a direct connection."""

    def answer(workspace: accountmap.Workspace) -> None:
        own, listen = folder / "globex-messages", f"127.0.0.1:{port}"
        done = accountmap.map_accounts(workspace, "acme", own, accept, new=True, listen=listen, wait=PATIENCE)
        assert done.state == "done"

    return answer
