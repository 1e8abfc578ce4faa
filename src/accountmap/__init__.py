"""Find the accounts that two companies share, without either showing its list.

The names below, and what docs/library.md says about them, are the library; the rest of the package may change with
any release. They are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from accountmap import errors

if TYPE_CHECKING:
    from accountmap.account_map import AccountMap, Weights
    from accountmap.accounts.read import read_accounts, read_sql
    from accountmap.accounts.schema import AccountList, DealList
    from accountmap.api import check_accounts, prepare_accounts, read_account_map, read_deals
    from accountmap.exchange import Session, map_accounts, preview_accounts
    from accountmap.influence import Influence
    from accountmap.linkage.prepared import Prepared
    from accountmap.portfolio import Portfolio
    from accountmap.report import write_influence, write_portfolio, write_reports, write_sql
    from accountmap.session import Claims, Outcome, Preview
    from accountmap.session.influence import read_influence
    from accountmap.session.portfolio import read_portfolio
    from accountmap.session.preview import PreviewOutcome
    from accountmap.workspace import Workspace
    from accountmap.workspace.user_files import save_deals

__version__ = "0.1.0"

__all__ = [
    "AccountList",
    "AccountMap",
    "Claims",
    "DealList",
    "Influence",
    "Outcome",
    "Portfolio",
    "Prepared",
    "Preview",
    "PreviewOutcome",
    "Session",
    "Weights",
    "Workspace",
    "__version__",
    "check_accounts",
    "errors",
    "map_accounts",
    "prepare_accounts",
    "preview_accounts",
    "read_account_map",
    "read_accounts",
    "read_deals",
    "read_influence",
    "read_portfolio",
    "read_sql",
    "save_deals",
    "write_influence",
    "write_portfolio",
    "write_reports",
    "write_sql",
]

_HOMES: Final = {
    "AccountList": "accounts.schema",
    "AccountMap": "account_map",
    "Claims": "session",
    "DealList": "accounts.schema",
    "Influence": "influence",
    "Outcome": "session",
    "Portfolio": "portfolio",
    "Prepared": "linkage.prepared",
    "Preview": "session",
    "PreviewOutcome": "session.preview",
    "Session": "exchange",
    "Weights": "account_map",
    "Workspace": "workspace",
    "check_accounts": "api",
    "map_accounts": "exchange",
    "prepare_accounts": "api",
    "preview_accounts": "exchange",
    "read_account_map": "api",
    "read_accounts": "accounts.read",
    "read_deals": "api",
    "read_portfolio": "session.portfolio",
    "read_sql": "accounts.read",
    "read_influence": "session.influence",
    "save_deals": "workspace.user_files",
    "write_portfolio": "report",
    "write_influence": "report",
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
