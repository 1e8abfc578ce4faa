"""Two parties that are connected directly, for tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from accountmap.channels import DirectChannel, Endpoint
from accountmap.session import Outcome, SessionRunner
from accountmap.session.direct_tls import open_direct
from accountmap.session.waiting import Patience, advance_patiently
from accountmap.workspace import PartnerRecord, Workspace
from tests.parties import CURVE, NOW, Parties, Party, answers

PATIENCE = 40


def spool_of(party: Party) -> Path:
    return party.workspace.folder / "exchange"


@contextmanager
def direct(
    workspace: Workspace, partner: PartnerRecord, endpoint: Endpoint, *, listen: bool, patience: float = PATIENCE
) -> Iterator[DirectChannel]:
    channel = open_direct(
        workspace,
        partner,
        endpoint,
        workspace.folder / "exchange",
        listen=listen,
        patience=patience,
        now=datetime.now(UTC),
    )
    try:
        yield channel
    finally:
        channel.close()


@dataclass
class Side:
    """One party's command, run in a thread with a workspace of its own."""

    party: Party
    channel: DirectChannel
    answer: bool | None
    patience: float
    outcome: Outcome | None = None
    error: BaseException | None = None

    def run(self) -> None:
        own = Workspace.open(self.party.workspace.folder)
        steps = SessionRunner(own, self.party.partner, self.channel, CURVE, lambda: NOW)
        try:
            patience = Patience(self.patience)
            self.outcome = advance_patiently(steps, self.channel, answers(self.answer), patience)
        except Exception as error:
            self.error = error
        finally:
            own.close()
            self.channel.close()


def run_both(parties: Parties, decided: tuple[bool | None, bool | None] = (True, True)) -> list[Side]:
    """Run Acme, which listens, and Globex, which connects, until each has ended.

    Args:
        decided: at the preview. A side that does not decide ends at once, and the other after a few seconds.
    """
    acme, globex = parties.acme, parties.globex
    with (
        direct(acme.workspace, acme.partner, Endpoint("127.0.0.1", 0), listen=True) as one,
        direct(globex.workspace, globex.partner, one.endpoint, listen=False) as other,
    ):
        patience = 5 if None in decided else PATIENCE
        sides = [
            Side(party, channel, answer, patience)
            for party, channel, answer in zip((acme, globex), (one, other), decided, strict=True)
        ]
        threads = [threading.Thread(target=side.run) for side in sides]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE)
    for side in sides:
        if side.error:
            raise side.error
    return sides
