"""The list behind a sketch or a session, frozen as the file that an auditor may see (psi-v2 §6.2)."""

import hashlib

import pyarrow as pa
import pyarrow.csv as pa_csv

from accountmap.accounts.schema import AccountList
from accountmap.workspace import Workspace
from accountmap.workspace.sealed_files import SealedFile


def freeze_list(workspace: Workspace, list_id: int) -> bytes:
    """Return the SHA-256 of a prepared list's accounts as a CSV file, which is written once and kept sealed.

    The file stays as it was written, so the digest does not depend on the version of any library. Call inside a
    transaction.
    """
    file = frozen_list(workspace, list_id)
    if not file.exists():
        accounts, _ = workspace.load_list(list_id)
        file.write(as_csv(accounts))
    return hashlib.sha256(file.read()).digest()


def frozen_list(workspace: Workspace, list_id: int) -> SealedFile:
    """Return the file of a frozen list, which may not have been written yet."""
    return workspace.sealed(f"lists/{list_id}/frozen.csv")


def as_csv(accounts: AccountList) -> bytes:
    """Write accounts as CSV with the program's own headings, which `accounts prepare` reads back as they were."""
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(accounts.table, sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content
