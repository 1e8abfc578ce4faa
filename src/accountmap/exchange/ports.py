"""The backend, the executor and the randomness that sessions run with."""

import secrets

from accountmap.blinding import OpenSSLCurve
from accountmap.blinding.openssl import Progress
from accountmap.executors import ProcessExecutor
from accountmap.psi.parameters import Ports


def default_ports(workers: int | None = None, progress: Progress | None = None) -> Ports:
    """Return what runs everywhere: OpenSSL over the processors of this machine.

    Args:
        workers: processes; by default one a processor.
        progress: called during long work with the points done so far and in all.
    """
    return Ports(OpenSSLCurve(ProcessExecutor(workers), progress), secrets.token_bytes)
