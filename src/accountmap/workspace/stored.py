"""Sealed files of the workspace: prepared lists, and the state and results of sessions.

Each table has a file of its own, and all that is not a table is in one more. Whatever in
the folder of a session is not on a short list is deleted, so that nothing secret is overlooked.
"""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.schema import EngagementRule, SessionResult
from accountmap.accounts.schema import AccountList, with_all_columns
from accountmap.errors import WorkspaceError
from accountmap.linkage.prepared import Prepared, Profile, Slot
from accountmap.model import Says, Strength
from accountmap.workspace.database import SessionRecord, Status
from accountmap.workspace.sealed_files import FileOf

_TABLES: Final = ("accounts", "extras", "entities", "members", "keys")


def write_list(number: int, accounts: AccountList, prepared: Prepared, file: FileOf) -> None:
    """Write an account list and what was prepared from it.

    Raises:
        OSError: a file cannot be written.
    """
    tables = (accounts.table, accounts.extras, prepared.entities, prepared.members, prepared.keys)
    for name, table in zip(_TABLES, tables, strict=True):
        file(_list_name(number, name)).write_table(table)
    about = {
        "source_columns": accounts.source_columns,
        "notes": accounts.notes,
        "profile": asdict(prepared.profile),
        "reference": prepared.reference,
    }
    file(_list_name(number, "about")).write_json(about)


def same_accounts(accounts: AccountList, prepared: Prepared) -> bool:
    """Return whether a prepared list has the accounts of a list, each once."""
    ids, members = accounts.table["account_id"], prepared.members["account_id"]
    return len(ids) == len(members) and bool(pc.all(pc.is_in(ids, value_set=members)).as_py())


def read_list(number: int, file: FileOf) -> tuple[AccountList, Prepared]:
    """Read an account list and what was prepared from it.

    Raises:
        WorkspaceError: a file is missing or damaged.
    """
    try:
        about = file(_list_name(number, "about")).read_json()
        accounts, extras, entities, members, keys = (
            file(_list_name(number, name)).read_table() for name in _TABLES
        )
        profile = about["profile"]
        slots = tuple(map(_slot, profile["slots"]))
        return (
            AccountList(with_all_columns(accounts), extras, about["source_columns"], tuple(about["notes"])),
            Prepared(
                Profile(profile["name"], slots, profile["threshold"]), entities, members, keys, about["reference"]
            ),
        )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise WorkspaceError(
            "a prepared list of the workspace is damaged",
            "Prepare it again with: accountmap accounts prepare FILE",
        ) from error


def read_entities(number: int, file: FileOf) -> pa.Table:
    """Read the entities of a prepared list: ENTITY_SCHEMA.

    Raises:
        WorkspaceError: the file is missing or damaged.
    """
    try:
        return file(_list_name(number, "entities")).read_table()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise WorkspaceError("a prepared list of the workspace is damaged") from error


def _list_name(number: int, table: str) -> str:
    return f"lists/{number}/{table}"


def _slot(written: dict[str, Any]) -> Slot:
    typed = {"strength": Strength(written["strength"]), "says": Says(written["says"])}
    return Slot(**(written | typed))


_ABOUT: Final = "result"
RESULT_FILES: Final = (_ABOUT, *(f"{_ABOUT}-{each.name}" for each in fields(SessionResult)))
"""Names of files in the folder of a session, one for each table."""


def write_result(session: int, result: SessionResult, file: FileOf) -> None:
    """Write a result.

    Raises:
        OSError: it cannot be written.
    """
    values = {each.name: getattr(result, each.name) for each in fields(result)}
    tables = [name for name, value in values.items() if isinstance(value, pa.Table)]
    for name in tables:
        file(_result_name(session, name)).write_table(values[name])
    about = {name: _plain(value) for name, value in values.items() if name not in tables}
    file(_result_name(session)).write_json({"tables": tables, "about": about})


def read_result(session: int, file: FileOf) -> SessionResult:
    """Read a result back.

    Raises:
        WorkspaceError: a file is missing or damaged.
    """
    try:
        written = file(_result_name(session)).read_json()
        about = {
            name: _READ[name](value) if name in _READ and value is not None else value
            for name, value in written["about"].items()
        }
        tables = {name: file(_result_name(session, name)).read_table() for name in written["tables"]}
        return SessionResult(**about, **tables)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise WorkspaceError("the result of the session is damaged") from error


def read_matches(session: int, file: FileOf) -> pa.Table:
    """Read the matches of a result: MATCH_SCHEMA.

    Raises:
        WorkspaceError: the file is missing or damaged.
    """
    try:
        return file(_result_name(session, "matches")).read_table()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise WorkspaceError("the result of the session is damaged") from error


def _result_name(session: int, table: str = "") -> str:
    return f"sessions/{session}/{_ABOUT}-{table}" if table else f"sessions/{session}/{_ABOUT}"


def _plain(value: Any) -> Any:
    """Return a value as JSON can write it: keys that are pairs come before their values, sets are sorted."""
    match value:
        case datetime():
            return value.isoformat()
        case EngagementRule():
            return [_plain(getattr(value, each.name)) for each in fields(value)]
        case frozenset():
            return sorted(map(_plain, value))
        case tuple():
            return list(map(_plain, value))
        case dict() if any(isinstance(key, tuple) for key in value):
            return [[*key, _plain(each)] for key, each in value.items()]
        case _:
            return value


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "finished": datetime.fromisoformat,
    "reveals": tuple,
    "named_cells": lambda rows: frozenset((ours, theirs) for ours, theirs in rows),
    "counted_cells": lambda rows: frozenset((ours, theirs) for ours, theirs in rows),
    "shown_fields": lambda rows: {
        (ours, theirs): (tuple(own), tuple(shown)) for ours, theirs, (own, shown) in rows
    },
    "rules": lambda rows: tuple(
        EngagementRule(frozenset(ours), frozenset(theirs), frozenset(countries), lead)
        for ours, theirs, countries, lead in rows
    ),
}
"""How to read values for which JSON has no type, by field."""


def state_file(record: SessionRecord) -> str:
    """Return the name, in the workspace, of the file with the state of an open session."""
    return f"sessions/{record.id}/{_state_name(record)}"


def _state_name(record: SessionRecord) -> str:
    return f"state-{record.step}"


def clean_sessions(folder: Path, records: Iterable[SessionRecord]) -> None:
    """Delete from the folders of all sessions what is not needed any more. Call inside a transaction.

    An open session keeps its state and last message. One that is over keeps its result and its last message, in
    case the partner has lost that; it is sealed to a key that only the partner's session had.

    Args:
        folder: has a folder for each session, named by its number.
        records: all sessions.
    """
    known = {str(record.id): record for record in records}
    for session in folder.iterdir():
        if session.name in known:
            kept = _kept(known[session.name])
            for path in session.iterdir():
                if path.name not in kept:
                    path.unlink()
        else:
            shutil.rmtree(session)


def _kept(record: SessionRecord) -> set[str]:
    match record.status:
        case Status.OPEN:
            return {_state_name(record), record.sent}
        case Status.ABANDONED:
            return set()
        case _:
            return {*RESULT_FILES, record.sent}
