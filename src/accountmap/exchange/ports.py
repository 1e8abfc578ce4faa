"""The backend, the executor and the randomness that sessions run with."""

import secrets

from accountmap.blinding.backends import make_curve
from accountmap.blinding.jobs import Progress
from accountmap.psi.parameters import Curve, Ports
from accountmap.trust.identity import Card, Identity
from accountmap.trust.receipts import CardReceipts, OneTimeAead


def default_curve(
    workers: int | None = None, progress: Progress | None = None, backend: str | None = None
) -> Curve:
    """Return what does the curve arithmetic, over the processors of this machine.

    Args:
        workers: processes or threads; by default one a processor.
        progress: called during long work with the points done so far and in all.
        backend: a name of docs/backends.md; by default the fastest that this machine can use.

    Raises:
        UsageError: there is no backend of that name.
        BackendError: this machine cannot use it.
    """
    return make_curve(backend, workers, progress)


def session_ports(curve: Curve, identity: Identity, partner: Card) -> Ports:
    """Return all that a session with a partner needs from outside."""
    return Ports(curve, secrets.token_bytes, OneTimeAead(), CardReceipts(identity, partner))
