"""The own deals as sealed files of the workspace: those that were prepared last."""

import shutil
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from accountmap.accounts.deals import DealList
from accountmap.accounts.schema import Remark
from accountmap.errors import UsageError, WorkspaceError
from accountmap.workspace.workspace import Workspace, check_time_zone

_TABLES: Final = ("table", "stages", "touches")
_CURRENT: Final = "deals/current"


def save_deals(workspace: Workspace, deals: DealList, now: datetime) -> None:
    """Keep deals in the place of those that were prepared before; those stay until the new ones are whole.

    Args:
        now: in a time zone; its day in UTC is the last on which anything is known of the deals.

    Raises:
        UsageError: `deals` was not read by `read_deals`, or `now` has no time zone.
        WorkspaceError: they cannot be written.
    """
    if not isinstance(deals, DealList):
        raise UsageError(f"a {type(deals).__name__} is no list of deals", "Read it with read_deals first.")
    check_time_zone(now)
    with workspace.transaction():
        before = _numbered(workspace)  # not the number in the file, which may be damaged
        number = max((int(folder.name) for folder in before), default=0) + 1
        for name in _TABLES:
            workspace.sealed(f"deals/{number}/{name}").write_table(getattr(deals, name))
        about = {
            "number": number,
            "prepared": now.astimezone(UTC).isoformat(),
            "source": deals.source,
            "source_columns": deals.source_columns,
            "notes": deals.notes,
            "remarks": [asdict(remark) for remark in deals.remarks],
        }
        workspace.sealed(_CURRENT).write_json(about)
        for folder in before:
            shutil.rmtree(folder, ignore_errors=True)


def _numbered(workspace: Workspace) -> list[Path]:
    """List the folders of deals: those that are current, and what a killed command left."""
    folders = (workspace.folder / "deals").glob("*")
    return [folder for folder in folders if folder.name.isascii() and folder.name.isdigit() and folder.is_dir()]


def load_deals(workspace: Workspace) -> tuple[DealList, date]:
    """Read the deals that were prepared last, and the day (UTC) on which that was.

    Raises:
        WorkspaceError: there are none, or they are damaged.
    """
    about = _about(workspace)
    try:
        tables = {name: workspace.sealed(f"deals/{about['number']}/{name}").read_table() for name in _TABLES}
        remarks = tuple(Remark(**(each | {"examples": tuple(each["examples"])})) for each in about["remarks"])
        deals = DealList(
            **tables,
            source_columns=about["source_columns"],
            notes=tuple(about["notes"]),
            remarks=remarks,
            source=about["source"],
        )
        return deals, datetime.fromisoformat(about["prepared"]).date()
    except (WorkspaceError, OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise _damaged() from error


def _about(workspace: Workspace) -> dict[str, Any]:
    if not workspace.sealed(_CURRENT).exists():
        raise WorkspaceError("no deals are prepared yet", "Prepare them with: accountmap deals prepare FILE")
    _ = workspace.identity  # that it cannot be opened is another error
    try:
        about = workspace.sealed(_CURRENT).read_json()
        if not isinstance(about["number"], int):
            raise TypeError("no number")
    except (WorkspaceError, OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged() from error
    return dict(about)


def _damaged() -> WorkspaceError:
    return WorkspaceError(
        "the prepared deals of the workspace are damaged",
        "Prepare them again with: accountmap deals prepare FILE",
    )
