"""Account lists and prepared lists as sealed files of the workspace."""

from dataclasses import asdict
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList, with_all_columns
from accountmap.errors import WorkspaceError
from accountmap.linkage.prepared import Prepared, Profile, Slot
from accountmap.model import Says, Tier
from accountmap.workspace.sealed_files import FileOf

_TABLES: Final = ("accounts", "extras", "entities", "members", "keys")


def write_list(number: int, accounts: AccountList, prepared: Prepared, file: FileOf) -> None:
    """Write both.

    Raises:
        OSError: a file cannot be written.
    """
    tables = (accounts.table, accounts.extras, prepared.entities, prepared.members, prepared.keys)
    for name, table in zip(_TABLES, tables, strict=True):
        file(_name(number, name)).write_table(table)
    about = {
        "source_columns": accounts.source_columns,
        "notes": accounts.notes,
        "profile": asdict(prepared.profile),
        "reference": prepared.reference,
    }
    file(_name(number, "about")).write_json(about)


def same_accounts(accounts: AccountList, prepared: Prepared) -> bool:
    """Return whether a prepared list has the accounts of a list, each once."""
    ids, members = accounts.table["account_id"], prepared.members["account_id"]
    return len(ids) == len(members) and bool(pc.all(pc.is_in(ids, value_set=members)).as_py())


def read_list(number: int, file: FileOf) -> tuple[AccountList, Prepared]:
    """Read both back.

    Raises:
        WorkspaceError: a file is missing or damaged.
    """
    try:
        about = file(_name(number, "about")).read_json()
        accounts, extras, entities, members, keys = (file(_name(number, name)).read_table() for name in _TABLES)
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


def _name(number: int, table: str) -> str:
    return f"lists/{number}/{table}"


def _slot(written: dict[str, Any]) -> Slot:
    typed = {"tier": Tier(written["tier"]), "says": Says(written["says"])}
    return Slot(**(written | typed))
