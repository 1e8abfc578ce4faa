"""What a session found, as files of the workspace."""

import json
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from accountmap.account_map.schema import EngagementRule, SessionResult
from accountmap.errors import WorkspaceError
from accountmap.files import write_atomic
from accountmap.workspace.lists import read_table

RESULT_FILES: Final = (
    "matches.parquet",
    "their_fields.parquet",
    "withheld.parquet",
    "possible.parquet",
    "estimates.parquet",
    "totals.parquet",
    "rest.parquet",
    "result.json",
)


def write_result(folder: Path, result: SessionResult) -> None:
    """Write a result.

    Raises:
        OSError: it cannot be written.
    """
    tables = {
        "matches": result.matches,
        "their_fields": result.their_fields,
        "withheld": result.withheld,
        "possible": result.possible,
        "estimates": result.estimates,
        **({} if result.totals is None else {"totals": result.totals}),
        **({} if result.rest is None else {"rest": result.rest}),
    }
    for name, table in tables.items():
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
        "named_cells": sorted(result.named_cells),
        "counted_cells": sorted(result.counted_cells),
        "shown_fields": [[*cell, *fields] for cell, fields in result.shown_fields.items()],
        "smallest_cell": result.smallest_cell,
        "rules": [
            [sorted(rule.segments), sorted(rule.their_segments), sorted(rule.countries), rule.lead]
            for rule in result.rules
        ],
        "totals": result.totals is not None,
        "totals_noise": result.totals_noise,
        "rest": result.rest is not None,
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
            named_cells=frozenset((ours, theirs) for ours, theirs in about["named_cells"]),
            counted_cells=frozenset((ours, theirs) for ours, theirs in about["counted_cells"]),
            shown_fields={
                (ours, theirs): (tuple(own), tuple(shown)) for ours, theirs, own, shown in about["shown_fields"]
            },
            smallest_cell=about["smallest_cell"],
            rules=tuple(
                EngagementRule(frozenset(ours), frozenset(theirs), frozenset(countries), lead)
                for ours, theirs, countries, lead in about["rules"]
            ),
            withheld=read_table(folder / "withheld.parquet"),
            possible=read_table(folder / "possible.parquet"),
            estimates=read_table(folder / "estimates.parquet"),
            totals=read_table(folder / "totals.parquet") if about["totals"] else None,
            totals_noise=about["totals_noise"],
            rest=read_table(folder / "rest.parquet") if about["rest"] else None,
        )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise WorkspaceError("the result of the session is damaged") from error
