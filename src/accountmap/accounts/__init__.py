"""The account list as its owner has it: reading it, and knowing its columns."""

from accountmap.accounts.reading import from_table, read_accounts
from accountmap.accounts.schema import ACCOUNT_SCHEMA, SEGMENTS, AccountList

__all__ = ["ACCOUNT_SCHEMA", "SEGMENTS", "AccountList", "from_table", "read_accounts"]
