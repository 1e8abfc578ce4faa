"""What a session found, as sealed files of the workspace: one for each table, and one for the rest."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from accountmap.account_map.schema import EngagementRule, SessionResult
from accountmap.errors import WorkspaceError
from accountmap.workspace.sealed_files import FileOf

_ABOUT: Final = "result"
RESULT_FILES: Final = (_ABOUT, *(f"{_ABOUT}-{each.name}" for each in fields(SessionResult)))
"""Names in the folder of a session; tables have one each."""


def write_result(session: int, result: SessionResult, file: FileOf) -> None:
    """Write a result.

    Raises:
        OSError: it cannot be written.
    """
    values = {each.name: getattr(result, each.name) for each in fields(result)}
    tables = [name for name, value in values.items() if isinstance(value, pa.Table)]
    for name in tables:
        file(_name(session, name)).write_table(values[name])
    about = {name: _plain(value) for name, value in values.items() if name not in tables}
    file(_name(session)).write_json({"tables": tables, "about": about})


def read_result(session: int, file: FileOf) -> SessionResult:
    """Read a result back.

    Raises:
        WorkspaceError: a file is missing or damaged.
    """
    try:
        written = file(_name(session)).read_json()
        about = {
            name: _READ[name](value) if name in _READ and value is not None else value
            for name, value in written["about"].items()
        }
        tables = {name: file(_name(session, name)).read_table() for name in written["tables"]}
        return SessionResult(**about, **tables)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise WorkspaceError("the result of the session is damaged") from error


def _name(session: int, table: str = "") -> str:
    return f"sessions/{session}/{_ABOUT}-{table}" if table else f"sessions/{session}/{_ABOUT}"


def _plain(value: Any) -> Any:
    """Write a value with what JSON has: pairs as keys stand before their values, sets are sorted."""
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
"""How values come back that JSON has no type for, by field."""
