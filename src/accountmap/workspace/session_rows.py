"""Sessions as rows of the workspace's database."""

import sqlite3
from datetime import datetime

from accountmap.workspace.records import SessionRecord, Status


def row_of(record: SessionRecord) -> dict[str, object]:
    """Return the columns of a session; a time that has not come is empty."""
    return {
        "id": record.id,
        "partner": record.partner,
        "agreement": record.agreement,
        "list": record.list_id,
        "role": record.role,
        "status": record.status.value,
        "offer": record.offer,
        "transcript": record.transcript,
        "sid": record.sid,
        "partner_key": record.partner_key,
        "step": record.step,
        "sent": record.sent,
        "delivered": int(record.delivered),
        "created": record.created.isoformat(),
        "charged": record.charged.isoformat() if record.charged else "",
        "finished": record.finished.isoformat() if record.finished else "",
    }


def record_of(row: sqlite3.Row) -> SessionRecord:
    """Read a session back."""
    return SessionRecord(
        id=row["id"],
        partner=row["partner"],
        agreement=row["agreement"],
        list_id=row["list"],
        role=row["role"],
        status=Status(row["status"]),
        offer=row["offer"],
        transcript=row["transcript"],
        sid=row["sid"],
        partner_key=row["partner_key"],
        step=row["step"],
        sent=row["sent"],
        delivered=bool(row["delivered"]),
        created=datetime.fromisoformat(row["created"]),
        charged=_when(row["charged"]),
        finished=_when(row["finished"]),
    )


def _when(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
