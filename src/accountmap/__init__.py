"""Find the accounts that two companies share, without either showing its list.

The names below are the library. They are loaded when they are first used, so that importing the package is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from accountmap.accounts.reading import from_table as from_table
    from accountmap.accounts.reading import read_accounts as read_accounts
    from accountmap.accounts.schema import ACCOUNT_SCHEMA as ACCOUNT_SCHEMA
    from accountmap.accounts.schema import SEGMENTS as SEGMENTS
    from accountmap.accounts.schema import AccountList as AccountList
    from accountmap.api import abandon_session as abandon_session
    from accountmap.api import account_map as account_map
    from accountmap.api import describe_message as describe_message
    from accountmap.api import direct_channel as direct_channel
    from accountmap.api import map_accounts as map_accounts
    from accountmap.api import revoke_partner as revoke_partner
    from accountmap.canonical.decisions import read_decisions as read_decisions
    from accountmap.canonical.explain import explain as explain
    from accountmap.canonical.prepare import prepare_accounts as prepare_accounts
    from accountmap.canonical.prepared import Prepared as Prepared
    from accountmap.canonical.profiles import DEFAULT_PROFILE as DEFAULT_PROFILE
    from accountmap.canonical.profiles import PROFILES as PROFILES
    from accountmap.canonical.reference import load_reference as load_reference
    from accountmap.canonical.reference_build import build_reference as build_reference
    from accountmap.channels import DirectChannel as DirectChannel
    from accountmap.exchange import Forecast as Forecast
    from accountmap.exchange import Outcome as Outcome
    from accountmap.exchange import Preview as Preview
    from accountmap.exchange import State as State
    from accountmap.exchange import Steps as Steps
    from accountmap.exchange import forecast as forecast
    from accountmap.exchange import partner_growth as partner_growth
    from accountmap.exchange import partner_of as partner_of
    from accountmap.exchange import propose_agreement as propose_agreement
    from accountmap.exchange import sign_agreement as sign_agreement
    from accountmap.exchange import write_agreement as write_agreement
    from accountmap.executors import ProcessExecutor as ProcessExecutor
    from accountmap.overlap import AccountMap as AccountMap
    from accountmap.overlap import SessionResult as SessionResult
    from accountmap.preflight import Preflight as Preflight
    from accountmap.preflight import check as check
    from accountmap.report import write_reports as write_reports
    from accountmap.trust.agreement import Agreement as Agreement
    from accountmap.trust.agreement_diff import differences as differences
    from accountmap.trust.chain import Ledger as Ledger
    from accountmap.trust.identity import Card as Card
    from accountmap.trust.rotation import Rotation as Rotation
    from accountmap.workspace import Workspace as Workspace

__version__ = "0.1.0"

_HOMES: Final = {
    "ACCOUNT_SCHEMA": "accounts.schema",
    "SEGMENTS": "accounts.schema",
    "AccountList": "accounts.schema",
    "from_table": "accounts.reading",
    "read_accounts": "accounts.reading",
    "abandon_session": "api",
    "account_map": "api",
    "describe_message": "api",
    "direct_channel": "api",
    "map_accounts": "api",
    "revoke_partner": "api",
    "read_decisions": "canonical.decisions",
    "explain": "canonical.explain",
    "prepare_accounts": "canonical.prepare",
    "Prepared": "canonical.prepared",
    "DEFAULT_PROFILE": "canonical.profiles",
    "PROFILES": "canonical.profiles",
    "load_reference": "canonical.reference",
    "build_reference": "canonical.reference_build",
    "Forecast": "exchange",
    "DirectChannel": "channels",
    "Outcome": "exchange",
    "Preview": "exchange",
    "State": "exchange",
    "Steps": "exchange",
    "forecast": "exchange",
    "partner_growth": "exchange",
    "partner_of": "exchange",
    "propose_agreement": "exchange",
    "sign_agreement": "exchange",
    "write_agreement": "exchange",
    "ProcessExecutor": "executors",
    "AccountMap": "overlap",
    "SessionResult": "overlap",
    "Preflight": "preflight",
    "check": "preflight",
    "write_reports": "report",
    "Agreement": "trust.agreement",
    "differences": "trust.agreement_diff",
    "Card": "trust.identity",
    "Rotation": "trust.rotation",
    "Ledger": "trust.chain",
    "Workspace": "workspace",
}

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 the names are strings of the table above


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'accountmap' has no attribute {name!r}")
    value = getattr(import_module(f"accountmap.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
