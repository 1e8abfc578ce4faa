"""A company's workspace: one folder with its identity, partners, agreements, prepared lists and sessions.

accountmap.db       SQLite: partners, agreements, lists, sessions
identity.json       the own card, and the private keys, sealed under a passphrase
lists/N/            a prepared list as Parquet
sessions/N/         a session's state while it runs, sealed; its last message as sent, and its result
"""

from accountmap.workspace.database import PartnerRecord, SessionRecord, Status
from accountmap.workspace.workspace import Workspace

__all__ = ["PartnerRecord", "SessionRecord", "Status", "Workspace"]
