"""The backend, the executor and the randomness that sessions run with."""

import secrets

from accountmap.blinding.jobs import Progress
from accountmap.blinding.openssl import OpenSSLCurve
from accountmap.executors import ProcessExecutor
from accountmap.psi.parameters import Curve, Ports
from accountmap.trust.identity import Card, Identity
from accountmap.trust.receipts import CardReceipts, OneTimeAead


def default_curve(workers: int | None = None, progress: Progress | None = None) -> Curve:
    """Return the backend that runs everywhere: OpenSSL over the processors of this machine.

    Args:
        workers: processes; by default one a processor.
        progress: called during long work with the points done so far and in all.
    """
    return OpenSSLCurve(ProcessExecutor(workers), progress)


def session_ports(curve: Curve, identity: Identity, partner: Card) -> Ports:
    """Return all that a session with a partner needs from outside."""
    return Ports(curve, secrets.token_bytes, OneTimeAead(), CardReceipts(identity, partner))
