"""What a session found, as files of the workspace."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from accountmap.errors import WorkspaceError
from accountmap.files import write_atomic
from accountmap.overlap.result import SessionResult
from accountmap.workspace.lists import read_table

RESULT_FILES: Final = ("matches.parquet", "their_fields.parquet", "result.json")


def write_result(folder: Path, result: SessionResult) -> None:
    """Write a result.

    Raises:
        OSError: it cannot be written.
    """
    for name, table in (("matches", result.matches), ("their_fields", result.their_fields)):
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="zstd")
        write_atomic(folder / f"{name}.parquet", buffer.getvalue().to_pybytes())
    about = {
        "session_id": result.session_id,
        "own_name": result.own_name,
        "partner_name": result.partner_name,
        "finished": result.finished.isoformat(),
        "preview": [[*cell, count] for cell, count in result.preview.items()],
        "partner_sizes": result.partner_sizes,
        "receipt": result.receipt,
        "reveals": result.reveals,
    }
    write_atomic(folder / "result.json", json.dumps(about).encode())


def read_result(folder: Path) -> SessionResult:
    """Read a result back.

    Raises:
        WorkspaceError: a file is missing or damaged.
    """
    try:
        about = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        return SessionResult(
            session_id=about["session_id"],
            own_name=about["own_name"],
            partner_name=about["partner_name"],
            finished=datetime.fromisoformat(about["finished"]),
            preview={(ours, theirs): count for ours, theirs, count in about["preview"]},
            partner_sizes=about["partner_sizes"],
            matches=read_table(folder / "matches.parquet"),
            their_fields=read_table(folder / "their_fields.parquet"),
            receipt=about["receipt"],
            reveals=tuple(about["reveals"]),
        )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise WorkspaceError("the result of the session is damaged") from error
