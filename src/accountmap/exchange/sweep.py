"""Deleting what sessions need no longer: old states and messages, and what a killed process left behind.

This happens after a step is stored, never before: what is deleted can then not be needed again. Whatever is not on
the short list of what stays is deleted, so that nothing secret is overlooked.
"""

import shutil
from pathlib import Path

from accountmap.exchange.running import state_file
from accountmap.workspace import SessionRecord, Status, Workspace
from accountmap.workspace.results import RESULT_FILES


def sweep(workspace: Workspace) -> None:
    """Clean the folders of all sessions.

    Of an open session the state and the last message stay; of one that is over its result and its last message,
    which is sealed to a key that only the partner's session had, in case the partner has lost it.
    """
    with workspace.transaction():
        records = {str(record.id): record for record in workspace.all_sessions()}
        for folder in (workspace.folder / "sessions").iterdir():
            if folder.name in records:
                _clean(folder, _kept(workspace, records[folder.name]))
            else:
                shutil.rmtree(folder)


def _kept(workspace: Workspace, record: SessionRecord) -> set[str]:
    match record.status:
        case Status.OPEN:
            return {state_file(workspace, record).name, record.sent}
        case Status.ABANDONED:
            return set()
        case _:
            return {*RESULT_FILES, record.sent}


def _clean(folder: Path, kept: set[str]) -> None:
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
