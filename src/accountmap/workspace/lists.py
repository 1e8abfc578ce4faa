"""Account lists and prepared lists as Parquet files of the workspace."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from accountmap.accounts.schema import AccountList, with_all_columns
from accountmap.errors import WorkspaceError
from accountmap.files import sync_folder
from accountmap.linkage.prepared import Prepared, Profile, Slot

_GROUP_ROWS: Final = 1 << 17
"""Rows that are encoded at once, which takes several times their size."""


def write_list(folder: Path, accounts: AccountList, prepared: Prepared) -> None:
    """Write both into a new folder."""
    folder.mkdir(parents=True)
    for name, table in (
        ("accounts", accounts.table),
        ("extras", accounts.extras),
        ("entities", prepared.entities),
        ("members", prepared.members),
        ("keys", prepared.keys),
    ):
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", row_group_size=_GROUP_ROWS)
    about = {
        "source_columns": accounts.source_columns,
        "notes": accounts.notes,
        "profile": asdict(prepared.profile),
        "reference": prepared.reference,
    }
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    sync_folder(folder)


def same_accounts(accounts: AccountList, prepared: Prepared) -> bool:
    """Tell whether a prepared list has the accounts of a list, each once."""
    ids, members = accounts.table["account_id"], prepared.members["account_id"]
    return len(ids) == len(members) and bool(pc.all(pc.is_in(ids, value_set=members)).as_py())


def read_list(folder: Path) -> tuple[AccountList, Prepared]:
    """Read both back.

    Raises:
        WorkspaceError: a file is missing or damaged.
    """
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        profile = about["profile"]
        slots = tuple(Slot(**slot) for slot in profile["slots"])
        accounts = AccountList(
            with_all_columns(read_table(folder / "accounts.parquet")),
            read_table(folder / "extras.parquet"),
            about["source_columns"],
            tuple(about["notes"]),
        )
        prepared = Prepared(
            Profile(profile["name"], slots, profile["threshold"]),
            read_table(folder / "entities.parquet"),
            read_table(folder / "members.parquet"),
            read_table(folder / "keys.parquet"),
            about["reference"],
        )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise WorkspaceError(
            "a prepared list of the workspace is damaged",
            "Prepare it again with: accountmap accounts prepare FILE",
        ) from error
    return accounts, prepared


def read_table(path: Path) -> pa.Table:
    """Read a Parquet file of our own. `pyarrow.parquet.read_table` would load pandas first."""
    with pq.ParquetFile(path) as file:
        return file.read()
