"""Find the accounts that two companies share, without either showing its list.

The names below and what docs/library.md says of them are the library; the rest of the package may change with any
release. They are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from accountmap import errors

if TYPE_CHECKING:
    from accountmap.accounts.reading import read_accounts
    from accountmap.accounts.schema import AccountList
    from accountmap.accounts.sql_reader import read_sql
    from accountmap.api.mapping import map_accounts
    from accountmap.api.preparing import check_accounts, prepare_accounts
    from accountmap.api.results import account_map
    from accountmap.api.session import Session
    from accountmap.canonical.prepared import Prepared
    from accountmap.exchange import Outcome, Preview
    from accountmap.overlap import AccountMap, Weights
    from accountmap.report import write_reports, write_sql
    from accountmap.workspace import Workspace

__version__ = "0.1.0"

__all__ = [
    "AccountList",
    "AccountMap",
    "Outcome",
    "Prepared",
    "Preview",
    "Session",
    "Weights",
    "Workspace",
    "__version__",
    "account_map",
    "check_accounts",
    "errors",
    "map_accounts",
    "prepare_accounts",
    "read_accounts",
    "read_sql",
    "write_reports",
    "write_sql",
]

_HOMES: Final = {
    "AccountList": "accounts.schema",
    "AccountMap": "overlap",
    "Outcome": "exchange",
    "Prepared": "canonical.prepared",
    "Preview": "exchange",
    "Session": "api.session",
    "Weights": "overlap",
    "Workspace": "workspace",
    "account_map": "api.results",
    "check_accounts": "api.preparing",
    "map_accounts": "api.mapping",
    "prepare_accounts": "api.preparing",
    "read_accounts": "accounts.reading",
    "read_sql": "accounts.sql_reader",
    "write_reports": "report",
    "write_sql": "report",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'accountmap' has no attribute {name!r}")
    value = getattr(import_module(f"accountmap.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
